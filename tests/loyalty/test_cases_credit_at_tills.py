"""What other systems' tests and documents say of paying with credit and of giving it back, each case by its id in the acceptance
cases; those of credit by hand are in by_hand/. Where a case is answered otherwise on purpose, its test says why.
"""

from decimal import Decimal
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.program import RateData
from tests.loyalty.test_cases_points import per, rule
from tests.loyalty.test_purchases import Till, begin_program, paid


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def shop(open_shop: OpenShop, plugins: Plugins) -> Shop:
    return await open_shop(plugins=plugins)


@pytest.fixture
def till(shop: Shop) -> Till:
    return Till(shop)


async def refused(till: Till, customer: str, total: str, **payments: Any) -> list[str]:
    sold = {"reference": "X", "customerId": f"customer_{customer}", "lines": [{"name": "Tea", "total": total}]}
    return await till.api.refused("purchaseRecord", {**sold, **payments})


async def back(till: Till, purchase: dict[str, Any], **given: Any) -> str:
    made = await till.api.done(
        "purchaseRefund", "refund { amount { amount } }", {"purchaseId": purchase["id"], **given}
    )
    return str(made["refund"]["amount"]["amount"])


async def lines_back(till: Till, purchase: dict[str, Any], *quantities: str) -> str:
    wanted = [
        {"lineId": line["id"], "quantity": quantity}
        for line, quantity in zip(purchase["lines"], quantities, strict=False)
        if quantity != "0"
    ]
    return await back(till, purchase, lines=wanted)


async def test_p_k10_credit_alone_is_too_little_and_a_card_pays_the_rest(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 40_000)
    assert await refused(till, ana, "500.00", **paid(("STORE_CREDIT", "500.00"))) == ["INSUFFICIENT_FUNDS"]
    await till.sells(ana, "500.00", **paid(("STORE_CREDIT", "400.00"), ("card", "100.00")))
    assert await till.has(ana) == 0


async def test_p_k12_an_order_that_is_cancelled_frees_what_it_held(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 11_000)
    of = {"customerId": f"customer_{ana}", "amount": {"amount": "110.00"}, "basket": "web-1"}
    hold = (await till.api.done("creditHold", "hold { id }", of))["hold"]["id"]
    assert await refused(till, ana, "1.00", **paid(("STORE_CREDIT", "1.00"))) == ["INSUFFICIENT_FUNDS"]
    await till.api.done("creditRelease", "hold { id }", {"holdId": hold})
    await till.sells(ana, "110.00", **paid(("STORE_CREDIT", "110.00")))


async def test_p_k13_more_credit_than_the_order_costs(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 5_000)
    await till.sells(ana, "30.00", **paid(("STORE_CREDIT", "30.00")))
    assert await till.has(ana) == 2_000


async def test_p_k21_and_p_k22_discounts_come_first_and_credit_pays_the_rest(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 10_000)
    lines = [{"name": "Tea", "unitPrice": "100.00", "discount": "10.00"}]
    await till.sells(ana, lines=lines, **paid(("STORE_CREDIT", "90.00")))
    assert await till.has(ana) == 1_000
    await till.given(ana, 4_000)
    await till.sells(ana, lines=lines, **paid(("STORE_CREDIT", "50.00"), ("card", "40.00")))
    assert await till.has(ana) == 0


async def test_p_k24_two_fundings_pay_together(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 10_000)
    await till.given(ana, 10_000)
    payments = [{"method": "STORE_CREDIT", "amount": "230.00", "atMost": True}]
    sale = await till.sells(ana, "230.00", payments=payments)
    assert (sale["due"]["amount"], await till.has(ana)) == ("30.00", 0)


async def test_p_k25_what_is_bought_cannot_pay_its_own_purchase(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 1_000)
    lines = [{"name": "Top-up", "total": "50.00", "creditFor": True}, {"name": "Tea", "total": "10.00"}]
    await till.sells(ana, lines=lines, **paid(("STORE_CREDIT", "10.00"), ("card", "50.00")))
    assert await till.has(ana) == 5_000
    sold = {"reference": "X", "customerId": f"customer_{ana}", "lines": [{**lines[0], "total": "100.00"}]}
    pays = paid(("STORE_CREDIT", "100.00"))
    assert await till.api.refused("purchaseRecord", {**sold, **pays}) == ["INSUFFICIENT_FUNDS"]


async def test_p_k27_delivery_alone_is_a_part(till: Till) -> None:
    ana = await till.customer()
    lines = [{"name": "A", "quantity": "3", "unitPrice": "10.00"}]
    for given, status in (
        ({"quantity": "3"}, "REFUNDED"),
        ({"quantity": "1"}, "PARTIALLY_REFUNDED"),
        ({"shipping": "1.00"}, "PARTIALLY_REFUNDED"),
    ):
        sale = await till.sells(ana, lines=lines, shipping="10.00")
        asked: dict[str, Any] = {"purchaseId": sale["id"]}
        if "quantity" in given:
            asked["lines"] = [{"lineId": sale["lines"][0]["id"], "quantity": given["quantity"]}]
        else:
            asked["shipping"] = given["shipping"]
        made = await till.api.done("purchaseRefund", "purchase { status }", asked)
        assert made["purchase"]["status"] == status


async def test_p_k28_and_p_k37_the_same_pieces_once(till: Till) -> None:
    ana = await till.customer()
    lines = [
        {"name": "A", "quantity": "1", "unitPrice": "10.00"},
        {"name": "B", "quantity": "1", "unitPrice": "100.00"},
    ]
    sale = await till.sells(ana, lines=lines)
    assert await lines_back(till, sale, "1", "1") == "110.00"
    again = {"purchaseId": sale["id"], "lines": [{"lineId": sale["lines"][0]["id"], "quantity": "1"}]}
    assert await till.api.refused("purchaseRefund", again) == ["REFUND_EXCEEDS_PAID"]
    less = await till.sells(ana, lines=[{"name": "A", "quantity": "3", "unitPrice": "100.00", "discount": "30.00"}])
    assert await lines_back(till, less, "2") == "180.00"


async def test_p_k30_delivery_in_parts(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00", shipping="20.00")
    assert await back(till, sale, shipping="8.00") == "8.00"
    assert await back(till, sale, shipping="12.00") == "12.00"
    other = await till.sells(ana, "10.00", shipping="20.00")
    assert await back(till, other, shipping="5.00") == "5.00"
    for wrong in ("18.00", "-18.00"):
        given = {"purchaseId": other["id"], "shipping": wrong}
        assert await till.api.refused("purchaseRefund", given) in (["REFUND_EXCEEDS_PAID"], ["INVALID_AMOUNT"])


async def test_p_k31_and_p_k35_and_p_k36_a_piece_comes_back_at_what_it_cost(till: Till) -> None:
    """Otherwise on purpose for the latter two: the share of what comes back is lost with it, and the split of the sale stands."""
    ana = await till.customer()
    sale = await till.sells(ana, lines=[{"name": "A", "quantity": "2", "unitPrice": "10.00", "discount": "2.00"}])
    assert await lines_back(till, sale, "1") == "9.00"
    sale = await till.sells(ana, lines=[{"name": "A", "quantity": "2", "unitPrice": "172.49", "discount": "6.00"}])
    assert await lines_back(till, sale, "1") == "169.49"
    sale = await till.sells(ana, lines=[{"name": "Ball", "quantity": "2", "unitPrice": "60.00", "discount": "50.00"}])
    assert await lines_back(till, sale, "1") == "35.00"


async def test_p_k33_everything_comes_back_to_the_cent(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 4_536)
    lines = [{"name": "A", "quantity": "4", "unitPrice": "10.00", "discount": "3.99", "tax": "3.60"}]
    pays = paid(("STORE_CREDIT", "45.36"))
    sale = await till.sells(ana, lines=lines, shipping="5.00", shippingTax="0.75", tax="4.35", **pays)
    got = [await lines_back(till, sale, "1") for _ in range(4)]
    assert sum(map(Decimal, got)) == Decimal("39.61")
    assert await back(till, sale, shipping="5.75") == "5.75"
    assert await till.has(ana) == 4_536


async def test_p_k34_a_purchase_of_nothing_reverses_on_a_full_refund(till: Till) -> None:
    """Otherwise on purpose: what it had cost in points goes back; a refund of nothing is none."""
    await begin_program(till.shop, rule("PER_PURCHASE", points="5"))
    ana = await till.customer()
    sale = await till.sells(ana, "0.00")
    assert await till.has(ana, POINTS) == 5
    assert await till.api.refused("purchaseRefund", {"purchaseId": sale["id"], "lines": []}) == ["REQUIRED"]
    await lines_back(till, sale, "1")
    assert await till.has(ana, POINTS) == 0


async def test_x9_processed_twice_is_done_once(till: Till) -> None:
    ana = await till.customer()
    adds = {"customerId": f"customer_{ana}", "amount": {"amount": "50.00"}, "reason": "PREPAID", "idempotencyKey": "a"}
    for _ in range(2):
        await till.api.done("creditAdd", "entry { id }", adds)
    assert (await till.has(ana), len(await till.posted(ana))) == (5_000, 1)
    sold = {"reference": "R", "customerId": f"customer_{ana}", "lines": [{"name": "Tea", "total": "10.00"}]}
    for _ in range(2):
        given = {**sold, **paid(("STORE_CREDIT", "10.00")), "idempotencyKey": "b"}
        await till.api.done("purchaseRecord", "purchase { id }", given)
    assert (await till.has(ana), len(await till.posted(ana))) == (4_000, 2)


async def test_x12_the_older_lot_pays_first(till: Till) -> None:
    """575 earned and 500 spent, 805 earned and 500 spent: 380 are left, all of the second lot."""
    more = {"earnOn": "GROSS", "tax": "INCLUDED"}
    await begin_program(
        till.shop, per("5", "1.00", **more), rate=RateData(points=500, amount=Decimal(10)), expire_after="P90D"
    )
    ana = await till.customer()
    await till.sells(ana, "100.00", tax="15.00")
    await till.sells(ana, "140.00", tax="21.00", **paid(("POINTS", "10.00"), ("card", "151.00")))
    assert await till.has(ana, POINTS) == 575 - 500 + 805
    await till.sells(ana, "0.00", shipping="10.00", **paid(("POINTS", "10.00")))
    rows = await till.shop.database.rows("SELECT amount, remaining FROM loyalty_lot ORDER BY opened_at, id")
    assert [tuple(row) for row in rows] == [(575, 0), (805, 380)]


async def test_x14_a_cancelled_order_leaves_what_was_there(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rate=RateData(points=10, amount=Decimal(1)))
    ana = await till.customer()
    await till.given(ana, 50, POINTS)
    sale = await till.sells(ana, "26.00", **paid(("POINTS", "5.00"), ("card", "21.00")))
    assert await till.has(ana, POINTS) == 21
    await till.voids(sale)
    assert await till.has(ana, POINTS) == 50


async def test_x20_three_times_as_many(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rule("MULTIPLIER", code="M", factor="3"))
    ana = await till.customer()
    await till.sells(ana, "5.00")
    assert await till.has(ana, POINTS) == 15
