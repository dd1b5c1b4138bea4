-- Versions of calendar years, and what falls due on the cases.
-- The PostgreSQL tree has the same tables.

-- A year as a notice arranges it: imported by one, put in force by another. The data within the
-- program are version 1 of their years and stand in no row. An edition is a state of the calendar.
-- How far the open cases have been recalculated by it stands beside it, so that any process can go on
-- where another has stopped: place_date and place_id are the last case looked at, first among those of
-- which nothing is due, then among the others; either in the order of their ids.
CREATE TABLE calendar_versions (
    id BLOB PRIMARY KEY,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    state TEXT NOT NULL CHECK (state IN ('draft', 'applied', 'discarded')),
    edition INTEGER UNIQUE CHECK (edition >= 2),
    version INTEGER NOT NULL CHECK (version >= 1),
    notice TEXT NOT NULL,
    imported_by BLOB NOT NULL REFERENCES users (id),
    imported_at INTEGER NOT NULL,
    decided_by BLOB REFERENCES users (id),
    decided_at INTEGER,
    total INTEGER NOT NULL CHECK (total >= 0),
    looked INTEGER NOT NULL CHECK (looked >= 0),
    moved INTEGER NOT NULL CHECK (moved >= 0),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    place_date TEXT,
    place_id BLOB,
    finished_at INTEGER,
    UNIQUE (year, number),
    CHECK ((edition IS NOT NULL) = (state = 'applied')),
    CHECK ((decided_by IS NOT NULL) = (state <> 'draft')),
    CHECK ((decided_at IS NOT NULL) = (state <> 'draft'))
) STRICT;
CREATE INDEX calendar_versions_unfinished ON calendar_versions (edition) WHERE edition IS NOT NULL AND finished_at IS NULL;

-- What of a case falls due on which day. Rows follow from the record of the case, as its columns do,
-- and are gone when nothing is due. The kinds are open: a new one needs no other table.
CREATE TABLE case_clocks (
    case_id BLOB NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    due_date TEXT NOT NULL,
    unit_id BLOB NOT NULL REFERENCES units (id),
    officer_id BLOB REFERENCES users (id),
    PRIMARY KEY (case_id, kind, number)
) STRICT;
-- The list, in its order. What is over and done with the day itself is not looked for afterwards.
CREATE INDEX case_clocks_due ON case_clocks (due_date, case_id, kind, number);
CREATE INDEX case_clocks_overdue ON case_clocks (due_date, case_id, kind, number) WHERE kind <> 'supplement_notice';
CREATE INDEX case_clocks_by_unit ON case_clocks (unit_id, due_date, case_id, kind, number);
CREATE INDEX case_clocks_by_officer ON case_clocks (officer_id, due_date, case_id, kind, number) WHERE officer_id IS NOT NULL;

INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'answer', 0, due_date, responsible_unit_id, officer_id
FROM cases WHERE finished_on IS NULL AND case_number IS NOT NULL AND due_date IS NOT NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'supplement_notice', 0, json_extract(record, '$.clock.supplement_notice_due'), responsible_unit_id, officer_id
FROM cases
WHERE status IN ('registered', 'assigned')
  AND json_extract(record, '$.supplement') IS NULL
  AND json_extract(record, '$.draft') IS NULL
  AND json_extract(record, '$.clock.supplement_notice_due') IS NOT NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'supplement', 0, json_extract(record, '$.supplement.deadline'), responsible_unit_id, officer_id
FROM cases WHERE status = 'awaiting_supplement';
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'extension_decision', 0, due_date, responsible_unit_id, officer_id
FROM cases
WHERE status IN ('assigned', 'supplemented') AND due_date IS NOT NULL
  AND json_array_length(record, '$.extensions') > 0
  AND json_extract(record, '$.extensions[#-1].decision') IS NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'extension_notice', 0, due_date, responsible_unit_id, officer_id
FROM cases
WHERE status IN ('registered', 'assigned', 'awaiting_supplement', 'supplemented') AND due_date IS NOT NULL
  AND EXISTS (
    SELECT 1 FROM json_each(record, '$.extensions') AS extension
    WHERE json_extract(extension.value, '$.decision.verdict') = 'granted' AND json_extract(extension.value, '$.decision.notified_on') IS NULL
  );
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'confirmation', 0, date(received_at / 1000000 + 8 * 3600, 'unixepoch'), responsible_unit_id, officer_id
FROM cases
WHERE status = 'received'
  AND channel IN ('ordinary_mail', 'fax', 'phone', 'email', 'online', 'online_consultation', 'online_complaint')
  AND received_at >= 1557849600000000
  AND json_extract(record, '$.intake.arrival.confirmed_at') IS NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT case_id, 'subtask', number, subtasks.due_date, unit_id, NULL
FROM subtasks JOIN cases ON cases.id = case_id
WHERE state = 'open' AND status IN ('registered', 'assigned', 'awaiting_supplement', 'supplemented');

-- A CHECK is changed by making the table anew. Dropping it fires no trigger.
CREATE TABLE events_moved (
    seq INTEGER PRIMARY KEY NOT NULL,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('case', 'unit', 'user', 'calendar')),
    subject_id BLOB NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    action TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (subject_id, version)
) STRICT;
INSERT INTO events_moved SELECT seq, subject_kind, subject_id, version, action, at, body, prev_hash, hash FROM events ORDER BY seq;
DROP TABLE events;
ALTER TABLE events_moved RENAME TO events;

CREATE TRIGGER events_not_updated BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- REPLACE deletes the row in its way without firing the trigger on DELETE.
CREATE TRIGGER events_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM events WHERE subject_id = NEW.subject_id AND version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
