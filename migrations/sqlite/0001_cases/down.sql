DROP TABLE heads;
DROP TABLE number_series;
DROP TABLE idempotency_keys;
DROP TABLE outbox;
DROP TABLE events;
DROP TABLE cases;
DROP TABLE users;
DROP TABLE units;
