"""race: two processes on one PostgreSQL, and one on SQLite.

Many clients for one transition: one wins. One key many times at once: one case, one answer. Numbers:
without a gap, each once. The turn of the year in Changchun: the numbers begin again, in the year of the
legal day on which the case was registered.
"""

import asyncio
import datetime
import glob
import json
import random
import re
import uuid

from client import Connection
from load import application
from place import Anomaly, Postgres, Server, Sqlite, System, install, missed_of, say

RIVALS = 50
NUMBER = re.compile(r"^(.*〔)(\d{4})(〕)(\d+)(号)$")


async def run(place, options):
    for kind in (Sqlite, Postgres):
        stage = await Stage(place, options, kind(place)).open()
        if options.only in ("", "transitions"):
            await transitions(stage, 1000 if options.long else 100)
        if options.only in ("", "keys"):
            await keys(stage, 1000 if options.long else 20)
        if options.only in ("", "numbers"):
            await numbers(stage, 10_000 if options.long else 2_000)
        stage.close()
    if options.only in ("", "year"):
        for kind in (Sqlite, Postgres):
            await turn_of_year(place, options, kind(place))


class Stage:
    """A database with its processes: two on PostgreSQL; the embedded one has one."""

    def __init__(self, place, options, database, env=None):
        self.database, self.options = database, options
        self.rng = random.Random(f"{options.seed}.race.{database.kind}")
        self.system = System(place, database, env)
        self.servers = [Server(self.system) for _ in range(2 if database.kind == "PostgreSQL" else 1)]

    async def open(self):
        for server in self.servers:
            await server.start()
        await self.system.log_in(self.servers[0])
        # Client n speaks to process n modulo their number.
        self.clients = [
            Connection(lambda server=self.servers[n % len(self.servers)]: server.address, deadline=60)
            for n in range(100)]
        return self

    def close(self):
        self.system.anchor()
        audit = self.system.audit()
        for server in self.servers:
            server.terminate()
        say(f"race {self.database.kind}: {audit}")

    async def post(self, client, path, body, user="clerk", **more):
        return await client.request("POST", path, self.system.headers(user, **more), body)


async def transitions(stage, races):
    """50 clients have read the same version and all want to change it."""
    codes, wins = {}, [0] * len(stage.servers)
    first = last_seq(stage)
    for number in range(races):
        await stage.system.log_in(stage.servers[0])
        answer = await stage.post(stage.clients[0], "/api/v1/cases", application(stage.rng, f"竞争{number}"))
        if answer.status != 201:
            raise Anomaly(f"a case to race for: {answer}")
        case, version = answer.json()["id"], answer.json()["version"]
        unit = stage.system.units["household_center"]
        rivals = stage.clients[:RIVALS]
        stage.rng.shuffle(rivals)
        answers = await asyncio.gather(*[
            stage.post(client, f"/api/v1/cases/{case}/assign", {"unit_id": unit, "note": f"第{n}名"},
                       If_Match=f'"{version}"')
            for n, client in enumerate(rivals)])
        winners = [(n, answer) for n, answer in enumerate(answers) if answer.status == 200]
        for answer in answers:
            kind = f"{answer.status} {answer.code()}".strip()
            codes[kind] = codes.get(kind, 0) + 1
            if answer.status not in (200, 409, 412):
                raise Anomaly(f"race {number}: {answer}")
        if len(winners) != 1:
            raise Anomaly(f"race {number} for case {case}: {len(winners)} winners")
        place, won = winners[0]
        wins[stage.clients.index(rivals[place]) % len(wins)] += 1
        read = await stage.clients[0].request("GET", f"/api/v1/cases/{case}", stage.system.headers("clerk"))
        if read.json() != won.json() or read.json()["holding"]["note"] != f"第{place}名":
            raise Anomaly(f"race {number}: case {case} is not what the winner was told: {read} / {won}")
    check_races(stage, first, races)
    say(f"race {stage.database.kind} transitions: ok, {races} races of {RIVALS}, one winner and one entry each; "
        f"{codes}; wins by process {wins}")


def check_races(stage, first, races):
    """Each case of the races has exactly receive, register, assign, and a message for each."""
    rows = stage.database.sql(
        f"SELECT e.body, o.topic FROM events e LEFT JOIN outbox o ON o.seq = e.seq WHERE e.seq > {first} ORDER BY e.seq")
    cases = {}
    for body, topic in rows:
        event = json.loads(body)
        if event["subject_kind"] == "case":
            cases.setdefault(event["subject_id"], []).append((event["version"], event["action"], topic))
    wanted = [(n, action, f"case.{action}") for n, action in enumerate(("receive", "register", "assign"), 1)]
    for case, found in cases.items():
        if found != wanted:
            raise Anomaly(f"case {case}: {found}")
    if len(cases) != races:
        raise Anomaly(f"{len(cases)} cases after {races} races")


def last_seq(stage):
    return int(stage.database.sql("SELECT max(seq) FROM events")[0][0])


async def keys(stage, rounds):
    """One Idempotency-Key, a hundred times at once."""
    codes = {}
    for number in range(rounds):
        await stage.system.log_in(stage.servers[0])
        first = last_seq(stage)
        key, body = uuid.uuid4().hex, application(stage.rng, f"重复{number}")
        answers = await asyncio.gather(*[
            stage.post(client, "/api/v1/cases", body, Idempotency_Key=key) for client in stage.clients])
        made = [answer for answer in answers if answer.status == 201]
        for answer in answers:
            kind = f"{answer.status} {answer.code()}".strip()
            codes[kind] = codes.get(kind, 0) + 1
            if answer.status not in (201, 409):
                raise Anomaly(f"key {key}: {answer}")
        if not made or len({answer.body for answer in made}) != 1:
            raise Anomaly(f"key {key}: answers differ: {set(answer.body for answer in made)}")
        fresh = sum("idempotency-replayed" not in answer.headers for answer in made)
        if fresh != 1:
            raise Anomaly(f"key {key}: {fresh} answers say that they are the first")
        entries = last_seq(stage) - first
        if entries != 2:
            raise Anomaly(f"key {key}: {entries} entries in the ledger, not 2")
    say(f"race {stage.database.kind} keys: ok, {rounds} keys x {len(stage.clients)}, one case, one answer and one "
        f"query code each; {codes}")


async def numbers(stage, wanted):
    """8 clients on each process take numbers as fast as they can."""
    clients = stage.clients[: 8 * len(stage.servers)]
    share = wanted // len(clients)
    before = stage.database.sql("SELECT last FROM number_series WHERE series LIKE 'case%' ORDER BY year DESC LIMIT 1")
    before = int(before[0][0]) if before else 0
    taken = []

    async def work(client):
        for number in range(share):
            answer = await stage.post(client, "/api/v1/cases", application(stage.rng, f"编号{number}"))
            if answer.status != 201:
                raise Anomaly(f"a number: {answer}")
            taken.append(answer.json())

    await stage.system.log_in(stage.servers[0])
    await asyncio.gather(*[work(client) for client in clients])
    check_numbers(taken, before + 1)
    say(f"race {stage.database.kind} numbers: ok, {len(taken)} numbers by {len(clients)} clients of "
        f"{len(stage.servers)} processes, from {before + 1} without a gap, each once")


def check_numbers(cases, first=1):
    """Case and receipt numbers of each year: each once, no gap. Gives years and counts."""
    case_numbers, receipts = {}, {}
    for case in cases:
        found = NUMBER.match(case["case_number"])
        if not found:
            raise Anomaly(f"a number without its form: {case['case_number']}")
        day = legal_day(case["registered_at"])
        if int(found[2]) != day.year:
            raise Anomaly(f"{case['case_number']} was registered on {day}")
        case_numbers.setdefault(day.year, []).append(int(found[4]))
        year, number = re.match(r"^SJ(\d{4})-(\d+)$", case["receipt_number"]).groups()
        if int(year) != legal_day(case["received_at"]).year:
            raise Anomaly(f"{case['receipt_number']} was received at {case['received_at']}")
        receipts.setdefault(int(year), []).append(int(number))
    for what, years in (("case", case_numbers), ("receipt", receipts)):
        for year, taken in sorted(years.items()):
            taken.sort()
            start = first if year == min(years) and what == "case" else taken[0]
            if year != min(years) and taken[0] != 1:
                raise Anomaly(f"{what} numbers of {year} begin at {taken[0]}")
            if taken != list(range(start, start + len(taken))):
                gaps = sorted(set(range(start, taken[-1] + 1)) - set(taken))
                twice = sorted({n for n in taken if taken.count(n) > 1}) if len(taken) < 20_000 else "?"
                raise Anomaly(f"{what} numbers of {year}: missing {gaps[:10]}, twice {twice}")
    return {year: len(taken) for year, taken in sorted(case_numbers.items())}


def legal_day(instant):
    utc = datetime.datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return (utc + datetime.timedelta(hours=8)).date()


def faketime():
    def find():
        return sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") +
                      glob.glob("/usr/lib/faketime/libfaketimeMT.so.1"))

    if not find():
        install("faketime")
    return find()[0]


async def turn_of_year(place, options, database):
    """The clocks of the servers are set to half a minute before the new year in Changchun, which is
    16:00 UTC of the old one."""
    stage = Stage(place, options, database)
    clock = place.name("clock")

    def set_clock(text):
        with open(clock, "w", encoding="utf-8") as file:
            file.write(text)

    set_clock("@2024-12-31 15:59:35")
    for server in stage.servers:
        server.env |= {"LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_CACHE_DURATION": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
    started = datetime.datetime.now(datetime.timezone.utc)
    await stage.open()
    taken, over = [], asyncio.Event()

    async def work(client):
        while not over.is_set():
            answer = await stage.post(client, "/api/v1/cases", application(stage.rng, "跨年"))
            if answer.status != 201:
                raise Anomaly(f"at the turn of the year: {answer}")
            case = answer.json()
            taken.append(case)
            if legal_day(case["registered_at"]).year == 2025 and len(taken) > 200:
                over.set()
            await asyncio.sleep(0.05)

    # The clocks run from 23:59:35 in Changchun, each from the start of its process, so the processes turn one
    # after the other: both years must stay without a gap all the same.
    limit = 120
    await asyncio.wait_for(asyncio.gather(*[work(client) for client in stage.clients[:8]]), limit)
    for _ in range(20):
        answer = await stage.post(stage.clients[0], "/api/v1/cases", application(stage.rng, "新年"))
        taken.append(answer.json())
    years = check_numbers(taken)
    if sorted(years) != [2024, 2025]:
        raise Anomaly(f"the year did not turn: {years}")
    utc = {case["registered_at"][:10] for case in taken}
    stage.close()
    spent = (datetime.datetime.now(datetime.timezone.utc) - started).seconds
    say(f"race {database.kind} turn of the year: ok, numbers {years}, registered on {sorted(utc)} UTC, {spent} s")


async def self_test(place, options):
    """Plants what the rig looks for; gives what it did not find."""
    stage = await Stage(place, options, Sqlite(place)).open()

    async def a_gap():
        async def skip():
            await asyncio.sleep(0.3)
            stage.database.sql("UPDATE number_series SET last = last + 1 WHERE series LIKE 'case%'")
        await asyncio.gather(numbers(stage, 400), skip())

    async def a_second_message():
        first = last_seq(stage)
        await transitions(stage, 2)
        stage.database.sql(f"UPDATE outbox SET topic = 'case.amend' WHERE seq = {first + 3}")
        check_races(stage, first, 2)

    async def a_number_twice():
        answer = await stage.post(stage.clients[0], "/api/v1/cases", application(stage.rng, "一"))
        check_numbers([answer.json(), answer.json()], int(NUMBER.match(answer.json()["case_number"])[4]))

    async def the_wrong_year():
        answer = await stage.post(stage.clients[0], "/api/v1/cases", application(stage.rng, "一"))
        check_numbers([answer.json() | {"registered_at": "2019-12-31T16:00:00Z"}])

    async def two_winners():
        original = stage.post

        async def lenient(client, path, body, user="clerk", **more):
            # A server that does not look at versions.
            answer = await original(client, path, body, user, **more)
            if answer.status == 412:
                answer.status = 200
            return answer

        stage.post = lenient
        try:
            await transitions(stage, 1)
        finally:
            stage.post = original

    async def ignored_keys():
        original = stage.post

        async def without(client, path, body, user="clerk", **more):
            return await original(client, path, body, user)

        stage.post = without
        try:
            await keys(stage, 1)
        finally:
            stage.post = original

    planted = (a_gap, a_second_message, a_number_twice, the_wrong_year, two_winners, ignored_keys)
    missed = await missed_of("race", planted)
    for server in stage.servers:
        server.terminate()
    return missed
