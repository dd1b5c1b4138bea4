"""What a rig runs on: a folder, a PostgreSQL cluster or a SQLite file, server processes.

Everything is private to the run and goes away with it, on Ctrl-C and SIGTERM, too.
"""

import asyncio
import base64
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

from client import Connection, Hang, Lost

PASSWORD = "a long sentence for rigs 7"
# name: role, unit
USERS = {
    "clerk": ("query_room", "query_room"),
    "issuer": ("query_room", "query_room"),
    "household": ("service_center", "household_center"),
    "household2": ("service_center", "household_center"),
    "traffic": ("service_center", "traffic_center"),
    "vehicle": ("service_center", "vehicle_center"),
    "legal": ("legal_office", "legal_office"),
    "secrecy": ("legal_office", "legal_office", "secrecy_reviewer"),
    "boss": ("supervisor", "bureau"),
}


class Anomaly(Exception):
    """The product broke a promise."""


def say(text):
    print(text, flush=True)


def install(package):
    """By the function that all scripts use, which looks for new packages first."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    script = 'set -euo pipefail; . "$0/scripts/tools"; apt_install "$1"'
    done = subprocess.run(["bash", "-c", script, root, package])
    if done.returncode:
        raise SystemExit(f"rig: {package} is missing")


async def missed_of(rig, planted):
    """Plants faults one after the other, and gives those that were not found."""
    missed = []
    for attempt in planted:
        try:
            await attempt()
        except Anomaly as found:
            say(f"{rig} self-test: {attempt.__name__}: found: {str(found)[:160]}")
        else:
            missed.append(attempt.__name__)
    return missed


def key():
    return base64.b64encode(os.urandom(32)).decode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Place:
    """The folder of one run, and all that was started in it."""

    def __init__(self, binary):
        self.binary = binary
        self.dir = f"/tmp/gongkai-rig.{os.getpid()}.{random.SystemRandom().randrange(1 << 30)}"
        os.mkdir(self.dir, 0o711)
        self.closers = []
        self.count = 0

    def name(self, stem):
        self.count += 1
        return os.path.join(self.dir, f"{stem}-{self.count}")

    def later(self, closer):
        self.closers.append(closer)

    def close(self):
        for closer in reversed(self.closers):
            try:
                closer()
            except Exception as error:  # everything else has to be cleaned up all the same
                print(f"rig: cleaning up: {error}", file=sys.stderr)
        self.closers.clear()
        shutil.rmtree(self.dir, ignore_errors=True)


class Postgres:
    """A cluster of its own, as durable as a real one."""

    kind = "PostgreSQL"

    def __init__(self, place, fsync=True):
        self.place = place
        folders = sorted(
            glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0])
        )
        found = shutil.which("initdb")
        if folders and os.access(folders[-1] + "/initdb", os.X_OK):
            self.bin = folders[-1]
        elif found:
            self.bin = os.path.dirname(os.path.realpath(found))
        else:
            raise SystemExit("rig: PostgreSQL is missing: put initdb and pg_ctl in PATH")
        self.owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.home = place.name("pg")
        os.mkdir(self.home, 0o700)
        if self.owner:
            shutil.chown(self.home, "postgres")
        self.data = self.home + "/data"
        self.run("initdb", "--pgdata", self.data, "--username", "gongkai", "--auth", "trust",
                 "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self.port = free_port()
        settings = (
            f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = '{self.home}'\n"
            "max_connections = 100\nshared_buffers = 64MB\ndynamic_shared_memory_type = mmap\n"
            f"timezone = 'UTC'\nlc_messages = 'C'\nfsync = {'on' if fsync else 'off'}\n"
        )
        subprocess.run(self.owner + ["tee", "-a", self.data + "/postgresql.conf"], input=settings.encode(),
                       stdout=subprocess.DEVNULL, check=True, cwd="/tmp")
        place.later(self.destroy)
        self.start()
        self.run("createdb", "--host", self.home, "--port", str(self.port), "--username", "gongkai", "gongkai")
        self.url = self.url_at(self.port)

    def url_at(self, port):
        return f"postgres://gongkai@127.0.0.1:{port}/gongkai?sslmode=disable"

    def run(self, tool, *args, check=True):
        done = subprocess.run(self.owner + [f"{self.bin}/{tool}", *args], capture_output=True, text=True,
                              cwd="/tmp", env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        if check and done.returncode:
            raise SystemExit(f"rig: {tool}: {done.stdout}{done.stderr}")
        return done

    def start(self):
        self.run("pg_ctl", "start", "--silent", "--wait", "--pgdata", self.data, "--log", self.home + "/log")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "stop", "--silent", "--pgdata", self.data, "--mode", mode)

    def destroy(self):
        self.signal(signal.SIGCONT)
        self.run("pg_ctl", "stop", "--silent", "--pgdata", self.data, "--mode", "immediate", check=False)

    def pids(self):
        """Every process of the cluster, the postmaster first."""
        try:
            with open(self.data + "/postmaster.pid", encoding="utf-8") as file:
                master = int(file.readline())
            with open(f"/proc/{master}/task/{master}/children", encoding="utf-8") as file:
                return [master] + [int(pid) for pid in file.read().split()]
        except (OSError, ValueError):
            return []

    def signal(self, number):
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except OSError:
                pass

    def sql(self, text, database="gongkai"):
        """Rows as lists of texts."""
        done = self.run("psql", "--host", self.home, "--port", str(self.port), "--username", "gongkai",
                        "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator", "\t",
                        "--set", "ON_ERROR_STOP=1", "--dbname", database, "--command", text)
        return [line.split("\t") for line in done.stdout.splitlines() if line]

    def tamper(self, text):
        """What only the owner of the database can do: the triggers that keep the ledger are off."""
        self.sql("SET session_replication_role = replica; " + text)

    def events(self):
        return [json.loads(row[0]) for row in self.sql("SELECT body FROM events ORDER BY seq")]

    def check(self):
        """The database's own check of its files."""
        self.sql("CREATE EXTENSION IF NOT EXISTS amcheck")
        done = self.run("pg_amcheck", "--host", self.home, "--port", str(self.port), "--username", "gongkai",
                        "--database", "gongkai", check=False)
        if done.returncode:
            raise Anomaly(f"pg_amcheck: {done.stdout}{done.stderr}")

    @staticmethod
    def uuid(text):
        return f"'{text}'"


class Sqlite:
    """A file of its own."""

    kind = "SQLite"

    def __init__(self, place, folder=None):
        self.place = place
        self.path = (folder or place.name("db")) + ("/gongkai.db" if folder else ".db")
        self.url = "sqlite:" + self.path

    def sql(self, text):
        conn = sqlite3.connect(self.path, timeout=30)
        try:
            rows = [list(row) for row in conn.execute(text)]
            conn.commit()
            return rows
        finally:
            conn.close()

    def events(self):
        return [json.loads(row[0]) for row in self.sql("SELECT body FROM events ORDER BY seq")]

    def tamper(self, text):
        """What only the owner of the file can do: the triggers that keep the ledger are gone."""
        for (name,) in self.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.sql(f"DROP TRIGGER {name}")
        self.sql(text)

    def check(self):
        found = self.sql("PRAGMA integrity_check")
        if found != [["ok"]]:
            raise Anomaly(f"integrity_check: {found}")

    @staticmethod
    def uuid(text):
        return "x'" + text.replace("-", "") + "'"


class System:
    """The product on one database: its settings, its users, its processes."""

    def __init__(self, place, database, extra=None):
        self.place, self.database = place, database
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("GONGKAI_", "PG"))}
        self.env |= {
            "GONGKAI_DATABASE_URL": database.url, "GONGKAI_TOKEN_KEY": key(), "GONGKAI_DATA_KEY": key(),
            "GONGKAI_LOG": "warn", "GONGKAI_DRAIN_SECS": "0", "RUST_BACKTRACE": "0",
        }
        for name in ("READS", "WRITES", "LOGIN", "LOOKUP", "EXPORTS"):
            self.env["GONGKAI_LIMIT_" + name] = "off"
        self.env |= extra or {}
        self.anchors = place.name("anchors")
        self.cli("migrate")
        self.cli("unit", "import")
        for user, (role, unit, *capabilities) in USERS.items():
            more = [text for name in capabilities for text in ("--capability", name)]
            self.cli("user", "create", user, "--role", role, "--unit", unit, *more, "--password-stdin",
                     stdin=PASSWORD + "\n")
        self.tokens = {}
        self.units = {}

    def cli(self, *args, stdin="", check=True):
        done = subprocess.run([self.place.binary, *args], env=self.env, input=stdin, capture_output=True,
                              text=True, timeout=900)
        if check and done.returncode:
            raise SystemExit(f"rig: gongkai {' '.join(args)}: {done.returncode} {done.stdout}{done.stderr}")
        return done

    def anchor(self):
        """Writes the head down outside the database."""
        with open(self.anchors, "a", encoding="utf-8") as file:
            file.write(self.cli("audit", "head").stdout)

    def audit(self):
        """The ledger is whole, and every row follows from it."""
        verified = self.cli("audit", "verify", "--anchors", self.anchors, check=False)
        replayed = self.cli("replay", "--check", check=False)
        if verified.returncode or replayed.returncode:
            raise Anomaly(f"audit verify ({verified.returncode}): {verified.stdout}{verified.stderr}\n"
                          f"replay --check ({replayed.returncode}): {replayed.stdout}{replayed.stderr}")
        self.database.check()
        return verified.stdout.strip() + "; " + replayed.stdout.strip().splitlines()[-1]

    async def log_in(self, server, users=USERS):
        """Tokens live for 15 minutes; they are fetched again when older than ten."""
        conn = Connection(lambda: server.address)
        for user in users:
            token, at = self.tokens.get(user, ("", -1e9))
            if time.monotonic() - at < 600:
                continue
            answer = await conn.request("POST", "/api/v1/sessions", {},
                                        {"username": user, "password": PASSWORD}, deadline=60)
            if answer.status != 201:
                raise Anomaly(f"log-in of {user}: {answer}")
            self.tokens[user] = (answer.json()["access_token"], time.monotonic())
        if not self.units:
            answer = await conn.request("GET", "/api/v1/units", self.headers("clerk"), deadline=60)
            self.units = {unit["code"]: unit["id"] for unit in answer.json()["items"]}
        conn.close()

    def headers(self, user, **more):
        return {"Authorization": f"Bearer {self.tokens[user][0]}"} | {
            name.replace("_", "-"): value for name, value in more.items()}


class Server:
    """One process of `gongkai serve` on a free port."""

    def __init__(self, system, env=None, prefix=()):
        self.system, self.env, self.prefix = system, system.env | (env or {}), list(prefix)
        self.process, self.address = None, ("127.0.0.1", 1)
        system.place.later(self.kill)

    async def start(self, limit=30.0):
        """Starts it and waits until it is ready. Gives the seconds that took."""
        self.log = self.system.place.name("log")
        started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.prefix + [self.system.place.binary, "serve", "--listen", "127.0.0.1:0"],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            found = re.search(r"listening on http://([0-9.]+):(\d+)", self.said())
            if found:
                break
            if self.process.poll() is not None or time.monotonic() - started > limit:
                raise Anomaly(f"serve did not start: {self.process.poll()} {self.said()[-2000:]}")
            await asyncio.sleep(0.01)
        self.address = (found[1], int(found[2]))
        conn = Connection(lambda: self.address)
        while (await conn.request("GET", "/readyz")).status != 200:
            if time.monotonic() - started > limit:
                raise Anomaly("serve does not become ready")
            await asyncio.sleep(0.02)
        conn.close()
        return time.monotonic() - started

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def terminate(self):
        self.process.terminate()
        return self.process.wait(60)

    def figures(self):
        """Resident memory in MiB, threads, open files."""
        pid = self.process.pid
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            text = file.read()
        number = lambda name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])
        return number("VmRSS") / 1024, number("Threads"), len(os.listdir(f"/proc/{pid}/fd"))

    async def metric(self, name):
        conn = Connection(lambda: self.address)
        answer = await conn.request("GET", "/metrics")
        conn.close()
        return float(re.search(rf"^{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)", answer.body.decode(), re.M)[1])


class Probe:
    """Asks /livez and /readyz every 50 ms from a process of its own, so that the load of the rig does
    not count as the server's."""

    def __init__(self, server, address=None):
        self.out = server.system.place.name("probe")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.py")
        self.process = subprocess.Popen(
            [sys.executable, "-B", script, *map(str, address or server.address), self.out], stdin=subprocess.DEVNULL)
        server.system.place.later(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        with open(self.out, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def figures(self, millis=1000):
        """Every /livez has to be 200 within a second."""
        looks = self.stop()
        lives = sorted(look["live_ms"] for look in looks)
        bad = [look for look in looks if look["live"] != 200 or look["live_ms"] > millis]
        if not looks or bad:
            raise Anomaly(f"/livez: {len(bad)} of {len(looks)} bad: {bad[:5]}")
        return f"livez {len(looks)}x200 p99 {lives[int(len(lives) * .99)]:.0f} max {lives[-1]:.0f} ms"


async def eventually(what, limit, check):
    """Waits until check() holds; gives the seconds."""
    started = time.monotonic()
    while True:
        try:
            if await check():
                return time.monotonic() - started
        except (Lost, Hang):
            pass
        if time.monotonic() - started > limit:
            raise Anomaly(f"{what}: not within {limit} s")
        await asyncio.sleep(0.05)
