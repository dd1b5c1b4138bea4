-- What waits for delivery, in an index that holds the condition, too: without it SQLite reads the
-- messages themselves, and passes over every delivered one on the way.
-- The SQLite tree has the same index.

DROP INDEX outbox_undelivered;
CREATE INDEX outbox_undelivered ON outbox (delivered_at, seq) WHERE delivered_at IS NULL;
