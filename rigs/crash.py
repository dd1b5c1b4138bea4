"""crash: kill -9 of the server at a random moment under 32 writers.

Every acknowledged command is there with the same content; a command without an answer is there whole
or not at all, and its repeat with the same key decides; ready again within 3 s; the ledger is whole.
Then counts the calls of fdatasync and fsync: at least one per commit.
"""

import asyncio
import random
import shutil
import signal
import subprocess

from load import Journal, Load, settle, verify
from place import Anomaly, Postgres, Server, Sqlite, System, install, say

WRITERS = 32


async def run(place, options):
    for kind in (Sqlite, Postgres):
        await kills(place, options, kind(place))
    for kind in (Sqlite, Postgres):
        await syncs(place, options, kind(place))


async def kills(place, options, database):
    rng = random.Random(f"{options.seed}.crash.{database.kind}")
    system = System(place, database)
    server, journal = Server(system), Journal()
    await server.start()
    worst = 0.0
    for number in range(1, (20 if options.long else 4) + 1):
        await system.log_in(server)
        load = Load(system, journal, lambda: server.address, WRITERS, f"{options.seed}.{number}", persist=False)
        await asyncio.sleep(rng.uniform(0.5, 4.0))
        load.check()
        server.process.send_signal(signal.SIGKILL)
        await load.stop()
        server.process.wait()
        ready = await server.start()
        worst = max(worst, ready)
        if ready > 3.0:
            raise Anomaly(f"ready only {ready:.1f} s after the start")
        undecided, repeated = await settle(system, journal, lambda: server.address, rng, 0.5)
        checked = await verify(system, journal, lambda: server.address)
        for command in [c for c in journal.commands.values() if c.version is None]:
            del journal.commands[command.id]
        say(f"crash {database.kind} {number}: {journal.acknowledged()} acknowledged, {undecided} undecided, "
            f"{repeated} repeated, {checked}, ready in {ready:.2f} s")
        system.anchor()
    await verify(system, journal, lambda: server.address, everything=True)
    said = system.audit()
    server.terminate()
    say(f"crash {database.kind}: ok, {journal.acknowledged()} acknowledged, 0 lost, ready in at most "
        f"{worst:.2f} s; {said}")


async def syncs(place, options, database):
    """Counts, from outside, how often the kernel was asked to write to the disk."""
    if shutil.which("strace") is None:
        install("strace")
    system = System(place, database)
    server, journal = Server(system), Journal()
    await server.start()
    await system.log_in(server)
    pids = [server.process.pid] if database.kind == "SQLite" else database.pids()
    out = place.name("strace")
    tracer = subprocess.Popen(
        ["strace", "-f", "-c", "-e", "trace=fdatasync,fsync", "-o", out,
         *[word for pid in pids for word in ("-p", str(pid))]],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    place.later(lambda: tracer.poll() is None and tracer.terminate())
    for _ in pids:
        # "Process N attached", once for each, and once more for each of its threads.
        line = tracer.stderr.readline()
        if "attached" not in line:
            raise SystemExit(f"rig: strace: {line}")
    await asyncio.sleep(0.5)
    before = await server.metric("gongkai_writer_commits_total")
    load = Load(system, journal, lambda: server.address, 8, f"{options.seed}.sync", persist=False)
    await asyncio.sleep(3 if not options.long else 20)
    await load.stop()
    commits = await server.metric("gongkai_writer_commits_total") - before
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=30)
    with open(out, encoding="utf-8") as file:
        text = file.read()
    lines = [line.split() for line in text.splitlines()]
    # "% time, seconds, usecs/call, calls, errors (may be empty), syscall"
    calls = {line[-1]: int(line[3]) for line in lines if line and line[-1] in ("fdatasync", "fsync")}
    total = sum(calls.values())
    if commits < 10 or total < commits:
        raise Anomaly(f"{database.kind}: {total} fdatasync and fsync for {commits:.0f} commits\n{text}")
    server.terminate()
    system.anchor()
    say(f"crash {database.kind}: ok, {commits:.0f} commits of {journal.acknowledged()} commands, "
        f"{calls} = {total / commits:.2f} per commit")


async def self_test(place, options):
    """Plants the faults that the rig looks for; gives those that it did not find."""
    missed = []
    for fault in ("a lost case", "an edited row", "a lost entry", "a cut tail", "no sync"):
        database = Sqlite(place) if fault != "no sync" else Postgres(place, fsync=False)
        try:
            if fault == "no sync":
                await syncs(place, options, database)
            else:
                await planted(place, options, database, fault)
        except Anomaly as anomaly:
            say(f"crash self-test: {fault}: found: {str(anomaly)[:160]}")
        else:
            missed.append(fault)
    return missed


async def planted(place, options, database, fault):
    system = System(place, database)
    server, journal = Server(system), Journal()
    await server.start()
    await system.log_in(server)
    load = Load(system, journal, lambda: server.address, 4, options.seed, persist=False)
    await asyncio.sleep(1)
    await load.stop()
    system.anchor()
    case = next(iter(journal.cases))
    if fault == "a lost case":
        database.tamper(f"DELETE FROM cases WHERE id = {database.uuid(case)}")
    elif fault == "an edited row":
        database.tamper(f"UPDATE cases SET subject = '另一事项' WHERE id = {database.uuid(case)}")
    elif fault == "a lost entry":
        database.tamper(f"DELETE FROM events WHERE subject_id = {database.uuid(case)} AND version = 2")
    await (verify(system, journal, lambda: server.address) if fault != "a cut tail" else asyncio.sleep(0))
    if fault == "a cut tail":
        last = database.sql("SELECT max(seq) FROM events")[0][0]
        database.tamper(f"DELETE FROM events WHERE seq = {last}")
        database.tamper(f"UPDATE heads SET value = {last - 1}, hash = (SELECT hash FROM events "
                     f"WHERE seq = {last - 1}) WHERE name = 'ledger'")
    server.terminate()
    system.audit()
