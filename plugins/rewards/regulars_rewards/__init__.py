"""Rewards: promotions, coupons, and the quote that tells what a basket will cost."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from regulars_core.plugin import (
    App,
    Basket,
    BasketOutline,
    Instant,
    Lookup,
    Permission,
    PluginOrder,
    PurchaseOutline,
    Quote,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    RuleKind,
    Shop,
    hookimpl,
)
from regulars_rewards import events, hookspecs
from regulars_rewards.graphql import contribution
from regulars_rewards.offers.box import BOX
from regulars_rewards.permissions import PERMISSIONS
from regulars_rewards.purchases.told import line_amounts
from regulars_rewards.quotes import quoting
from regulars_rewards.settings import RewardsSettings
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_order() -> PluginOrder:
    return PluginOrder(after=["tiers"])  # a use is kept with the tier that the customer had


@hookimpl
def regulars_models() -> App:
    return App("rewards", "regulars_rewards.models", "regulars_rewards.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_settings() -> type[RewardsSettings]:
    return RewardsSettings


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return BOX


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def baskets_quoted_lookups(
    shop: Shop, baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    return quoting.lookups(shop, baskets, extras)


@hookimpl
def baskets_quoted(
    shop: Shop, baskets: Sequence[Basket], extras: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Any]]
) -> Sequence[Quote]:
    return quoting.quotes(shop, baskets, extras, found)


@hookimpl
def baskets_told(baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[int]]:
    pairs = zip(baskets, extras, strict=True)
    return [line_amounts(extra, len(basket.lines), basket.currency) for basket, extra in pairs]


@hookimpl
def purchases_recorded_lookups(
    shop: Shop, purchases: Sequence[PurchaseOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    return events.lookups_before(shop, purchases, extras)


@hookimpl
async def purchases_recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
    quotes: Sequence[Quote | None],
) -> None:
    await events.recorded(shop, purchases, extras, found, quotes)


@hookimpl
def purchases_refunded_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    return events.lookups_of_refunds(shop, refunds)


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]]) -> None:
    await events.refunded(shop, refunds, found)


@hookimpl
def purchases_voided_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    return events.lookups_of_purchases(shop, purchases)


@hookimpl
async def purchases_voided(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    await events.voided(shop, purchases, found)


@hookimpl
def refunds_undone_lookups(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    return events.lookups_of_undone(shop, refunds)


@hookimpl
async def refunds_undone(
    shop: Shop, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    await events.undone(shop, refunds, found, moments)


@hookimpl
def purchases_reassigned_lookups(shop: Shop, purchases: Sequence[ReassignedPurchase]) -> Sequence[Lookup]:
    return events.lookups_of_purchases(shop, purchases)


@hookimpl
async def purchases_reassigned(
    shop: Shop, purchases: Sequence[ReassignedPurchase], found: Sequence[Sequence[Any]]
) -> None:
    await events.reassigned(shop, purchases, found)
