-- Where the bytes of the files of cases are. What a file is stands in the document of its case; this
-- table finds the object, tells which objects belong to nothing, and what a user has uploaded.
CREATE TABLE attachments (
    id BLOB PRIMARY KEY NOT NULL,
    case_id BLOB NOT NULL REFERENCES cases (id),
    object_key TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL CHECK (size > 0),
    sha256 BLOB NOT NULL,
    attached_by BLOB NOT NULL REFERENCES users (id),
    attached_at INTEGER NOT NULL,
    detached_at INTEGER
) STRICT;

CREATE INDEX attachments_by_case ON attachments (case_id);
CREATE INDEX attachments_by_user ON attachments (attached_by, attached_at);
