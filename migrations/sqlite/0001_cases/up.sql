-- Units, users, cases, the ledger of events, the outbox, idempotency keys and number series.
-- The PostgreSQL tree has the same tables, columns, keys and checks; a test compares both with schema.rs.
-- Ids are 16-byte blobs, instants microseconds since 1970 in UTC, dates and JSON text.

CREATE TABLE units (
    id BLOB PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bureau', 'query_room', 'service_center', 'window', 'department', 'legal_office')),
    parent_id BLOB REFERENCES units (id),
    may_issue INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('query_room', 'service_center', 'legal_office', 'supervisor', 'auditor', 'admin')),
    unit_id BLOB NOT NULL REFERENCES units (id),
    capabilities TEXT NOT NULL,
    disabled_at INTEGER,
    token_epoch INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE cases (
    id BLOB PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    status TEXT NOT NULL CHECK (status IN ('received', 'registered', 'assigned', 'awaiting_supplement', 'supplemented', 'answered', 'lapsed', 'withdrawn', 'voided')),
    receipt_number TEXT NOT NULL UNIQUE,
    case_number TEXT UNIQUE,
    query_code_digest TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('in_person', 'oral', 'ordinary_mail', 'registered_mail', 'fax', 'telegram', 'email', 'online', 'phone', 'online_consultation', 'online_complaint', 'service_window')),
    applicant_type TEXT NOT NULL CHECK (applicant_type IN ('natural_person', 'commercial_enterprise', 'research_institution', 'public_welfare_organization', 'legal_service_organization', 'other_organization')),
    applicant_name TEXT NOT NULL,
    id_number_index BLOB,
    phone_index BLOB,
    email_index BLOB,
    subject TEXT NOT NULL,
    receiving_unit_id BLOB NOT NULL REFERENCES units (id),
    holding_unit_id BLOB REFERENCES units (id),
    responsible_unit_id BLOB NOT NULL REFERENCES units (id),
    officer_id BLOB REFERENCES users (id),
    received_at INTEGER NOT NULL,
    receipt_date TEXT,
    rule_set TEXT CHECK (rule_set IN ('2007', '2019')),
    due_date TEXT,
    prior_due_date TEXT,
    paused_from TEXT,
    resumed_on TEXT,
    supplement_due_date TEXT,
    answer_date TEXT,
    closed_on TEXT,
    finished_on TEXT,
    decision TEXT,
    extended INTEGER NOT NULL,
    record TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (case_number IS NOT NULL OR status IN ('received', 'withdrawn', 'voided')),
    CHECK ((receipt_date IS NULL) = (case_number IS NULL)),
    CHECK ((rule_set IS NULL) = (case_number IS NULL)),
    CHECK (status <> 'assigned' OR holding_unit_id IS NOT NULL),
    CHECK ((closed_on IS NOT NULL) = (status IN ('lapsed', 'withdrawn', 'voided'))),
    CHECK (answer_date IS NULL OR status = 'answered'),
    CHECK (finished_on IS coalesce(answer_date, closed_on))
) STRICT;

CREATE INDEX cases_by_received ON cases (received_at, id);
CREATE INDEX cases_by_status ON cases (status, received_at, id);
CREATE INDEX cases_by_holding_unit ON cases (holding_unit_id, received_at, id);
CREATE INDEX cases_by_receiving_unit ON cases (receiving_unit_id, received_at, id);
CREATE INDEX cases_by_officer ON cases (officer_id, received_at, id);
CREATE INDEX cases_by_due ON cases (due_date, id);
-- The worklists: what is overdue or due soon, and owes a reply.
CREATE INDEX cases_owing_by_due ON cases (due_date, id) WHERE finished_on IS NULL AND case_number IS NOT NULL;
CREATE INDEX cases_by_finish ON cases (finished_on, receipt_date);
CREATE INDEX cases_by_applicant_name ON cases (applicant_name, id);
CREATE INDEX cases_by_id_number ON cases (id_number_index) WHERE id_number_index IS NOT NULL;
CREATE INDEX cases_by_phone ON cases (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX cases_by_email ON cases (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX cases_for_statistics ON cases (receipt_date, responsible_unit_id, channel, applicant_type, status, answer_date, due_date, prior_due_date, paused_from, resumed_on, closed_on);

-- The ledger. body is the canonical JSON (RFC 8785) that was hashed, so it is stored as it is.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('case', 'unit', 'user')),
    subject_id BLOB NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    action TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (subject_id, version)
) STRICT;

CREATE TRIGGER events_not_updated BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- REPLACE deletes the row in its way without firing the trigger on DELETE.
CREATE TRIGGER events_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM events WHERE subject_id = NEW.subject_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER
) STRICT;

CREATE INDEX outbox_undelivered ON outbox (seq) WHERE delivered_at IS NULL;

-- The outcome is sealed: it may hold a query code that is shown once only.
CREATE TABLE idempotency_keys (
    principal BLOB NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    outcome BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (principal, idempotency_key)
) STRICT;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE number_series (
    series TEXT NOT NULL CHECK (series IN ('receipt', 'case')),
    year INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= 0),
    PRIMARY KEY (series, year)
) STRICT;

-- What a data key makes of a fixed text: a server with another secret under the same name is told
-- at its start, before it seals anything that the right key could not open.
CREATE TABLE data_keys (
    key_id TEXT PRIMARY KEY NOT NULL,
    proof BLOB NOT NULL
) STRICT;

-- One row per thing that all writers must take turns on: the end of the ledger, and the version of
-- the directory of units and users.
CREATE TABLE heads (
    name TEXT PRIMARY KEY NOT NULL CHECK (name IN ('ledger', 'directory')),
    value INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

INSERT INTO heads (name, value, hash) VALUES
    ('ledger', 0, zeroblob(32)),
    ('directory', 0, x'');
