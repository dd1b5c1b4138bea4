-- What waits on a case for somebody else than its holder: a review of its drafted answer. Rows follow
-- from the record of the case, as its columns do, and are gone when nothing waits.
-- The SQLite tree has the same table.

CREATE TABLE case_tasks (
    case_id uuid NOT NULL REFERENCES cases (id),
    task text COLLATE "C" NOT NULL CHECK (task IN ('secrecy_review', 'legality_review')),
    since timestamptz NOT NULL,
    PRIMARY KEY (task, case_id)
);
CREATE INDEX case_tasks_by_case ON case_tasks (case_id);
