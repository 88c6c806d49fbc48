"""Merges, and their undoing, of customers who have bought very often: a bulk job does it, all of it in one transaction.

So nobody ever sees half of it, and whoever is killed has done nothing, and it is done again. PostgreSQL gives its statements more
time than those of an answer; on SQLite others wait meanwhile for the one writer.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence

import orjson

from regulars_core import audit
from regulars_core.bulk.reads import BULK_JOBS, BulkJobRow
from regulars_core.bulk.service import request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, Input
from regulars_core.customers.merge.forecasts import Wanted, refuse_impossible, refuse_malformed
from regulars_core.customers.merge.plan import Override
from regulars_core.customers.merge.reads import absorbed_by, merges_by_ids
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.database import Database
from regulars_core.primitives.errors import Refused
from regulars_core.queries.locks import lock
from regulars_core.shop.actors import Actor
from regulars_core.shop.current_actor import acting_as
from regulars_core.shop.shop import Shop

MAX_AT_ONCE = 2_000
"""With so many purchases of all whom it is about it is done within an answer."""


STATEMENT_SECONDS = 600
"""What a statement may take: somebody may have bought hundreds of thousands of times, such as whoever gave no name."""


async def merge_or_request(shop: Shop, wanted: Wanted, by: Actor, fingerprint: str | None = None) -> str | BulkJobRow:
    """Make customers one, and answer the id of the merge; or the job that does it, where they have bought very often. It looks at
    everything once more, and fails where it cannot be done by then; asked again before that, it is the same job. Raises what
    `merge` raises, and Malformed."""
    refuse_malformed(wanted)

    async def work() -> str | BulkJobRow:
        ids = wanted.customer_ids
        if not await has_many(shop.database, ids):
            return await merge(shop, wanted, by.name, fingerprint)
        await lock(shop.database, "customer", ids)
        await refuse_impossible(shop, wanted)
        given = {
            "survivor": wanted.survivor_id,
            "absorbed": list(wanted.absorbed_ids),
            "overrides": [[one.field, one.customer_id] for one in wanted.overrides],
            "fingerprint": fingerprint,
        }
        return await _job(shop, CUSTOMERS_MERGE, given, by)

    return await shop.database.transaction(work)


async def unmerge_or_request(shop: Shop, merge_id: str, by: Actor) -> Sequence[str] | BulkJobRow:
    """Undo a merge, and answer the ids of the customers; or the job that does it, where they have bought very often. Raises what
    `unmerge` raises."""

    async def work() -> Sequence[str] | BulkJobRow:
        if not await has_many(shop.database, await _people(shop.database, merge_id)):
            return await unmerge(shop, merge_id)
        await lock(shop.database, "customer_merge", [merge_id])
        known = (await merges_by_ids(shop, [merge_id])).get(merge_id)
        if known is not None and known.obstacles:
            raise Refused(*known.obstacles)
        return await _job(shop, CUSTOMERS_UNMERGE, {"merge": merge_id}, by)

    return await shop.database.transaction(work)


async def has_many(database: Database, customer_ids: Collection[str]) -> bool:
    """Whether these have bought so often that what is about all of it takes longer than an answer."""
    among = database.dialect.among("customer_id", 1)
    some = f"SELECT 1 FROM purchase WHERE {among} LIMIT {MAX_AT_ONCE + 1}"
    [row] = await database.rows(f"SELECT count(*) FROM ({some}) part", sorted(set(customer_ids)))
    return bool(row[0] > MAX_AT_ONCE)


async def _people(database: Database, merge_id: str) -> list[str]:
    row = await database.row("SELECT survivor_id FROM customer_merge WHERE id = $1", merge_id)
    return [row[0], *(await absorbed_by(database, [merge_id])).get(merge_id, ())] if row else []


async def _job(shop: Shop, task: BulkTask, given: Input, by: Actor) -> BulkJobRow:
    """The job that does this already, or a new one; whoever asks has locked what it is about."""
    rows = await shop.database.rows(
        f"SELECT {BULK_JOBS.column_list} FROM {BULK_JOBS.source} WHERE j.is_open = $1 AND j.task = $2 AND j.input = $3",
        True,
        task.name,
        orjson.dumps(given).decode(),
    )
    return BulkJobRow(*rows[0]) if rows else await request_bulk_job(shop, task.name, given, by)


async def _merge(shop: Shop, batch: BulkBatch) -> BulkStep:
    given = batch.input
    overrides = [Override(*one) for one in given["overrides"]]
    wanted = Wanted(given["survivor"], given["absorbed"], overrides)

    async def work() -> str:
        return await merge(shop, wanted, batch.key[1], given["fingerprint"])

    return await _done(shop, batch, "customersMerge", work)


async def _unmerge(shop: Shop, batch: BulkBatch) -> BulkStep:
    async def work() -> str:
        await unmerge(shop, batch.input["merge"])
        return str(batch.input["merge"])

    return await _done(shop, batch, "customersUnmerge", work)


async def _done(shop: Shop, batch: BulkBatch, action: str, work: Callable[[], Awaitable[str]]) -> BulkStep:
    """Do it for who has asked, with an entry in the audit."""
    await shop.database.allow(STATEMENT_SECONDS)
    with acting_as(Actor(*batch.key, bindings=())), audit.collecting() as changes:
        merge_id = await work()
    row = (await merges_by_ids(shop, [merge_id]))[merge_id]
    told = audit.writing(key=batch.key, action=action, entities=row.audited, changes=changes.by_field or {})
    await shop.database.defer([told])
    return BulkStep(None, sum(one.count for one in row.moved.values()))


async def _total(shop: Shop, given: Input) -> int | None:
    """How many rows go over, or have gone."""
    if merge_id := given.get("merge"):
        row = await shop.database.row("SELECT count(*) FROM customer_merge_row WHERE merge_id = $1", merge_id)
    else:
        among = shop.database.dialect.among("customer_id", 1)
        row = await shop.database.row(f"SELECT count(*) FROM purchase WHERE {among}", given["absorbed"])
    return row[0] if row else None


CUSTOMERS_MERGE = BulkTask(
    "CUSTOMERS_MERGE", "Makes customers one who have bought very often, all at once.", _merge, _total
)
CUSTOMERS_UNMERGE = BulkTask(
    "CUSTOMERS_UNMERGE", "Undoes a merge of customers who have bought very often, all at once.", _unmerge, _total
)
"""The bulk tasks."""
