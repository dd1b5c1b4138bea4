-- Standard paragraphs that drafts of answers insert. Without a unit one is for the whole bureau.
-- What is done with them is entered in the ledger under the unit that keeps them, else the bureau.
-- The PostgreSQL tree has the same table.

CREATE TABLE paragraphs (
    id BLOB PRIMARY KEY NOT NULL,
    unit_id BLOB REFERENCES units (id),
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL CHECK (updated_at >= created_at),
    closed_at INTEGER
) STRICT;
CREATE INDEX paragraphs_by_unit ON paragraphs (unit_id, id);
