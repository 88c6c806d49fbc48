"""Tally: a plugin that reads tiers and histories, and writes down at each purchase, refund, void, undoing and move what was
shown then."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.plugin import (
    DAY_MS,
    App,
    Instant,
    Lookup,
    PluginOrder,
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    hookimpl,
    insert,
    lifetimes,
    new_id,
    now,
    purchase_facts,
)
from regulars_tiers.plugin import lookup_shown_tiers, shown_tiers, shown_tiers_from

APP = App("tally", "tests.support.tally.models", "tests.support.tally.migrations")
_COLUMNS = ("id", "event", "row_id", "customer_id", "at", "before", "after", "spent", "orders", "history", "purchase")


class Killed(BaseException):
    """As if the process were gone."""


class Life:
    """How many events the process lives to be told of; for ever if it is below 0."""

    left = -1
    pause_seconds = 0.0

    @classmethod
    async def goes_on(cls) -> None:
        """One event more. Raises Killed after the last."""
        if cls.left == 0:
            raise Killed
        cls.left -= cls.left > 0
        if cls.pause_seconds:
            await asyncio.sleep(cls.pause_seconds)


@hookimpl
def regulars_models() -> App:
    return APP


@hookimpl
def regulars_order() -> PluginOrder:
    return PluginOrder(after=["tiers"])


@hookimpl
def purchases_recorded_lookups(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    return [lookup_shown_tiers(shop, (one.customer_id for one in purchases if one.customer_id))]


@hookimpl
async def purchases_recorded(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    before = await shown_tiers_from(shop, found[0])
    await _write(shop, "recorded", [(one.id, one) for one in purchases], before)


@hookimpl
def purchases_refunded_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    return [lookup_shown_tiers(shop, (one.purchase.customer_id for one in refunds if one.purchase.customer_id))]


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]]) -> None:
    before = await shown_tiers_from(shop, found[0])
    await _write(shop, "refunded", [(one.id, one.purchase) for one in refunds], before)


@hookimpl
async def purchases_voided(shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
    await _write(shop, "voided", [(one.id, one) for one in purchases], {})


@hookimpl
def refunds_undone_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    return [lookup_shown_tiers(shop, (one.purchase.customer_id for one in refunds if one.purchase.customer_id))]


@hookimpl
async def refunds_undone(shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]]) -> None:
    before = await shown_tiers_from(shop, found[0])
    await _write(shop, "undone", [(one.id, one.purchase) for one in refunds], before)


@hookimpl
def purchases_reassigned_lookups(shop: Shop, purchases: Sequence[ReassignedPurchase]) -> Sequence[Lookup]:
    return [lookup_shown_tiers(shop, {id_ for one in purchases for id_ in (one.before, one.customer_id) if id_})]


@hookimpl
async def purchases_reassigned(
    shop: Shop,
    purchases: Sequence[ReassignedPurchase],
    before: Sequence[str | None],
    after: Sequence[str | None],
    found: Sequence[Sequence[Any]],
) -> None:
    shown = await shown_tiers_from(shop, found[0])
    taken = [replace(one, customer_id=whose) for one, whose in zip(purchases, before, strict=True)]
    assert [one.customer_id for one in purchases] == list(after)
    await _write(shop, "taken", [(one.id, one) for one in taken], shown)
    await _write(shop, "given", [(one.id, one) for one in purchases], shown)


async def _write(
    shop: Shop, event: str, told: Sequence[tuple[str, RecordedPurchase]], before: Mapping[str, str]
) -> None:
    await Life.goes_on()
    customers = sorted({one.customer_id for _, one in told if one.customer_id})
    after, all_ = await shown_tiers(shop, customers), await lifetimes(shop, customers)
    since = dict.fromkeys(customers, Instant(now() - 400 * DAY_MS))
    facts = await purchase_facts(shop, since, reads=("lines", "customer"))
    rows = []
    for row_id, one in told:
        own = facts.get(one.customer_id or "", [])
        lines = [line for fact in own for line in fact.lines]
        history = (
            f"{len(own)} {sum(fact.net for fact in own)} {sum(fact.counted for fact in own)}"
            f" {sum(line.returned for line in lines)} {sum(line.net for line in lines)}"
            f" {[fact.customer.group_id for fact in own if fact.customer]}"
        )
        purchase = (
            f"{one.status} {one.total_minor} {one.refunded_minor} {[line.refunded_millionths for line in one.lines]}"
            f" {len(one.payments)}"
        )
        whose = one.customer_id or ""
        amount = all_.get(whose)
        rows.append(
            (
                new_id(), event, row_id, one.customer_id, now(), before.get(whose, ""), after.get(whose, ""),
                amount.spent if amount else 0, amount.count if amount else 0, history, purchase,
            )
        )  # fmt: skip
    await insert(shop.database, "tally", _COLUMNS, rows)
