"""Analytics: what purchases say of customers, segments and the shop, who stays, and what brings somebody back."""

from collections.abc import Mapping, Sequence
from types import ModuleType

import typer

from regulars_analytics import events, hookspecs
from regulars_analytics.commands import commands
from regulars_analytics.contribution import contribution as everything
from regulars_analytics.export_columns import COLUMNS
from regulars_analytics.lifetime import checks
from regulars_analytics.lifetime.kept import HOLDINGS, differences, find_anew
from regulars_analytics.permissions import PERMISSIONS
from regulars_analytics.reports.task import REPORT
from regulars_analytics.rfm.edges import keep_fifths
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import (
    App,
    BulkTask,
    ExportColumn,
    Job,
    Look,
    Merge,
    Parts,
    Permission,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    Verification,
    hookimpl,
    told_of,
)
from regulars_schema.plugin import Contribution


@hookimpl
def regulars_models() -> App:
    return App("analytics", "regulars_analytics.models", "regulars_analytics.migrations")


@hookimpl
def regulars_settings() -> type[AnalyticsSettings]:
    return AnalyticsSettings


@hookimpl
def regulars_hookspecs() -> ModuleType:
    return hookspecs


@hookimpl
def regulars_schema() -> Contribution:
    return everything()


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    return [
        Job("project-lifetimes", "Finds what customers are worth: fits anew once a day.", 60, find_anew, 7_200),
        Job("find-fifths", "Finds by what customers are among the best or the last fifth.", 600, keep_fifths),
    ]


@hookimpl
def regulars_export_columns() -> Sequence[ExportColumn]:
    return COLUMNS


@hookimpl
def regulars_bulk_tasks() -> Sequence[BulkTask]:
    return [REPORT]


@hookimpl
def regulars_commands() -> typer.Typer:
    return commands


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    return [Verification("lifetime-values", "What customers are expected to spend is what is kept.", differences)]


@hookimpl
def regulars_checks() -> Sequence[Look]:
    return [checks.look]


@hookimpl
async def purchases_recorded(shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
    await events.moved(shop, purchases)


@hookimpl
async def purchases_refunded(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
    await events.refunded(shop, refunds)


@hookimpl
async def purchases_voided(shop: Shop, purchases: Sequence[RecordedPurchase]) -> None:
    await events.moved(shop, purchases)


@hookimpl
async def refunds_undone(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
    await events.refunded(shop, refunds)


@hookimpl
async def purchases_reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase]) -> None:
    await events.reassigned(shop, purchases)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
    await events.merged(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    await events.merged(shop, merges)


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    return await events.erased(shop, customers)


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    return await told_of(shop, HOLDINGS, customers)
