"""Tiers: customers move up by what they buy, down after a grace, and every standing explains itself."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import typer

from regulars_core.plugin import (
    App,
    AudienceLeaf,
    BulkTask,
    CustomerRow,
    Instant,
    Job,
    Lookup,
    Merge,
    MergeForecast,
    Parts,
    Permission,
    PlannedMerge,
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    RuleKind,
    Shop,
    Verification,
    hookimpl,
    told_of,
)
from regulars_schema.plugin import Contribution
from regulars_tiers import benefits, events, hookspecs, personal
from regulars_tiers.bulk_reassessment import TIERS_REASSESS
from regulars_tiers.commands import commands
from regulars_tiers.graphql import contribution
from regulars_tiers.moments import AUDIENCE
from regulars_tiers.permissions import PERMISSIONS
from regulars_tiers.reads import Ladder
from regulars_tiers.reassessment import differences, failures
from regulars_tiers.rules.criteria import BOX


@hookimpl
def regulars_models() -> App:
    return App("tiers", "regulars_tiers.models", "regulars_tiers.migrations")


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return BOX


@hookimpl
def regulars_audiences() -> Sequence[AudienceLeaf]:
    return [AUDIENCE]


@hookimpl
def regulars_schema() -> Contribution:
    return contribution()


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return [Job("reassess-tiers", "Tells what time and a new policy did to tiers.", 60, events.time_passed)]


@hookimpl
def regulars_bulk_tasks() -> Sequence[BulkTask]:
    return [TIERS_REASSESS]


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    return [
        Verification("tiers", "Stored tiers are what the history of each customer gives.", differences),
        Verification("tier-criteria", "Every criterion of a policy in force can be measured.", failures, quick=True),
    ]


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl(optionalhook=True)
def analytics_tiers() -> Ladder:
    return Ladder()


@hookimpl
async def customers_registered(
    shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]
) -> None:
    await events.registered(shop, customers, extras)


@hookimpl
async def customers_changed(shop: Shop, customers: Sequence[CustomerRow]) -> None:
    await events.changed(shop, customers)


@hookimpl
def purchases_recorded_lookups(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    return events.lookups_before(shop, purchases)


@hookimpl
async def purchases_recorded(
    shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    await events.recorded(shop, purchases, found, moments)


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> None:
    await events.refunded(shop, refunds, moments)


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
def customers_priority_lookups(shop: Shop, customers: Sequence[str]) -> Sequence[Lookup]:
    return benefits.priority_lookups(shop, customers)


@hookimpl
def customers_priority(shop: Shop, customers: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[int]:
    return benefits.priorities(shop, customers, found)


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
async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    return await events.merging(shop, merges)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await events.merged(shop, merges, moments)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    await events.unmerged(shop, merges, moments)
