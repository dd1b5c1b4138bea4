"""A proxy between the server and PostgreSQL that can make the network bad.

It reads the client's side of the protocol message by message, so it knows a COMMIT when it sees one.
"""

import asyncio
import random
import socket
import struct


class Proxy:
    """`delay` seconds on every piece; `reset` is the share of pieces that break the connection;
    `hole` swallows everything while it is set; `cut` is "before" or "after": what becomes of the next
    COMMIT. Settings may be changed at any time."""

    def __init__(self, port, seed=0):
        self.target, self.rng = port, random.Random(seed)
        self.delay, self.reset, self.cut, self.cuts = 0.0, 0.0, None, 0
        self.open_road = asyncio.Event()
        self.open_road.set()
        self.server, self.port, self.tasks = None, None, set()

    async def start(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def hole(self, closed):
        """Swallows everything from now on, or lets it through again."""
        if closed:
            self.open_road.clear()
        else:
            self.open_road.set()

    async def stop(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def accept(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        road = None
        try:
            await self.open_road.wait()
            road = Road(self, reader, writer, *await asyncio.open_connection("127.0.0.1", self.target))
            await road.run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, road and road.to_database):
                if end:
                    end.transport.abort()
            self.tasks.discard(asyncio.current_task())


class Road:
    """One connection."""

    def __init__(self, proxy, reader, writer, from_database, to_database):
        self.proxy = proxy
        self.from_client, self.to_client = reader, writer
        self.from_database, self.to_database = from_database, to_database
        self.swallow = False  # the answer to a COMMIT that was passed on is not

    async def run(self):
        ways = [asyncio.create_task(self.to()), asyncio.create_task(self.back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def to(self):
        size = struct.unpack("!I", await self.from_client.readexactly(4))[0]
        # Without TLS (sslmode=disable) the first message is the start-up.
        start = await self.from_client.readexactly(size - 4)
        await self.pass_on(self.to_database, struct.pack("!I", size) + start)
        while True:
            head = await self.from_client.readexactly(5)
            kind, size = head[:1], struct.unpack("!I", head[1:])[0]
            body = await self.from_client.readexactly(size - 4)
            if self.proxy.cut and kind == b"Q" and body.rstrip(b"\0; ").upper() == b"COMMIT":
                cut, self.proxy.cut = self.proxy.cut, None
                self.proxy.cuts += 1
                if cut == "before":
                    self.break_off()
                    return
                self.swallow = True
            await self.pass_on(self.to_database, head + body)

    async def back(self):
        while True:
            piece = await self.from_database.read(65536)
            if not piece:
                return
            if self.swallow:
                # PostgreSQL has answered, so the commit has happened.
                self.break_off()
                return
            await self.pass_on(self.to_client, piece)

    async def pass_on(self, end, piece):
        await self.proxy.open_road.wait()
        if self.proxy.delay:
            await asyncio.sleep(self.proxy.delay)
        if self.proxy.reset and self.proxy.rng.random() < self.proxy.reset:
            self.break_off()
            raise ConnectionResetError
        end.write(piece)
        await end.drain()

    def break_off(self):
        """Resets the client's side (RST instead of FIN)."""
        sock = self.to_client.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.to_client.transport.abort()
