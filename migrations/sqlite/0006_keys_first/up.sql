-- Outcomes are looked up by the keys of a batch, whoever gave them. With the principal in front the
-- primary key did not serve that, and every batch read the whole table, which holds two days' work.

CREATE TABLE idempotency_keys_moved (
    principal BLOB NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    outcome BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (idempotency_key, principal)
) STRICT;
INSERT INTO idempotency_keys_moved SELECT principal, idempotency_key, fingerprint, outcome, created_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
ALTER TABLE idempotency_keys_moved RENAME TO idempotency_keys;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
