"""A disk that is full or does not keep what it is given: nothing is acknowledged that is not there, and it may be tried again."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2
import pytest

from regulars_core.database.apps import sqlite_path
from regulars_core.testing import PostgresServer
from tests.faults.conftest import migrated, postgres
from tests.support.disks import failing_fsync, filled, no_larger_file, small_disk
from tests.support.servers import Server
from tests.support.tills import HUNG, Till, balance, tills

FAILURES = int(os.environ.get("DISK_FAILURES", "1"))


Failure = Callable[[], AbstractContextManager[None]]


class Trial:
    """Eight tills at work, on a disk that fails and is mended again and again."""

    def __init__(self, url: str, server: Server, database: PostgresServer | None = None) -> None:
        self.url, self.server, self.database = url, server, database

    async def run(self, name: str, failure: Failure, *, killed: bool = False) -> None:
        """Print the figures; `killed` ends the server, too, while the disk fails.

        Raises AssertionError if a till is told anything but UNAVAILABLE or what is really there."""
        clients = await tills(self.url, self.server.address, breaks=killed)
        for _ in range(FAILURES):
            done = asyncio.Event()
            work = [asyncio.create_task(till.work(done)) for till in clients]
            await asyncio.sleep(0.3)
            with failure():
                await self._felt(clients)
                if self.database is None:
                    await self._still_reads(clients[0])
                if killed:
                    self.server.kill()
            if killed:
                await asyncio.to_thread(self.server.start)
            await asyncio.to_thread(self._mend)
            before = [len(till.told) for till in clients]
            async with asyncio.timeout(HUNG):
                while any(len(till.told) <= known for till, known in zip(clients, before, strict=True)):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            done.set()
            await asyncio.gather(*work)
            self.server.kill()  # what was only in the process is gone
            await asyncio.to_thread(self.server.start)
            found = await balance(self.url, clients)
            assert (found.lost, found.doubled) == (0, 0)
        unavailable = sum(till.unavailable for till in clients)
        print(
            f"\n{name}: {FAILURES} times, {found.acknowledged} acknowledged writes, {found.lost} lost, {found.doubled} doubled;"
            f" {unavailable} answers UNAVAILABLE, 0 others"
        )

    async def _felt(self, clients: list[Till]) -> None:
        """Wait until every till has been turned away, more than once."""
        before = [till.unavailable for till in clients]
        async with asyncio.timeout(HUNG):
            while any(till.unavailable < known + 3 for till, known in zip(clients, before, strict=True)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _still_reads(self, till: Till) -> None:
        query = {"query": "{ customers(first: 3) { nodes { code } } }"}
        async with httpx2.AsyncClient(base_url=self.server.address, timeout=HUNG) as client:
            answer = await client.post("/graphql", json=query, headers={"authorization": f"Bearer {till.key}"})
        assert len(answer.json()["data"]["customers"]["nodes"]) == 3

    def _mend(self) -> None:
        """PostgreSQL ends rather than go on with a log that it could not write, and is started again by whoever runs it."""
        if self.database is not None:
            try:
                self.database.wait()
            except RuntimeError:
                self.database.start()


async def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(16) as disk:
        url = await asyncio.to_thread(migrated, f"sqlite://{disk}/regulars.db")
        with Server(url, tmp_path) as server:
            await Trial(url, server).run("sqlite, full disk", lambda: filled(disk))


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_sqlite_that_may_not_write_further(server: Server, database_url: str) -> None:
    log = Path(f"{sqlite_path(database_url)}-wal")

    def limited() -> AbstractContextManager[None]:
        return no_larger_file(server.process.pid, log.stat().st_size)

    await Trial(database_url, server).run("sqlite, no larger file", limited)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("killed", [False, True], ids=["mended", "killed"])
async def test_sqlite_whose_fsync_fails(server: Server, database_url: str, killed: bool) -> None:
    name = "sqlite, fsync fails and the server is killed" if killed else "sqlite, fsync fails"
    await Trial(database_url, server).run(name, lambda: failing_fsync([server.process.pid]), killed=killed)


async def test_postgres_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(160) as disk, postgres(within=disk) as database:
        url = await asyncio.to_thread(lambda: migrated(database.create_database()))
        with Server(url, tmp_path) as server:
            await Trial(url, server, database).run("postgres, full disk", lambda: filled(disk))


async def test_postgres_whose_fsync_fails(durable: PostgresServer, tmp_path: Path) -> None:
    url = await asyncio.to_thread(lambda: migrated(durable.create_database()))
    with Server(url, tmp_path) as server:
        await Trial(url, server, durable).run("postgres, fsync fails", lambda: failing_fsync(durable.processes()))
