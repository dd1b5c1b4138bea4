-- The orders of a list of cases. By due date: the cases of which something is due; the others follow
-- in the order of their ids, by the primary key. By change: for those who follow what is new.
-- The SQLite tree has the same indexes.

CREATE INDEX cases_due ON cases (due_date, id) WHERE due_date IS NOT NULL AND closed_on IS NULL;
CREATE INDEX cases_by_change ON cases (updated_at, id);
DROP INDEX cases_by_due;
