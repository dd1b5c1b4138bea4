"""Writers, what was acknowledged to them, and whether it is all still there."""

import asyncio
import json
import random
import uuid

from client import Connection, Lost
from place import Anomaly

# What may be said while something is wrong. 503 needs Retry-After.
TROUBLE = {"unavailable", "queue_full", "outcome_unknown", "draining", "storage_full"}
UNITS = ("household_center", "traffic_center", "vehicle_center", "public_order_center")


class Command:
    """One command of a writer, however often it is sent."""

    def __init__(self, path, body, case=None, expected=None):
        self.id = uuid.uuid4().hex
        self.path, self.body, self.case, self.expected = path, body, case, expected
        self.sent = 0
        self.version = None  # acknowledged with this version

    def headers(self, system, user="clerk"):
        self.sent += 1
        more = {"Idempotency-Key": self.id, "X-Request-Id": f"{self.id}.{self.sent}"}
        if self.expected is not None:
            more["If-Match"] = f'"{self.expected}"'
        return system.headers(user, **more)

    def __repr__(self):
        return f"POST {self.path} key {self.id} (sent {self.sent}, acknowledged as {self.version})"


class Journal:
    """What the clients know, kept outside the product."""

    def __init__(self):
        self.commands = {}
        self.cases = {}  # id: the last acknowledged document
        self.touched = set()
        self.answers = {}  # (status, code): how often
        self.slowest = 0.0
        self.lost = 0
        self.seen = 0  # events that were looked at
        self.versions = {}  # case: its last version in the ledger
        self.by_command = {}  # command: its entries
        self.unknown = []  # commands that were told outcome_unknown

    def note(self, answer):
        """Counts an answer, and refuses what is not documented."""
        self.slowest = max(self.slowest, answer.seconds)
        kind = (answer.status, answer.code())
        self.answers[kind] = self.answers.get(kind, 0) + 1
        judge(answer)

    def acknowledge(self, command, answer):
        document = answer.json()
        document.pop("query_code", None)
        document.pop("earlier_cases", None)
        command.case, command.version = document["id"], document["version"]
        kept = self.cases.get(command.case)
        if kept is None or kept["version"] <= document["version"]:
            self.cases[command.case] = document
        self.touched.add(command.case)

    def acknowledged(self):
        return sum(command.version is not None for command in self.commands.values())

    def summary(self):
        said = ", ".join(f"{status}{' ' + code if code else ''} x{n}"
                         for (status, code), n in sorted(self.answers.items()))
        return f"{said}; {self.lost} connections lost; slowest {self.slowest:.2f} s"


def judge(answer):
    """Only documented answers: never 500, a 503 says when to come again."""
    if answer.status >= 500:
        if answer.code() not in TROUBLE or answer.status not in (503, 507):
            raise Anomaly(f"an undocumented answer: {answer}")
        if answer.status == 503 and "retry-after" not in answer.headers:
            raise Anomaly(f"503 without Retry-After: {answer}")


def application(rng, subject):
    return {
        "applicant": {"type": "natural_person", "name": "王小明", "phone": f"139{rng.randrange(10**8):08d}"},
        "subject": subject, "channel": "in_person", "register": True,
    }


def next_command(rng, system, case):
    """A new application, or a change of the case: always legal for the clerk, always another content."""
    mark = f"第{rng.randrange(1 << 40)}号"
    if case is None:
        return Command("/api/v1/cases", application(rng, "统计数据" + mark))
    path = f"/api/v1/cases/{case['id']}"
    if rng.random() < 0.4:
        body = {"unit_id": system.units[rng.choice(UNITS)], "note": mark}
        return Command(path + "/assign", body, case["id"], case["version"])
    body = {"reason": "录入有误", "subject": "更正" + mark}
    return Command(path + "/amend", body, case["id"], case["version"])


class Load:
    """Clients that work on cases of their own until they are told to stop.

    `place` gives the address to send to. With `persist`, a command without a decision is sent again
    until there is one; without, its client forgets it and goes on with another case."""

    def __init__(self, system, journal, place, clients, seed, persist, pause=0.0):
        self.system, self.journal, self.place = system, journal, place
        self.persist, self.pause = persist, pause
        self.stopping = asyncio.Event()
        self.draining = False
        rngs = [random.Random(f"{seed}.{number}") for number in range(clients)]
        self.tasks = [asyncio.create_task(self.work(rng)) for rng in rngs]

    async def stop(self):
        self.stopping.set()
        await asyncio.gather(*self.tasks)

    def check(self):
        """Raises what a client has found, at once."""
        for task in self.tasks:
            if task.done() and task.exception() is not None:
                raise task.exception()

    async def work(self, rng):
        conn = Connection(self.place)
        case = None
        try:
            while not self.stopping.is_set():
                command = next_command(rng, self.system, case)
                self.journal.commands[command.id] = command
                if await self.decide(conn, command):
                    case = self.journal.cases[command.case]
                    if rng.random() < 0.25:
                        case = None
                    elif rng.random() < 0.2:
                        await self.read(conn, case)
                else:
                    case = None
                if self.pause:
                    await asyncio.sleep(self.pause * rng.uniform(0.5, 1.5))
        finally:
            conn.close()

    async def decide(self, conn, command):
        """True when it is acknowledged. A command without a decision is sent again."""
        while True:
            try:
                answer = await conn.request("POST", command.path, command.headers(self.system), command.body)
            except Lost:
                self.journal.lost += 1
                if not self.persist or self.stopping.is_set():
                    return False
                await asyncio.sleep(0.1)
                continue
            self.journal.note(answer)
            if answer.status in (200, 201):
                self.journal.acknowledge(command, answer)
                return True
            if answer.status < 500:
                raise Anomaly(f"{command}: {answer}")
            if answer.code() == "outcome_unknown":
                self.journal.unknown.append(command)
            if not self.persist or self.stopping.is_set():
                return False
            await asyncio.sleep(0.1)

    async def read(self, conn, case):
        try:
            answer = await conn.request("GET", f"/api/v1/cases/{case['id']}", self.system.headers("clerk"))
        except Lost:
            self.journal.lost += 1
            return
        self.journal.note(answer)
        if answer.status == 200 and answer.json() != case:
            raise Anomaly(f"a read differs from what was acknowledged: {case} / {answer}")


async def settle(system, journal, place, rng, share=1.0):
    """Sends commands without a decision again, with the same key: each has to be acknowledged now."""
    open_ones = [command for command in journal.commands.values() if command.version is None]
    chosen = [command for command in open_ones if rng.random() < share]
    queue = list(chosen)

    async def work():
        conn = Connection(place)
        while queue:
            command = queue.pop()
            answer = await conn.request("POST", command.path, command.headers(system), command.body)
            if answer.status not in (200, 201):
                raise Anomaly(f"the repeat of {command}: {answer}")
            journal.acknowledge(command, answer)
        conn.close()

    await asyncio.gather(*[work() for _ in range(8)])
    return len(open_ones), len(chosen)


def read_ledger(system, journal):
    """Reads what is new in the ledger: versions without a gap, each command whole and once."""
    rows = system.database.sql(
        f"SELECT body FROM events WHERE seq > {journal.seen} AND subject_kind = 'case' ORDER BY seq")
    for (text,) in rows:
        event = json.loads(text)
        journal.seen = event["seq"]
        case, version = event["subject_id"], event["version"]
        before = journal.versions.get(case, 0)
        if version != before + 1:
            raise Anomaly(f"case {case}: version {version} after {before} (entry {event['seq']})")
        journal.versions[case] = version
        command = event["request_id"].split(".")[0]
        journal.by_command.setdefault(command, []).append((case, version, event["action"]))
    return len(rows)


async def verify(system, journal, place, everything=False):
    """Everything acknowledged is there with the same content; the rest is there whole or not at all."""
    fresh = read_ledger(system, journal)
    for command in journal.commands.values():
        found = journal.by_command.get(command.id, [])
        wanted = ["receive", "register"] if command.path == "/api/v1/cases" else [command.path.rsplit("/")[-1]]
        actions = [action for _, _, action in found]
        if actions not in ([], wanted):
            raise Anomaly(f"{command} is half done or done twice: {found}")
        if command.version is not None:
            if not found:
                raise Anomaly(f"LOST: {command} was acknowledged and is not in the ledger")
            if found[-1][:2] != (command.case, command.version):
                raise Anomaly(f"{command}: acknowledged as {command.case} {command.version}, is {found}")
    queue = list(journal.cases if everything else journal.touched)
    checked = len(queue)
    journal.touched.clear()

    async def work():
        conn = Connection(place)
        while queue:
            case = queue.pop()
            known = journal.cases[case]
            answer = await conn.request("GET", f"/api/v1/cases/{case}", system.headers("clerk"))
            if answer.status != 200:
                raise Anomaly(f"LOST: case {case} was acknowledged in version {known['version']}: {answer}")
            there = answer.json()
            if there["version"] != journal.versions.get(case):
                raise Anomaly(f"case {case}: row {there['version']}, ledger {journal.versions.get(case)}")
            if there["version"] == known["version"] and there != known:
                raise Anomaly(f"case {case} differs from what was acknowledged: {known} / {there}")
        conn.close()

    await asyncio.gather(*[work() for _ in range(8)])
    return f"{fresh} new entries, {checked} cases read back"
