"""What core declares: it is the first plugin of its own host."""

from collections.abc import AsyncIterator, Mapping, Sequence

from regulars_core.audiences.box import LEAVES as AUDIENCE_LEAVES
from regulars_core.audiences.leaves import AudienceLeaf
from regulars_core.bulk.service import forget_old_jobs
from regulars_core.bulk.tasks import BulkTask
from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.customers import duplicates
from regulars_core.customers.erasure import personal
from regulars_core.customers.erasure.due import BY, erase_due
from regulars_core.customers.erasure.holdings import Parts, told_of
from regulars_core.customers.merge.bulk import CUSTOMERS_MERGE, CUSTOMERS_UNMERGE
from regulars_core.customers.merge.facts import Merge, MergeForecast, PlannedMerge
from regulars_core.customers.merge.verification import differences as merge_differences
from regulars_core.customers.search import recent
from regulars_core.database import App
from regulars_core.events.replay import catch_up, forget_old
from regulars_core.groups.deletion import GROUP_DELETE
from regulars_core.hookspecs import hookimpl
from regulars_core.idempotency import KEPT_DAYS
from regulars_core.idempotency import forget_old as forget_old_keys
from regulars_core.jobs.jobs import Job
from regulars_core.purchases.erasure import personal as personal_of_purchases
from regulars_core.purchases.reassignments import merged, merging, unmerged
from regulars_core.purchases.statistics import differences
from regulars_core.shop.permissions import CORE_PERMISSIONS, Permission
from regulars_core.shop.shop import Shop
from regulars_core.verification import Verification

CORE_APP = App("core", "regulars_core.models", "regulars_core.migrations")
_TABLES = {
    "postgres": "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename",
    "sqlite": "SELECT '\"' || name || '\"' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
    " ESCAPE '\\' ORDER BY name",
}
_ANALYZE_SECONDS = 1_800


async def refresh_planner(shop: Shop) -> None:
    """Let the database count its rows anew, so that it goes on choosing the right indexes: each table by itself, so that
    nobody waits for the lock of more than one."""
    database = shop.database

    async def count(table: str) -> None:
        await database.allow(_ANALYZE_SECONDS)
        await database.run(f"ANALYZE {table}")

    for row in await database.rows(_TABLES[database.engine]):
        await database.transaction(lambda table=row[0]: count(table))  # type: ignore[misc]


async def forget_keys(shop: Shop) -> None:
    """Remove idempotency keys that nobody will send again, and jobs that nobody will ask for."""
    await forget_old_keys(shop.database)
    await forget_old_jobs(shop)


async def renew_recent_text(shop: Shop) -> None:
    """Copy the texts of who has been seen meanwhile to where a quick search reads first."""
    await recent.renew(shop.database)


async def keep_journal(shop: Shop) -> None:
    """Tell plugins what processes without them have done, and forget what everybody has been told."""
    await catch_up(shop)
    await forget_old(shop)


JOBS: Sequence[Job] = (
    Job(
        "renew-recent-text", "Lets quick searches find those seen last by an index of their own.", 60, renew_recent_text
    ),
    Job("bulk-jobs", "Does what takes longer than an answer, batch by batch.", 10, do_bulk_jobs),
    Job(BY[1], "Erases customers whose days of grace are over.", 300, erase_due),
    Job("keep-journal", "Tells plugins what they missed, and forgets what all were told.", 600, keep_journal),
    Job("refresh-planner", "Refreshes the figures by which the database chooses its indexes.", 86_400, refresh_planner),
    Job(
        "forget-idempotency-keys",
        f"Removes idempotency keys and bulk jobs older than {KEPT_DAYS} days.",
        86_400,
        forget_keys,
    ),
)


async def _statistics(shop: Shop) -> AsyncIterator[str]:
    async for one in differences(shop.database):
        yield f"customer_{one.customer_id}: stored {one.stored}, recounted {one.recounted}"


async def _recent_text(shop: Shop) -> AsyncIterator[str]:
    async for id_ in recent.differences(shop.database):
        yield f"customer_{id_}: a quick search looks into something else than what is known of the customer"


async def _merges(shop: Shop) -> AsyncIterator[str]:
    async for one in merge_differences(shop.database):
        yield one


VERIFICATIONS: Sequence[Verification] = (
    Verification("unique-fields", "No two customers share what the shop keeps apart.", duplicates.repeated, quick=True),
    Verification("statistics", "Statistics of customers are what their purchases amount to.", _statistics),
    Verification("recent-text", "Quick searches look into the texts of those who were seen last.", _recent_text),
    Verification("merges", "Who was merged leads to a customer who was not, and has nothing left.", _merges),
)


@hookimpl
def regulars_models() -> App:
    """Core's tables."""
    return CORE_APP


@hookimpl
def regulars_permissions() -> Sequence[Permission]:
    """Core's permissions."""
    return CORE_PERMISSIONS


@hookimpl
def regulars_audiences() -> Sequence[AudienceLeaf]:
    """Core's leaves of audiences."""
    return AUDIENCE_LEAVES


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    """Core's jobs."""
    return JOBS


@hookimpl
def regulars_bulk_tasks() -> Sequence[BulkTask]:
    """Core's bulk tasks."""
    return [GROUP_DELETE, CUSTOMERS_MERGE, CUSTOMERS_UNMERGE]


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    """Core's verifications."""
    return VERIFICATIONS


HOLDINGS = (*personal.HOLDINGS, *personal_of_purchases.HOLDINGS)
"""What core's tables hold of customers."""


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    """Erase what core holds of customers."""
    ours = await personal.erase_customers(shop, customers)
    return {**ours, **await personal_of_purchases.erase_purchases(shop, customers)}


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    """Tell what core holds of customers."""
    return await told_of(shop, HOLDINGS, customers)


@hookimpl
async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """Purchases, and that some once were the customer's; and notes."""
    counted = (await personal.references(shop, customers), await personal_of_purchases.references(shop, customers))
    return [{**ours, **theirs} for ours, theirs in zip(*counted, strict=True)]


@hookimpl
async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What becomes of purchases."""
    return await merging(shop, merges)


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Purchases go over."""
    await merged(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Purchases go back."""
    await unmerged(shop, merges)
