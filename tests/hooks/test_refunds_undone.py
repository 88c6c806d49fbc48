"""Plugins hear of refunds that are undone with the purchase that they paid for, after the void itself."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.events.replay import catch_up, switch_on
from regulars_core.plugin import Problem, RecordedPurchase, RecordedRefund, Refused, Shop, hookimpl, plugins_on
from regulars_core.purchases.histories import lifetimes
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewReturn
from regulars_core.testing import Databases, Engine, little_of_everything, misses_nothing
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.hooks.test_replays import buys, comes
from tests.support import stamps
from tests.support.stamps import told

PARTS = "purchase { id lines { id } }"


async def exchanged(api: Api, total: str = "5.00") -> tuple[Any, Any]:
    """A purchase, and one that was paid with it."""
    old = (await api.done("purchaseRecord", PARTS, basket("R1", total)))["purchase"]
    returns = [{"lineId": old["lines"][0]["id"], "quantity": "1"}]
    return old, (await api.done("purchaseRecord", PARTS, basket("R2", total, returns=returns)))["purchase"]


async def test_once(asking: Api) -> None:
    _, new = await exchanged(asking)
    for _ in range(2):
        await asking.do("purchaseVoid", "purchase { status }", {"purchaseId": new["id"]})
    found = [(key.partition(":")[0], value) for key, value in (await told(asking.shop)).items()]
    assert [value for event, value in found if event == "refunds_undone"] == [(500, 1)]
    assert [value for event, value in found if event == "purchases_refunded"] == [(500, 1)]


class Hears:
    """Notes what it is told of exchanges, with what was spent by then; refuses to undo a refund of 6.66."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def _hear(self, shop: Shop, event: str, purchase: RecordedPurchase) -> None:
        owner = purchase.customer_id or ""
        lifetime = (await lifetimes(shop, [owner])).get(owner) if owner else None
        lines = [line.refunded_millionths // 1_000_000 for line in purchase.lines]
        state = purchase.status, purchase.refunded_minor, lines
        self.heard.append((event, purchase.reference, state, lifetime and (lifetime.spent, lifetime.count)))

    @hookimpl
    async def purchases_recorded(self, shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
        for one in purchases:
            await self._hear(shop, "recorded", one)

    @hookimpl
    async def purchases_refunded(self, shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
        for one in refunds:
            await self._hear(shop, "refunded", one.purchase)

    @hookimpl
    async def purchases_voided(self, shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
        for one in purchases:
            await self._hear(shop, "voided", one)

    @hookimpl
    async def refunds_undone(self, shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
        if any(one.amount_minor == 666 for one in refunds):
            raise Refused(Problem("UNLUCKY", "It stays.", ("purchaseId",)))
        for one in refunds:
            assert one.exchanged_for_id
            assert [line.quantity_millionths for line in one.lines] == [1_000_000]
            await self._hear(shop, "undone", one.purchase)


async def _exchanges(shop: Shop) -> None:
    """Two of three come back in an exchange and by a refund, a second exchange follows, and both are voided."""
    ana = await comes(shop, "Ana")
    old = await buys(shop, ana, "OLD", 1_000)
    [[line]] = await shop.database.rows("SELECT id FROM purchase_line")
    returns = [NewReturn(line, 1_000_000)]
    first = await buys(shop, ana, "X1", 500, returns=returns)
    await void(shop, first)
    await refund(shop, old, amount=100)
    second = await buys(shop, ana, "X2", 450, returns=returns)
    await void(shop, old)
    await void(shop, second)


STEPS = [
    ("recorded", "OLD", ("PAID", 0, [0]), (1_000, 1)),
    ("refunded", "OLD", ("PARTIALLY_REFUNDED", 500, [1]), (500, 1)),
    ("recorded", "X1", ("PAID", 0, [0]), (1_000, 2)),
    ("voided", "X1", ("VOIDED", 0, [0]), (500, 1)),
    ("undone", "OLD", ("PAID", 0, [0]), (1_000, 1)),
    ("refunded", "OLD", ("PARTIALLY_REFUNDED", 100, [0]), (900, 1)),
    ("refunded", "OLD", ("PARTIALLY_REFUNDED", 550, [1]), (450, 1)),
    ("recorded", "X2", ("PAID", 0, [0]), (900, 2)),
    ("voided", "OLD", ("VOIDED", 550, [1]), (450, 1)),
    ("voided", "X2", ("VOIDED", 0, [0]), (0, 0)),
    ("undone", "OLD", ("VOIDED", 100, [0]), (0, 0)),
]


async def test_in_the_order_of_things_and_the_same_when_it_is_told_later(open_with: OpenWith) -> None:
    hears = Hears()
    shop = await open_with(plugins_on({"hears": hears}))
    await switch_on(shop)
    bare = await open_with(plugins_on())
    await switch_on(bare)
    await _exchanges(bare)
    await catch_up(shop)
    assert hears.heard == STEPS


async def test_at_once(open_with: OpenWith) -> None:
    hears = Hears()
    await _exchanges(await open_with(plugins_on({"hears": hears})))
    assert hears.heard == STEPS


async def test_who_knows_that_it_is_undone_need_not_know_that_it_was_made(open_with: OpenWith) -> None:
    """Off while the refund was made and on when it was undone: histories show it neither then nor now."""
    hears = Hears()
    shop = await open_with(plugins_on({"hears": hears}))
    await switch_on(shop)
    bare = await open_with(plugins_on())
    await switch_on(bare)
    ana = await comes(bare, "Ana")
    await buys(bare, ana, "OLD", 1_000)
    [[line]] = await bare.database.rows("SELECT id FROM purchase_line")
    new = await buys(bare, ana, "X1", 500, returns=[NewReturn(line, 1_000_000)])
    await void(shop, new)
    hears.heard.clear()
    await catch_up(shop)
    assert hears.heard == [
        ("recorded", "OLD", ("PAID", 0, [0]), (1_000, 1)),
        ("refunded", "OLD", ("PAID", 0, [0]), (1_000, 1)),
        ("recorded", "X1", ("PAID", 0, [0]), (1_000, 1)),
    ]


async def test_a_plugin_may_refuse_it(open_with: OpenWith) -> None:
    api = Api.of(await open_with(plugins_on({"hears": Hears()})))
    old, new = await exchanged(api, "6.66")
    assert await api.refused("purchaseVoid", {"purchaseId": new["id"]}) == ["UNLUCKY"]
    data = await api.data("{ purchases { nodes { reference status } } }")
    assert {one["reference"]: one["status"] for one in data["purchases"]["nodes"]} == {"R1": "REFUNDED", "R2": "PAID"}
    assert old != new


@pytest.mark.parametrize("script", [_exchanges, little_of_everything])
async def test_off_and_on_equals_never_off(databases: Databases, engine: Engine, script: Any) -> None:
    await misses_nothing(databases, engine, plugins_on({"stamps": stamps}), "stamps", script=script)
