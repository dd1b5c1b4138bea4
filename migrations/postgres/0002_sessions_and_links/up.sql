-- Sessions with rotating refresh tokens, one-time links, and units and users that can be changed.

ALTER TABLE units ADD COLUMN closed_at timestamptz;
ALTER TABLE units ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE units ADD COLUMN updated_at timestamptz;
UPDATE units SET updated_at = created_at;
ALTER TABLE units ALTER COLUMN updated_at SET NOT NULL;

ALTER TABLE users ADD COLUMN updated_at timestamptz;
UPDATE users SET updated_at = created_at;
ALTER TABLE users ALTER COLUMN updated_at SET NOT NULL;

-- One row per log-in: the family of its refresh tokens, of which only the last one's digest is kept.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    token_epoch bigint NOT NULL,
    generation bigint NOT NULL CHECK (generation >= 1),
    refresh_digest bytea NOT NULL,
    client text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_cause text CHECK (end_cause IN ('logged_out', 'ended', 'refresh_token_reused')),
    CHECK ((ended_at IS NULL) = (end_cause IS NULL))
);

CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A link lets its holder in once. Only the digest of its secret is kept.
CREATE TABLE one_time_links (
    digest bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('set_up', 'set_password')),
    user_id uuid REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((user_id IS NULL) = (purpose = 'set_up'))
);

CREATE INDEX one_time_links_by_user ON one_time_links (user_id);
