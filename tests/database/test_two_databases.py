"""Several databases in one process, of one engine or both, with the same models, at the same time."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from regulars_core.database import Database, migrations
from regulars_core.testing import PostgresServer
from tests.database.apps.shop.models import Customer
from tests.database.conftest import SHOP


async def visit(database: Database, mark: str) -> None:
    """Write and read by models and by SQL, giving way at every step."""
    for number in range(20):
        code = f"{mark}{number}"

        async def work(code: str = code) -> None:
            await Customer.create(id=uuid4().hex, name=mark, code=code, created_at=1)
            await asyncio.sleep(0)
            found = await Customer.filter(code=code, active=True).first()
            assert found is not None
            found.name = mark * 2
            await found.save(update_fields=["name"])
            assert await database.run("UPDATE customer SET balance = 7 WHERE code = $1", code) == 1

        await database.transaction(work)
        with database.bound():
            await asyncio.sleep(0)
            customers = await Customer.filter(code__in=[code]).order_by("code")
            assert [(c.name, c.balance, c.active) for c in customers] == [(mark * 2, 7, True)]
            assert customers[0].active is True


async def interleave(databases: list[Database]) -> None:
    for database in databases:
        await migrations.migrate(database)
    await asyncio.gather(*(visit(database, "abcd"[n]) for n, database in enumerate(databases)))
    for n, database in enumerate(databases):
        assert {tuple(row) for row in await database.rows("SELECT name FROM customer")} == {("abcd"[n] * 2,)}
    for database in databases:
        await database.close()


async def test_two_of_one_engine(new_url: Callable[[], str]) -> None:
    await interleave([await Database.open(new_url(), [SHOP]) for _ in range(2)])


async def test_both_engines(postgres: PostgresServer, tmp_path: Path) -> None:
    urls = [
        f"sqlite://{tmp_path}/1.db",
        postgres.create_database(),
        f"sqlite://{tmp_path}/2.db",
        postgres.create_database(),
    ]
    await interleave([await Database.open(url, [SHOP]) for url in urls])


async def test_inside_one_another(new_url: Callable[[], str]) -> None:
    first, second = [await Database.open(new_url(), [SHOP]) for _ in range(2)]
    await migrations.migrate(first)
    await migrations.migrate(second)

    async def inner() -> None:
        assert second.in_transaction
        await Customer.create(id=uuid4().hex, name="second", code="2", created_at=1)

    async def outer() -> None:
        await Customer.create(id=uuid4().hex, name="first", code="1", created_at=1)
        assert not second.in_transaction
        await second.transaction(inner)
        assert first.in_transaction
        assert [c.name for c in await Customer.all()] == ["first"]

    await first.transaction(outer)
    with second.bound():
        assert [c.name for c in await Customer.all()] == ["second"]
    await first.close()
    await second.close()
