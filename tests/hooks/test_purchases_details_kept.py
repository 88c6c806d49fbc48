"""What plugins have kept of a purchase is what they told of it when it was recorded, whatever became of it since."""

from fractions import Fraction

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import (
    PaidWith,
    Plugins,
    Shop,
    past_sales,
    plugins_on,
    read_details,
    recorded_before_refunds,
    recorded_by_ids,
)
from regulars_core.testing import OpenShop
from tests.rewards.sales.conftest import Till

LINES = [{"name": "Tea", "total": "9.00"}, {"name": "Cake", "total": "3.00"}]


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    return Till(await open_shop(plugins=plugins))


async def past(shop: Shop, purchase_id: str) -> tuple[PaidWith, set[str], list[int]]:
    id_ = purchase_id.partition("_")[2]
    row = (await recorded_before_refunds(shop.database, [id_]))[id_]
    [sale] = await past_sales(shop, [row])
    assert row.details.paid_later == Fraction(0)
    return row.details.paid, set(sale.offers), [line.net for line in sale.lines]


async def test_what_paid_and_what_was_applied(till: Till) -> None:
    promotion, ana = await till.promotion(), await till.customer()
    funded = {"customerId": ana, "amount": {"amount": "4.80"}, "reason": "GOODWILL"}
    await till.office.done("creditAdd", "entry { id }", funded)
    paid = [{"method": "STORE_CREDIT", "amount": "4.80"}, {"method": "card", "amount": "6.00"}]
    made = await till.sells(LINES, customerId=ana, payments=paid)
    expected = PaidWith(given_credit=480), {promotion.partition("_")[2]}, [450, 150]
    assert await past(till.shop, made["id"]) == expected
    await till.refunds(made, 0, 1)
    assert await past(till.shop, made["id"]) == expected


async def test_lines_that_sell_credit(till: Till) -> None:
    ana = await till.customer()
    lines = [LINES[0], {**LINES[1], "creditFor": True}]
    made = await till.sold(lines=lines, customerId=ana)
    assert await past(till.shop, made["id"]) == (PaidWith(), set(), [900])


async def test_what_was_paid_later(till: Till) -> None:
    """Of 100.00 that earned as money 30.00 were paid later by given credit. Before that was so, none was."""
    ana = await till.customer()
    funded = {"customerId": ana, "amount": {"amount": "30.00"}, "reason": "GOODWILL"}
    await till.office.done("creditAdd", "entry { id }", funded)
    lines = [{"name": "Tea", "total": "100.00"}]
    paid = [{"method": "card", "amount": "70.00"}]
    made = await till.sold(lines=lines, customerId=ana, due="30.00", payments=paid)
    later = {"purchaseId": made["id"], "payments": [{"method": "STORE_CREDIT", "amount": "30.00"}]}
    await till.office.done("purchasePay", "__typename", later)
    id_ = made["id"].partition("_")[2]
    present = (await recorded_by_ids(till.shop.database, [id_]))[id_]
    await read_details(till.shop, [present])
    assert (present.details.paid, present.details.paid_later) == (PaidWith(), Fraction(3, 10))
    assert await past(till.shop, made["id"]) == (PaidWith(), set(), [10_000])
