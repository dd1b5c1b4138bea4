"""The same statements by pgbench: what PostgreSQL alone makes of them, one transaction per request.

The texts and values are taken from rows that the server has written, so that pgbench writes as much.
"""

import re
import subprocess

from offices import psql

# Ordered in time, as the server's are, and known from a number.
CASE_ID = "('01a00000-0000-7000-8000-' || lpad(to_hex(({n})::bigint), 12, '0'))::uuid"


def columns(database, table):
    sql = f"""SELECT column_name || ' ' || data_type FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"""
    return [line.split(" ", 1) for line in psql(database, sql).splitlines()]


def literals(database, table, where, replaced):
    """Lists of SQL values, one per row that the condition finds, some replaced by name."""
    names = columns(database, table)
    parts = ", ".join(f"quote_nullable({name}::text)" for name, _ in names)
    # One value a line: no text of ours has a line break.
    sql = f"SELECT concat_ws(E'\\n', {parts}) FROM {table} WHERE {where}"
    lines = psql(database, sql).split("\n")
    rows = [lines[at : at + len(names)] for at in range(0, len(lines), len(names))]
    filled = []
    for row in rows:
        values = [
            replaced.get(name, value if value == "NULL" else f"{value}::{kind}")
            for (name, kind), value in zip(names, row)
        ]
        filled.append([escaped(value) for value in values])
    return [name for name, _ in names], filled


def escaped(value):
    """Colons inside of texts in a form in which pgbench sees no variables."""
    found = re.fullmatch(r"( ?E)?'(.*)'(::[a-z ]+)", value)
    if not found:
        return value
    text = found[2] if found[1] else found[2].replace("\\", "\\\\")
    return f"E'{text.replace(':', chr(92) + 'x3a')}'{found[3]}"


def insert(table, names, rows):
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {values}"


def upsert(table, names, rows, key):
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return f"{insert(table, names, rows)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {others}"


LOCK = """SELECT max(value) FILTER (WHERE name = 'ledger') AS seq
  FROM (SELECT * FROM heads ORDER BY name FOR UPDATE) AS locked \\gset"""
MOVE = """UPDATE heads SET value = ({seq})::bigint, hash = sha256('x'::bytea) WHERE name = 'ledger';
COMMIT;"""


def scripts(server_database, database, registered, assigned, year):
    """The scripts of a registration and of an assignment: what the server did to two cases of its."""
    new = {"id": CASE_ID.format(n=":case"), "subject_id": CASE_ID.format(n=":case")}
    numbers = {
        "receipt_number": "'B' || (:receipt)::text",
        "case_number": "'B' || (:case)::text",
        "query_code_digest": "md5((:receipt)::text) || md5((:case)::text)",
        "phone_index": "sha256(('p' || (:case)::text)::bytea)",
        "id_number_index": "sha256(('i' || (:case)::text)::bytea)",
    }
    one = f"id = '{registered}'"
    names, case = literals(server_database, "cases", one, {**new, **numbers})
    event_names, events = literals(server_database, "events", f"subject_id = '{registered}' ORDER BY seq", new)
    outbox_names, outbox = literals(
        server_database, "outbox",
        f"seq IN (SELECT seq FROM events WHERE subject_id = '{registered}') ORDER BY seq", {})
    key_names, keys = literals(
        server_database, "idempotency_keys", "true ORDER BY created_at DESC LIMIT 1",
        {"idempotency_key": "'bench-' || (:case)::text"})
    for rows, first in ((events, event_names), (outbox, outbox_names)):
        for at, row in enumerate(rows, 1):
            row[first.index("seq")] = f"(:seq)::bigint + {at}"
    register = f"""BEGIN;
{LOCK}
SELECT max(last) FILTER (WHERE series = 'case') + 1 AS case,
  max(last) FILTER (WHERE series = 'receipt') + 1 AS receipt
  FROM number_series WHERE year IN ({year}) \\gset
SELECT * FROM idempotency_keys WHERE idempotency_key IN ('bench-' || (:case)::text);
{upsert("cases", names, case, ["id"])};
{insert("events", event_names, events)};
{insert("outbox", outbox_names, outbox)};
{upsert("idempotency_keys", key_names, keys, ["principal", "idempotency_key"])};
SELECT idempotency_key FROM idempotency_keys WHERE created_at < now() - interval '48 hours'
  ORDER BY created_at LIMIT 300;
INSERT INTO number_series (series, year, last)
  VALUES ('case', {year}, (:case)::bigint), ('receipt', {year}, (:receipt)::bigint)
  ON CONFLICT (series, year) DO UPDATE SET last = excluded.last;
{MOVE.format(seq=":seq + 2")}
"""
    own = {
        "id": CASE_ID.format(n=":case"), "subject_id": CASE_ID.format(n=":case"),
        "receipt_number": "'A' || (:case)::text", "case_number": "'B' || (:case)::text",
    }
    names, case = literals(server_database, "cases", f"id = '{assigned}'", own)
    event_names, events = literals(
        server_database, "events", f"subject_id = '{assigned}' ORDER BY seq DESC LIMIT 1", own)
    outbox_names, outbox = literals(
        server_database, "outbox",
        f"seq = (SELECT max(seq) FROM events WHERE subject_id = '{assigned}')", {})
    for rows, first in ((events, event_names), (outbox, outbox_names)):
        rows[0][first.index("seq")] = "(:seq)::bigint + 1"
    changed = [name for name in names if name != "receipt_number"]
    assign = f"""SELECT nextval('bench_assign') AS case \\gset
BEGIN;
{LOCK}
SELECT * FROM cases WHERE id = ANY (ARRAY[{own["id"]}]) FOR UPDATE;
{insert("cases", names, case)} ON CONFLICT (id) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in changed if name != "id")};
{insert("events", event_names, events)};
{insert("outbox", outbox_names, outbox)};
{MOVE.format(seq=":seq + 1")}
"""
    first = psql(database, f"SELECT last + 1 FROM number_series WHERE series = 'case' AND year = {year}")
    psql(database, f"CREATE SEQUENCE IF NOT EXISTS bench_assign START {first or 1}")
    return register, assign


def reads(database, units, status):
    """The scripts of the reads: a case, a page of the newest, a page of the worklist."""
    scope = ", ".join(f"'{unit}'::uuid" for unit in units)
    within = f"(holding_unit_id = ANY (ARRAY[{scope}]) OR receiving_unit_id = ANY (ARRAY[{scope}]))"
    line = """id, version, status, receipt_number, case_number, channel, applicant_type,
      applicant_name, subject, receiving_unit_id, holding_unit_id, officer_id, received_at,
      receipt_date, due_date, supplement_due_date, answer_date, closed_on, decision, extended,
      updated_at"""
    page = "ORDER BY received_at DESC, id DESC LIMIT 51;"
    psql(database, f"""DROP TABLE IF EXISTS bench_ids;
        CREATE TABLE bench_ids AS SELECT (row_number() OVER ())::integer AS n, id FROM
          (SELECT id FROM cases WHERE {within} ORDER BY random() LIMIT 5000) AS drawn;
        ALTER TABLE bench_ids ADD PRIMARY KEY (n); ANALYZE bench_ids""")
    count = psql(database, "SELECT count(*) FROM bench_ids")
    return {
        "case": f"""\\set n random(1, {count})
SELECT id, version, status, updated_at, record FROM cases
  WHERE id = (SELECT id FROM bench_ids WHERE n = :n) AND {within} LIMIT 1;
""",
        "list": f"SELECT {line} FROM cases WHERE {within} {page}\n",
        "worklist": f"""SELECT {line} FROM cases WHERE {within}
  AND status IN ({", ".join(f"'{one}'" for one in status)})
  AND responsible_unit_id = ANY (ARRAY[{scope}]) {page}
""",
    }


def pgbench(database, script, clients, seconds, home):
    """Transactions a second."""
    path = home / "script.sql"
    path.write_text(script)
    command = [
        *("pgbench", "-n", "-M", "prepared", "-f", str(path), "-T", str(seconds)),
        *("-c", str(clients), "-j", str(min(clients, 2)), database),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or "failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"pgbench: {done.stdout}{done.stderr[-3000:]}")
    return float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])
