"""Any basket with any offers, through the real service: what was quoted is what is recorded, and lines that are given back in any
order and grouping bring back exactly what was paid. REGULARS_TEST_BASKETS says how many."""

import os
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.rewards.sales.conftest import OpenTill, Till, amount_of, rule

BASKETS = int(os.environ.get("REGULARS_TEST_BASKETS", "12"))
"""Baskets for each engine and each number of decimals."""
EXPONENTS = {"JPY": 0, "USD": 2, "KWD": 3}
SKUS = ("A", "B", "C", "D")
BRANDS, CATEGORIES = ("Leaf", "Oak", None), ("drinks", "kitchen", None)


def amount(chance: random.Random, most: int, exponent: int, least: int = 0) -> str:
    """A random amount of minor units as text."""
    return format(Decimal(chance.randint(least, most)).scaleb(-exponent), "f")


def random_rule(chance: random.Random, exponent: int) -> dict[str, Any]:
    """A discount of any kind of the box."""
    kinds = [
        lambda: rule("PERCENT", percent=str(chance.choice((1, 10, 33, 50, 100)))),
        lambda: rule("FLAT", amount=amount(chance, 3_000, exponent, 1)),
        lambda: rule("FLAT", amount=amount(chance, 500, exponent, 1), per="UNIT"),
        lambda: rule("BUY_GET", buy=str(chance.randint(1, 3)), get="1", percent=str(chance.choice((50, 100)))),
        lambda: rule("FREE_ITEM", sku=chance.choice(SKUS)),
        lambda: rule("FIXED_PRICE", price=amount(chance, 2_000, exponent, 1)),
        lambda: rule("FIXED_PRICE", price=amount(chance, 4_000, exponent, 1), per="SET", pieces="3"),
    ]
    return chance.choice(kinds)()


def random_promotion(chance: random.Random, exponent: int) -> dict[str, Any]:
    """A promotion of any kind, stacked in any way."""
    given: dict[str, Any] = {
        "discountRule": random_rule(chance, exponent),
        "priority": chance.randint(-2, 2),
        "isExclusive": chance.random() < 0.05,
        "excludesReduced": chance.random() < 0.2,
        "isStackable": chance.random() < 0.6,
    }
    if chance.random() < 0.5:
        given["scope"] = {
            chance.choice(("skus",)): chance.sample(SKUS, 2),
            "mode": chance.choice(("APPLY_ONLY_TO", "ANY_PRESENT")),
        }
    if chance.random() < 0.3:
        given["conditions"] = [rule("BASKET_TOTAL", minimum=amount(chance, 5_000, exponent))]
    if chance.random() < 0.3:
        given["bestOfGroup"] = "G"
    if chance.random() < 0.3:
        given["totalLimit"] = chance.randint(1, 40)
    if chance.random() < 0.2:
        given["perCustomerLimit"] = chance.randint(1, 9)
    if chance.random() < 0.2:
        given["budget"] = {"amount": amount(chance, 50_000, exponent, 1)}
    return given


def random_lines(chance: random.Random, exponent: int) -> list[dict[str, Any]]:
    """Lines of goods and of what comes back, by unit price or by total, whole and weighed, some of them reduced by hand."""
    lines = []
    for _ in range(chance.randint(1, 7)):
        price = chance.choice((0, 1, chance.randrange(100), chance.randrange(5_000)))
        line: dict[str, Any] = {"name": "Something", "sku": chance.choice(SKUS)}
        line |= {name: one for name, of in (("brand", BRANDS), ("category", CATEGORIES)) if (one := chance.choice(of))}
        if chance.random() < 0.2:
            line["total"] = format(Decimal(price).scaleb(-exponent), "f")
        else:
            line["unitPrice"] = format(Decimal(price).scaleb(-exponent), "f")
            line["quantity"] = chance.choice(("1", "1", "2", "3", "0.5", "1.234"))
            if chance.random() < 0.2:
                line["discount"] = format(Decimal(chance.randint(0, price // 2)).scaleb(-exponent), "f")
        lines.append(line)
    return lines


async def give_back(till: Till, purchase: dict[str, Any], chance: random.Random) -> Decimal:
    """Give all lines back in some order and grouping; what was given back."""
    asked = "query($id: ID!) { purchase(id: $id) { lines { id quantity } } }"
    lines = (await till.office.data(asked, id=purchase["id"]))["purchase"]["lines"]
    parts: list[tuple[str, Decimal]] = []
    for line in lines:
        quantity = Decimal(line["quantity"])
        first = quantity if chance.random() < 0.6 else (quantity / 3).quantize(Decimal("0.000001"))
        parts += [(line["id"], part) for part in (first, quantity - first) if part or part == quantity]
    chance.shuffle(parts)
    given, back, n = list(parts), Decimal(0), 0
    while given:
        group: dict[str, Decimal] = {}
        while given and (not group or chance.random() < 0.4) and given[-1][0] not in group:
            line_id, quantity = given.pop()
            group[line_id] = quantity
        n += 1
        refund = {
            "purchaseId": purchase["id"], "idempotencyKey": f"{purchase['id']}{n}",
            "lines": [{"lineId": line_id, "quantity": str(quantity)} for line_id, quantity in group.items()],
        }  # fmt: skip
        done = await till.office.done("purchaseRefund", "refund { amount { amount } }", refund)
        back += Decimal(done["refund"]["amount"]["amount"])
    return back


async def sold_as_quoted(till: Till, lines: Sequence[dict[str, Any]], **about: Any) -> dict[str, Any]:
    """Quote a basket, sell it, and hold the one against the other."""
    quote = await till.quote(lines, **about)
    rest = {name: value for name, value in about.items() if name != "couponCodes"}
    sold = await till.sold(**till.told(lines, quote, **rest))
    assert sold["total"] == quote["total"]
    assert [line["total"] for line in sold["lines"]] == [line["total"] for line in quote["lines"]]
    assert [line["offerDiscount"] for line in sold["lines"]] == [line["offerDiscount"] for line in quote["lines"]]
    assert all(Decimal(amount_of(line, "total")) >= 0 for line in sold["lines"])
    assert sum(Decimal(amount_of(one)) for one in quote["applied"]) == Decimal(amount_of(quote, "discount"))
    assert sold["offerCheck"]["isDifferent"] is False
    assert len(sold["offerUses"]) == len(quote["applied"])
    return sold


@pytest.mark.parametrize("currency", EXPONENTS)
async def test_any_basket(open_till: OpenTill, currency: str) -> None:
    exponent = EXPONENTS[currency]
    till = await open_till(currency=currency)
    for start in range(0, BASKETS, 500):
        await many(till, random.Random(f"{currency}{start}"), exponent, min(500, BASKETS - start))


async def many(till: Till, chance: random.Random, exponent: int, number: int) -> None:
    """So many baskets with the same offers, which end afterwards."""
    promotions, codes = [], []
    for n in range(10):
        given = random_promotion(chance, exponent)
        needs = n >= 6
        promotion = await till.promotion(f"P{n}", needsCoupon=needs, **given)
        promotions.append(promotion)
        if needs:
            codes.append(f"CODE{next(till.numbers)}Z{n}")
            await till.coupon(promotion, codes[-1], limit=chance.choice((1, 50, None)))
    customers = [await till.customer(f"C{n}") for n in range(3)]
    for n in range(number):
        lines = random_lines(chance, exponent)
        about: dict[str, Any] = {"couponCodes": chance.sample(codes, chance.randint(0, 2))}
        if chance.random() < 0.7:
            about["customerId"] = chance.choice(customers)
        if chance.random() < 0.3:
            about["basket"] = f"B{n % 5}"
        sold = await sold_as_quoted(till, lines, **about)
        if chance.random() < 0.7:
            assert await give_back(till, sold, chance) == Decimal(amount_of(sold, "total"))
            assert all(not stands for _, stands, _ in await till.uses(sold))
    await limits_hold(till)
    for promotion in promotions:
        await till.office.done("promotionEnd", "promotion { id }", {"id": promotion, "idempotencyKey": promotion})


async def limits_hold(till: Till) -> None:
    """What is counted of limits is what was used, and no more than may be."""
    for id_, limit, budget, used, taken in await till.shop.database.rows(
        "SELECT promotion_id, total_limit, budget, used, amount FROM rewards_limit"
    ):
        rows = await till.shop.database.rows(
            "SELECT coalesce(first_id, id), amount FROM rewards_use WHERE promotion_id = $1 AND is_counted"
            " AND released_at IS NULL",
            id_,
        )
        assert (used, taken) == (len({group for group, _ in rows}), sum(one for _, one in rows))
        assert limit is None or used <= limit
        assert budget is None or taken <= budget
