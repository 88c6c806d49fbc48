"""What happens at the same time in several processes: a limit that is introduced misses no sale, purchases of one basket are one
use, and a use that comes back takes nobody else's."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from regulars_core.plugin import Shop, now, recorded_by_ids
from regulars_rewards.purchases import settling
from regulars_rewards.verification import differences
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till, rule

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
MUG = {"sku": "MUG-4", "name": "Mug", "unitPrice": "40.00"}


async def tills(open_rewards: OpenRewards, number: int) -> list[Till]:
    """Tills of so many shops on the same database, which know nothing of each other, as processes do."""
    first, *others = [Till(await open_rewards()) for _ in range(number)]
    for other in others:
        other.numbers = first.numbers
    return [first, *others]


async def used(till: Till, promotion: str) -> int:
    """How often it is used, by its row."""
    asked = "query($id: ID!) { promotion(id: $id) { usedCount } }"
    return int((await till.office.data(asked, id=promotion))["promotion"]["usedCount"])


async def verified(shop: Shop) -> list[str]:
    return [one async for one in differences(shop)]


@pytest.mark.parametrize("by_coupon", [False, True])
async def test_a_limit_that_is_introduced_misses_no_sale(open_rewards: OpenRewards, by_coupon: bool) -> None:
    """And nobody is told of a deadlock: who changes the promotion and who sells wait for its row before that of its limits."""
    all_tills = await tills(open_rewards, 4)
    office = all_tills[0]
    offer = await office.promotion(needsCoupon=by_coupon)
    codes = ["SUMMER10"] if by_coupon else []
    if by_coupon:
        await office.coupon(offer, "SUMMER10", limit=None)
    quote = await office.quote([TEA], couponCodes=codes)

    async def sells(till: Till) -> list[Any]:
        return [(await till.send(**till.told([TEA], quote)))["userErrors"] for _ in range(8)]

    async def changes() -> None:
        for n, limit in enumerate((1000, None, 900, None, 800)):
            given = {"id": offer, "totalLimit": limit, "idempotencyKey": f"U{n}"}
            await office.office.done("promotionUpdate", "promotion { id }", given)

    *told, _ = await asyncio.gather(*(sells(till) for till in all_tills[1:] * 2), changes())
    assert [problems for each in told if each for problems in each if problems] == []
    assert await used(office, offer) == 6 * 8
    assert await verified(office.shop) == []


@pytest.mark.parametrize("is_known", [False, True])
async def test_purchases_of_one_basket_are_one_use(open_rewards: OpenRewards, is_known: bool) -> None:
    all_tills = await tills(open_rewards, 3)
    office = all_tills[0]
    offer = await office.promotion("Once", totalLimit=1, discountRule=rule("FLAT", amount="1.00"))
    buyer = {"customerId": await office.customer()} if is_known else {}
    quote = await office.quote([TEA], basket="B1", **buyer)
    told = await asyncio.gather(*(till.send(**till.told([TEA], quote, basket="B1", **buyer)) for till in all_tills * 3))
    assert [one["userErrors"] for one in told if one["userErrors"]] == []
    assert await used(office, offer) == 1
    assert await verified(office.shop) == []
    await asyncio.gather(*(till.refunds(one["purchase"], 0) for till, one in zip(all_tills * 3, told, strict=True)))
    assert await used(office, offer) == 0
    assert await verified(office.shop) == []


async def _exchanged(till: Till) -> tuple[dict[str, Any], dict[str, Any]]:
    """A purchase by the only use of a coupon, and the exchange whose returns have freed it."""
    offer = await till.promotion("Welcome", needsCoupon=True, totalLimit=1)
    await till.coupon(offer, "WELCOME10")
    first = await till.sells([TEA], ["WELCOME10"])
    returns = [{"lineId": first["lines"][0]["id"], "quantity": "1"}]
    payments = [{"method": "cash", "amount": "-14.00"}]
    exchange = await till.sold(lines=[MUG], offers=[], returns=returns, payments=payments)
    assert await till.uses(first) == [("Welcome", False, True)]
    return first, exchange


async def _void(till: Till, purchase: dict[str, Any]) -> None:
    given = {"purchaseId": purchase["id"], "idempotencyKey": f"V{next(till.numbers)}"}
    await till.office.done("purchaseVoid", "purchase { id }", given)


async def test_a_use_that_comes_back_above_its_limit_does_not_count(open_rewards: OpenRewards) -> None:
    [till] = await tills(open_rewards, 1)
    first, exchange = await _exchanged(till)
    other = await till.sells([TEA], ["WELCOME10"])
    await _void(till, exchange)
    assert await till.uses(first) == [("Welcome", True, False)]
    assert await till.uses(other) == [("Welcome", True, True)]
    assert await verified(till.shop) == []
    await till.refunds(first, 0)
    [refused] = await till.refused(lines=[TEA], couponCodes=["WELCOME10"])
    assert refused["code"] == "COUPON_EXHAUSTED"  # what did not count gives nothing back
    await till.refunds(other, 0)
    assert (await till.sells([TEA], ["WELCOME10"]))["total"] == {"amount": "54.00"}


async def test_a_use_that_comes_back_while_another_is_sold(open_rewards: OpenRewards) -> None:
    """Whoever is first, one counts."""
    one, other = await tills(open_rewards, 2)
    first, exchange = await _exchanged(one)
    quote = await other.quote([TEA], couponCodes=["WELCOME10"])
    told, _ = await asyncio.gather(other.send(**other.told([TEA], quote)), _void(one, exchange))
    [(_, stands, is_counted)] = await one.uses(first)
    sold = told["purchase"] is not None
    assert stands
    assert (sold, is_counted) in ((True, False), (False, True))
    if not sold:
        assert Counter(problem["code"] for problem in told["userErrors"]) == {"COUPON_EXHAUSTED": 1}
    assert await verified(one.shop) == []


async def test_an_exchange_in_the_basket_of_what_comes_back(open_rewards: OpenRewards) -> None:
    """What it frees and what it uses are of one basket: it is one use, before, after, and when the exchange is voided."""
    [till] = await tills(open_rewards, 1)
    offer = await till.promotion("Once", totalLimit=1)
    first = await till.sells([TEA], basket="B1")
    returns = [{"lineId": first["lines"][0]["id"], "quantity": "1"}]
    lines = [{**MUG, "discount": "4.00", "offerDiscount": "4.00"}]
    offers = [{"offerId": offer, "amount": "4.00"}]
    payments = [{"method": "cash", "amount": "-18.00"}]
    exchange = await till.sold(lines=lines, offers=offers, returns=returns, payments=payments, basket="B1")
    assert (await used(till, offer), await verified(till.shop)) == (1, [])
    await _void(till, exchange)
    assert await till.uses(first) == [("Once", True, True)]
    assert (await used(till, offer), await verified(till.shop)) == (1, [])


async def test_purchases_of_one_basket_that_go_and_come_together(open_rewards: OpenRewards) -> None:
    """In one transaction, as where a plugin is told later of what it missed: the use is given back once, and taken again once."""
    [till] = await tills(open_rewards, 1)
    shop = till.shop
    offer = await till.promotion("Once", totalLimit=1, budget={"amount": "100.00"})
    sold = [await till.sells(lines, basket="B1") for lines in ([TEA], [MUG])]
    keys = [one["id"].partition("_")[2] for one in sold]
    purchases = list((await recorded_by_ids(shop.database, keys)).values())

    async def gone() -> None:
        found = await shop.database.read_together(settling.lookups_of(shop, purchases))
        await settling.give_back(shop, purchases, found)

    async def back() -> None:
        found = await shop.database.read_together(settling.lookups_of(shop, purchases))
        await settling.take_again(shop, purchases, found, now())

    for work, uses in ((gone, 0), (back, 1), (gone, 0)):
        await shop.database.transaction(work)
        assert (await used(till, offer), await verified(shop)) == (uses, [])
    assert [await till.uses(one) for one in sold] == [[("Once", False, True)]] * 2
