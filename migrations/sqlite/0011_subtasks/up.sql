-- What was asked of other units on a case (协办), for the lists of those units. Rows follow from the
-- record of the case, as its columns do.
-- The PostgreSQL tree has the same table.

CREATE TABLE subtasks (
    case_id BLOB NOT NULL REFERENCES cases (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    unit_id BLOB NOT NULL REFERENCES units (id),
    kind TEXT NOT NULL CHECK (kind IN ('search', 'opinion')),
    state TEXT NOT NULL CHECK (state IN ('open', 'replied', 'returned', 'waived')),
    due_date TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (case_id, number)
) STRICT;
CREATE INDEX subtasks_by_unit ON subtasks (unit_id, state, due_date, case_id, number);
