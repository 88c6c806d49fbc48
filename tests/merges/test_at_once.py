"""Merges around one person at the same time, while tills sell to all of them: each done or refused, nothing half."""

import asyncio
import os
import random
from typing import Any

from regulars_core.plugin import MAIN_STORE_ID, Shop, now, plugins_on
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.testing import OpenShop
from tests.merges.conftest import Desk

MERGES = int(os.environ.get("MERGES", "12"))
"""Merges at the same time; 50 in `make faults`."""


async def test_merges_and_sales(desk: Desk) -> None:
    chance = random.Random(MERGES)
    people = [await desk.customer(f"P{n}") for n in range(max(MERGES // 2, 4))]
    sold: list[str] = []

    async def merges(n: int) -> str:
        survivor, absorbed = chance.sample(people, 2)
        given = {"survivorId": survivor, "absorbedIds": [absorbed], "idempotencyKey": f"m{n}"}
        errors = (await desk.api.do("customersMerge", "customersMerge { mergeId }", given))["userErrors"]
        return errors[0]["code"] if errors else "done"

    async def sells(n: int) -> None:
        sale = await desk.sells(chance.choice(people), "1.00", idempotencyKey=f"s{n}")
        sold.append(sale["reference"])

    async def gives_back(purchase: str, n: int) -> None:
        given = {"purchaseId": purchase, "amount": "0.50", "idempotencyKey": f"r{n}"}
        await desk.api.done("purchaseRefund", "refund { id }", given)

    async def notes(n: int) -> None:
        given = {"customerId": chance.choice(people), "body": f"Note {n}"}
        await desk.api.done("noteAdd", "note { id }", given)

    before = [await desk.sells(one, "1.00") for one in people]
    sold += [one["reference"] for one in before]
    work: list[Any] = [gives_back(one["id"], n) for n, one in enumerate(before)]
    work += (
        [notes(n) for n in range(len(people))]
        + [merges(n) for n in range(MERGES)]
        + [sells(n) for n in range(2 * MERGES)]
    )
    chance.shuffle(work)
    outcomes = [one for one in await asyncio.gather(*work) if one]
    assert set(outcomes) <= {"done", "ALREADY_MERGED"}
    assert "done" in outcomes
    database = desk.shop.database
    rows = await database.rows(
        "SELECT p.reference, c.status FROM purchase p JOIN customer c ON c.id = p.customer_id ORDER BY 1"
    )
    assert [row[0] for row in rows] == sorted(sold)
    assert {row[1] for row in rows} == {"ACTIVE"}
    aliases = await database.rows("SELECT count(*) FROM customer WHERE status = 'MERGED'")
    assert aliases[0][0] == outcomes.count("done")
    assert await desk.wrong() == []


async def test_a_sale_that_was_under_way_is_the_survivors(desk: Desk, open_shop: OpenShop) -> None:
    """Whoever has looked up the customer before the merge, and writes after it: one sale, and a batch of them, whether plugins
    decide by the customer or not."""
    ana, other = await desk.customer("Ana"), await desk.customer("Anna")
    await desk.merges(ana, other)
    key = other.removeprefix("customer_")
    for n, shop in enumerate((desk.shop, await open_shop(plugins=plugins_on({})))):
        for references in ([f"{n}-1"], [f"{n}-2", f"{n}-3"]):
            await record(shop, [_bought(shop, one, key) for one in references])
    rows = await desk.shop.database.rows("SELECT DISTINCT customer_id FROM purchase")
    assert [row[0] for row in rows] == [ana.removeprefix("customer_")]
    assert await desk.wrong() == []


def _bought(shop: Shop, reference: str, customer: str) -> Any:
    line = NewLine("Tea", 1_000_000, total=100)
    return checked(NewPurchase(reference, MAIN_STORE_ID, customer, now(), shop.currency, [line]), shop.currency)
