-- The electronic seals of letters: which are still awaited, and where the sealed files are. Rows follow
-- from the record of the case, as its columns do.
-- The PostgreSQL tree has the same table.

CREATE TABLE letter_seals (
    letter_id BLOB PRIMARY KEY NOT NULL REFERENCES letters (id),
    case_id BLOB NOT NULL REFERENCES cases (id),
    state TEXT NOT NULL CHECK (state IN ('requested', 'sealed', 'failed')),
    requested_at INTEGER NOT NULL,
    object_key TEXT UNIQUE,
    size INTEGER CHECK (size >= 1),
    sha256 BLOB CHECK (length(sha256) = 32),
    CHECK ((state = 'sealed') = (object_key IS NOT NULL)),
    CHECK ((object_key IS NULL) = (size IS NULL)),
    CHECK ((object_key IS NULL) = (sha256 IS NULL))
) STRICT;
CREATE INDEX letter_seals_awaited ON letter_seals (requested_at, letter_id) WHERE state = 'requested';
