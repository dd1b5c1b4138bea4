DROP TABLE one_time_links;
DROP TABLE sessions;
ALTER TABLE users DROP COLUMN updated_at;
ALTER TABLE units DROP COLUMN updated_at;
ALTER TABLE units DROP COLUMN version;
ALTER TABLE units DROP COLUMN closed_at;
