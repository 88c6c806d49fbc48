"""A network that falls silent: nothing comes through any more, in either direction, and nobody is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(eq=False)
class _Pair:
    """A connection that comes through here, until it is silent: then it stays open, and what is sent is lost."""

    is_silent: bool = False
    is_next: bool = False
    """Whether it falls silent at whatever is asked next."""


class Silence:
    """Stands between clients and PostgreSQL. What is made silent is neither closed nor reset; new connections work, unless
    `all_new` says that these are silent, too."""

    def __init__(self, port: int) -> None:
        self.all_new = False
        self.port = 0
        """Where it listens."""
        self._port = port
        self._pairs: set[_Pair] = set()
        self._awaited, self._after, self._left, self._fallen = b"", False, 0, asyncio.Event()

    @property
    def speaking(self) -> int:
        """How many connections come through here that are not silent."""
        return sum(not pair.is_silent for pair in self._pairs)

    def fall(self) -> int:
        """Make all connections silent that there are, and answer how many they were."""
        count = self.speaking
        for pair in self._pairs:
            pair.is_silent = True
        return count

    def fall_at(self, statement: bytes, connections: int = 1, *, after: bool = False) -> asyncio.Event:
        """Make so many connections silent, each as soon as it is asked this, or with `after`, what is asked next once this has
        been answered; nobody is asked that then. The event tells when all are."""
        self._awaited, self._after, self._left, self._fallen = statement, after, connections, asyncio.Event()
        return self._fallen

    @asynccontextmanager
    async def before(self, url: str) -> AsyncIterator[str]:
        """The URL of the same database through here."""
        head, _, tail = url.rpartition(":")
        serving: set[asyncio.Task[None]] = set()

        async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            serving.add(task)
            with contextlib.suppress(asyncio.CancelledError):
                await self._pass_on(client, to_client)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            self.port = server.sockets[0].getsockname()[1]
            yield f"{head}:{self.port}/{tail.partition('/')[2]}"
        finally:
            server.close()
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving)

    async def _pass_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        pair = _Pair(is_silent=self.all_new)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._one_way(pair, client, to_server, asks=True))
                group.create_task(self._one_way(pair, server, to_client, asks=False))
        except* OSError:
            pass  # one side has reset it
        finally:
            self._pairs.discard(pair)
            to_server.close()
            to_client.close()

    async def _one_way(
        self, pair: _Pair, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        while data := await source.read(1 << 16):
            if asks and self._left and not pair.is_silent:
                self._look(pair, data)
            if not pair.is_silent:
                sink.write(data)
        while pair.is_silent:  # noqa: ASYNC110 - its end is not told either
            await asyncio.sleep(3_600)
        sink.close()

    def _look(self, pair: _Pair, data: bytes) -> None:
        """Let the connection fall silent if this is the moment for it."""
        is_this = self._awaited in data
        if pair.is_next or (is_this and not self._after):
            pair.is_silent, self._left = True, self._left - 1
            if not self._left:
                self._fallen.set()
        pair.is_next = is_this and self._after

    @classmethod
    def to(cls, url: str) -> "Silence":
        """One before the server of a database."""
        return cls(int(url.rpartition(":")[2].partition("/")[0]))
