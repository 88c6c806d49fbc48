"""D1: a connection on which nothing comes any more holds nobody up for long, and costs the pool no place."""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest

from regulars_core.database import Database, OutcomeUnknown, Unavailable, migrations
from regulars_core.database.postgres import connection, pool, transaction_context
from regulars_core.testing import PostgresServer
from tests.database.apps.shop.models import Customer
from tests.database.conftest import SHOP
from tests.database.test_cancellation import INSERT
from tests.support.silent import Silence

MANY = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, $2, $3, $4)"
TIMES = int(os.environ.get("SILENT_TIMES", "1"))
DEADLINE = 2.0
POOL = 4


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database with the shop's tables, for all tests in here."""

    async def migrate(url: str) -> None:
        database = await Database.open(url, [SHOP])
        await migrations.migrate(database)
        await database.close()

    made = postgres.create_database()
    asyncio.run(migrate(made))
    yield made
    postgres.drop(made)


@pytest.fixture
async def shop(url: str) -> AsyncIterator[Database]:
    """That database, empty, by a network that works."""
    database = await Database.open(url, [SHOP])
    await database.transaction(lambda: database.run("DELETE FROM customer"))
    yield database
    await database.close()


@pytest.fixture
def silence(url: str) -> Silence:
    return Silence.to(url)


@pytest.fixture
async def far(shop: Database, silence: Silence) -> AsyncIterator[Database]:
    """The shop's database, at the other end of a network that may fall silent."""
    async with silence.before(shop.url) as url:
        database = await Database.open(url, [SHOP], pool_size=POOL)
        yield database
        await database.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements may take no time at all, and answers half a second."""
    monkeypatch.setattr(connection, "STATEMENT_SECONDS", 0)
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.5)


@asynccontextmanager
async def apart(shop: Database) -> AsyncIterator[tuple[Database, Silence]]:
    """The same database once more, at the other end of a network of its own."""
    silence = Silence.to(shop.url)
    async with silence.before(shop.url) as url:
        database = await Database.open(url, [SHOP], pool_size=POOL)
        yield database, silence
        await database.close()


async def insert(database: Database) -> str:
    id_ = uuid4().hex
    await database.run(INSERT, id_, id_[:20])
    return id_


async def ids(database: Database) -> set[str]:
    return {str(row[0]) for row in await database.rows("SELECT id FROM customer")}


async def seconds_of(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def in_time(work: Callable[[], Awaitable[object]]) -> str:
    """What becomes of a request."""
    try:
        async with asyncio.timeout(DEADLINE):
            await work()
    except TimeoutError:
        return "timeout"
    except Unavailable:
        return "unavailable"
    return "done"


async def test_d1_a_pool_whose_every_connection_is_silent_recovers_within_two_deadlines(
    shop: Database, far: Database, silence: Silence
) -> None:
    acknowledged = set()
    for _ in range(TIMES):
        inside, go_on = asyncio.Semaphore(0), asyncio.Event()

        async def work(inside: asyncio.Semaphore = inside, go_on: asyncio.Event = go_on) -> None:
            await insert(far)
            inside.release()
            await go_on.wait()
            await insert(far)

        began = time.monotonic()
        asked = [asyncio.create_task(in_time(lambda work=work: far.transaction(work))) for _ in range(POOL)]  # type: ignore[misc]
        for _ in range(POOL):
            await inside.acquire()
        assert silence.fall() == POOL
        go_on.set()
        waiting = asyncio.create_task(ids(far))  # has come meanwhile, and waits for one of them
        assert await asyncio.gather(*asked) == ["timeout"] * POOL
        acknowledged.add(await far.transaction(lambda: insert(far)))
        await waiting
        assert time.monotonic() - began < 2 * DEADLINE
        assert far._root._pool.lent == 0
    assert await ids(shop) == acknowledged


async def test_whatever_is_not_answered_ends_the_connection(shop: Database, hasty: None) -> None:
    async def asked(statement: bytes) -> None:
        async with apart(shop) as (far, silence):
            fallen = silence.fall_at(statement)

            async def work() -> None:
                await insert(far)
                try:
                    async with far.savepoint():
                        await insert(far)
                        if statement == b"ROLLBACK TO":
                            raise ValueError
                except ValueError:
                    pass
                if statement == b"ROLLBACK":
                    raise ValueError

            with pytest.raises(ValueError if statement == b"ROLLBACK" else Unavailable) as raised:
                await far.transaction(work)
            assert fallen.is_set()
            assert isinstance(raised.value, OutcomeUnknown) is (statement == b"COMMIT")
            assert far._root._pool.lent == 0
            assert await ids(far) == set()

    async def written_at_once() -> None:
        async with apart(shop) as (far, silence):
            silence.fall_at(b"INSERT")
            id_ = uuid4().hex
            with pytest.raises(OutcomeUnknown):
                await far.transaction(lambda: far.defer([(INSERT, (id_, id_[:20]))]))
            assert far._root._pool.lent == 0

    async with asyncio.timeout(5):
        statements = (b"BEGIN", b"INSERT", b"SAVEPOINT", b"ROLLBACK TO", b"RELEASE", b"COMMIT", b"ROLLBACK")
        await asyncio.gather(written_at_once(), *map(asked, statements))


async def test_every_way_to_ask_is_bounded(shop: Database, hasty: None) -> None:
    row = (uuid4().hex, "x", uuid4().hex[:20], 1)

    async def asked(ask: Callable[[Database], Awaitable[object]]) -> None:
        async with apart(shop) as (far, silence):
            silence.fall()
            with pytest.raises(Unavailable):
                await far.transaction(lambda: ask(far))
            assert far._root._pool.lent == 0

    async with asyncio.timeout(5):
        await asyncio.gather(
            asked(lambda far: far.read("SELECT 1")),
            asked(lambda far: far.run_many(MANY, [row])),
            asked(lambda far: far.copy("customer", ("id", "name", "code", "created_at"), [row])),
            asked(lambda far: far.prefetch([("SELECT 1", ())])),
            asked(lambda far: Customer.create(id=uuid4().hex, name="x", code="x", created_at=1)),
        )


async def test_who_is_cancelled_waits_no_longer_than_it_takes_to_undo(far: Database, silence: Silence) -> None:
    """Nor where PostgreSQL cannot be asked to stop the statement, because new connections are silent, too."""
    silence.all_new = True
    for ask in (
        lambda: far.rows("SELECT pg_sleep(60)"),
        lambda: far.transaction(lambda: far.rows("SELECT pg_sleep(60)")),
    ):
        asked = asyncio.create_task(ask())
        await asyncio.sleep(0.05)
        silence.fall()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            assert await seconds_of(asked) == 0
        silence.all_new = False
        async with asyncio.timeout(connection.UNDO_SECONDS):
            assert await ids(far) == set()
        silence.all_new = True


async def test_those_that_lay_idle_meanwhile_are_not_lent_before_they_answer(far: Database, silence: Silence) -> None:
    """Nobody spends a request on each of them."""
    await asyncio.gather(*(far.rows("SELECT pg_sleep(0.02)") for _ in range(POOL)))
    assert silence.fall() == POOL
    asked = asyncio.create_task(far.rows("SELECT 1"))
    await asyncio.sleep(0.05)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    found = await asyncio.gather(*(in_time(lambda: ids(far)) for _ in range(POOL - 1)))
    assert found == ["done"] * (POOL - 1)
    assert far._root._pool.lent == 0


async def test_who_is_cancelled_in_a_savepoint_does_not_wait_for_it(far: Database, silence: Silence) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        await far.allow(600)
        async with far.savepoint():
            await insert(far)
            inside.set()
            await far.rows("SELECT pg_sleep(60)")

    asked = asyncio.create_task(far.transaction(work))
    await inside.wait()
    await asyncio.sleep(0.05)
    silence.fall()
    began = time.monotonic()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert time.monotonic() - began < connection.UNDO_SECONDS + 0.3
    assert far._root._pool.lent == 0


async def test_a_cancelled_commit_is_of_unknown_outcome(far: Database, silence: Silence) -> None:
    fallen = silence.fall_at(b"COMMIT")
    asked = asyncio.create_task(far.transaction(lambda: insert(far)))
    await fallen.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError) as raised:
        await asked
    assert isinstance(raised.value.__cause__, OutcomeUnknown)
    assert far._root._pool.lent == 0


async def test_who_was_given_time_is_waited_for(far: Database, hasty: None) -> None:
    async def work() -> int:
        await far.allow(10)
        await far.rows("SELECT pg_sleep(0.8)")
        return 1

    assert await far.transaction(work) == 1
    with pytest.raises(Unavailable):
        await far.rows("SELECT pg_sleep(0.8)")


async def test_a_process_that_was_asleep_reads_what_has_come_before_it_cuts(far: Database, hasty: None) -> None:
    asked = asyncio.create_task(far.rows("SELECT 1"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(0.8)  # noqa: ASYNC251 - the whole process is to stand still
    assert [tuple(row) for row in await asked] == [(1,)]


async def test_closing_a_database_that_is_silent_is_bounded(shop: Database, silence: Silence) -> None:
    async with silence.before(shop.url) as url:
        database = await Database.open(url, [SHOP], pool_size=POOL)
        await asyncio.gather(*(database.rows("SELECT pg_sleep(0.02)") for _ in range(POOL)))
        silence.fall()
        assert await seconds_of(database.close()) < 2 * connection.UNDO_SECONDS


async def test_a_new_connection_that_is_silent_is_given_up(
    far: Database, silence: Silence, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars_core.database.postgres.pool.CONNECT_SECONDS", 0.3)
    silence.all_new = True
    silence.fall()
    assert await in_time(lambda: far.rows("SELECT 1")) == "unavailable"
    assert await in_time(lambda: far.rows("SELECT 1")) == "unavailable"
    silence.all_new = False
    assert await in_time(lambda: far.rows("SELECT 1")) == "done"
    assert far._root._pool.lent == 0


async def test_silent_at_any_moment_no_place_of_the_pool_is_lost(
    far: Database, silence: Silence, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connection, transaction_context, pool):
        monkeypatch.setattr(module, "UNDO_SECONDS", 0.1)
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.5)
    chance = random.Random(7)

    async def write() -> None:
        await insert(far)
        async with far.savepoint():
            await far.rows("SELECT pg_sleep(0.005)")
        await insert(far)

    async def ask() -> None:
        with suppress(TimeoutError, Unavailable):
            async with asyncio.timeout(chance.uniform(0, 0.1)):
                await (far.rows("SELECT pg_sleep(0.005)") if chance.random() < 0.3 else far.transaction(write))

    for _ in range(15):
        asked = [asyncio.create_task(ask()) for _ in range(2 * POOL)]
        await asyncio.sleep(chance.uniform(0, 0.05))
        silence.all_new = chance.random() < 0.3
        silence.fall()
        await asyncio.gather(*asked)
    silence.all_new = False
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 5.0)
    async with asyncio.timeout(5):
        await asyncio.gather(*(far.rows("SELECT pg_sleep(0.1)") for _ in range(2 * POOL)))
    assert far._root._pool.lent == 0


async def test_the_kernel_looks_whether_the_other_side_is_there(far: Database) -> None:
    lent = await far._root._pool.acquire()
    connected = lent._con._transport.get_extra_info("socket")
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
    await far._root._pool.release(lent, well=True)
    for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"):
        assert tuple(await far.row(f"SHOW {name}") or ("0",)) not in {("0",), ("",)}
