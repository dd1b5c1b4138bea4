DROP INDEX outbox_undelivered;
CREATE INDEX outbox_undelivered ON outbox (seq) WHERE delivered_at IS NULL;
