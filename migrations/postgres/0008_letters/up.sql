-- Letters as they were issued. content is the canonical JSON (RFC 8785) of the sheet, sealed under the
-- data key; content_hash is the SHA-256 of the clear text. Nothing of a row ever changes, but that the
-- letter is declared void, once.
CREATE TABLE letters (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES cases (id),
    kind text NOT NULL,
    series text,
    year integer,
    n bigint CHECK (n >= 1),
    number text COLLATE "C" UNIQUE,
    content bytea NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    issued_at timestamptz NOT NULL,
    issued_by uuid NOT NULL REFERENCES users (id),
    voided_at timestamptz CHECK (voided_at >= issued_at),
    UNIQUE (series, year, n),
    CHECK ((series IS NULL) = (n IS NULL)),
    CHECK ((series IS NULL) = (year IS NULL)),
    CHECK ((series IS NULL) = (number IS NULL))
);

CREATE INDEX letters_by_case ON letters (case_id, issued_at, id);
CREATE INDEX letters_by_issue ON letters (issued_at, id);

CREATE FUNCTION letters_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'letters are frozen';
END
$$;

CREATE TRIGGER letters_frozen BEFORE UPDATE ON letters
    FOR EACH ROW WHEN (
        (OLD.id, OLD.case_id, OLD.kind, OLD.series, OLD.year, OLD.n, OLD.number, OLD.content,
            OLD.content_hash, OLD.issued_at, OLD.issued_by)
        IS DISTINCT FROM
        (NEW.id, NEW.case_id, NEW.kind, NEW.series, NEW.year, NEW.n, NEW.number, NEW.content,
            NEW.content_hash, NEW.issued_at, NEW.issued_by)
        OR OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL
    ) EXECUTE FUNCTION letters_are_frozen();
CREATE TRIGGER letters_not_deleted BEFORE DELETE ON letters
    FOR EACH ROW EXECUTE FUNCTION letters_are_frozen();
CREATE TRIGGER letters_not_truncated BEFORE TRUNCATE ON letters
    FOR EACH STATEMENT EXECUTE FUNCTION letters_are_frozen();

-- The last number taken of each series of letters and year.
CREATE TABLE letter_series (
    series text NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL CHECK (last >= 0),
    PRIMARY KEY (series, year)
);
