"""What plugins know of a purchase is told to all that are told of the purchase, whatever their order."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Plugins, Quoted, RecordedPurchase, SaleDetails, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.rewards.sales.conftest import Till

LINES = [{"name": "Tea", "total": "9.00"}, {"name": "Card", "total": "3.00"}]


class Listener:
    """A plugin that keeps what it was told of purchases."""

    def __init__(self) -> None:
        self.told: list[SaleDetails] = []

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[RecordedPurchase]) -> None:
        self.told += [one.details for one in purchases]


class Cards:
    """A plugin that knows which line sells a card of its own, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Mapping[str, Any], Quoted | None]] = []

    @hookimpl
    def purchases_details_told(
        self,
        purchases: Sequence[RecordedPurchase],
        extras: Sequence[Mapping[str, Any]],
        quoted: Sequence[Quoted | None],
    ) -> None:
        self.asked += zip(extras, quoted, strict=True)
        for purchase in purchases:
            purchase.details.not_goods |= {line.id for line in purchase.lines if line.name == "Card"}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})


async def test_those_before_and_after_are_told(open_shop: OpenShop) -> None:
    first, cards, last = Listener(), Cards(), Listener()
    api = Api.of(await open_shop(plugins=plugins_on({"first": first, "cards": cards, "last": last})))
    made = await api.done("purchaseRecord", "purchase { lines { id } }", {"reference": "R1", "lines": LINES})
    card = made["purchase"]["lines"][1]["id"].partition("_")[2]
    assert [one.not_goods for one in (*first.told, *last.told)] == [{card}, {card}]
    assert cards.asked == [({}, None)]


async def test_without_any_such_plugin_nothing_is_known(open_shop: OpenShop) -> None:
    only = Listener()
    api = Api.of(await open_shop(plugins=plugins_on({"only": only})))
    await api.done("purchaseRecord", "created", {"reference": "R1", "lines": LINES})
    assert only.told == [SaleDetails()]


async def test_what_paid_and_what_was_applied(open_shop: OpenShop) -> None:
    """Rewards tells what was applied before loyalty is told of the sale, and loyalty what has paid once it is."""
    first, last = Listener(), Listener()
    both = {"first": first, "loyalty": regulars_loyalty, "rewards": regulars_rewards, "last": last}
    till = Till(await open_shop(plugins=plugins_on(both)))
    promotion, ana = await till.promotion(), await till.customer()
    funded = {"customerId": ana, "amount": {"amount": "5.00"}, "reason": "GOODWILL"}
    await till.office.done("creditAdd", "entry { id }", funded)
    paid = [{"method": "STORE_CREDIT", "amount": "5.00"}, {"method": "card", "amount": "5.80"}]
    await till.sells(LINES, customerId=ana, payments=paid)
    [before], [after] = first.told, last.told
    assert before.offers == after.offers == {promotion.partition("_")[2]}
    assert (after.paid.given_credit, after.paid.points, after.paid.bought_credit) == (500, 0, 0)
