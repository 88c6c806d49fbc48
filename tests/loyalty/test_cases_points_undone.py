"""More of what other systems say of points: what is undone, what is spent by exchange, and what is pooled; each case by its id in
the acceptance cases. P-P24 is tried where tiers are, X3 where rewards are, and P-P40, of rewards for entering a tier, in
tests/rewards/occasions. X1 speaks of points for a code, of which no rule of points knows, P-K18 of gift cards beside credit,
of which there is one account here."""

from decimal import Decimal
from typing import Any

from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.program import RateData
from tests.loyalty.test_cases_points import TEN_PER_UNIT, kinds, on, one_back, per, plugins, rule, shop, till
from tests.loyalty.test_purchases import Till, begin_program, paid

__all__ = ["plugins", "shop", "till"]


def program(points: str) -> dict[str, Any]:
    piece = {"kind": "CREDIT", "settings": [{"name": "amount", "value": "1.00"}]}
    exchange = {"code": "PIECE", "name": "A piece", "points": points, "reward": piece}
    return {"program": {"rules": [], "exchanges": [exchange]}}


async def test_p_p06_an_exchange_costs_whole_points(till: Till) -> None:
    """Otherwise on purpose: points are whole numbers, and as many as fit is what there is by what one costs, rounded down."""
    ana = await till.customer()
    await till.given(ana, 11, POINTS)
    document = (
        "mutation($input: PointsProgramUpdateInput!) { pointsProgramUpdate(input: $input) { userErrors { code } } }"
    )
    answer = await till.api.ask(document, input={"idempotencyKey": "a", **program("1.5")})
    assert answer.codes == ["BAD_USER_INPUT"]
    await till.api.done("pointsProgramUpdate", "pointsProgram { number }", program("2"))
    wants = {"customerId": f"customer_{ana}", "exchange": "PIECE"}
    assert await till.api.refused("pointsRedeem", {**wants, "times": 6}) == ["INSUFFICIENT_POINTS"]
    await till.api.done("pointsRedeem", "entry { id }", {**wants, "times": 5})
    assert (await till.has(ana, POINTS), await till.has(ana)) == (1, 500)


async def test_p_p16_a_refund_to_credit_takes_points_back_as_money_does(till: Till) -> None:
    """Otherwise than at one of two peers, on purpose."""
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "50.00")
    await till.refunds(sale, amount="50.00", **paid(("STORE_CREDIT", "50.00")))
    assert (await till.has(ana, POINTS), await till.has(ana)) == (0, 5_000)


async def test_p_p19_what_was_spent_comes_back_with_the_void(till: Till) -> None:
    """Otherwise on purpose: what is redeemed is not the end of it."""
    await begin_program(till.shop, per("1", "1000.00"), rate=TEN_PER_UNIT, expire_after="P1Y")
    ana = await till.customer()
    await till.given(ana, 100, POINTS)
    sale = await till.sells(ana, "10.00", **paid(("POINTS", "10.00")))
    await till.voids(sale)
    assert (await kinds(till, ana))[-1] == ("RESTORE", 100)
    assert await till.has(ana, POINTS) == 100


async def test_p_p25_of_two_who_became_one_the_older_points_are_spent_first(till: Till) -> None:
    """400 on the first card are the oldest, then 2,000 on the second, then 1,600 on the first: 500 take 400 and 100."""
    await begin_program(till.shop, per("1", "1.00"))
    with on("2026-01-01"):
        ana, ben = await till.customer(), await till.customer()
        await till.sells(ana, "400.00")
    with on("2026-01-02"):
        await till.sells(ben, "2000.00")
    with on("2026-01-03"):
        await till.sells(ana, "1600.00")
        merge = {"survivorId": f"customer_{ana}", "absorbedIds": [f"customer_{ben}"]}
        await till.api.done("customersMerge", "customersMerge { mergeId }", merge)
        spends = {"customerId": f"customer_{ana}", "points": "500", "reason": "GIFT"}
        fields = "entry { pointsAfter lots { amount openedAt } }"
        entry = (await till.api.done("pointsRedeem", fields, spends))["entry"]
    assert entry["pointsAfter"] == "3500"
    assert [(lot["amount"], lot["openedAt"][:10]) for lot in entry["lots"]] == [
        ("400", "2026-01-01"),
        ("100", "2026-01-02"),
    ]


async def test_p_p37_all_goods_without_delivery_are_a_full_refund(till: Till) -> None:
    """Otherwise on purpose: what is kept for delivery makes it no part of a refund."""
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "20.00", shipping="5.00")
    back = {"purchaseId": sale["id"], "lines": [{"lineId": sale["lines"][0]["id"], "quantity": "1"}]}
    made = await till.api.done("purchaseRefund", "purchase { status customer { stats { purchaseCount } } }", back)
    assert made["purchase"] == {"status": "REFUNDED", "customer": {"stats": {"purchaseCount": 0}}}
    assert await till.has(ana, POINTS) == 0


async def test_p_p39_net_of_discounts_delivery_and_tax_the_nearest_end_first_and_below_zero(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT, expire_after="P365D")
    with on("2026-01-01"):
        ana = await till.customer()
        lines = [{"name": "Tea", "unitPrice": "110.00", "discount": "10.00"}]
        first = await till.sells(ana, lines=lines, shipping="7.00", tax="9.00")
    with on("2026-02-01"):
        await till.sells(ana, "50.00")
        await till.sells(ana, "12.00", **paid(("POINTS", "12.00")))
        assert await till.has(ana, POINTS) == 30
        await till.refunds(first, lines=[{"lineId": first["lines"][0]["id"], "quantity": "1"}])
        assert await till.has(ana, POINTS) == -70


async def test_p_p42_what_is_not_agreed_is_not_recorded_and_a_void_undoes(till: Till) -> None:
    """Otherwise on purpose: a basket that waits for somebody is no purchase yet."""
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    assert await till.has(ana, POINTS) == 0
    sale = await till.sells(ana, "50.00")
    assert await till.has(ana, POINTS) == 50
    await till.voids(sale)
    assert await till.has(ana, POINTS) == 0


async def test_p_p43_what_was_redeemed_comes_back_part_by_part_with_its_age_and_no_more(till: Till) -> None:
    await begin_program(
        till.shop,
        rule("PER_ITEM", points="1", sku="none"),
        rate=RateData(points=1, amount=Decimal(1)),
        expire_after="P3M",
    )
    with on("2026-01-01"):
        ana = await till.customer()
        adds = {"customerId": f"customer_{ana}", "points": "100", "direction": "ADD", "reason": "GIFT"}
        await till.api.done("pointsAdjust", "entry { id }", adds)
    with on("2026-03-01"):
        sale = await till.sells(ana, "40.00", "60.00", **paid(("POINTS", "100.00")))
        await one_back(till, sale)
        assert await till.has(ana, POINTS) == 40
        await one_back(till, sale, 1)
        assert await till.has(ana, POINTS) == 100
        over = {"purchaseId": sale["id"], "amount": "1.00"}
        assert await till.api.refused("purchaseRefund", over) == ["REFUND_EXCEEDS_PAID"]
    with on("2026-03-31"):
        assert await till.has(ana, POINTS) == 100
    with on("2026-04-02"):
        assert await till.has(ana, POINTS) == 0
