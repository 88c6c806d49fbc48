"""Exports as bulk jobs: a piece of the file after another, each with the place where the next begins.

Everything that decides what is written is kept with the job: the conditions as they were when it was asked for, the columns by
name, the stores. Whether the key still holds what that needs is looked at before every piece.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from regulars_core.bulk.needs import lacking, needs_of
from regulars_core.bulk.reads import BulkJobRow
from regulars_core.bulk.service import refuse_too_many, request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, Input
from regulars_core.customers.reads import CUSTOMERS, customers_source
from regulars_core.exports.columns import ExportBatch, ExportColumn, Subject, UnknownColumns, cells_of, columns_named
from regulars_core.exports.csv_text import CSV, rows_written
from regulars_core.exports.purchases import MAX_AT_ONCE, lines_to_export
from regulars_core.files import storage
from regulars_core.files.exports import Taken, log_export
from regulars_core.keys.authentication import actor_of_key
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.reads import PURCHASES
from regulars_core.queries.kept_conditions import kept, read_kept
from regulars_core.queries.pages import Order, SortKey, Window
from regulars_core.queries.rows import Readable
from regulars_core.queries.slices import Slice, next_slice
from regulars_core.queries.where import Values, Where
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

EXPORT = "customers.export"
_KINDS: dict[str, type[int] | type[str]] = {"int": int, "str": str}


@dataclass(frozen=True)
class Wanted:
    """What to export: the columns, the rows for which conditions hold and how those were written, without what is personal, the
    order, the stores whose purchases are told of (None for all), and the days whose purchases count."""

    of: Subject
    columns: Sequence[ExportColumn]
    where: Where
    narrowed_by: str | None
    order: Order
    stores: frozenset[str] | None = None
    days: tuple[Instant | None, Instant | None] = (None, None)


async def request_export(shop: Shop, wanted: Wanted, by: Actor, needs: Sequence[str] = ()) -> BulkJobRow:
    """Ask for an export, in the caller's transaction; the columns need what they need, and the rest of it `needs` these. Raises
    Refused: TOO_MANY_JOBS."""
    await refuse_too_many(shop, by)
    key, job_id = wanted.order.key, new_id()
    given = {
        "job": job_id,
        "columns": [column.name for column in wanted.columns],
        "where": kept(wanted.where, shop.database.dialect),
        "narrowedBy": wanted.narrowed_by,
        "order": [key.name, key.column, key.tie, key.kind.__name__, wanted.order.descending],
        "stores": None if wanted.stores is None else sorted(wanted.stores),
        "days": list(wanted.days),
    }
    held = needs_of(by, [EXPORT, *needs, *(column.needs for column in wanted.columns)])
    return await request_bulk_job(shop, f"{wanted.of}_EXPORT", given, by, needs=held, job_id=job_id)


async def refuse_who_lost(shop: Shop, job_id: str, key_id: str, columns: Sequence[ExportColumn] = ()) -> None:
    """Raise Refused if the key that has asked for a job does not hold any more what that needed, or is no more; nor what these
    columns need now, which may be more: an attribute of the same name may be a sensitive one since."""
    actor = await actor_of_key(shop, key_id)
    row = await shop.database.row("SELECT needs FROM bulk_job WHERE id = $1", job_id)
    lost = lacking(actor, orjson.loads(row[0]) if row and row[0] else {EXPORT: None})
    if lost is None and actor is not None:
        lost = next((column.needs for column in columns if not column.is_allowed(actor)), None)
    if lost is not None:
        raise Refused(Problem("FORBIDDEN", f"The key does not hold {lost} any more, where it held it."))


def _stepping(of: Subject) -> Callable[[Shop, BulkBatch], Any]:
    async def step(shop: Shop, batch: BulkBatch) -> BulkStep:
        given = batch.input
        columns = await _columns(shop, of, given["columns"])
        await refuse_who_lost(shop, given["job"], batch.key[0], columns)
        place: dict[str, Any]
        if batch.place is None:
            place = {"file": new_id(), "after": None, "pieces": 0, "rows": 0}
            await storage.begin_file(shop, place["file"], _name(shop, of), CSV, job_id=given["job"])
        else:
            place = orjson.loads(batch.place)
        looked, rows = await _rows(shop, of, given, place, batch.most)
        stores = None if given["stores"] is None else frozenset(given["stores"])
        first, before = given["days"]
        cells: list[Any] = await cells_of(columns, ExportBatch(shop, rows, stores, (first, before)))
        head = [] if batch.place is not None else [[column.name for column in columns]]
        content = rows_written([*head, *cells]).encode()
        digest = await storage.digest_of(shop, place["file"], place["pieces"])
        pieces = await storage.append(shop, place["file"], place["pieces"], content, len(rows))
        done, counts = place["rows"] + len(rows), {"written": len(rows)}
        if looked.after is not None:
            place |= {"after": looked.after, "pieces": pieces, "rows": done, "through": looked.looks_through}
            return BulkStep(orjson.dumps(place).decode(), len(looked.rows), counts)
        digest.update(content)
        await storage.finish(shop, place["file"], digest.hexdigest())
        taken = Taken(f"{of}_EXPORT", given["columns"], given["narrowedBy"], done, digest.hexdigest())
        await log_export(shop, taken, batch.key, place["file"])
        return BulkStep(None, len(looked.rows), counts)

    return step


async def _columns(shop: Shop, of: Subject, names: Sequence[str]) -> Sequence[ExportColumn]:
    try:
        return await columns_named(shop, of, names)
    except UnknownColumns as unknown:  # a plugin is off now that was on
        raise Refused(Problem("UNKNOWN_COLUMN", str(unknown))) from None


async def _rows(
    shop: Shop, of: Subject, given: Input, place: Mapping[str, Any], most: int
) -> tuple[Slice[Any], Sequence[Any]]:
    """The next rows, and the customers or purchases that they are of."""
    name, column, tie, kind, descending = given["order"]
    after = place["after"]
    position = None if after is None else (after[0], after[1])
    order = Order(SortKey(name, column, tie, _KINDS[kind]), descending)
    window, where = Window(order, most, backward=False, after=position, before=None), read_kept(given["where"])
    source: Readable[Any] = customers_source(window) if of == "CUSTOMERS" else PURCHASES
    found = await next_slice(shop.database, source, window, where, looks_through=place.get("through", False))
    return found, found.rows if of == "CUSTOMERS" else await lines_to_export(shop, found.rows)


def _counting(of: Subject) -> Callable[[Shop, Input], Any]:
    source = (CUSTOMERS if of == "CUSTOMERS" else PURCHASES).source

    async def count(shop: Shop, given: Input) -> int | None:
        values = Values(shop.database.dialect)
        condition = read_kept(given["where"]).compile(values)
        row = await shop.database.row(f"SELECT count(*) FROM {source} WHERE {condition}", *values.all)
        return row[0] if row else None

    return count


async def _ended(shop: Shop, given: Input) -> None:
    """What was written of the file goes."""
    await storage.remove_of_jobs(shop, [given["job"]])


def _name(shop: Shop, of: Subject) -> str:
    return f"{of.lower()}-{day_of(now(), shop.settings.zone).isoformat()}.csv"


CUSTOMERS_EXPORT = BulkTask(
    "CUSTOMERS_EXPORT", "Writes customers into a file.", _stepping("CUSTOMERS"), _counting("CUSTOMERS"), _ended
)
PURCHASES_EXPORT = BulkTask(
    "PURCHASES_EXPORT",
    "Writes purchases into a file.",
    _stepping("PURCHASES"),
    _counting("PURCHASES"),
    _ended,
    most=MAX_AT_ONCE,
)
"""The bulk tasks."""
