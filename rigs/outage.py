"""outage: PostgreSQL killed, stopped, frozen, locked, slow, cut off, a COMMIT cut in two; the disk
full; a graceful stop. All under load.

Only documented answers, none after more than 10 s; /livez 200 all the time; memory, threads and files
flat; normal again within 5 s, without a restart of the server; nothing acknowledged is lost.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import time

from client import Connection, Hang, Lost, Refused
from load import Command, Journal, Load, application, judge, settle, verify
from place import Anomaly, Postgres, Probe, Server, Sqlite, System, eventually, free_port, say
from proxy import Proxy

CLIENTS = 24


async def run(place, options):
    scenarios = [commit_cut, killed, stopped, frozen, locked, stuck, slow, resets, black_hole]
    wanted = options.only
    for scenario in scenarios:
        if wanted in ("", scenario.__name__):
            await under_load(place, options, scenario)
    if wanted in ("", "stop_while_frozen"):
        await stop_while_frozen(place, options)
    if wanted in ("", "crowd"):
        for kind in (Sqlite, Postgres):
            await crowd(place, options, kind(place))
    if wanted in ("", "disk_full"):
        for kind in (small_sqlite, small_postgres):
            await disk_full(place, options, *kind(place))
    if wanted in ("", "graceful_stop"):
        for kind in (Sqlite, Postgres):
            await graceful_stop(place, options, kind(place))


class Stage:
    """A server on a PostgreSQL behind the proxy, under load and under watch."""

    def __init__(self, place, options, name):
        self.place, self.options, self.name = place, options, name
        self.seed = f"{options.seed}.{name}"
        self.rng = random.Random(self.seed)
        self.journal = Journal()

    async def open(self):
        self.database = Postgres(self.place)
        self.proxy = Proxy(self.database.port, self.seed)
        await self.proxy.start()
        self.system = System(self.place, self.database)
        self.system.env["GONGKAI_DATABASE_URL"] = self.database.url_at(self.proxy.port)
        self.server = Server(self.system)
        await self.server.start()
        await self.system.log_in(self.server)
        self.load = Load(self.system, self.journal, self.at, CLIENTS, self.seed, persist=True, pause=0.05)
        await self.calm(2)
        self.probe = Probe(self.server)
        memory, threads, files = self.server.figures()
        # Each client has one connection, which is gone at the end.
        self.before = (memory, threads, files - CLIENTS)

    def at(self):
        return self.server.address

    async def calm(self, seconds):
        """Lets time pass, and stops at once when a client has found something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.load.check()
            await asyncio.sleep(min(0.2, max(0.0, end - time.monotonic())))

    async def recovers(self):
        """Ready, reading and writing; at most 5 s from now."""
        conn = Connection(self.at)

        async def works():
            ready = await conn.request("GET", "/readyz")
            read = await conn.request("GET", "/api/v1/cases?limit=1", self.system.headers("clerk"))
            body = application(self.rng, "恢复后的第一件")
            write = await conn.request("POST", "/api/v1/cases", self.system.headers("clerk"), body)
            for answer in (ready, read, write):
                judge(answer)
            return (ready.status, read.status, write.status) == (200, 200, 201)

        seconds = await eventually("normal service", 5.0, works)
        conn.close()
        return seconds

    async def close(self):
        await self.load.stop()
        after = self.server.figures()
        lives = self.probe.figures()
        if after[0] - self.before[0] > 30:
            raise Anomaly(f"memory grew from {self.before[0]:.0f} to {after[0]:.0f} MiB")
        if after[1] > self.before[1] + 1 or after[2] > self.before[2] + 4:
            raise Anomaly(f"threads, files: {self.before[1:]} before, {after[1:]} after")
        await settle(self.system, self.journal, self.at, self.rng)
        checked = await verify(self.system, self.journal, self.at, everything=True)
        # Commands of the rig itself do not go through the proxy, which stands while they run.
        self.system.env["GONGKAI_DATABASE_URL"] = self.database.url
        self.system.anchor()
        audit = self.system.audit()
        log = self.server.said()
        if "panicked" in log:
            raise Anomaly(f"a panic in the log: {log[log.index('panicked') - 200:][:800]}")
        self.server.terminate()
        await self.proxy.stop()
        self.database.stop()
        return (f"{self.journal.acknowledged()} acknowledged, 0 lost; {self.journal.summary()}; {lives}; "
                f"RSS {self.before[0]:.0f}->{after[0]:.0f} MiB, threads {self.before[1]}->{after[1]}, "
                f"files {self.before[2]}->{after[2]}; {checked}; {audit}")


async def under_load(place, options, scenario):
    name = scenario.__name__
    stage = Stage(place, options, name)
    await stage.open()
    did = await scenario(stage)
    back = await stage.recovers()
    await stage.calm(1)
    told = await stage.close()
    say(f"outage {name}: ok, {did}, normal after {back:.2f} s; {told}")


async def commit_cut(stage):
    """The connection breaks during COMMIT: before PostgreSQL has seen it, or before its answer."""
    rounds = 100 if stage.options.long else 10
    for number in range(rounds):
        stage.proxy.cut = "before" if number % 2 else "after"
        end = time.monotonic() + 5
        while stage.proxy.cut is not None:
            if time.monotonic() > end:
                raise Anomaly("no COMMIT was seen")
            await stage.calm(0.02)
        await stage.calm(0.3)
    if len(stage.journal.unknown) < rounds:
        raise Anomaly(f"{rounds} cuts, {len(stage.journal.unknown)} times outcome_unknown")
    # Clients repeat until there is a decision.
    await stage.calm(1)
    open_ones = [command for command in stage.journal.unknown if command.version is None]
    if open_ones:
        raise Anomaly(f"the repeat has not decided: {open_ones[:3]}")
    return f"{stage.proxy.cuts} COMMITs cut, {len(stage.journal.unknown)} commands with outcome_unknown decided"


async def killed(stage):
    times = 10 if stage.options.long else 2
    worst = 0.0
    for _ in range(times):
        await asyncio.to_thread(stage.database.stop, "immediate")
        await stage.calm(stage.rng.uniform(0.2, 2))
        await asyncio.to_thread(stage.database.start)
        worst = max(worst, await stage.recovers())
        await stage.calm(stage.rng.uniform(1, 3))
    return f"killed {times} times, normal after at most {worst:.2f} s"


async def stopped(stage):
    seconds = 120 if stage.options.long else 15
    await asyncio.to_thread(stage.database.stop, "immediate")
    unready = await said_unready(stage)
    await stage.calm(seconds)
    await asyncio.to_thread(stage.database.start)
    return f"stopped for {seconds} s, unready after {unready:.1f} s"


async def said_unready(stage, limit=5.0):
    """/readyz has to say so within 5 s."""
    conn = Connection(stage.at)

    async def unready():
        return (await conn.request("GET", "/readyz")).status == 503

    seconds = await eventually("/readyz 503", limit, unready)
    conn.close()
    return seconds


async def frozen(stage):
    """Every process of PostgreSQL is stopped; its kernel still answers for it."""
    seconds = 60 if stage.options.long else 15
    stage.database.signal(signal.SIGSTOP)
    unready = await said_unready(stage)
    await stage.calm(seconds)
    stage.database.signal(signal.SIGCONT)
    return f"frozen for {seconds} s, unready after {unready:.1f} s"


async def locked(stage):
    """Somebody else holds the row that every writer needs: writing waits, reading does not."""
    seconds = 60 if stage.options.long else 12
    holder = subprocess.Popen(
        stage.database.owner + [stage.database.bin + "/psql", "-h", stage.database.home, "-p",
                                str(stage.database.port), "-U", "gongkai", "-d", "gongkai", "-c",
                                f"BEGIN; SELECT 1 FROM heads FOR UPDATE; SELECT pg_sleep({seconds})"],
        cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stage.place.later(lambda: holder.poll() is None and holder.kill())
    return f"locked for {seconds} s, {await reads_go_on(stage, lambda: holder.poll() is None)}"


async def reads_go_on(stage, waiting):
    """While writers wait, reading does not."""
    conn, slowest = Connection(stage.at), 0.0
    while waiting():
        answer = await conn.request("GET", "/api/v1/cases?limit=5", stage.system.headers("clerk"))
        judge(answer)
        if answer.status != 200:
            raise Anomaly(f"a read while writers wait: {answer}")
        slowest = max(slowest, answer.seconds)
        await stage.calm(0.05)
    conn.close()
    if slowest > 1.0:
        raise Anomaly(f"a read took {slowest:.2f} s while writers waited")
    return f"slowest read {slowest * 1000:.0f} ms"


async def stuck(stage):
    """Every statement that writes an entry sleeps in the database for a minute: it is given up after
    five seconds, and nothing of it remains."""
    seconds = 60 if stage.options.long else 12
    sleeps = ("CREATE OR REPLACE FUNCTION rig_stuck() RETURNS trigger LANGUAGE plpgsql AS "
              "$$ BEGIN {} RETURN NEW; END $$")
    # In a thread: the proxy, through which writers end what the trigger waits for, must go on.
    sql = lambda text: asyncio.to_thread(stage.database.sql, text)
    await sql(sleeps.format("PERFORM pg_sleep(60);"))
    await sql("CREATE TRIGGER rig_stuck BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION rig_stuck()")
    before, end = stage.journal.acknowledged(), time.monotonic() + seconds
    reads = await reads_go_on(stage, lambda: time.monotonic() < end)
    # What was under way when the trigger came may have been let through.
    passed = stage.journal.acknowledged() - before
    if passed > CLIENTS:
        raise Anomaly(f"{passed} commands were acknowledged while the database slept")
    if not any(code == "unavailable" for _, code in stage.journal.answers):
        raise Anomaly("nobody was told that the database does not answer")
    # Not by taking the trigger away, for which the table would have to be locked.
    await sql(sleeps.format(""))
    return f"stuck for {seconds} s, {reads}"


async def bad_network(stage, said, **faults):
    """The proxy does this to what passes through it, for a while."""
    seconds = 60 if stage.options.long else 10
    for name, value in faults.items():
        setattr(stage.proxy, name, value)
    await stage.calm(seconds)
    for name in faults:
        setattr(stage.proxy, name, 0.0)
    return f"{said} for {seconds} s"


async def slow(stage):
    return await bad_network(stage, "200 ms each way", delay=0.2)


async def resets(stage):
    return await bad_network(stage, "5 % resets", reset=0.05)


async def black_hole(stage):
    """What is sent arrives nowhere, and nobody says so."""
    seconds = 60 if stage.options.long else 15
    stage.proxy.hole(True)
    unready = await said_unready(stage)
    await stage.calm(seconds)
    stage.proxy.hole(False)
    return f"everything swallowed for {seconds} s, unready after {unready:.1f} s"


async def stop_while_frozen(place, options):
    """SIGTERM while PostgreSQL is frozen and commands are under way: the server ends by itself all the
    same, and what was under way is decided by its key afterwards."""
    stage = Stage(place, options, "stop_while_frozen")
    await stage.open()
    stage.database.signal(signal.SIGSTOP)
    await asyncio.sleep(1)
    stage.server.process.terminate()
    started = time.monotonic()
    try:
        status = await asyncio.to_thread(stage.server.process.wait, 40)
    except subprocess.TimeoutExpired:
        raise Anomaly("SIGTERM while PostgreSQL is frozen: still there after 40 s") from None
    seconds = time.monotonic() - started
    stage.load.stopping.set()
    await stage.load.stop()
    stage.probe.stop()
    stage.database.signal(signal.SIGCONT)
    if status != 0:
        raise Anomaly(f"SIGTERM while PostgreSQL is frozen: exit code {status}")
    await stage.server.start()
    undecided, _ = await settle(stage.system, stage.journal, stage.at, stage.rng)
    checked = await verify(stage.system, stage.journal, stage.at, everything=True)
    stage.system.env["GONGKAI_DATABASE_URL"] = stage.database.url
    stage.system.anchor()
    audit = stage.system.audit()
    stage.server.terminate()
    await stage.proxy.stop()
    stage.database.stop()
    say(f"outage stop_while_frozen: ok, exit 0 after {seconds:.1f} s, {undecided} undecided commands decided by "
        f"their keys, {stage.journal.acknowledged()} acknowledged, 0 lost; {checked}; {audit}")


async def crowd(place, options, database):
    """300 clients read lists as fast as they can from four readers: each is answered within 10 s, with
    503 if need be; afterwards all is as before."""
    side = ("127.0.0.1", free_port())
    system = System(place, database, {"GONGKAI_READERS": "4", "GONGKAI_METRICS_LISTEN": f"{side[0]}:{side[1]}"})
    server, journal = Server(system), Journal()
    await server.start()
    await system.log_in(server)
    at = lambda: server.address
    load = Load(system, journal, at, 8, f"{options.seed}.crowd", persist=True)
    await asyncio.sleep(2)
    await load.stop()
    before, probe, over = server.figures(), Probe(server), asyncio.Event()
    beside = Probe(server, side)

    async def client():
        conn = Connection(at)
        while not over.is_set():
            answer = await conn.request("GET", "/api/v1/cases?limit=50&count=exact", system.headers("clerk"))
            journal.note(answer)
            if answer.status not in (200, 503):
                raise Anomaly(f"a list: {answer}")
        conn.close()

    clients = [asyncio.create_task(client()) for _ in range(300)]
    await asyncio.sleep(30 if options.long else 8)
    over.set()
    await asyncio.gather(*clients)
    conn = Connection(at)
    answer = await conn.request("GET", "/api/v1/cases?limit=50", system.headers("clerk"), deadline=1.0)
    conn.close()
    if answer.status != 200:
        raise Anomaly(f"after the crowd has gone: {answer}")
    lives, after = probe.figures(), server.figures()
    lives += "; at GONGKAI_METRICS_LISTEN: " + beside.figures()
    if after[0] - before[0] > 100 or after[1] > before[1] + 1 or after[2] > before[2] + 8:
        raise Anomaly(f"memory, threads, files: {before} before, {after} after")
    system.anchor()
    server.terminate()
    say(f"outage crowd {database.kind}: ok, 300 clients, {journal.summary()}; {lives}; "
        f"then a list in {answer.seconds * 1000:.0f} ms; RSS {before[0]:.0f}->{after[0]:.0f} MiB; {system.audit()}")


def small_disk(place, megabytes):
    """A file system of its own."""
    if os.geteuid() != 0:
        raise SystemExit("rig: outage needs root (or --only another scenario): it mounts a tmpfs")
    folder = place.name("small")
    os.mkdir(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "gongkai-rig", folder], check=True)
    place.later(lambda: subprocess.run(["umount", "--lazy", folder], check=True))
    return folder


def small_sqlite(place):
    """The whole database on a file system of 20 MB."""
    folder = small_disk(place, 20)
    return folder, Sqlite(place, folder)


def small_postgres(place):
    """The tables on a file system of 48 MB, the journal elsewhere: a full disk under the journal ends
    PostgreSQL itself, which `killed` is about."""
    folder = small_disk(place, 48)
    shutil.chown(folder, "postgres")
    database = Postgres(place)
    database.sql(f"CREATE TABLESPACE small LOCATION '{folder}'", "postgres")
    database.sql("ALTER DATABASE gongkai SET TABLESPACE small", "postgres")
    return folder, database


async def disk_full(place, options, folder, database):
    """The disk fills up under load, and has space again."""
    system = System(place, database)
    server, journal = Server(system), Journal()
    await server.start()
    await system.log_in(server)
    rng = random.Random(f"{options.seed}.disk_full")
    at = lambda: server.address
    ballast = folder + "/ballast"
    rounds = 5 if options.long else 2
    probe = Probe(server)
    for _ in range(rounds):
        # The rest of the disk is filled but for some hundred KiB, which the load then fills.
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
        with open(ballast, "wb") as file:
            file.write(bytes(max(0, free - 600_000)))
        load = Load(system, journal, at, 8, options.seed, persist=True)
        while not any(code == "storage_full" for _, code in journal.answers):
            load.check()
            await asyncio.sleep(0.05)
        conn = Connection(at)
        for path in ("/livez", "/api/v1/cases?limit=50", f"/api/v1/cases/{next(iter(journal.cases))}"):
            answer = await conn.request("GET", path, system.headers("clerk"))
            if answer.status != 200:
                raise Anomaly(f"GET {path} with a full disk: {answer}")
        fill(ballast)
        await asyncio.sleep(2)
        load.check()

        async def refused():
            answer = await conn.request("POST", "/api/v1/cases", system.headers("clerk"), application(rng, "满"))
            full = (answer.status, answer.code()) == (507, "storage_full")
            # PostgreSQL finds room for some in pages that are there.
            if not full and (answer.status != 201 or database.kind == "SQLite"):
                raise Anomaly(f"a write with a full disk: {answer}")
            return full

        await eventually("storage_full", 5.0, refused)
        os.remove(ballast)

        async def works():
            body = application(rng, "恢复后的第一件")
            return (await conn.request("POST", "/api/v1/cases", system.headers("clerk"), body)).status == 201

        back = await eventually("writing after space came back", 5.0, works)
        load.check()
        await load.stop()
        conn.close()
        full = sum(n for (_, code), n in journal.answers.items() if code == "storage_full")
        say(f"outage disk_full {database.kind}: {full} times storage_full, reads 200, writing {back:.2f} s after space came back")
        for kind in [kind for kind in journal.answers if kind[1] == "storage_full"]:
            del journal.answers[kind]
    await settle(system, journal, at, rng)
    checked = await verify(system, journal, at, everything=True)
    system.anchor()
    audit = system.audit()
    lives = probe.figures()
    server.terminate()
    say(f"outage disk_full {database.kind}: ok, {journal.acknowledged()} acknowledged, 0 lost, {checked}; {lives}; {audit}")


def fill(path):
    """Takes what is left of the disk."""
    more = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        while os.write(more, bytes(4096)):
            pass
    except OSError:
        pass
    finally:
        os.close(more)


async def graceful_stop(place, options, database):
    """SIGTERM at 300 requests/s: unready first, everything that is sent is served, then refused."""
    system = System(place, database, {"GONGKAI_DRAIN_SECS": "3"})
    server, journal = Server(system), Journal()
    await server.start()
    await system.log_in(server)
    state = {"served": 0, "drained": 0, "leave": False}
    rng = random.Random(f"{options.seed}.stop")

    async def client():
        """Like a proxy: sends nothing more a moment after /readyz has said no."""
        conn = Connection(lambda: server.address)
        draining = False
        while not state["leave"]:
            body = application(rng, f"停机{rng.randrange(1 << 40)}")
            command = Command("/api/v1/cases", body)
            answer = await conn.request("POST", command.path, command.headers(system), body)
            if answer.status != 201:
                raise Anomaly(f"a request during the drain: {answer}")
            journal.commands[command.id] = command
            journal.acknowledge(command, answer)
            state["served"] += 1
            if answer.headers.get("connection", "").lower() == "close":
                state["drained"] += 1
                draining = True
            elif draining:
                raise Anomaly("an answer of the drain without Connection: close")
            await asyncio.sleep(0.1 * rng.uniform(0.5, 1.5))
        conn.close()

    clients = [asyncio.create_task(client()) for _ in range(32)]
    await asyncio.sleep(3)
    rate = state["served"] / 3
    server.process.terminate()
    started = time.monotonic()
    conn = Connection(lambda: server.address)
    while True:
        answer = await conn.request("GET", "/readyz")
        if answer.status == 503 and answer.code() == "draining":
            break
        if time.monotonic() - started > 2:
            raise Anomaly(f"/readyz after SIGTERM: {answer}")
    unready = time.monotonic() - started
    await asyncio.sleep(2)
    live = await conn.request("GET", "/livez")
    if live.status != 200:
        raise Anomaly(f"/livez during the drain: {live}")
    state["leave"] = True
    await asyncio.gather(*clients)
    if not state["drained"]:
        raise Anomaly("no request was served during the drain")
    status = await asyncio.to_thread(server.process.wait, 40)
    ended = time.monotonic() - started
    if status != 0:
        raise Anomaly(f"exit code {status}: {server.said()[-500:]}")
    try:
        await Connection(lambda: server.address).request("GET", "/livez")
        raise Anomaly("somebody answers after the end")
    except Refused:
        pass
    await server.start()
    checked = await verify(system, journal, lambda: server.address, everything=True)
    system.anchor()
    audit = system.audit()
    server.terminate()
    say(f"outage graceful_stop {database.kind}: ok, {rate:.0f} requests/s, unready after {unready * 1000:.0f} ms, "
        f"{state['drained']} served during the drain, 0 failed, exit 0 after {ended:.1f} s; {checked}; {audit}")


async def self_test(place, options):
    """Plants what the rig looks for; gives what it did not find."""
    missed = []

    async def finds(fault, attempt):
        try:
            await attempt()
        except (Anomaly, Hang, Lost) as found:
            say(f"outage self-test: {fault}: found: {str(found)[:160]}")
        else:
            missed.append(fault)

    async def lost_command():
        stage = Stage(place, options, "self-test")
        await stage.open()
        await stage.load.stop()
        case = next(iter(stage.journal.cases))
        stage.database.tamper(f"DELETE FROM events WHERE subject_id = '{case}'; DELETE FROM cases WHERE id = '{case}'")
        stage.load = Load(stage.system, stage.journal, stage.at, 1, "", persist=True)
        await stage.close()

    async def server_killed():
        stage = Stage(place, options, "self-test")
        await stage.open()
        stage.server.kill()
        await stage.calm(2)
        await stage.recovers()

    async def undocumented():
        await talk(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")

    async def without_retry_after():
        await talk(b'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 22\r\n\r\n{"code":"unavailable"}')

    async def silence():
        await talk(b"")

    for fault, attempt in (("a lost command", lost_command), ("a dead server", server_killed),
                           ("a 500", undocumented), ("a 503 without Retry-After", without_retry_after),
                           ("a hang", silence)):
        await finds(fault, attempt)
    return missed


async def talk(answer):
    """A server that says always the same."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await asyncio.sleep(5)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        judge(await Connection(server.sockets[0].getsockname).request("GET", "/", deadline=2))
    finally:
        server.close()
