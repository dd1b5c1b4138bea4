-- Outcomes are looked up by the keys of a batch, whoever gave them. With the principal in front the
-- primary key did not serve that, and every batch read the whole table, which holds two days' work.

ALTER TABLE idempotency_keys
    DROP CONSTRAINT idempotency_keys_pkey,
    ADD PRIMARY KEY (idempotency_key, principal);
