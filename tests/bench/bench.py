"""scripts/bench: what is measured, in which order, and the table."""

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import papers
import pgbench
from offices import Office, Server, Wrk

OPEN = ("received", "registered", "assigned", "awaiting_supplement", "supplemented")
# An officer of a centre: he sees its cases and those of its windows, and registers what reaches it.
OFFICER, CENTRE = "cheliang", "vehicle_center"
# Who assigns: the query room.
DESK = "chaxun"
SUPERVISOR = "jiandu"
LIST = "/api/v1/cases?limit=50"
WORKLIST = "/api/v1/cases?worklist=my_unit&limit=50"
# More open work than a page of it shows: an office whose page is half empty is no match for another.
OPEN_AT_LEAST = 60
RATE = "/api/v1/statistics/reply-rate?from=2026-01-01&to=2026-12-31"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Figures:
    """Every single figure by name, and the medians."""

    def __init__(self):
        self.all = {}

    def add(self, name, value):
        self.all.setdefault(name, []).append(value)
        say(f"{name} {value:,.4g}")

    def __getitem__(self, name):
        return statistics.median(self.all[name])


def fdatasyncs(folder, seconds=1.0):
    """How often a second the disk takes 8 KiB for certain, one after the other."""
    path = folder / "sync"
    count, started = 0, time.monotonic()
    with open(path, "wb", buffering=0) as file:
        while time.monotonic() - started < seconds:
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count / (time.monotonic() - started)


class Bench:
    def __init__(self, options, home):
        self.options, self.home = options, home
        self.figures = Figures()
        self.wrk = Wrk(options.seconds)
        self.servers = {}

    def offices(self):
        """Small ones to write into, small ones and large ones to read from."""
        small, large_postgres, large_sqlite = self.options.sizes
        made = {}
        for kind, large in (("postgres", large_postgres), ("sqlite", large_sqlite)):
            say(f"seeding {kind}: {small} and {large} cases")
            made[kind, "small"] = Office(f"{kind}_small", kind, self.home).seeded(small)
            made[kind, "write"] = made[kind, "small"].copied(f"{kind}_write", self.home)
            made[kind, "other"] = made[kind, "small"].copied(f"{kind}_other", self.home)
            if kind == "postgres" and self.options.large_postgres:
                made[kind, "large"] = Office(self.options.large_postgres, kind, self.home)
                continue
            made[kind, "large"] = Office(f"{kind}_large", kind, self.home).seeded(large)
            if self.options.check:
                made[kind, "large"].check()
            self.figures.add(f"{kind} seed seconds", made[kind, "large"].seconds)
        return made

    def serve(self, offices):
        for (kind, size), office in offices.items():
            if (kind, size) == ("postgres", "other"):
                continue
            arguments = ["--writer-batch", "1"] if size == "other" else []
            self.servers[kind, size] = Server(office, *arguments)
        for key, server in self.servers.items():
            seconds = server.start()
            if key[1] == "large":
                self.figures.add(f"{key[0]} start ms", seconds * 1000)
                # The first requests of anybody are still to come.
                self.figures.add(f"{key[0]} idle MiB", server.memory()[0])

    def stop(self):
        for server in self.servers.values():
            if hasattr(server, "process") and server.process.poll() is None:
                server.stop()

    def prepare(self, offices):
        """Who asks for what: the units of the scope, ids within it, the scripts of pgbench."""
        self.ids, self.units, self.reading = {}, {}, {}
        for (kind, size), office in offices.items():
            units = office.read(
                f"""SELECT id, code FROM units WHERE code = '{CENTRE}' OR parent_id =
                (SELECT id FROM units WHERE code = '{CENTRE}')""")
            self.units[kind, size] = {code: unit for unit, code in units}
            if size not in ("small", "large"):
                continue
            self.fill_worklist(self.servers[kind, size])
            scope = ", ".join(f"'{unit}'" for unit, _ in units)
            if kind == "sqlite":
                scope = ", ".join(f"x'{unit.replace('-', '')}'" for unit, _ in units)
            drawn = office.read(
                f"""SELECT id FROM cases WHERE holding_unit_id IN ({scope})
                ORDER BY random() LIMIT 5000""")
            self.ids[kind, size] = self.file(f"{kind}_{size}", (row[0] for row in drawn))
            if kind == "postgres":
                self.reading[size] = pgbench.reads(
                    office.name, self.units[kind, size].values(), OPEN)
        server = self.servers["postgres", "write"]
        cases = [self.one_registered(server) for _ in range(2)]
        self.assign_one(server, cases[1])
        self.register_sql, self.assign_sql = pgbench.scripts(
            "postgres_write", "postgres_other", *cases, datetime.date.today().year)

    def fill_worklist(self, server):
        """Registers cases until the officer's worklist has more than one page."""
        page = server.ask("GET", WORKLIST, server.token(OFFICER))
        if not page["next_cursor"]:
            for _ in range(OPEN_AT_LEAST - len(page["items"])):
                self.one_registered(server)

    def file(self, name, lines):
        path = self.home / f"{name}.ids"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def one_registered(self, server):
        applicant = {"type": "natural_person", "name": "王小明", "phone": "14100000000",
                     "id_kind": "resident_id_card", "id_number": "220102199003071235"}
        body = {"applicant": applicant, "channel": "in_person", "register": True,
                "subject": "2024年度车辆管理收费标准",
                "description": "申请公开2024年度车辆管理各项收费的标准和批准文件。"}
        key = {"idempotency-key": f"first-{time.monotonic_ns()}"}
        return server.ask("POST", "/api/v1/cases", server.token(OFFICER), body, key)["id"]

    def assign_one(self, server, case):
        body = {"unit_id": self.units["postgres", "write"][CENTRE], "note": "请按期办理"}
        path = f"/api/v1/cases/{case}/assign"
        server.ask("POST", path, server.token(DESK), body, {"if-match": '"2"'})

    def round(self):
        add = self.figures.add
        add("fdatasync", fdatasyncs(self.home))
        for clients in (1, 16, 64):
            self.write("register", "postgres", "write", clients)
            tps = pgbench.pgbench(
                "postgres_other", self.register_sql, clients, self.options.seconds, self.home)
            add(f"register pgbench {clients}", tps)
        self.assign("postgres", "write")
        add("assign pgbench 64", pgbench.pgbench(
            "postgres_other", self.assign_sql, 64, self.options.seconds, self.home))
        for size in ("write", "other"):
            self.write("register", "sqlite", size, 64)
            self.assign("sqlite", size)
        for kind in ("postgres", "sqlite"):
            self.reads(kind)
        papers.measure(self.servers["sqlite", "write"], self.one_registered, add)
        for key, server in self.servers.items():
            if key[1] in ("write", "large"):
                add(f"{key[0]} {key[1]} loaded MiB", server.memory()[0])
        self.restart()

    def write(self, what, kind, size, clients):
        server = self.servers[kind, size]
        counted = self.wrk(server, server.token(OFFICER), what, clients)
        self.figures.add(f"{what} {kind} {size} {clients}", counted["rate"])

    def assign(self, kind, size):
        """Assigns what has been registered and not assigned."""
        server = self.servers[kind, size]
        found = server.office.read(
            "SELECT id FROM cases WHERE status = 'registered' AND version = 2 LIMIT 100000")
        ids = self.file("registered", (row[0] for row in found))
        unit = self.units[kind, size][CENTRE]
        counted = self.wrk(server, server.token(DESK), "assign", 64, ids=ids, unit=unit)
        self.figures.add(f"assign {kind} {size} 64", counted["rate"])

    def reads(self, kind):
        add = self.figures.add
        tokens = {key: server.token(OFFICER) for key, server in self.servers.items()}
        for size in ("small", "large"):
            key = (kind, size)
            server, token = self.servers[key], tokens[key]
            asked = {
                "echo": {"path": "/api/v1/me"},
                "case": {"path": "/api/v1/cases/", "ids": self.ids[key]},
                "list": {"path": LIST},
                "worklist": {"path": WORKLIST},
            }
            for what, settings in asked.items():
                if size == "small":
                    counted = self.wrk(server, token, "get", 64, **settings)
                    add(f"{what} {kind} 64", counted["rate"])
                    if kind == "postgres" and what != "echo":
                        script = self.reading[size][what]
                        add(f"{what} pgbench 64", pgbench.pgbench(
                            "postgres_small", script, 64, self.options.seconds, self.home))
                if what != "echo":
                    counted = self.wrk(server, token, "get", 1, **settings)
                    add(f"{what} {kind} {size} us", counted["p50_us"])
            supervisor = server.token(SUPERVISOR)
            counted = self.wrk(server, supervisor, "get", 1, path=RATE)
            add(f"rate {kind} {size} us", counted["p50_us"])

    def restart(self):
        for kind in ("postgres", "sqlite"):
            server = self.servers[kind, "large"]
            server.stop()
            self.figures.add(f"{kind} start ms", server.start() * 1000)
            self.figures.add(f"{kind} idle MiB", server.memory()[0])

    def run(self):
        offices = self.offices()
        try:
            self.serve(offices)
            self.prepare(offices)
            for number in range(self.options.rounds):
                say(f"round {number + 1} of {self.options.rounds}")
                self.round()
        finally:
            self.stop()


def table(figures, options):
    """The one table: what, figure, beside what, ratio, promise."""
    lines = []

    def line(what, name, beside, other, promise=None, at_most=False):
        mine, its = figures[name], figures[other]
        ratio = mine / its
        kept = "" if promise is None else (
            "kept" if (ratio <= promise if at_most else ratio >= promise) else "MISSED")
        bound = "" if promise is None else f"{'<=' if at_most else '>='} {promise:g}"
        lines.append((what, f"{mine:,.0f}", beside, f"{its:,.0f}", f"{ratio:.2f}", bound, kept))

    def single(what, name, unit, promise):
        value = figures[name]
        kept = "kept" if value <= promise else "MISSED"
        lines.append((what, f"{value:,.0f} {unit}", "", "", "", f"<= {promise} {unit}", kept))

    for clients in (1, 16, 64):
        line(f"register, PostgreSQL, {clients} clients, /s", f"register postgres write {clients}",
             f"pgbench -c {clients}", f"register pgbench {clients}", 5 if clients == 64 else None)
    line("assign, PostgreSQL, 64 clients, /s", "assign postgres write 64",
         "pgbench -c 64", "assign pgbench 64", 5)
    for what in ("register", "assign"):
        line(f"{what}, SQLite, 64 clients, /s", f"{what} sqlite write 64",
             "one commit a request", f"{what} sqlite other 64", 4)
    for kind, name, case in (("postgres", "PostgreSQL", 0.2), ("sqlite", "SQLite", 0.3)):
        for what, promise in (("case", case), ("worklist", 0.08), ("list", None)):
            line(f"{what}, {name}, 64 clients, /s", f"{what} {kind} 64", "echo", f"echo {kind} 64",
                 promise)
            if kind == "postgres":
                line(f"{what}, {name}, 64 clients, /s", f"{what} {kind} 64",
                     "pgbench -M prepared -c 64", f"{what} pgbench 64")
    small, *large = options.sizes
    for (kind, name), size in zip((("postgres", "PostgreSQL"), ("sqlite", "SQLite")), large):
        for what in ("case", "list", "worklist", "rate"):
            shown = {"rate": "reply rate"}.get(what, what)
            line(f"{shown}, {name}, {size:,} cases, µs", f"{what} {kind} large us",
                 f"{small:,} cases", f"{what} {kind} small us",
                 None if what == "rate" else 1.5, at_most=True)
    single("letter as PDF over HTTP, warm", "letter ms", "ms", 300)
    for what in ("upload", "download"):
        lines.append((f"{what} of files of 32 MiB, one client", f"{figures[f'{what} MB/s']:,.0f} MB/s",
                      "", "", "", "", ""))
    single("highest memory under uploads and downloads", "files MiB", "MiB", 100)
    for kind, name in (("postgres", "PostgreSQL"), ("sqlite", "SQLite")):
        single(f"start to ready, {name}", f"{kind} start ms", "ms", 300)
        single(f"memory after start, {name}", f"{kind} idle MiB", "MiB", 40)
        single(f"memory after reading, {name}", f"{kind} large loaded MiB", "MiB", 100)
        single(f"memory after writing, {name}", f"{kind} write loaded MiB", "MiB", 100)
    head = ("what", "figure", "beside", "figure", "ratio", "promise", "")
    widths = [max(len(row[at]) for row in [head, *lines]) for at in range(len(head))]
    rows = [head, tuple("-" * width for width in widths), *lines]
    shown = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    return "\n".join(shown)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--sizes")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--large-postgres", metavar="DATABASE")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.seconds = options.seconds or (2 if options.quick else 5)
    sizes = options.sizes or ("2000,20000,20000" if options.quick else "10000,1000000,200000")
    options.sizes = [int(size) for size in sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="gongkai-bench-", dir="/var/tmp") as home:
        bench = Bench(options, Path(home))
        bench.run()
    figures = bench.figures
    print(f"{os.cpu_count()} cores, {options.rounds} rounds of {options.seconds} s each, medians; "
          f"fdatasync of 8 KiB: {figures['fdatasync']:,.0f}/s")
    for kind, size in zip(("postgres", "sqlite"), options.sizes[1:]):
        if f"{kind} seed seconds" in figures.all:
            print(f"seeding {size:,} cases, {kind}: {figures[f'{kind} seed seconds']:,.0f} s")
    print()
    print(table(figures, options))
    if options.json:
        options.json.write_text(json.dumps(figures.all, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
