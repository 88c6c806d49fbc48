"""Purchases that somebody else has paid for, given back and voided at the same time in opposite orders: nobody is kept waiting in
a ring, and everything that paid comes back."""

import asyncio
import random
from typing import Any

import pytest

from regulars_core.plugin import Shop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_purchases import Till, paid, plugins, shop, till

__all__ = ["plugins", "shop", "till"]
PAIRS = 8


async def deadlocks(shop: Shop) -> int:
    """How many of the test's transactions PostgreSQL had to end."""
    if shop.database.engine == "sqlite":
        return 0
    await shop.database.rows("SELECT pg_stat_force_next_flush()")
    await asyncio.sleep(0.1)
    sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int((await shop.database.rows(sql))[0][0])


async def crossed(till: Till, payer: str, owner: str) -> dict[str, Any]:
    """A purchase that one has paid with 10.00 of credit, and another has now."""
    sale = await till.sells(payer, "10.00", **paid(("STORE_CREDIT", "10.00")))
    moved = {"purchaseIds": [sale["id"]], "customerId": f"customer_{owner}"}
    await till.api.done("purchasesReassign", "movedCount", moved)
    return sale


async def told(till: Till, mutation: str, key: str, **given: Any) -> Any:
    made = await till.api.do(mutation, "__typename", {"idempotencyKey": key, **given})
    return made["userErrors"]


@pytest.mark.one_executor
async def test_opposite_orders(till: Till, shop: Shop) -> None:
    ana, ben = await till.customer(), await till.customer()
    for one in (ana, ben):
        await till.given(one, PAIRS * 1_000)
    sales = [await crossed(till, *pair) for _ in range(PAIRS) for pair in ((ana, ben), (ben, ana))]
    before = await deadlocks(shop)
    work = [
        told(till, "purchaseRefund", f"r{n}{part}", purchaseId=sale["id"], amount="2.50")
        for part in range(2)
        for n, sale in enumerate(sales)
    ]
    assert not any(await asyncio.gather(*work))
    assert not any(
        await asyncio.gather(
            *(told(till, "purchaseVoid", f"v{n}", purchaseId=one["id"]) for n, one in enumerate(sales))
        )
    )
    assert [await till.has(one) for one in (ana, ben)] == [PAIRS * 1_000] * 2
    assert [await till.has(one, POINTS) for one in (ana, ben)] == [0, 0]
    assert await deadlocks(shop) == before


@pytest.mark.one_executor
async def test_with_merges_between(till: Till, shop: Shop) -> None:
    """Everybody ends as one, who has all that was ever given."""
    people = [await till.customer() for _ in range(5)]
    for one in people:
        await till.given(one, 4_000)
    pairs = [(one, other) for one in people for other in people if one != other]
    sales = [await crossed(till, *pair) for pair in pairs]
    before = await deadlocks(shop)
    work = [told(till, "purchaseRefund", f"r{n}", purchaseId=one["id"], amount="4.00") for n, one in enumerate(sales)]
    work += [told(till, "purchaseVoid", f"v{n}", purchaseId=one["id"]) for n, one in enumerate(sales) if n % 3 == 0]
    work += [
        told(till, "customersMerge", f"m{n}", survivorId=f"customer_{people[0]}", absorbedIds=[f"customer_{one}"])
        for n, one in enumerate(people[1:])
    ]
    random.Random(7).shuffle(work)
    wrong = [error["code"] for errors in await asyncio.gather(*work) for error in errors]
    assert set(wrong) <= {"PURCHASE_VOIDED", "ALREADY_MERGED"}
    for n, sale in enumerate(sales):
        await told(till, "purchaseVoid", f"w{n}", purchaseId=sale["id"])
    assert await till.has(people[0]) == len(people) * 4_000
    assert [await till.has(one) for one in people[1:]] == [0] * 4
    assert await deadlocks(shop) == before
