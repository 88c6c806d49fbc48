"""Databases and servers that are hurt on purpose, and nobody else's."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, migrations
from regulars_core.testing import PostgresMissing, PostgresServer
from tests.support.servers import Server


def migrated(url: str) -> str:
    """The URL of an empty database, once it has all tables."""

    async def migrate() -> None:
        database = await Database.open(url, [CORE_APP])
        await migrations.migrate(database)
        await database.close()

    asyncio.run(migrate())
    return url


@contextmanager
def postgres(**options: Any) -> Iterator[PostgresServer]:
    """A PostgreSQL server of one test alone that writes through to the disk; skips where there is none to start."""
    try:
        own = PostgresServer(fsync=True, **options)
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    with own:
        yield own


@pytest.fixture
def durable() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may crash."""
    with postgres() as own:
        yield own


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """Our server, on the test's database."""
    with Server(database_url, tmp_path) as one:
        yield one
