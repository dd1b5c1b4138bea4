"""history: 16 clients, random legal and illegal work of several roles on shared cases, with kills between.

Every history is a legal path (replay --check walks the table), versions have no gap, an accepted change
is exactly one entry made on the version that its client saw, a refused one leaves nothing, and the
figures are those of a recount from the ledger.
"""

import asyncio
import datetime
import json
import random
import signal
import uuid

from client import Connection, Lost, Refused
from load import application, judge
from place import Anomaly, Postgres, Server, Sqlite, System, missed_of, say

CLIENTS = 16
CENTERS = {"household_center": ("household", "household2"), "traffic_center": ("traffic",),
           "vehicle_center": ("vehicle",)}
STAFF = ("clerk", "issuer", "household", "household2", "traffic", "vehicle", "legal", "secrecy", "boss")

CLERKS = ("clerk", "issuer")
# Who can do it at all; what it needs beside that is left to chance.
SUITED = {
    "decide-extension": ("boss",), "accept": ("household", "traffic", "vehicle"),
    "return": ("household", "traffic", "vehicle"), "request-extension": ("household", "traffic", "vehicle"),
    "draft-answer": ("household", "traffic", "vehicle", "clerk"), "review": ("secrecy", "secrecy", "legal"),
}


async def run(place, options):
    for kind in (Sqlite, Postgres):
        stage = await Stage(place, options, kind(place)).open()
        for number in range(1, (15 if options.long else 1) + 1):
            await stage.round(number, 60 if options.long else 20)
        stage.close()


class Stage:
    """A server with its shared cases and what its clients have been told."""

    def __init__(self, place, options, database):
        self.database, self.options = database, options
        self.system = System(place, database)
        self.server = Server(self.system)
        self.cases = {}  # id: the last version that anybody has seen
        self.told = {}  # request: (case, version seen, version told)
        self.refused = set()
        self.undecided = set()
        self.codes = {}
        self.kills = 0

    async def open(self):
        await self.server.start()
        await self.system.log_in(self.server)
        return self

    def close(self):
        self.system.anchor()
        audit = self.system.audit()
        self.server.terminate()
        say(f"history {self.database.kind}: ok, {audit}")

    async def round(self, number, seconds):
        rng = random.Random(f"{self.options.seed}.{self.database.kind}.{number}")
        await self.system.log_in(self.server)
        over = asyncio.Event()
        clients = [asyncio.create_task(self.work(random.Random(rng.random()), over)) for _ in range(CLIENTS)]
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(rng.uniform(2, 6))
            for client in clients:
                if client.done():
                    client.result()
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait()
            await self.server.start()
            self.kills += 1
        over.set()
        await asyncio.gather(*clients)
        entries = self.check()
        await self.recount(entries)
        self.system.anchor()
        said = ", ".join(f"{code} x{n}" for code, n in sorted(self.codes.items()))
        say(f"history {self.database.kind} {number}: {len(self.cases)} cases, {len(entries)} entries, "
            f"{len(self.told)} accepted, {len(self.refused)} refused, {len(self.undecided)} undecided, "
            f"{self.kills} kills; figures equal; {said}")

    async def work(self, rng, over):
        conn = Connection(lambda: self.server.address)
        while not over.is_set():
            try:
                await self.step(conn, rng)
            except Lost:
                # The server is being started again.
                await asyncio.sleep(0.05)
        conn.close()

    async def step(self, conn, rng):
        user = rng.choice(STAFF)
        if not self.cases or rng.random() < 0.04:
            body = application(rng, f"历史{rng.randrange(1 << 40)}")
            body["register"] = rng.random() < 0.8
            # Some came in weeks ago, so some are overdue.
            day = today() - datetime.timedelta(days=rng.choice((0, 0, 0, 3, 12, 25, 27, 40, 400)))
            body["arrival"] = {"submitted_at": day.isoformat()}
            answer = await self.send(conn, rng.choice(("clerk", "household", "traffic")), "/api/v1/cases", body, None, None)
            if answer.status == 201:
                self.cases[answer.json()["id"]] = answer.json()["version"]
            return
        # Most work falls on the newest cases, so that clients meet.
        ids = list(self.cases)
        case = ids[-1 - min(int(rng.expovariate(0.1)), len(ids) - 1)]
        version = self.cases[case]
        if rng.random() < 0.3:
            read = await conn.request("GET", f"/api/v1/cases/{case}", self.system.headers(user))
            judge(read)
            if read.status == 200:
                if read.json()["version"] < version:
                    raise Anomaly(f"case {case}: version {read.json()['version']} is read after {version}")
                version = read.json()["version"]
        elif rng.random() < 0.1:
            version = max(1, version - 1)
        action, body = self.action(rng)
        if rng.random() < 0.6:
            user = rng.choice(SUITED.get(action, CLERKS))
        answer = await self.send(conn, user, f"/api/v1/cases/{case}/{action}", body, case, version)
        if answer.status == 200:
            self.cases[case] = max(self.cases[case], answer.json()["version"])

    def action(self, rng):
        day, text = today().isoformat(), f"第{rng.randrange(1 << 40)}号"
        handed = {"manner": "handed_over", "signed_at": day}
        return rng.choice([
            ("register", {}), ("amend", {"reason": "录入有误", "subject": text}),
            ("amend", {"reason": "录入有误", "arrival": {"submitted_at": day}}),
            ("assign", {"unit_id": self.system.units[rng.choice(list(CENTERS))], "note": text}),
            ("assign", {"unit_id": self.system.units[rng.choice(list(CENTERS))]}),
            ("accept", {}), ("accept", {}), ("return", {"reason": text}),
            ("request-supplement", {"items": "未写明年度", "guidance": text, "service": handed}),
            ("supplement", {"channel": "in_person", "arrival": {"submitted_at": day}, "content": text}),
            ("request-extension", {"days": rng.choice((5, 10, 20, 30)), "reason": text}),
            ("decide-extension", {"verdict": rng.choice(("granted", "refused")), "reason": text, "service": handed}),
            ("decide-extension", {"verdict": "granted", "service": handed}),
            ("draft-answer", {"decision": "disclose", "provided": text}),
            ("draft-answer", {"decision": "refuse_law", "reasons": text, "article": "第十四条", "basis_law": "档案法"}),
            ("review", {"kind": "secrecy", "verdict": "passed"}), ("review", {"kind": "secrecy", "verdict": "passed"}),
            ("review", {"kind": "legality", "verdict": "passed"}),
            ("review", {"kind": rng.choice(("secrecy", "legality")), "verdict": "sent_back", "opinion": text}),
            ("answer", {"service": handed}), ("answer", {"service": handed}), ("answer", {}), ("lapse", {}),
            ("serve", {"letter": rng.choice(("answer", "supplement_notice")), "service": handed}),
            ("withdraw", {"reason": text}) if rng.random() < 0.2 else ("accept", {}),
            ("void", {"reason": text}) if rng.random() < 0.2 else ("amend", {"reason": "录入有误", "subject": text}),
        ])

    async def send(self, conn, user, path, body, case, version):
        request = uuid.uuid4().hex
        more = {"X-Request-Id": request}
        if version is not None:
            more["If-Match"] = f'"{version}"'
        self.undecided.add(request)
        try:
            answer = await conn.request("POST", path, self.system.headers(user, **more), body)
        except Refused:
            self.undecided.discard(request)
            raise
        judge(answer)
        if answer.status == 500 or answer.status not in (200, 201, 403, 404, 409, 412, 422, 503):
            raise Anomaly(f"POST {path}: {answer}")
        kind = f"{answer.status} {answer.code()}".strip()
        self.codes[kind] = self.codes.get(kind, 0) + 1
        if answer.code() == "outcome_unknown":
            return answer
        self.undecided.discard(request)
        if answer.status in (200, 201):
            self.told[request] = (answer.json()["id"], version, answer.json()["version"])
        else:
            self.refused.add(request)
        return answer

    def check(self):
        """Compares what the clients were told with the ledger."""
        entries = [event for event in self.database.events() if event["subject_kind"] == "case"]
        versions, requests = {}, {}
        for event in entries:
            case, version = event["subject_id"], event["version"]
            if version != versions.get(case, 0) + 1:
                raise Anomaly(f"case {case}: version {version} after {versions.get(case, 0)}")
            versions[case] = version
            requests.setdefault(event["request_id"], []).append(event)
        for request, (case, seen, told) in self.told.items():
            found = requests.get(request, [])
            if not found:
                raise Anomaly(f"LOST: request {request} on case {case} was accepted as version {told}")
            if found[-1]["subject_id"] != case or found[-1]["version"] != told:
                raise Anomaly(f"request {request}: told {case} {told}, is {found}")
            if seen is not None and (len(found) != 1 or told != seen + 1):
                raise Anomaly(f"LOST UPDATE: request {request} saw version {seen} of {case} and made {told}: {found}")
        for request in requests:
            if request in self.refused:
                raise Anomaly(f"request {request} was refused and is in the ledger: {requests[request]}")
            if request not in self.told and request not in self.undecided:
                raise Anomaly(f"nobody has sent request {request}: {requests[request]}")
        for case in self.cases:
            if case not in versions:
                raise Anomaly(f"LOST: case {case}")
        return entries

    async def recount(self, entries):
        """The figures of the API are those of the ledger, for the whole and for every unit."""
        conn = Connection(lambda: self.server.address)

        async def get(path):
            answer = await conn.request("GET", path, self.system.headers("boss"))
            if answer.status != 200:
                raise Anomaly(f"GET {path}: {answer}")
            return answer.json()

        day = today()
        first = day.replace(month=1, day=1)
        rate = await get(f"/api/v1/statistics/reply-rate?from={first}&to={day}&as_of={day}&group_by=unit")
        overview = await get("/api/v1/statistics/overview")
        conn.close()
        if overview["date"] != day.isoformat():
            raise Anomaly(f"the day has changed during the round: {overview['date']}")
        soon = datetime.date.fromisoformat(overview["due_soon_until_date"])
        rates, works = count(fold(entries), first, day, soon)
        for what, mine, theirs in (
            ("rate", rates, {group["key"]: group["counts"] for group in rate["groups"]}),
            ("open work", works, {unit["unit_id"]: {name: unit[name] for name in WORK} for unit in overview["units"]}),
        ):
            mine = {unit: counts for unit, counts in mine.items() if any(counts.values())}
            theirs = {unit: counts for unit, counts in theirs.items() if any(counts.values())}
            if mine != theirs:
                raise Anomaly(f"{what}: counted {json.dumps(mine)}, told {json.dumps(theirs)}")
        total = {name: sum(counts[name] for counts in rates.values()) for name in RATE}
        if rate["counts"] != total or overview["total"] != {
            name: sum(counts[name] for counts in works.values()) for name in WORK}:
            raise Anomaly(f"totals: counted {total}, told {rate['counts']}, {overview['total']}")


RATE = ("received", "carried_in", "answered", "on_time", "extended", "open_in_time", "open_overdue",
        "closed_without_reply")
WORK = ("unregistered", "open", "paused", "due_soon", "overdue")


def today():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()


def fold(entries):
    """The facts of each case, from the entries alone."""
    cases = {}
    for event in entries:
        facts = cases.setdefault(event["subject_id"], {"extended": False})
        if event["action"] == "receive":
            facts["receiver"] = event["input"]["receiving_unit_id"]
        facts.update(event["after"])
        # The unit that answers for it: who holds it, else who received it.
        facts["unit"] = facts.get("holding_unit_id") or facts["receiver"]
        if event["action"] == "decide_extension" and "granted" in json.dumps(event["input"]):
            facts["extended"] = True
    return cases


def count(cases, first, day, soon):
    """What docs/law.md says of the figures, for a period that ends today."""
    date = lambda text: datetime.date.fromisoformat(text) if text else None
    rates, works = {}, {}
    for facts in cases.values():
        status, unit = facts["status"], facts["unit"]
        work = works.setdefault(unit, dict.fromkeys(WORK, 0))
        receipt, due, answered = (date(facts.get(name)) for name in ("receipt_date", "due_date", "answer_date"))
        # An answer that has been issued and not yet served is no reply.
        ended = answered is not None or status in ("lapsed", "withdrawn", "voided")
        work["unregistered"] += status == "received"
        work["paused"] += status == "awaiting_supplement"
        if not ended and facts.get("case_number"):
            work["open"] += 1
            work["due_soon"] += due is not None and day <= due <= soon
            work["overdue"] += due is not None and due < day
        if receipt is None or status == "voided":
            continue
        finished = answered or (day if status in ("lapsed", "withdrawn") else None)
        received = first <= receipt <= day
        carried = receipt < first and (finished is None or finished >= first)
        if not received and not carried:
            continue
        rate = rates.setdefault(unit, dict.fromkeys(RATE, 0))
        rate["received"] += received
        rate["carried_in"] += carried
        if answered:
            rate["answered"] += 1
            rate["on_time"] += answered <= due
            rate["extended"] += facts["extended"]
        elif status in ("lapsed", "withdrawn"):
            rate["closed_without_reply"] += 1
        elif status != "awaiting_supplement" and due is not None and due < day:
            rate["open_overdue"] += 1
        else:
            rate["open_in_time"] += 1
    return rates, works


async def self_test(place, options):
    """Plants what the rig looks for; gives what it did not find."""
    stage = await Stage(place, options, Sqlite(place)).open()
    await stage.round(1, 5)
    some = next(request for request, (_, seen, _) in stage.told.items() if seen)
    case = stage.told[some][0]
    key = stage.database.uuid(case)

    async def a_lost_entry():
        stage.told["0" * 32] = (case, 1, 2)
        try:
            stage.check()
        finally:
            del stage.told["0" * 32]

    async def a_lost_update():
        kept = stage.told[some]
        stage.told[some] = (kept[0], kept[1] - 1, kept[2])
        try:
            stage.check()
        finally:
            stage.told[some] = kept

    async def a_refused_command_in_the_ledger():
        kept = stage.told.pop(some)
        stage.refused.add(some)
        try:
            stage.check()
        finally:
            stage.refused.discard(some)
            stage.told[some] = kept

    async def a_wrong_figure():
        stage.database.tamper("UPDATE cases SET responsible_unit_id = (SELECT id FROM units WHERE code = 'legal_office') "
                           "WHERE id = (SELECT id FROM cases WHERE status IN ('registered', 'assigned') LIMIT 1)")
        await stage.recount(stage.check())

    async def a_row_that_does_not_follow():
        stage.system.audit()

    async def a_gap():
        stage.database.tamper(f"DELETE FROM events WHERE subject_id = {key} AND version = 1")
        stage.check()

    planted = (a_lost_entry, a_lost_update, a_refused_command_in_the_ledger, a_wrong_figure, a_row_that_does_not_follow, a_gap)
    missed = await missed_of("history", planted)
    stage.server.terminate()
    return missed
