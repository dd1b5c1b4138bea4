"""The offices that are measured: databases, servers on them, and those who ask."""

import base64
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
import uuid
from pathlib import Path

BIN = os.environ["GONGKAI_BIN"]
# Of the environment when it has them: then a database that was seeded before can be measured.
KEYS = {
    name: os.environ.get(name) or base64.b64encode(os.urandom(32)).decode()
    for name in ("GONGKAI_TOKEN_KEY", "GONGKAI_DATA_KEY")
}
LIMITS = ("READS", "WRITES", "LOGIN", "LOOKUP", "EXPORTS")


def environment(url):
    """What a program on this database is started with: no quotas, little logged."""
    return {
        **os.environ,
        **KEYS,
        **{f"GONGKAI_LIMIT_{limit}": "off" for limit in LIMITS},
        "GONGKAI_DATABASE_URL": url,
        "GONGKAI_LOG": "error",
        "GONGKAI_DRAIN_SECS": "0",
    }


def psql(database, sql):
    """The answer of one or more statements, unaligned."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def plain(value):
    """A value of SQLite's as text; ids are bytes there."""
    return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) else str(value)


class Office:
    """A database."""

    def __init__(self, name, kind, home):
        self.name, self.kind = name, kind
        self.path = home / f"{name}.db"
        if kind == "sqlite":
            self.url = f"sqlite:{self.path}"
        else:
            self.url = os.environ["GONGKAI_TEST_POSTGRES_URL"].rsplit("/", 1)[0] + "/" + name

    def seeded(self, cases):
        if self.kind == "postgres":
            subprocess.run(["createdb", self.name], check=True)
        env = {**environment(self.url), "PGOPTIONS": "-c synchronous_commit=off"}
        started = time.monotonic()
        for arguments in (["migrate"], ["seed", str(cases)]):
            subprocess.run([BIN, *arguments], check=True, env=env, stdout=subprocess.DEVNULL)
        self.seconds = time.monotonic() - started
        return self

    def copied(self, name, home):
        other = Office(name, self.kind, home)
        if self.kind == "sqlite":
            shutil.copyfile(self.path, other.path)
        else:
            subprocess.run(["createdb", "-T", self.name, name], check=True)
        return other

    def check(self):
        for arguments in (["audit", "verify"], ["replay", "--check"]):
            subprocess.run([BIN, *arguments], check=True, env=environment(self.url))

    def read(self, sql):
        """The rows of a query, as lists of text; SQL that both databases know."""
        if self.kind == "postgres":
            return [line.split("|") for line in psql(self.name, sql).splitlines()]
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as conn:
            return [[plain(value) for value in row] for row in conn.execute(sql)]


class Server:
    """A `gongkai serve` on an office."""

    def __init__(self, office, *arguments):
        self.office, self.arguments = office, arguments

    def start(self):
        """Starts it, and returns the seconds until it was ready."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        command = [BIN, "serve", "--listen", f"127.0.0.1:{port}", *self.arguments]
        env = environment(self.office.url)
        started = time.monotonic()
        self.process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE)
        while True:
            try:
                with urllib.request.urlopen(self.base + "/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return time.monotonic() - started
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(self.process.stderr.read().decode()) from None
            time.sleep(0.001)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def memory(self):
        """Resident memory now and at its height, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return [int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]

    def ask(self, method, path, token=None, body=None, headers=None):
        """One request; the answer's body, as JSON."""
        headers = {"content-type": "application/json", **(headers or {})}
        if token:
            headers["authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def token(self, username):
        login = {"username": username, "password": f"demo-{username}-2011"}
        return self.ask("POST", "/api/v1/sessions", body=login)["access_token"]


LUA = Path(__file__).parent


class Wrk:
    """Asks a server as one user by a number of connections."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.runs = 0

    def __call__(self, server, token, script, clients, **settings):
        """What wrk counted: requests, seconds, percentiles in microseconds."""
        self.runs += 1
        threads = min(clients, 2)
        env = {
            **os.environ,
            "BENCH_LUA": str(LUA),
            "BENCH_TOKEN": token,
            "BENCH_THREADS": str(threads),
            "BENCH_RUN": str(self.runs),
            **{f"BENCH_{name.upper()}": str(value) for name, value in settings.items()},
        }
        command = [
            *("wrk", "-t", str(threads), "-c", str(clients), "-d", f"{self.seconds}s"),
            *("--timeout", "10s", "-s", str(LUA / f"{script}.lua"), server.base),
        ]
        done = subprocess.run(command, check=True, env=env, capture_output=True, text=True)
        line = next(line for line in done.stdout.splitlines() if line.startswith("BENCH "))
        counted = json.loads(line.removeprefix("BENCH "))
        if counted["refused"] or counted["broken"]:
            raise RuntimeError(f"{script} on {server.office.name}: {counted}\n{done.stdout}")
        counted["rate"] = counted["requests"] / counted["seconds"]
        return counted
