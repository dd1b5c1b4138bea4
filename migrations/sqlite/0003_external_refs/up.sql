-- The number by which another system or a paper register knows a case; at most one case per number
-- of a source. The case's document holds the same: this table finds it and keeps it unique.
CREATE TABLE external_refs (
    source TEXT NOT NULL,
    reference TEXT NOT NULL,
    case_id BLOB NOT NULL UNIQUE REFERENCES cases (id),
    PRIMARY KEY (reference, source)
) STRICT;
