-- The ledger is never shortened: an office that has changed its calendar cannot go back.
ALTER TABLE events DROP CONSTRAINT events_subject_kind_check;
ALTER TABLE events ADD CONSTRAINT events_subject_kind_check CHECK (subject_kind IN ('case', 'unit', 'user'));
DROP TABLE case_clocks;
DROP TABLE calendar_versions;
