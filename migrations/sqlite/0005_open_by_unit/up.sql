-- The open work of a unit in the order of its list: the page is read from here and not picked out of
-- the open work of the whole office. It says finished_on IS NULL by the two days that it is made of:
-- finished_on leads an index of its own, which SQLite would prefer for it.
-- The PostgreSQL tree has the same index.

CREATE INDEX cases_open_by_unit ON cases (responsible_unit_id, received_at, id) WHERE answer_date IS NULL AND closed_on IS NULL;
