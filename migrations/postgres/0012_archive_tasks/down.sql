DELETE FROM case_tasks WHERE task IN ('archive', 'appraisal');
ALTER TABLE case_tasks DROP CONSTRAINT case_tasks_task_check;
ALTER TABLE case_tasks ADD CONSTRAINT case_tasks_task_check
    CHECK (task IN ('secrecy_review', 'legality_review'));
