-- Sessions with rotating refresh tokens, one-time links, and units and users that can be changed.

ALTER TABLE units ADD COLUMN closed_at INTEGER;
ALTER TABLE units ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE units ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE units SET updated_at = created_at;

ALTER TABLE users ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE users SET updated_at = created_at;

-- One row per log-in: the family of its refresh tokens, of which only the last one's digest is kept.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    token_epoch INTEGER NOT NULL,
    generation INTEGER NOT NULL CHECK (generation >= 1),
    refresh_digest BLOB NOT NULL,
    client TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_cause TEXT CHECK (end_cause IN ('logged_out', 'ended', 'refresh_token_reused')),
    CHECK ((ended_at IS NULL) = (end_cause IS NULL))
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A link lets its holder in once. Only the digest of its secret is kept.
CREATE TABLE one_time_links (
    digest BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('set_up', 'set_password')),
    user_id BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    CHECK ((user_id IS NULL) = (purpose = 'set_up'))
) STRICT;

CREATE INDEX one_time_links_by_user ON one_time_links (user_id);
