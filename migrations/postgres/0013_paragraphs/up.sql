-- Standard paragraphs that drafts of answers insert. Without a unit one is for the whole bureau.
-- What is done with them is entered in the ledger under the unit that keeps them, else the bureau.
-- The SQLite tree has the same table.

CREATE TABLE paragraphs (
    id uuid PRIMARY KEY,
    unit_id uuid REFERENCES units (id),
    subject text COLLATE "C" NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL CHECK (updated_at >= created_at),
    closed_at timestamptz
);
CREATE INDEX paragraphs_by_unit ON paragraphs (unit_id, id);
