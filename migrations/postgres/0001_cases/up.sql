-- Units, users, cases, the ledger of events, the outbox, idempotency keys and number series.
-- The SQLite tree has the same tables, columns, keys and checks; a test compares both with schema.rs.
-- Text that is searched is collated "C": a plain index then serves prefixes, and lower() folds A-Z
-- alone, as on SQLite.

CREATE TABLE units (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('bureau', 'query_room', 'service_center', 'window', 'department', 'legal_office')),
    parent_id uuid REFERENCES units (id),
    may_issue boolean NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    username text NOT NULL UNIQUE,
    display_name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('query_room', 'service_center', 'legal_office', 'supervisor', 'auditor', 'admin')),
    unit_id uuid NOT NULL REFERENCES units (id),
    capabilities jsonb NOT NULL,
    disabled_at timestamptz,
    token_epoch bigint NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL
);

CREATE TABLE cases (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    status text NOT NULL CHECK (status IN ('received', 'registered', 'assigned', 'awaiting_supplement', 'supplemented', 'answered', 'lapsed', 'withdrawn', 'voided')),
    receipt_number text COLLATE "C" NOT NULL UNIQUE,
    case_number text COLLATE "C" UNIQUE,
    query_code_digest text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('in_person', 'oral', 'ordinary_mail', 'registered_mail', 'fax', 'telegram', 'email', 'online', 'phone', 'online_consultation', 'online_complaint', 'service_window')),
    applicant_type text NOT NULL CHECK (applicant_type IN ('natural_person', 'commercial_enterprise', 'research_institution', 'public_welfare_organization', 'legal_service_organization', 'other_organization')),
    applicant_name text COLLATE "C" NOT NULL,
    id_number_index bytea,
    phone_index bytea,
    email_index bytea,
    subject text COLLATE "C" NOT NULL,
    receiving_unit_id uuid NOT NULL REFERENCES units (id),
    holding_unit_id uuid REFERENCES units (id),
    responsible_unit_id uuid NOT NULL REFERENCES units (id),
    officer_id uuid REFERENCES users (id),
    received_at timestamptz NOT NULL,
    receipt_date date,
    rule_set text CHECK (rule_set IN ('2007', '2019')),
    due_date date,
    prior_due_date date,
    paused_from date,
    resumed_on date,
    supplement_due_date date,
    answer_date date,
    closed_on date,
    finished_on date,
    decision text,
    extended boolean NOT NULL,
    record jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (case_number IS NOT NULL OR status IN ('received', 'withdrawn', 'voided')),
    CHECK ((receipt_date IS NULL) = (case_number IS NULL)),
    CHECK ((rule_set IS NULL) = (case_number IS NULL)),
    CHECK (status <> 'assigned' OR holding_unit_id IS NOT NULL),
    CHECK ((closed_on IS NOT NULL) = (status IN ('lapsed', 'withdrawn', 'voided'))),
    CHECK (answer_date IS NULL OR status = 'answered'),
    CHECK (finished_on IS NOT DISTINCT FROM coalesce(answer_date, closed_on))
);

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

-- The ledger. body is the canonical JSON (RFC 8785) that was hashed, so it is text and never jsonb.
CREATE TABLE events (
    seq bigint PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('case', 'unit', 'user')),
    subject_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    action text NOT NULL,
    at timestamptz NOT NULL,
    body text NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (subject_id, version)
);

CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only';
END
$$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER events_not_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

CREATE TABLE outbox (
    seq bigint PRIMARY KEY,
    topic text NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
);

CREATE INDEX outbox_undelivered ON outbox (seq) WHERE delivered_at IS NULL;

-- The outcome is sealed: it may hold a query code that is shown once only.
CREATE TABLE idempotency_keys (
    principal uuid NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    outcome bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (principal, idempotency_key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE number_series (
    series text NOT NULL CHECK (series IN ('receipt', 'case')),
    year integer NOT NULL,
    last bigint NOT NULL CHECK (last >= 0),
    PRIMARY KEY (series, year)
);

-- What a data key makes of a fixed text: a server with another secret under the same name is told
-- at its start, before it seals anything that the right key could not open.
CREATE TABLE data_keys (
    key_id text PRIMARY KEY,
    proof bytea NOT NULL
);

-- One row per thing that all writers must take turns on: the end of the ledger, and the version of
-- the directory of units and users.
CREATE TABLE heads (
    name text PRIMARY KEY CHECK (name IN ('ledger', 'directory')),
    value bigint NOT NULL,
    hash bytea NOT NULL
);

INSERT INTO heads (name, value, hash) VALUES
    ('ledger', 0, decode(repeat('00', 32), 'hex')),
    ('directory', 0, decode('', 'hex'));
