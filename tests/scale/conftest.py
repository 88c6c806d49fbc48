"""A primary, PgBouncer before it, and a replica behind it: started once for all tests here that hurt none of them."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

import regulars_loyalty
from regulars_core.database import Database, migrations
from regulars_core.plugins.host import Plugins
from regulars_core.start import plugins_on
from regulars_core.testing import PostgresMissing, PostgresServer
from tests.support.fleet import PgBouncer, PgBouncerMissing, StreamingReplica, primary

LONG = "SCALE_SECONDS" in os.environ
"""Whether parts are killed for long, and everything is as where money is at stake."""


@pytest.fixture(scope="session")
def followed() -> Iterator[PostgresServer]:
    """A server that can be followed; skips where there is none to start, but not in CI."""
    try:
        one = primary(fsync=LONG)
    except PostgresMissing as missing:
        _unless_in_ci(missing)
    with one:
        yield one
        one.crash(signal.SIGQUIT)  # nothing of it is wanted any more


@pytest.fixture(scope="session")
def pgbouncer(followed: PostgresServer) -> Iterator[PgBouncer]:
    """PgBouncer before it, with so few sessions that clients must share them; skips where it is not installed, but not in CI."""
    try:
        one = PgBouncer(followed, sessions=2)
    except PgBouncerMissing as missing:
        _unless_in_ci(missing)
    with one:
        yield one


@pytest.fixture(scope="session")
def on() -> Plugins:
    """Credit is what is never read from a replica."""
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture(scope="session")
def template(followed: PostgresServer, pgbouncer: PgBouncer, on: Plugins) -> str:
    """A database, migrated through PgBouncer, to be copied."""
    own = followed.create_database()

    async def migrate() -> None:
        database = await Database.open(pgbouncer.of(own), on.apps, pooler="transaction")
        await migrations.migrate(database)
        await database.close()

    asyncio.run(migrate())
    followed.execute(
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{own.rpartition('/')[2]}'"
    )
    return own


@pytest.fixture(scope="module")
def url(followed: PostgresServer, template: str) -> str:
    """A migrated database of the module's own."""
    return followed.create_database(template)


@pytest.fixture(scope="session")
def replica(followed: PostgresServer) -> Iterator[StreamingReplica]:
    """Who follows it."""
    with StreamingReplica(followed) as one:
        yield one


def _unless_in_ci(missing: Exception) -> None:
    if os.environ.get("CI") == "true":
        raise missing
    pytest.skip(str(missing))
