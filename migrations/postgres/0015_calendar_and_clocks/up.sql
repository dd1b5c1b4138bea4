-- Versions of calendar years, and what falls due on the cases.
-- The SQLite tree has the same tables.

-- A year as a notice arranges it: imported by one, put in force by another. The data within the
-- program are version 1 of their years and stand in no row. An edition is a state of the calendar.
-- How far the open cases have been recalculated by it stands beside it, so that any process can go on
-- where another has stopped: place_date and place_id are the last case looked at, first among those of
-- which nothing is due, then among the others; either in the order of their ids.
CREATE TABLE calendar_versions (
    id uuid PRIMARY KEY,
    year integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    state text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'applied', 'discarded')),
    edition integer UNIQUE CHECK (edition >= 2),
    version bigint NOT NULL CHECK (version >= 1),
    notice jsonb NOT NULL,
    imported_by uuid NOT NULL REFERENCES users (id),
    imported_at timestamptz NOT NULL,
    decided_by uuid REFERENCES users (id),
    decided_at timestamptz,
    total bigint NOT NULL CHECK (total >= 0),
    looked bigint NOT NULL CHECK (looked >= 0),
    moved bigint NOT NULL CHECK (moved >= 0),
    failed bigint NOT NULL CHECK (failed >= 0),
    place_date date,
    place_id uuid,
    finished_at timestamptz,
    UNIQUE (year, number),
    CHECK ((edition IS NOT NULL) = (state = 'applied')),
    CHECK ((decided_by IS NOT NULL) = (state <> 'draft')),
    CHECK ((decided_at IS NOT NULL) = (state <> 'draft'))
);
CREATE INDEX calendar_versions_unfinished ON calendar_versions (edition) WHERE edition IS NOT NULL AND finished_at IS NULL;

-- What of a case falls due on which day. Rows follow from the record of the case, as its columns do,
-- and are gone when nothing is due. The kinds are open: a new one needs no other table.
CREATE TABLE case_clocks (
    case_id uuid NOT NULL REFERENCES cases (id),
    kind text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 0),
    due_date date NOT NULL,
    unit_id uuid NOT NULL REFERENCES units (id),
    officer_id uuid REFERENCES users (id),
    PRIMARY KEY (case_id, kind, number)
);
-- The list, in its order. What is over and done with the day itself is not looked for afterwards.
CREATE INDEX case_clocks_due ON case_clocks (due_date, case_id, kind, number);
CREATE INDEX case_clocks_overdue ON case_clocks (due_date, case_id, kind, number) WHERE kind <> 'supplement_notice';
CREATE INDEX case_clocks_by_unit ON case_clocks (unit_id, due_date, case_id, kind, number);
CREATE INDEX case_clocks_by_officer ON case_clocks (officer_id, due_date, case_id, kind, number) WHERE officer_id IS NOT NULL;

INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'answer', 0, due_date, responsible_unit_id, officer_id
FROM cases WHERE finished_on IS NULL AND case_number IS NOT NULL AND due_date IS NOT NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'supplement_notice', 0, (record #>> '{clock,supplement_notice_due}')::date, responsible_unit_id, officer_id
FROM cases
WHERE status IN ('registered', 'assigned')
  AND record #>> '{supplement}' IS NULL
  AND record #>> '{draft}' IS NULL
  AND record #>> '{clock,supplement_notice_due}' IS NOT NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'supplement', 0, (record #>> '{supplement,deadline}')::date, responsible_unit_id, officer_id
FROM cases WHERE status = 'awaiting_supplement';
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'extension_decision', 0, due_date, responsible_unit_id, officer_id
FROM cases
WHERE status IN ('assigned', 'supplemented') AND due_date IS NOT NULL
  AND jsonb_array_length(record -> 'extensions') > 0
  AND record #>> '{extensions,-1,decision}' IS NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'extension_notice', 0, due_date, responsible_unit_id, officer_id
FROM cases
WHERE status IN ('registered', 'assigned', 'awaiting_supplement', 'supplemented') AND due_date IS NOT NULL
  AND EXISTS (
    SELECT 1 FROM jsonb_array_elements(record -> 'extensions') AS each (extension)
    WHERE extension #>> '{decision,verdict}' = 'granted' AND extension #>> '{decision,notified_on}' IS NULL
  );
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT id, 'confirmation', 0, (received_at AT TIME ZONE 'Asia/Shanghai')::date, responsible_unit_id, officer_id
FROM cases
WHERE status = 'received'
  AND channel IN ('ordinary_mail', 'fax', 'phone', 'email', 'online', 'online_consultation', 'online_complaint')
  AND received_at >= '2019-05-15T00:00:00+08:00'
  AND record #>> '{intake,arrival,confirmed_at}' IS NULL;
INSERT INTO case_clocks (case_id, kind, number, due_date, unit_id, officer_id)
SELECT case_id, 'subtask', number, subtasks.due_date, unit_id, NULL
FROM subtasks JOIN cases ON cases.id = case_id
WHERE state = 'open' AND status IN ('registered', 'assigned', 'awaiting_supplement', 'supplemented');

ALTER TABLE events DROP CONSTRAINT events_subject_kind_check;
ALTER TABLE events ADD CONSTRAINT events_subject_kind_check CHECK (subject_kind IN ('case', 'unit', 'user', 'calendar'));
