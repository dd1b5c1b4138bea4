-- What was asked of other units on a case (协办), for the lists of those units. Rows follow from the
-- record of the case, as its columns do.
-- The SQLite tree has the same table.

CREATE TABLE subtasks (
    case_id uuid NOT NULL REFERENCES cases (id),
    number integer NOT NULL CHECK (number >= 1),
    unit_id uuid NOT NULL REFERENCES units (id),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('search', 'opinion')),
    state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'replied', 'returned', 'waived')),
    due_date date NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX subtasks_by_unit ON subtasks (unit_id, state, due_date, case_id, number);
