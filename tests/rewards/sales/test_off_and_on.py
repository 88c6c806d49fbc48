"""Off for a while and on again: what was given back meanwhile is free again, what moved has moved, and no use is made up."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
import time_machine

import regulars_rewards
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import Databases, Engine, little_of_everything, misses_nothing, opened_shop
from regulars_core.testing.off_and_on import tables_of
from tests.rewards.sales.conftest import Till, rule

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
MUG = {"sku": "MUG-4", "name": "Mug", "unitPrice": "40.00"}
CODES = ("AGAIN22", "NEVER22")
Meanwhile = Callable[[Till, "Before"], Awaitable[object]]


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


class Before:
    """What had happened in a shop while rewards were on: two customers, and sales that used everything there is."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.customers: list[str] = []
        self.sales: list[dict[str, Any]] = []

    async def happen(self) -> None:
        """Make offers with limits, and sell with them."""
        till = self.till
        await till.promotion("For all", totalLimit=9, budget={"amount": "90.00"}, priority=3)
        again = await till.promotion("Again", needsCoupon=True, isStackable=True, totalLimit=9)
        never = await till.promotion("Never", needsCoupon=True, isStackable=True, isReusableAfterCancel=False)
        for promotion, code in zip((again, never), CODES, strict=True):
            await till.coupon(promotion, code, limit=9)
        self.customers = [await till.customer(name) for name in ("Ana", "Bo")]
        for n in range(4):
            given = {"customerId": self.customers[n % 2], "basket": f"B{n // 2}"}
            self.sales.append(await till.sells([TEA, MUG], CODES, **given))
        self.sales.append(await till.sells([TEA], [CODES[0]]))  # a stranger's
        given = {"couponCode": CODES[0], "basket": "OPEN", "idempotencyKey": "RESERVE"}
        await till.office.done("couponReserve", "use { id }", given)


async def nothing(till: Till, before: Before) -> None:
    pass


async def refunds(till: Till, before: Before) -> None:
    """One of a basket wholly, in two steps; one in part, and one of a stranger."""
    await till.refunds(before.sales[0], 0)
    await till.refunds(before.sales[0], 1)
    await till.refunds(before.sales[1], 0)
    await till.refunds(before.sales[4], 0)


async def voids(till: Till, before: Before) -> None:
    """Both of a basket."""
    for sale in before.sales[2:4]:
        await till.office.done(
            "purchaseVoid", "purchase { id }", {"purchaseId": sale["id"], "idempotencyKey": sale["id"]}
        )


async def reassigns(till: Till, before: Before) -> None:
    """One goes from one to the other, and is given back then; the stranger's goes to somebody."""
    given = {"purchaseIds": [before.sales[0]["id"]], "customerId": before.customers[1], "idempotencyKey": "M1"}
    await till.office.done("purchasesReassign", "userErrors { code }", given)
    given = {"purchaseIds": [before.sales[4]["id"]], "customerId": before.customers[0], "idempotencyKey": "M2"}
    await till.office.done("purchasesReassign", "userErrors { code }", given)
    await till.refunds(before.sales[0], 0)
    await till.refunds(before.sales[0], 1)


async def merged(till: Till, before: Before) -> str:
    given = {"survivorId": before.customers[0], "absorbedIds": [before.customers[1]]}
    done = await till.office.done("customersMerge", "customersMerge { mergeId }", given)
    return str(done["customersMerge"]["mergeId"])


async def undone(till: Till, before: Before) -> None:
    """Merged, given back, and two again."""
    merge = await merged(till, before)
    await till.refunds(before.sales[1], 0)
    await till.refunds(before.sales[1], 1)
    await till.office.done("customersUnmerge", "customers { id }", {"mergeId": merge})


async def exchanged(till: Till, before: Before) -> None:
    """All goods of a sale for others, and that undone: what it had used stands again."""
    sale = before.sales[0]
    returns = [{"lineId": line["id"], "quantity": "1"} for line in sale["lines"]]
    lines = [{"name": "Pot", "unitPrice": sale["total"]["amount"]}]
    given = {"customerId": before.customers[0], "lines": lines, "returns": returns}
    given = {**given, "reference": "X", "idempotencyKey": "X"}
    done = await till.office.done("purchaseRecord", "purchase { id }", given)
    voided = {"purchaseId": done["purchase"]["id"], "idempotencyKey": "XV"}
    await till.office.done("purchaseVoid", "purchase { id }", voided)


async def sells(till: Till, before: Before) -> None:
    """Sales of customers who had used offers, by tills that take no part."""
    for customer in before.customers:
        given = {"reference": f"N{customer}", "customerId": customer, "lines": [TEA], "idempotencyKey": customer}
        await till.office.done("purchaseRecord", "created", given)


@pytest.mark.parametrize("meanwhile", [nothing, refunds, voids, reassigns, merged, undone, exchanged, sells])
async def test_it_is_as_if_it_had_never_been_off(
    databases: Databases, engine: Engine, plugins: Plugins, meanwhile: Meanwhile
) -> None:
    told = [await _told(databases, engine, plugins, meanwhile, is_off=is_off) for is_off in (False, True)]
    assert told[0] == told[1]
    tables, differences = told[0]
    assert len(tables["rewards_use"]) == 15  # three of each of four, two of a stranger's, and what is reserved
    assert differences == []


async def _told(
    databases: Databases, engine: Engine, plugins: Plugins, meanwhile: Meanwhile, *, is_off: bool
) -> tuple[Any, Sequence[Any]]:
    """The plugin's tables in the end, and what is amiss in its figures."""
    url = await databases.migrated(engine, plugins.apps)
    try:
        with time_machine.travel(1_772_000_000, tick=False):
            async with opened_shop(url, plugins) as shop:
                before = Before(Till(shop))
                await before.happen()
            async with opened_shop(url, plugins.without("rewards") if is_off else plugins) as shop:
                await meanwhile(Till(shop), before)
            async with opened_shop(url, plugins) as shop:
                return await tables_of(shop, "rewards"), [one async for one in _differences(shop)]
    finally:
        databases.drop(url)


async def _differences(shop: Shop) -> AsyncIterator[Any]:
    for verification in regulars_rewards.regulars_verifications():
        async for one in verification.differences(shop):
            yield one


async def test_everything_that_happens(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    async def script(shop: Shop) -> None:
        with time_machine.travel(1_772_000_000, tick=False):
            await little_of_everything(shop)

    await misses_nothing(databases, engine, plugins, "rewards", script=script)


async def test_a_coupon_given_back_meanwhile_opens_again(
    databases: Databases, engine: Engine, plugins: Plugins
) -> None:
    url = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(url, plugins) as shop:
            till = Till(shop)
            promotion = await till.promotion("Once", discountRule=rule("FLAT", amount="10.00"), needsCoupon=True)
            await till.coupon(promotion, "ONCE2222")
            sold = await till.sells([TEA], ["ONCE2222"])
            assert (await till.quote([TEA], couponCodes=["ONCE2222"]))["skipped"][0]["reason"] == "LIMIT_REACHED"
        async with opened_shop(url, plugins.without("rewards")) as shop:
            await Till(shop).refunds(sold, 0)
        async with opened_shop(url, plugins) as shop:
            till = Till(shop)
            assert await till.uses(sold) == [("Once", False, True)]
            again = await till.sells([TEA], ["ONCE2222"], reference="AGAIN", idempotencyKey="AGAIN")
            assert again["total"] == {"amount": "50.00"}
    finally:
        databases.drop(url)
