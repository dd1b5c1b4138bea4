"""A small HTTP/1.1 client for asyncio: one connection, kept alive, a deadline on every request."""

import asyncio
import json
import time


class Lost(Exception):
    """The connection broke before the whole answer was there."""


class Refused(Lost):
    """Nobody listens, so the server has seen nothing of the request."""


class Hang(Exception):
    """No answer within the deadline."""


class Answer:
    """A whole answer."""

    __slots__ = ("status", "headers", "body", "seconds")

    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def json(self):
        return json.loads(self.body)

    def code(self):
        """The stable code of a problem, "" of anything else."""
        if self.status < 400:
            return ""
        try:
            return self.json().get("code", "")
        except ValueError:
            return ""

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Connection:
    """Requests one after the other. `place` gives (host, port), asked before each connect."""

    def __init__(self, place, deadline=10.0):
        self.place, self.deadline = place, deadline
        self.reader = self.writer = None

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def request(self, method, path, headers=(), body=None, deadline=None):
        """One request. A kept connection that the server has closed meanwhile is opened anew
        only when nothing of the request can have reached it."""
        started = time.monotonic()
        limit = deadline or self.deadline
        try:
            return await asyncio.wait_for(self._request(method, path, headers, body, started), limit)
        except asyncio.TimeoutError:
            self.close()
            raise Hang(f"{method} {path}: no answer in {limit:.0f} s") from None
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
            self.close()
            raise Lost(f"{method} {path}: {type(error).__name__} {error}") from error
        except BaseException:
            self.close()
            raise

    async def _request(self, method, path, headers, body, started):
        if self.writer is not None and (self.reader.at_eof() or self.writer.is_closing()):
            self.close()
        if self.writer is None:
            host, port = self.place()
            try:
                self.reader, self.writer = await asyncio.open_connection(host, port, limit=1 << 22)
            except OSError as error:
                raise Refused(str(error)) from error
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        answered = {}
        for line in head[1:]:
            if line:
                name, value = line.split(":", 1)
                answered[name.strip().lower()] = value.strip()
        content = await self._content(method, status, answered)
        if answered.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, answered, content, time.monotonic() - started)

    async def _content(self, method, status, headers):
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int((await self.reader.readline()).split(b";")[0], 16)
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
                if size == 0:
                    return b"".join(parts)
        return await self.reader.readexactly(int(headers.get("content-length", 0)))
