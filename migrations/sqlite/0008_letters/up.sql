-- Letters as they were issued. content is the canonical JSON (RFC 8785) of the sheet, sealed under the
-- data key; content_hash is the SHA-256 of the clear text. Nothing of a row ever changes, but that the
-- letter is declared void, once.
CREATE TABLE letters (
    id BLOB PRIMARY KEY NOT NULL,
    case_id BLOB NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL,
    series TEXT,
    year INTEGER,
    n INTEGER CHECK (n >= 1),
    number TEXT UNIQUE,
    content BLOB NOT NULL,
    content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
    issued_at INTEGER NOT NULL,
    issued_by BLOB NOT NULL REFERENCES users (id),
    voided_at INTEGER CHECK (voided_at >= issued_at),
    UNIQUE (series, year, n),
    CHECK ((series IS NULL) = (n IS NULL)),
    CHECK ((series IS NULL) = (year IS NULL)),
    CHECK ((series IS NULL) = (number IS NULL))
) STRICT;

CREATE INDEX letters_by_case ON letters (case_id, issued_at, id);
CREATE INDEX letters_by_issue ON letters (issued_at, id);

CREATE TRIGGER letters_frozen
BEFORE UPDATE OF id, case_id, kind, series, year, n, number, content, content_hash, issued_at, issued_by
ON letters
BEGIN
    SELECT RAISE(ABORT, 'letters are frozen');
END;

CREATE TRIGGER letters_voided_once BEFORE UPDATE OF voided_at ON letters
WHEN OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'letters are frozen');
END;

CREATE TRIGGER letters_not_deleted BEFORE DELETE ON letters
BEGIN
    SELECT RAISE(ABORT, 'letters are frozen');
END;

-- REPLACE deletes the row in its way without firing the trigger on DELETE.
CREATE TRIGGER letters_not_replaced BEFORE INSERT ON letters
WHEN EXISTS (SELECT 1 FROM letters WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM letters WHERE number = NEW.number)
  OR EXISTS (SELECT 1 FROM letters WHERE series = NEW.series AND year = NEW.year AND n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'letters are frozen');
END;

-- The last number taken of each series of letters and year.
CREATE TABLE letter_series (
    series TEXT NOT NULL,
    year INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= 0),
    PRIMARY KEY (series, year)
) STRICT;
