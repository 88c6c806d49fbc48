"""How often a client waits for PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Rounds:
    """Stands between a client and PostgreSQL, and counts how often the client waits for an answer."""

    def __init__(self, port: int) -> None:
        self.count = 0
        self._port = port
        self._answered = True

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port to connect to."""
        async with await asyncio.start_server(self._pass_on, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]

    async def _pass_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)

        async def questions() -> None:
            while data := await client.read(1 << 16):
                self.count += self._answered
                self._answered = False
                to_server.write(data)
            to_server.close()

        async def answers() -> None:
            while data := await server.read(1 << 16):
                self._answered = True
                to_client.write(data)
            to_client.close()

        await asyncio.gather(questions(), answers())

    @asynccontextmanager
    async def before(self, url: str) -> AsyncIterator[str]:
        """The URL of the same database through here."""
        head, _, tail = url.rpartition(":")
        async with self.listening() as port:
            yield f"{head}:{port}/{tail.partition('/')[2]}"

    @classmethod
    def to(cls, url: str) -> "Rounds":
        """Those to the server of a database."""
        return cls(int(url.rpartition(":")[2].partition("/")[0]))
