"""Letters and files over HTTP: what one letter as PDF takes, how fast files go in and out, and how much
memory the server needs for it."""

import http.client
import statistics
import time
import urllib.parse
import uuid

DRAFTER, SECRECY, ISSUER = "cheliang", "baomi", "chaxun"
# A file of this many bytes, four of them to a case.
FILE, FILES = 32 * 1024 * 1024, 4
MB = 1_000_000
LETTERS = 20


def pdf(size):
    """Something that passes for a PDF of that length."""
    head, tail = b"%PDF-1.7\nendobj\n", b"\nstartxref\n0\n%%EOF\n"
    return head + b"x" * (size - len(head) - len(tail)) + tail


class Desk:
    """People at a server who take a case to its answer."""

    def __init__(self, server):
        self.server = server
        self.tokens = {name: server.token(name) for name in (DRAFTER, SECRECY, ISSUER)}
        address = urllib.parse.urlsplit(server.base)
        self.line = http.client.HTTPConnection(address.hostname, address.port, timeout=60)

    def act(self, who, case, action, body):
        path = f"/api/v1/cases/{case['id']}/{action}"
        return self.server.ask("POST", path, self.tokens[who], body,
                               {"if-match": f'"{case["version"]}"'})

    def answered(self, case):
        """The address of the letter of a case that this answers."""
        draft = {"decision": "disclose", "provided": "2024年度收费标准一份"}
        case = self.act(DRAFTER, case, "draft-answer", draft)
        case = self.act(SECRECY, case, "review", {"kind": "secrecy", "verdict": "passed"})
        case = self.act(ISSUER, case, "answer", {})
        return case["letters"][-1]["links"]["pdf"]

    def send(self, method, path, body=None, headers=None):
        """One request on a connection that stays; its status and body."""
        headers = {"authorization": f"Bearer {self.tokens[DRAFTER]}", **(headers or {})}
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content

    def upload(self, case, content):
        boundary = uuid.uuid4().hex
        part = f"--{boundary}\r\nContent-Disposition: form-data; name="
        before = (f'{part}"purpose"\r\n\r\nother\r\n'
                  f'{part}"file"; filename="a.pdf"\r\n\r\n').encode()
        body = before + content + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        self.send("POST", f"/api/v1/cases/{case['id']}/attachments", body,
                  {"content-type": kind, "if-match": f'"{case["version"]}"'})


def highest_from_now(server):
    """Forgets the most memory that the server has had (proc(5), clear_refs)."""
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")


def measure(server, registered, add):
    """One round. `registered` gives the id of a new case in the register."""
    desk = Desk(server)

    def fresh():
        path = f"/api/v1/cases/{registered(server)}"
        return server.ask("GET", path, desk.tokens[DRAFTER])

    content = pdf(FILE)
    case = fresh()
    address = f"/api/v1/cases/{case['id']}"
    highest_from_now(server)
    for what in ("upload", "download"):
        files = []
        if what == "download":
            files = server.ask("GET", f"{address}/attachments", desk.tokens[DRAFTER])["items"]
        started = time.monotonic()
        for at in range(FILES):
            if what == "upload":
                desk.upload(case, content)
                case["version"] += 1
            elif len(desk.send("GET", files[at]["links"]["content"])) != FILE:
                raise RuntimeError("a file came back with another length")
        add(f"{what} MB/s", FILES * FILE / MB / (time.monotonic() - started))
    add("files MiB", server.memory()[1])

    path = desk.answered(fresh())
    desk.send("GET", path)
    took = []
    for _ in range(LETTERS):
        started = time.monotonic()
        desk.send("GET", path)
        took.append(time.monotonic() - started)
    add("letter ms", statistics.median(took) * 1000)
