-- The electronic seals of letters: which are still awaited, and where the sealed files are. Rows follow
-- from the record of the case, as its columns do.
-- The SQLite tree has the same table.

CREATE TABLE letter_seals (
    letter_id uuid PRIMARY KEY REFERENCES letters (id),
    case_id uuid NOT NULL REFERENCES cases (id),
    state text NOT NULL CHECK (state IN ('requested', 'sealed', 'failed')),
    requested_at timestamptz NOT NULL,
    object_key text UNIQUE,
    size bigint CHECK (size >= 1),
    sha256 bytea CHECK (length(sha256) = 32),
    CHECK ((state = 'sealed') = (object_key IS NOT NULL)),
    CHECK ((object_key IS NULL) = (size IS NULL)),
    CHECK ((object_key IS NULL) = (sha256 IS NULL))
);
CREATE INDEX letter_seals_awaited ON letter_seals (requested_at, letter_id) WHERE state = 'requested';
