"""Behind PgBouncer in transaction mode, which has fewer sessions than clients: whatever a connection does, the next one finds the
session as it must be."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tortoise.exceptions import OperationalError

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, Unavailable
from regulars_core.health import checks
from regulars_core.testing import PostgresServer, opened_shop
from tests.support.fleet import PgBouncer

pytestmark = pytest.mark.xdist_group("scale")
CLIENTS, ROUNDS = 5, 8


@pytest.fixture
def through(url: str, pgbouncer: PgBouncer) -> str:
    """The database, through PgBouncer."""
    return pgbouncer.of(url)


@pytest.fixture
async def clients(through: str) -> AsyncIterator[list[Database]]:
    """As many processes would have: databases that know nothing of each other."""
    several = [await Database.open(through, [CORE_APP], pool_size=2, pooler="transaction") for _ in range(CLIENTS)]
    yield several
    for one in several:
        await one.close()


async def test_clients_share_sessions(clients: list[Database]) -> None:
    async def work(database: Database, number: int) -> None:
        async def write() -> int:
            await database.prefetch([("SELECT CAST($1 AS INTEGER)", [number])])
            await database.rows("SELECT set_config('search_path', $1, TRUE)", f"of_{number}")
            [[path]] = await database.rows("SELECT current_setting('search_path')")
            assert path == f"of_{number}"
            async with database.savepoint():
                [[found]] = await database.rows("SELECT CAST($1 AS INTEGER) + 1", number)
            return int(found)

        for _ in range(ROUNDS):
            assert await database.transaction(write) == number + 1
            # The same texts as others send, of other types of values, in other orders.
            [[found]] = await database.rows(
                f"SELECT CAST($1 AS {('INTEGER', 'TEXT')[number % 2]})", (number, str(number))[number % 2]
            )
            assert found == (number, str(number))[number % 2]
            [row] = await database.rows("SELECT current_setting('search_path')")
            assert "of_" not in row[0]

    await asyncio.gather(*(work(database, number) for number, database in enumerate(clients)))


async def test_a_value_that_cannot_be_sent_keeps_no_session(clients: list[Database]) -> None:
    """As many as there are sessions: the next statement of anybody would wait for all of them."""
    for database in clients[:2]:

        async def write(database: Database = database) -> None:
            await database.rows("SELECT CAST($1 AS INTEGER)", "many")

        with pytest.raises(OperationalError):
            await database.transaction(write)
        with pytest.raises(OperationalError):
            await database.rows("SELECT CAST($1 AS INTEGER)", "many")
    async with asyncio.timeout(2):
        assert [tuple(row) for row in await clients[2].rows("SELECT 1")] == [(1,)]


async def test_what_is_cancelled_ends(clients: list[Database]) -> None:
    """The cancellation goes through PgBouncer to the session that works on it, and that one is free for others."""
    for database in clients[:2]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await database.rows("SELECT pg_sleep(60)")
    async with asyncio.timeout(2):
        [[asleep]] = await clients[2].rows(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()"
        )
    assert asleep == 0


async def test_without_the_setting_it_says_which_one(through: str) -> None:
    with pytest.raises(Unavailable, match="REGULARS_DATABASE_POOLER=transaction"):
        await Database.open(through, [CORE_APP])


async def test_the_doctor_says_what_the_role_lacks(
    through: str, followed: PostgresServer, pgbouncer: PgBouncer
) -> None:
    followed.execute("ALTER ROLE regulars RESET ALL")
    pgbouncer.renew()
    async with opened_shop(through, database_pooler="transaction") as shop:
        [told] = [one for one in await checks(shop) if one.name == "pooler"]
        assert (told.ok, told.works) == (False, True)
        statements = [part for part in told.message.split("; ") if "ALTER ROLE" in part]
        for statement in statements:
            followed.execute(statement.removeprefix("sessions are not set as they should be").removeprefix("run "))
        pgbouncer.renew()
        [told] = [one for one in await checks(shop) if one.name == "pooler"]
        assert told.ok, told
        [[limit]] = await shop.database.rows("SHOW lock_timeout")
        assert (limit, len(statements)) == ("2s", 4)
