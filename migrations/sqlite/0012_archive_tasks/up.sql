-- Two more things wait on a case: an ended one to be put away (archive), and one that was put away to
-- be looked at when its papers need not be kept any longer (appraisal: since the day after).
-- The PostgreSQL tree does the same.

CREATE TABLE case_tasks_moved (
    case_id BLOB NOT NULL REFERENCES cases (id),
    task TEXT NOT NULL CHECK (task IN ('secrecy_review', 'legality_review', 'archive', 'appraisal')),
    since INTEGER NOT NULL,
    PRIMARY KEY (task, case_id)
) STRICT;
INSERT INTO case_tasks_moved SELECT case_id, task, since FROM case_tasks;
DROP TABLE case_tasks;
ALTER TABLE case_tasks_moved RENAME TO case_tasks;
CREATE INDEX case_tasks_by_case ON case_tasks (case_id);

-- Legal days begin at midnight in Asia/Shanghai.
INSERT INTO case_tasks (case_id, task, since)
SELECT id, 'archive', CAST(strftime('%s', finished_on) AS INTEGER) * 1000000 - 28800000000
FROM cases
WHERE (status IN ('lapsed', 'withdrawn') OR (status = 'answered' AND answer_date IS NOT NULL))
    AND finished_on IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM subtasks WHERE subtasks.case_id = cases.id AND state = 'open');
