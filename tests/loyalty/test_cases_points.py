"""What other systems' tests and documents say of points, and what is told here: each case by its id in the acceptance cases.

Where a case is answered otherwise on purpose, its test says why.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

import regulars_loyalty
from regulars_core.plugin import Plugins, RuleData, Shop, plugins_on
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.program import EarningData, ExpiryRounding, ExpiryStart, RateData
from tests.loyalty.test_purchases import Till, begin_program, paid

TEN_PER_UNIT = RateData(points=10, amount=Decimal(1))


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def shop(open_shop: OpenShop, plugins: Plugins) -> Shop:
    return await open_shop(plugins=plugins, future_hours=876_000)


@pytest.fixture
def till(shop: Shop) -> Till:
    return Till(shop)


def rule(kind: str, code: str = "R", **settings: str | list[str]) -> EarningData:
    pairs = [(name, one) for name, value in settings.items() for one in ([value] if isinstance(value, str) else value)]
    return EarningData(code=code, name=code, rule=RuleData(kind=kind, settings=tuple(pairs)))


def per(points: str, amount: str, **settings: Any) -> EarningData:
    return rule("PER_AMOUNT", points=points, per=amount, **settings)


def on(day: str) -> Any:
    return time_machine.travel(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC), tick=False)


async def one_back(till: Till, sale: dict[str, Any], line: int = 0, quantity: str = "1") -> None:
    await till.refunds(sale, lines=[{"lineId": sale["lines"][line]["id"], "quantity": quantity}])


async def kinds(till: Till, customer: str) -> list[tuple[str, int]]:
    return await till.posted(customer, POINTS)


async def test_x5_one_of_two_comes_back(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "50.00", "50.00")
    await one_back(till, sale)
    assert await kinds(till, ana) == [("EARN", 100), ("REVERSE", -50)]


async def test_x6_credit_sold_and_given_back(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, lines=[{"name": "Gift card", "total": "50.00", "creditFor": True}])
    assert await till.has(ana) == 5_000
    await one_back(till, sale)
    assert await till.has(ana) == 0


async def test_x7_earns_seventy_spends_a_hundred_and_fifty_and_all_of_it_comes_back(till: Till) -> None:
    await begin_program(till.shop, rule("PER_ITEM", points="35"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    await till.given(ana, 200, POINTS)
    sale = await till.sells(ana, "50.00", "50.00", **paid(("POINTS", "15.00"), ("card", "85.00")))
    assert await till.has(ana, POINTS) == 120
    await till.refunds(sale, amount="100.00")
    assert await till.has(ana, POINTS) == 200


async def test_x8_one_of_the_two_comes_back_and_then_the_other(till: Till) -> None:
    await begin_program(till.shop, rule("PER_ITEM", points="35"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    await till.given(ana, 200, POINTS)
    lines = [{"name": "Tea", "quantity": "2", "unitPrice": "50.00"}]
    sale = await till.sells(ana, lines=lines, **paid(("POINTS", "15.00"), ("card", "85.00")))
    await one_back(till, sale)
    assert (await kinds(till, ana))[-2:] == [("REVERSE", -35), ("RESTORE", 75)]
    assert await till.has(ana, POINTS) == 160
    await one_back(till, sale)
    assert await till.has(ana, POINTS) == 200


async def test_x10_what_is_earned_and_what_is_spent_are_two_entries(till: Till) -> None:
    await begin_program(till.shop, rule("PER_PURCHASE", points="10"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    await till.given(ana, 5, POINTS)
    await till.given(ana, 5, POINTS)
    await till.sells(ana, "10.00", **paid(("POINTS", "1.00"), ("card", "9.00")))
    assert (await kinds(till, ana))[-2:] == [("PAYMENT", -10), ("EARN", 10)]


async def test_x17_whole_steps_only(till: Till) -> None:
    await begin_program(till.shop, per("10", "2.00", inSteps="true"))
    ana = await till.customer()
    await till.sells(ana, "7.00")
    assert await till.has(ana, POINTS) == 30


async def test_x18_points_pay_in_whole_steps(till: Till) -> None:
    await begin_program(till.shop, per("1", "1000.00"), rate=RateData(points=10, amount=Decimal(2)))
    ana = await till.customer()
    await till.given(ana, 25, POINTS)
    payments = [{"method": "POINTS", "amount": "50.00", "atMost": True}]
    sale = await till.sells(ana, "50.00", payments=payments)
    assert (sale["due"]["amount"], await till.has(ana, POINTS)) == ("46.00", 5)


async def test_x19_a_multiplier_is_an_entry_of_its_own(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rule("MULTIPLIER", code="M", factor="1.5"))
    ana = await till.customer()
    await till.sells(ana, "4.00")
    assert await kinds(till, ana) == [("EARN", 4), ("BONUS", 2)]
    await till.sells(ana, "7.00")
    assert (await kinds(till, ana))[-2:] == [("EARN", 7), ("BONUS", 3)]


async def test_x24_refunds_of_an_amount_are_cumulative(till: Till) -> None:
    await begin_program(till.shop, per("5", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "100.00")
    await till.refunds(sale, amount="20.00")
    await till.refunds(sale, amount="30.00")
    assert await kinds(till, ana) == [("EARN", 500), ("REVERSE", -100), ("REVERSE", -150)]


async def test_x27_what_was_spent_and_is_taken_back_is_owed(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    sale = await till.sells(ana, "100.00")
    await till.sells(ana, "10.00", **paid(("POINTS", "10.00")))
    await till.refunds(sale, amount="100.00")
    assert await till.has(ana, POINTS) == -100
    await till.sells(ana, "30.00")
    assert await till.has(ana, POINTS) == -70
    await till.sells(ana, "100.00")
    assert await till.has(ana, POINTS) == 30


async def test_three_refunds_of_a_third(till: Till) -> None:
    """The worked number: 10 points on 30.00 → 3, 3, 4."""
    await begin_program(till.shop, per("1", "3.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "30.00")
    for _ in range(3):
        await till.refunds(sale, amount="10.00")
    assert (await kinds(till, ana))[1:] == [("REVERSE", -3), ("REVERSE", -3), ("REVERSE", -4)]


async def test_pending_points_and_a_refund_within_the_window(till: Till) -> None:
    """The worked number: 30 days, 1 June earns 100, a refund of 40 % on 10 June leaves 60."""
    await begin_program(till.shop, per("1", "1.00"), pending_days=30)
    with on("2026-06-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "100.00")
    with on("2026-06-10"):
        await till.refunds(sale, amount="40.00")
        assert await till.has(ana, POINTS) == 60


async def test_p_p02_bought_credit_earns_when_it_is_spent_and_given_credit_does_not(till: Till) -> None:
    """Otherwise on purpose: what the customer paid for is as good as money, a gift of the shop's is not."""
    await begin_program(till.shop, per("1", "1.00"))
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 1_000)
    await till.sells(ana, "100.00", **paid(("STORE_CREDIT", "10.00"), ("card", "90.00")))
    assert await till.has(ana, POINTS) == 90
    await till.sells(ben, lines=[{"name": "Credit", "total": "10.00", "creditFor": True}])
    await till.sells(ben, "100.00", **paid(("STORE_CREDIT", "10.00"), ("card", "90.00")))
    assert await till.has(ben, POINTS) == 100


async def test_p_p04_a_scoped_rule_sees_the_line_less_its_share_of_discounts(till: Till) -> None:
    """Otherwise on purpose: 10 % on the whole order is 10.00 of the food."""
    await begin_program(till.shop, per("1", "1.00", category="food"))
    ana = await till.customer()
    lines = [
        {"name": "Food", "category": "food", "unitPrice": "100.00", "discount": "10.00"},
        {"name": "Other", "unitPrice": "50.00", "discount": "5.00"},
    ]
    await till.sells(ana, lines=lines)
    assert await till.has(ana, POINTS) == 90


async def test_p_p07_what_was_rounded_down_comes_back_whole(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "49.95")
    await till.refunds(sale, amount="49.95")
    assert await kinds(till, ana) == [("EARN", 49), ("REVERSE", -49)]


async def test_p_p09_three_quarters_come_back(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "100.00")
    await till.refunds(sale, amount="75.00")
    assert await till.has(ana, POINTS) == 25


async def test_p_p10_points_that_paid_come_back_in_their_share(till: Till) -> None:
    """Otherwise on purpose: a partial return brings back its part of the points that paid."""
    await begin_program(till.shop, per("1", "1.00"), rate=RateData(points=20, amount=Decimal(1)))
    ana = await till.customer()
    await till.given(ana, 300, POINTS)
    sale = await till.sells(ana, "75.00", "25.00", **paid(("POINTS", "15.00"), ("card", "85.00")))
    assert await till.has(ana, POINTS) == 85
    await one_back(till, sale)
    assert (await kinds(till, ana))[-2:] == [("REVERSE", -63), ("RESTORE", 225)]
    await one_back(till, sale, 1)
    assert await till.has(ana, POINTS) == 300


async def test_p_p12_net_of_points_and_points_back_piece_by_piece(till: Till) -> None:
    """Otherwise on purpose: 7.50 of net share is reversed, and half of the points come back with the first piece."""
    await begin_program(till.shop, per("1", "1.00"), rate=RateData(points=100, amount=Decimal(1)))
    ana = await till.customer()
    await till.given(ana, 1_000, POINTS)
    lines = [{"name": "A", "quantity": "2", "unitPrice": "10.00"}]
    sale = await till.sells(ana, lines=lines, **paid(("POINTS", "5.00"), ("card", "15.00")))
    assert await till.has(ana, POINTS) == 515
    await one_back(till, sale)
    assert await till.has(ana, POINTS) == 758
    await one_back(till, sale)
    assert await till.has(ana, POINTS) == 1_000


async def test_p_p13_and_p_p14_a_discount_is_shared_by_the_lines(till: Till) -> None:
    """Otherwise on purpose for the second: the line comes back at what it cost after its share of the coupon."""
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    whole = await till.sells(ana, lines=[{"name": "A", "unitPrice": "50.00", "discount": "10.00"}])
    await one_back(till, whole)
    assert await till.has(ana, POINTS) == 0
    lines = [
        {"name": "A", "unitPrice": "50.00", "discount": "7.14"},
        {"name": "B", "unitPrice": "20.00", "discount": "2.86"},
    ]
    sale = await till.sells(ana, lines=lines)
    await one_back(till, sale, 1)
    assert await till.has(ana, POINTS) == 43


@pytest.mark.parametrize("later", [per("1", "1.00"), rule("PER_PURCHASE", points="1"), per("2", "1.00")])
async def test_p_p15_what_is_stored_is_reversed_whatever_the_rules_are_by_now(till: Till, later: EarningData) -> None:
    """Otherwise on purpose: a rule of today says nothing of what was earned then."""
    await begin_program(till.shop, per("1", "1.00"))
    with on("2026-01-10"):
        ana = await till.customer()
        sale = await till.sells(ana, "50.00")
    await begin_program(till.shop, later, begins=1_770_000_000_000)
    with on("2026-03-10"):
        await till.refunds(sale, amount="50.00")
    assert await kinds(till, ana) == [("EARN", 50), ("REVERSE", -50)]


async def test_p_p18_the_end_of_the_month(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), expire_after="P12M", expiry_rounding=ExpiryRounding.MONTH_END)
    with on("2020-07-06"):
        ana = await till.customer()
        await till.sells(ana, "10.00")
    with on("2021-07-31"):
        assert await till.has(ana, POINTS) == 10
    with on("2021-08-01"):
        assert await till.has(ana, POINTS) == 0


async def test_p_p21_fractions_are_dropped(till: Till) -> None:
    """Otherwise on purpose: 20.987 are 20, never 21."""
    await begin_program(till.shop, per("1", "1.00"))
    ana = await till.customer()
    await till.sells(ana, "20.15")
    await till.sells(ana, "20.98")
    assert await till.has(ana, POINTS) == 40


async def test_p_p22_what_comes_back_to_an_expired_lot_has_thirty_days(till: Till) -> None:
    """Otherwise on purpose: who could not use them while they were spent gets a grace, once."""
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT, expire_after="P1M")
    with on("2026-01-01"):
        ana = await till.customer()
        await till.sells(ana, "100.00")
    with on("2026-01-20"):
        sale = await till.sells(ana, "10.00", **paid(("POINTS", "10.00")))
    with on("2026-03-01"):
        await till.refunds(sale, amount="10.00")
        assert await till.has(ana, POINTS) == 100
    with on("2026-03-30"):
        assert await till.has(ana, POINTS) == 100
    with on("2026-04-02"):
        assert await till.has(ana, POINTS) == 0


async def test_p_p23_what_a_purchase_gave_is_taken_from_its_own_lot(till: Till) -> None:
    """Otherwise on purpose: another purchase's points stay, though they expire sooner."""
    await begin_program(till.shop, per("1", "1.00"), expire_after="P6M")
    with on("2026-01-01"):
        ana = await till.customer()
        await till.sells(ana, "100.00")
    with on("2026-02-01"):
        sale = await till.sells(ana, "100.00")
        await till.voids(sale)
    with on("2026-06-30"):
        assert await till.has(ana, POINTS) == 100
    with on("2026-07-02"):
        assert await till.has(ana, POINTS) == 0


async def test_p_p27_nine_calendar_months(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT, expire_after="P9M")
    with on("2026-01-01"):
        ana = await till.customer()
        await till.sells(ana, "300.00")
    with on("2026-01-15"):
        await till.sells(ana, "5.00", **paid(("POINTS", "5.00")))
        assert await till.has(ana, POINTS) == 250
    with on("2026-02-02"):
        await till.sells(ana, "100.00")
        assert await till.has(ana, POINTS) == 350
    with on("2026-10-01"):
        assert await till.has(ana, POINTS) == 100
    with on("2026-11-02"):
        assert await till.has(ana, POINTS) == 0


async def test_p_p28_without_activity_for_a_hundred_and_eighty_days(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), expire_after="P180D", expiry_start=ExpiryStart.LAST_ACTIVITY)
    with on("2026-01-01"):
        ana = await till.customer()
        await till.sells(ana, "100.00")
    with on("2026-06-20"):  # day 170
        await till.sells(ana, "1.00")
    with on("2026-07-01"):
        assert await till.has(ana, POINTS) == 101
    with on("2026-12-18"):
        assert await till.has(ana, POINTS) == 0


async def test_p_p30_and_p_p31_an_amount_of_a_thousand_and_nothing_is_deleted(till: Till) -> None:
    await begin_program(till.shop, per("1", "1000.00"))
    ana = await till.customer()
    sale = await till.sells(ana, "10000.00", "10000.00")
    await one_back(till, sale)
    assert await till.has(ana, POINTS) == 10
    await till.voids(sale)
    assert await kinds(till, ana) == [("EARN", 20), ("REVERSE", -10), ("REVERSE", -10)]


async def test_p_p33_and_p_p34_the_fewest_that_a_payment_takes_and_what_they_are_worth(till: Till) -> None:
    await begin_program(till.shop, per("1", "9999.00"), rate=RateData(points=1, amount=Decimal(15), minimum_points=2))
    ana = await till.customer()
    await till.given(ana, 100, POINTS)
    sold = {"reference": "X", "customerId": f"customer_{ana}", "lines": [{"name": "Tea", "total": "15.00"}]}
    assert await till.api.refused("purchaseRecord", {**sold, **paid(("POINTS", "15.00"))}) == ["OUT_OF_RANGE"]
    await till.sells(ana, "1500.00", **paid(("POINTS", "1500.00")))
    assert await till.has(ana, POINTS) == 0


async def test_p_p36_half_of_it_comes_back_and_half_of_the_points(till: Till) -> None:
    await begin_program(till.shop, per("1", "9999.00"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    await till.given(ana, 100, POINTS)
    lines = [{"name": "A", "quantity": "2", "unitPrice": "50.00"}]
    sale = await till.sells(ana, lines=lines, **paid(("POINTS", "10.00"), ("card", "90.00")))
    await one_back(till, sale)
    assert await till.has(ana, POINTS) == 50


async def test_p_p41_more_than_is_there_becomes_debt(till: Till) -> None:
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    sale = await till.sells(ana, "100.00")
    await till.sells(ana, "10.00", **paid(("POINTS", "10.00")))
    await till.voids(sale)
    assert await kinds(till, ana) == [("EARN", 100), ("PAYMENT", -100), ("DEBT", -100)]


async def test_the_base_of_goods_a_hundred_with_delivery_tax_and_points(till: Till) -> None:
    """The worked number: goods 100, delivery 10, tax 10, 30 by points → base 75."""
    await begin_program(till.shop, per("1", "1.00"), rate=TEN_PER_UNIT)
    ana = await till.customer()
    await till.given(ana, 300, POINTS)
    await till.sells(ana, "100.00", shipping="10.00", tax="10.00", **paid(("POINTS", "30.00"), ("card", "90.00")))
    assert (await kinds(till, ana))[-1] == ("EARN", 75)
