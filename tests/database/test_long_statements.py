"""D4: a statement that PostgreSQL stopped for its length is told as that, and not as something to try again."""

import asyncio

import asyncpg
import pytest

from regulars_core.database import Database, StoppedForLength, Unavailable
from regulars_core.database.errors import classify, definite, out_of_reach
from regulars_core.database.postgres import connection
from regulars_core.testing import PostgresServer
from tests.database.conftest import SHOP
from tests.database.test_cancellation import INSERT


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL stops statements after a tenth of a second."""
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "100ms")


def test_it_is_known_by_its_state_in_any_language() -> None:
    for message in ("canceling statement due to statement timeout", "annulation de la requête : délai dépassé", ""):
        error = asyncpg.QueryCanceledError(message)
        assert classify(error) == "unavailable"
        assert type(out_of_reach(error)) is StoppedForLength
        assert definite(error)  # where it was the whole transaction it has changed nothing


def test_who_was_stopped_by_an_operator_may_try_again() -> None:
    assert type(out_of_reach(asyncpg.QueryCanceledError("canceling statement due to user request"))) is Unavailable
    assert type(out_of_reach(asyncpg.AdminShutdownError("terminating connection"))) is Unavailable


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_d4_reads_and_transactions(url: str, engine: str, strict: None) -> None:
    database = await Database.open(url, [SHOP])
    with pytest.raises(StoppedForLength):
        await database.rows("SELECT pg_sleep(60)")
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        await database.rows("SELECT pg_sleep(60)")

    with pytest.raises(StoppedForLength):
        await database.transaction(work)
    assert tries == 1
    await database.close()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_an_operator_cancels(shop: Database, postgres: PostgresServer) -> None:
    asked = asyncio.create_task(shop.transaction(lambda: shop.run(INSERT + " RETURNING pg_sleep(60)", "0" * 32, "a")))
    await asyncio.sleep(0.2)
    postgres.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%RETURNING pg_sleep(60)'")
    with pytest.raises(Unavailable) as raised:
        await asked
    assert type(raised.value) is Unavailable
