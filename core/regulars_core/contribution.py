"""What core declares: it is the first plugin of its own host."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.audiences.box import LEAVES as AUDIENCE_LEAVES
from regulars_core.audiences.leaves import Audience, AudienceLeaf
from regulars_core.audiences.usage import users_of
from regulars_core.bulk.service import forget_old_jobs
from regulars_core.bulk.tasks import BulkTask
from regulars_core.bulk.worker import LONGEST_SECONDS, do_bulk_jobs, do_whole_jobs
from regulars_core.customers.attributes.deletion import deletion_task
from regulars_core.customers.attributes.uniqueness import repeated_attributes
from regulars_core.customers.attributes.verification import differing_attributes
from regulars_core.customers.consents import verification as consents
from regulars_core.customers.erasure import personal
from regulars_core.customers.erasure.claims import CLAIMS, Claim
from regulars_core.customers.erasure.due import BY, erase_due
from regulars_core.customers.erasure.holdings import Parts, told_of
from regulars_core.customers.erasure.retention import BY as BY_POLICY
from regulars_core.customers.erasure.retention_requests import request_due
from regulars_core.customers.likeness import unique_values
from regulars_core.customers.members import foreign_values
from regulars_core.customers.merge import consents as merged_consents
from regulars_core.customers.merge.bulk import CUSTOMERS_MERGE, CUSTOMERS_UNMERGE
from regulars_core.customers.merge.facts import Merge, MergeForecast, PlannedMerge
from regulars_core.customers.merge.verification import differences as merge_differences
from regulars_core.customers.notes.retention import forget_old_notes
from regulars_core.customers.notes.verification import differences as note_differences
from regulars_core.customers.pairs.discovery import find_duplicates
from regulars_core.customers.pairs.verification import differences as duplicate_differences
from regulars_core.customers.search import recent, signatures, spellings
from regulars_core.database import App, Lookup
from regulars_core.events.replay import catch_up, forget_old
from regulars_core.exports.columns import ExportColumn, ExportColumns
from regulars_core.exports.customers import CUSTOMER_COLUMNS
from regulars_core.exports.data_requests import DATA_REQUEST
from regulars_core.exports.declared import DECLARED_COLUMNS
from regulars_core.exports.purchases import PURCHASE_COLUMNS
from regulars_core.exports.tasks import CUSTOMERS_EXPORT, PURCHASES_EXPORT
from regulars_core.files.expiry import damaged, drop_expired, drop_for_erasure
from regulars_core.groups.deletion import GROUP_DELETE
from regulars_core.hookspecs import hookimpl
from regulars_core.idempotency import KEPT_DAYS
from regulars_core.idempotency import forget_old as forget_old_keys
from regulars_core.imports.jobs import CUSTOMERS_IMPORT, PURCHASES_IMPORT, drop_left_behind
from regulars_core.jobs.jobs import Job
from regulars_core.purchases.erasure import personal as personal_of_purchases
from regulars_core.purchases.figures import pieces
from regulars_core.purchases.figures.rollups import verification as rollups
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.purchases.reassignments import merged, merging, unmerged
from regulars_core.purchases.regulars import count
from regulars_core.purchases.statistics import differences
from regulars_core.rotation import differences as sealed_differences
from regulars_core.segments.erasure import forget_in_segments
from regulars_core.segments.reads import ALL_TREES, trees_from
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
_FURTHER_SECONDS = 600  # what comes before an import that takes as long as one may, and after it


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


async def renew_signatures(shop: Shop) -> None:
    """Write of whom it is due what his texts may have in them."""
    await signatures.renew(shop.database)


async def keep_journal(shop: Shop) -> None:
    """Tell plugins what processes without them have done, and forget what everybody has been told."""
    await catch_up(shop)
    await forget_old(shop)


async def import_files(shop: Shop) -> None:
    """Import files that were sent, on a disk on which nothing lies of those who were killed."""
    await drop_left_behind(shop)
    await do_whole_jobs(shop, imports=True)


async def do_in_one_go(shop: Shop) -> None:
    """Do what else is done as a whole."""
    await do_whole_jobs(shop, imports=False)


JOBS: Sequence[Job] = (
    Job(
        "renew-recent-text", "Lets quick searches find those seen last by an index of their own.", 60, renew_recent_text
    ),
    Job("renew-signatures", "Lets lists that are searched pass over who has not what is typed.", 60, renew_signatures),
    Job("bulk-jobs", "Does what takes longer than an answer, batch by batch.", 10, do_bulk_jobs),
    Job(
        "bulk-imports",
        "Imports files that were sent, one after another.",
        10,
        import_files,
        longest_seconds=LONGEST_SECONDS + _FURTHER_SECONDS,
    ),
    Job(
        "bulk-wholes",
        "Does what cannot be cut into batches, such as reports, one after another.",
        10,
        do_in_one_go,
        longest_seconds=LONGEST_SECONDS + _FURTHER_SECONDS,
    ),
    Job("drop-files", "Removes files that were kept long enough, and links to them.", 600, drop_expired),
    Job(BY[1], "Erases customers whose days of grace are over.", 300, erase_due),
    Job(BY_POLICY[1], "Asks for the erasure of customers who were kept long enough.", 86_400, request_due),
    Job("forget-notes", "Deletes notes that are older than the shop keeps them.", 86_400, forget_old_notes),
    Job("find-duplicates", "Compares customers who have changed with who may be the same.", 30, find_duplicates),
    Job("count-regulars", "Counts who is a regular after the shop has decided anew.", 60, count.count_anew),
    Job("settle-rollups", "Keeps what the purchases of each day come to.", 60, settle, longest_seconds=21_600),
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


async def _signatures(shop: Shop) -> AsyncIterator[str]:
    async for id_ in signatures.differences(shop.database):
        yield f"customer_{id_}: lists that are searched pass over the customer by a signature that lacks what the texts have"


async def _spellings(shop: Shop) -> AsyncIterator[str]:
    async for one in spellings.differences(shop.database):
        yield one


async def _merges(shop: Shop) -> AsyncIterator[str]:
    async for one in merge_differences(shop.database):
        yield one


async def _notes(shop: Shop) -> AsyncIterator[str]:
    async for one in note_differences(shop.database):
        yield one


async def _duplicates(shop: Shop) -> AsyncIterator[str]:
    async for one in duplicate_differences(shop.database):
        yield one


async def _damaged_files(shop: Shop) -> AsyncIterator[str]:
    async for one in damaged(shop):
        yield one


VERIFICATIONS: Sequence[Verification] = (
    Verification(
        "unique-fields", "No two customers share what the shop keeps apart.", unique_values.repeated, quick=True
    ),
    Verification(
        "unique-attributes", "No two customers share a value of a unique attribute.", repeated_attributes, quick=True
    ),
    Verification("attributes", "Values of attributes are compared by what they are.", differing_attributes),
    Verification("choices", "What can only be one of a few values is one of them.", foreign_values, quick=True),
    Verification("statistics", "Statistics of customers are what their purchases amount to.", _statistics),
    Verification("regulars", "Who is a regular is what the purchases give.", count.differences),
    Verification("pieces", "How many pieces a purchase holds is what its lines come to.", pieces.differences),
    Verification("rollups", "What is kept of each day is what its purchases come to.", rollups.differences),
    Verification("recent-text", "Quick searches look into the texts of those who were seen last.", _recent_text),
    Verification("signatures", "Searched lists pass over nobody who has what is typed.", _signatures),
    Verification("name-spellings", "Mistyped names lead to those who are called almost so.", _spellings),
    Verification("notes", "Notes are as urgent as they are listed, and done or open.", _notes),
    Verification("encryption", "What is sealed can be opened, and is found by what it is.", sealed_differences),
    Verification("duplicates", "Pairs of customers who may be the same are those that there are.", _duplicates),
    Verification("files", "Files that are kept are what was written.", _damaged_files),
    Verification("merges", "Who was merged leads to a customer who was not, and has nothing left.", _merges),
    Verification("consents", "What counts as agreed to is what customers have said.", consents.differences),
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
def audiences_stored_lookups() -> Sequence[Lookup]:
    """The conditions of segments."""
    return [ALL_TREES]


@hookimpl
def audiences_stored(found: Sequence[Sequence[Any]]) -> Sequence[Audience]:
    """The same, read."""
    return trees_from(found[0])


@hookimpl
def regulars_jobs() -> Sequence[Job]:
    """Core's jobs."""
    return JOBS


@hookimpl
def regulars_bulk_tasks() -> Sequence[BulkTask]:
    """Core's bulk tasks."""
    return [
        GROUP_DELETE,
        deletion_task(users_of),
        CUSTOMERS_MERGE,
        CUSTOMERS_UNMERGE,
        CUSTOMERS_EXPORT,
        PURCHASES_EXPORT,
        DATA_REQUEST,
        CUSTOMERS_IMPORT,
        PURCHASES_IMPORT,
    ]


@hookimpl
def regulars_export_columns() -> Sequence[ExportColumn | ExportColumns]:
    """Core's columns of exports."""
    return [*CUSTOMER_COLUMNS, *DECLARED_COLUMNS, *PURCHASE_COLUMNS]


@hookimpl
def regulars_verifications() -> Sequence[Verification]:
    """Core's verifications."""
    return VERIFICATIONS


@hookimpl
def regulars_claims() -> Sequence[Claim]:
    """What core knows that customers hold or owe."""
    return CLAIMS


HOLDINGS = (*personal.HOLDINGS, *personal_of_purchases.HOLDINGS)
"""What core's tables hold of customers."""


@hookimpl
async def customers_erased(shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
    """Erase what core holds of customers."""
    await forget_in_segments(shop, customers)  # by what is still known of them
    await drop_for_erasure(shop)
    ours = await personal.erase_customers(shop, customers)
    return {**ours, **await personal_of_purchases.erase_purchases(shop, customers)}


@hookimpl
async def customers_data(shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
    """Tell what core holds of customers."""
    return await told_of(shop, HOLDINGS, customers)


@hookimpl
async def customers_referenced(shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """Purchases, and that some once were the customer's; notes and consents."""
    counted = (await personal.references(shop, customers), await personal_of_purchases.references(shop, customers))
    return [{**ours, **theirs} for ours, theirs in zip(*counted, strict=True)]


@hookimpl
async def customers_merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What becomes of purchases and consents."""
    told = (await merging(shop, merges), await merged_consents.merging(shop, merges))
    return [replace(ours, effects=theirs.effects) for ours, theirs in zip(*told, strict=True)]


@hookimpl
async def customers_merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Purchases go over, and what was agreed to and refused counts for the survivor."""
    await merged(shop, merges)
    await merged_consents.merged(shop, merges)


@hookimpl
async def customers_unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Purchases go back, and each has agreed to what was theirs."""
    await unmerged(shop, merges)
    await merged_consents.unmerged(shop, merges)
