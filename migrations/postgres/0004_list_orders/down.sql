CREATE INDEX cases_by_due ON cases (due_date, id);
DROP INDEX cases_by_change;
DROP INDEX cases_due;
