-- Where the bytes of the files of cases are. What a file is stands in the document of its case; this
-- table finds the object, tells which objects belong to nothing, and what a user has uploaded.
CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES cases (id),
    object_key text COLLATE "C" NOT NULL UNIQUE,
    size bigint NOT NULL CHECK (size > 0),
    sha256 bytea NOT NULL,
    attached_by uuid NOT NULL REFERENCES users (id),
    attached_at timestamptz NOT NULL,
    detached_at timestamptz
);

CREATE INDEX attachments_by_case ON attachments (case_id);
CREATE INDEX attachments_by_user ON attachments (attached_by, attached_at);
