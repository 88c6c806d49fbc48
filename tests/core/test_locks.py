"""Locking rows: in one statement, in the order of their keys, and nowhere but in one place."""

import asyncio
import random
from pathlib import Path

import pytest

import regulars_core
import regulars_tiers
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.primitives.ids import new_id
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.shop import Shop
from regulars_core.testing import statements


@pytest.fixture
async def customers(shop: Shop) -> list[str]:
    """The ids of eight customers."""
    new = [checked(shop.settings, NewCustomer(f"C{n}", "Li")) for n in range(8)]
    return await register(shop, await give_codes(shop, new))


async def test_rows_come_once_and_in_the_order_of_their_keys(shop: Shop, customers: list[str]) -> None:
    database, unknown = shop.database, new_id()

    async def work() -> None:
        with statements(shop, 1):
            rows = await lock(database, "customer", [*reversed(customers), unknown, customers[0]], ("first_name", "id"))
        assert [tuple(row) for row in rows] == [(f"C{n}", id_) for n, id_ in enumerate(customers)]
        [row] = await lock(database, "customer_stats", [customers[3], unknown], key="customer_id")
        assert tuple(row) == (customers[3],)
        [row] = await lock(database, "store", ["MAIN", "NONE"], key="code", type="text")
        assert tuple(row) == ("MAIN",)
        with statements(shop, 0):
            assert await lock(database, "customer", []) == []
        with statements(shop, 1):
            rows = await lock_where(database, "customer", "last_name = $1 AND first_name > $2", ["Li", "C5"])
        assert [row[0] for row in rows] == customers[6:]

    await database.transaction(work)


async def test_nothing_is_locked_outside_a_transaction(shop: Shop, customers: list[str]) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        await lock(shop.database, "customer", customers)


async def test_nobody_waits_in_a_ring_and_everybody_sees_the_one_before(shop: Shop, customers: list[str]) -> None:
    database, chance = shop.database, random.Random(7)

    async def count(ids: list[str]) -> None:
        rows = await lock(database, "customer", ids, ("id", "version"))
        for id_, version in chance.sample(list(rows), len(rows)):
            await database.run("UPDATE customer SET version = $2 WHERE id = $1", id_, version + 1)

    mixed = [chance.sample(customers, len(customers)) for _ in range(40)]
    await asyncio.gather(*(database.transaction(lambda ids=ids: count(ids), attempts=1) for ids in mixed))  # type: ignore[misc]
    assert {row[0] for row in await database.rows("SELECT version FROM customer")} == {1 + len(mixed)}


def test_rows_are_locked_in_one_place() -> None:
    """And where texts are copied by the very statement that locks them."""
    modules = [path for package in (regulars_core, regulars_tiers) for path in Path(package.__path__[0]).rglob("*.py")]
    locking = {path.name for path in modules if ".lock_rows" in path.read_text(encoding="utf-8")}
    assert locking == {"locks.py", "recent.py", "signatures.py"}
