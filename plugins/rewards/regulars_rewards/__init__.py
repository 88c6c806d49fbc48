"""Rewards: promotions, coupons, and the quote that tells what a basket will cost."""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import typer

from regulars_core.plugin import (
    App,
    Audience,
    Basket,
    BasketOutline,
    Claim,
    Instant,
    Job,
    Lookup,
    Merge,
    MergeForecast,
    Parts,
    Permission,
    PlannedMerge,
    PluginOrder,
    Problem,
    PurchaseOutline,
    Quote,
    Quoted,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    RuleKind,
    Shop,
    StandingMerge,
    Verification,
    hookimpl,
    told_of,
)
from regulars_rewards import events, hookspecs, personal
from regulars_rewards import merges as joined
from regulars_rewards.commands import commands
from regulars_rewards.coupons.rewards import COUPON
from regulars_rewards.exchanges import CouponGiver
from regulars_rewards.graphql import contribution
from regulars_rewards.jobs import JOBS
from regulars_rewards.occasions.entered import Told
from regulars_rewards.occasions.tier_changes import heard
from regulars_rewards.offers.box import BOX
from regulars_rewards.permissions import PERMISSIONS
from regulars_rewards.points_rules import PER_OFFER
from regulars_rewards.progress.failures import failures
from regulars_rewards.progress.forecasts import progress_of_baskets
from regulars_rewards.progress.verification import differences as progress_differences
from regulars_rewards.promotions.erasure import forget_in_promotions
from regulars_rewards.promotions.failures import failures as rule_failures
from regulars_rewards.promotions.reads import RanPromotions
from regulars_rewards.promotions.stored import ALL_PROMOTIONS, promotion_audiences
from regulars_rewards.purchases.applied import lookups_applied, tell_applied, tell_kept
from regulars_rewards.purchases.told import line_amounts
from regulars_rewards.quotes import quoting
from regulars_rewards.settings import RewardsSettings
from regulars_rewards.systems.known import ALL_SYSTEMS, system_audiences
from regulars_rewards.triggers.box import BOX as TRIGGERS
from regulars_rewards.verification import differences
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl
def regulars_order() -> PluginOrder:
    return PluginOrder(after=["tiers", "loyalty"])  # a use is kept with the tier; what paid for a purchase counts


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
def regulars_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    return [
        Verification(
            "offer-uses",
            "What promotions and coupons say of how often they are used is what their uses give.",
            differences,
        ),
        Verification(
            "reward-progress",
            "How far customers are in reward systems is what brought it, less what was given for it.",
            progress_differences,
        ),
        Verification("offer-rules", "Every rule of a promotion can be applied.", rule_failures, quick=True),
        Verification("reward-systems", "Every reward system that is enabled can be applied.", failures, quick=True),
    ]


@hookimpl
def regulars_claims() -> Sequence[Claim]:
    return [personal.usable_coupons()]


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [*BOX, COUPON, PER_OFFER, *TRIGGERS]


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def audiences_stored_lookups() -> Sequence[Lookup]:
    return [ALL_PROMOTIONS, ALL_SYSTEMS]


@hookimpl
def audiences_stored(found: Sequence[Sequence[Any]]) -> Sequence[Audience]:
    return [*promotion_audiences(found[0]), *system_audiences(found[1])]


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
def purchases_details_told(
    purchases: Sequence[RecordedPurchase], extras: Sequence[Mapping[str, Any]], quoted: Sequence[Quoted | None]
) -> None:
    tell_applied(purchases, extras, quoted)


@hookimpl
def purchases_details_kept_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    return lookups_applied(shop, purchases)


@hookimpl
def purchases_details_kept(purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    tell_kept(purchases, found)


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
    quoted: Sequence[Quoted | None],
) -> None:
    await events.recorded(shop, purchases, extras, found, quoted)


@hookimpl
def purchases_paid_lookups(shop: Shop, payments: Sequence[RecordedPayment]) -> Sequence[Lookup]:
    return events.lookups_of_payments(shop, payments)


@hookimpl
async def purchases_paid(shop: Shop, payments: Sequence[RecordedPayment], found: Sequence[Sequence[Any]]) -> None:
    await events.paid(shop, payments, found)


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
async def purchases_voided(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    found: Sequence[Sequence[Any]],
    moments: Sequence[Instant],
) -> None:
    await events.voided(shop, purchases, found, moments)


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
    shop: Shop,
    purchases: Sequence[ReassignedPurchase],
    found: Sequence[Sequence[Any]],
    moments: Sequence[Instant],
) -> None:
    await events.reassigned(shop, purchases, found, moments)


@hookimpl
async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    return await joined.merging(shop, merges)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await joined.merged(shop, merges, moments)


@hookimpl
async def customers_unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    return await joined.unmerging(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await joined.unmerged(shop, merges, moments)


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    await forget_in_promotions(shop, customers)
    return await personal.erase(shop, customers)


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    return await told_of(shop, personal.HOLDINGS, customers)


@hookimpl
async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
    return await personal.references(shop, customers)


@hookimpl(optionalhook=True)
def rewards_earnings() -> Callable[..., Any]:
    return progress_of_baskets


@hookimpl(optionalhook=True)
def analytics_promotions() -> RanPromotions:
    return RanPromotions()


@hookimpl(optionalhook=True)
def loyalty_reward_givers() -> Mapping[str, CouponGiver]:
    return {COUPON.name: CouponGiver()}


@hookimpl(optionalhook=True)
async def tiers_changed(shop: Shop, changes: Sequence[Told]) -> None:
    await heard(shop, changes)
