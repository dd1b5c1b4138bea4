CREATE TABLE case_tasks_moved (
    case_id BLOB NOT NULL REFERENCES cases (id),
    task TEXT NOT NULL CHECK (task IN ('secrecy_review', 'legality_review')),
    since INTEGER NOT NULL,
    PRIMARY KEY (task, case_id)
) STRICT;
INSERT INTO case_tasks_moved SELECT case_id, task, since FROM case_tasks
WHERE task IN ('secrecy_review', 'legality_review');
DROP TABLE case_tasks;
ALTER TABLE case_tasks_moved RENAME TO case_tasks;
CREATE INDEX case_tasks_by_case ON case_tasks (case_id);
