-- Two more things wait on a case: an ended one to be put away (archive), and one that was put away to
-- be looked at when its papers need not be kept any longer (appraisal: since the day after).
-- The SQLite tree does the same.

ALTER TABLE case_tasks DROP CONSTRAINT case_tasks_task_check;
ALTER TABLE case_tasks ADD CONSTRAINT case_tasks_task_check
    CHECK (task IN ('secrecy_review', 'legality_review', 'archive', 'appraisal'));

-- Legal days begin at midnight in Asia/Shanghai.
INSERT INTO case_tasks (case_id, task, since)
SELECT id, 'archive', (finished_on::timestamp - interval '8 hours') AT TIME ZONE 'UTC'
FROM cases
WHERE (status IN ('lapsed', 'withdrawn') OR (status = 'answered' AND answer_date IS NOT NULL))
    AND finished_on IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM subtasks WHERE subtasks.case_id = cases.id AND state = 'open');
