"""Loyalty: store credit and points on one double-entry ledger, in which every entry explains itself."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any

import typer

from regulars_core.plugin import (
    App,
    Audience,
    Claim,
    GroupRow,
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
from regulars_loyalty import events, hookspecs, personal
from regulars_loyalty.chain.verification import differences
from regulars_loyalty.commands import commands
from regulars_loyalty.graphql import contribution
from regulars_loyalty.graphql.group_limits import take_limits
from regulars_loyalty.jobs import JOBS
from regulars_loyalty.merges import forecasts, handover, undo
from regulars_loyalty.permissions import PERMISSIONS
from regulars_loyalty.points.box import BOX
from regulars_loyalty.points.forecasts import points_of_baskets
from regulars_loyalty.points.missed import failures
from regulars_loyalty.points.program_versions import ALL_PROGRAMS, program_audiences
from regulars_loyalty.points.rewards import REWARDS
from regulars_loyalty.purchases.details import lookups_kept, tell_kept
from regulars_loyalty.purchases.methods import misspelt
from regulars_loyalty.purchases.reads import lookup_payers
from regulars_loyalty.purchases.recording import places_of_credit
from regulars_loyalty.settings import LoyaltySettings
from regulars_loyalty.systems.giving import GIVERS, LedgerRewards
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl
def regulars_order() -> PluginOrder:
    return PluginOrder(after=["tiers"])  # a multiplier may be that of the tier to which a purchase leads


@hookimpl
def regulars_models() -> App:
    return App("loyalty", "regulars_loyalty.models", "regulars_loyalty.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return JOBS


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    return [
        Verification(
            "loyalty-ledger",
            "Accounts, lots, holds, the chain and its seals are what the entries of the ledger give.",
            differences,
        ),
        Verification("points-rules", "Every rule of a program that holds can be applied.", failures, quick=True),
        Verification(
            "loyalty-methods", "No recent payment is called almost as credit or points are.", misspelt, quick=True
        ),
    ]


@hookimpl
def regulars_claims() -> Sequence[Claim]:
    return [personal.BALANCES]


@hookimpl
def regulars_settings() -> type[LoyaltySettings]:
    return LoyaltySettings


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [*BOX, *REWARDS]


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl(optionalhook=True)
def rewards_earnings() -> Callable[..., Any]:
    return points_of_baskets


@hookimpl(optionalhook=True)
def rewards_givers() -> Mapping[str, LedgerRewards]:
    return GIVERS


@hookimpl
def audiences_stored_lookups() -> Sequence[Lookup]:
    return [ALL_PROGRAMS]


@hookimpl
def audiences_stored(found: Sequence[Sequence[Any]]) -> Sequence[Audience]:
    return program_audiences(found[0])


@hookimpl
def baskets_not_goods(extras: Sequence[Mapping[str, Any]]) -> Sequence[Collection[int]]:
    return [places_of_credit(extra) for extra in extras]


@hookimpl
def purchases_details_kept_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    return lookups_kept(shop, purchases)


@hookimpl
def purchases_details_kept(purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    tell_kept(purchases, found)


@hookimpl
def purchases_recorded_lookups(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    return events.lookups_before(shop, purchases)


@hookimpl
async def purchases_recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
) -> None:
    await events.recorded(shop, purchases, extras, found)


@hookimpl
def purchases_concern(shop: Shop, purchases: Sequence[str]) -> Sequence[Lookup]:
    return [lookup_payers(shop.database.dialect, purchases)]


@hookimpl
async def purchases_paid(shop: Shop, payments: Sequence[RecordedPayment], extras: Sequence[Mapping[str, Any]]) -> None:
    await events.paid(shop, payments, extras)


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
    await events.refunded(shop, refunds)


@hookimpl
async def purchases_voided(shop: Shop, purchases: Sequence[RecordedPurchase], moments: Sequence[Instant]) -> None:
    await events.voided(shop, purchases, moments)


@hookimpl
async def refunds_undone(shop: Shop, refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> None:
    await events.undone(shop, refunds, moments)


@hookimpl
async def purchases_reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase], moments: Sequence[Instant]) -> None:
    await events.reassigned(shop, purchases, moments)


@hookimpl
async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    return await forecasts.merging(shop, merges)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await handover.merged(shop, merges, moments)


@hookimpl
async def customers_unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    return await undo.unmerging(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await undo.unmerged(shop, merges, moments)


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    return await personal.erase(shop, customers)


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    return await told_of(shop, personal.HOLDINGS, customers)


@hookimpl
async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
    return await personal.references(shop, customers)


@hookimpl
async def groups_created(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    await take_limits(shop, groups, extras)


@hookimpl
async def groups_changed(shop: Shop, groups: Sequence[GroupRow], extras: Sequence[Mapping[str, Any]]) -> None:
    await take_limits(shop, groups, extras)
