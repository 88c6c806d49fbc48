"""Writing a report: a file for each format, by a job that is done as a whole and once more where it was interrupted.

What the report is of is kept with the job: conditions as they were when it was asked for, the stores, the days. Whether who asked
still holds what that needs is looked at before every table.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from regulars_analytics.patience import patiently
from regulars_analytics.reports.csv_files import Named, archive_of, csv_of
from regulars_analytics.reports.documents import MAX_ROWS, Document, Part, Section, document_of, refuse_unwritable
from regulars_analytics.reports.kinds import KINDS
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Row, Table
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import (
    CSV,
    Actor,
    BulkTask,
    Instant,
    Problem,
    Refused,
    Shop,
    Taken,
    Where,
    WholeJob,
    actor_of_key,
    day_of,
    kept_where,
    log_export,
    needs_too,
    new_id,
    note_progress,
    now,
    refuse_who_lost,
    remove_of_jobs,
    stores_by_ids,
    where_kept,
    write_whole,
)

TASK = "REPORT"
_ZIP, _PDF = "application/zip", "application/pdf"
_STATEMENT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that is asked for: the formats, what is in it, and of each part the name and the conditions."""

    kind: ReportKind
    metrics: Sequence[Metric]
    formats: Sequence[str]
    title: str
    first: Instant | None
    before: Instant
    stores: frozenset[str] | None
    parts: Sequence[tuple[str, Where | None]]
    narrowed_by: str | None

    def kept(self, shop: Shop) -> Mapping[str, Any]:
        """As plain JSON."""
        dialect = shop.database.dialect
        return {
            "kind": self.kind.name,
            "metrics": [one.name for one in self.metrics],
            "formats": list(self.formats),
            "title": self.title,
            "days": [self.first, self.before],
            "stores": None if self.stores is None else sorted(self.stores),
            "parts": [[name, None if where is None else kept_where(where, dialect)] for name, where in self.parts],
            "narrowedBy": self.narrowed_by,
        }


def wanted_of(given: Mapping[str, Any]) -> Wanted:
    """What was kept. Raises Refused for a metric that is not there any more."""
    kind = KINDS.get(given["kind"])
    metrics = {one.name: one for one in kind.metrics} if kind else {}
    if kind is None or not metrics.keys() >= set(given["metrics"]):
        raise Refused(Problem("UNKNOWN_METRIC", "This report is not there any more as it was asked for."))
    stores = None if given["stores"] is None else frozenset(given["stores"])
    parts = [(name, None if where is None else where_kept(where)) for name, where in given["parts"]]
    first, before = given["days"]
    return Wanted(
        kind,
        [metrics[name] for name in given["metrics"]],
        given["formats"],
        given["title"],
        first,
        before,
        stores,
        parts,
        given["narrowedBy"],
    )


async def _unheard(_: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A metric of a part, by number and name. `needs_too` is told by which permissions it was found beside its own."""

    number: int
    part: str
    metric: Metric
    scope: Scope
    needs_too: Callable[[Sequence[str]], Awaitable[None]] = _unheard


def pieces_of(shop: Shop, wanted: Wanted, actor: Actor) -> Sequence[Piece]:
    """All of a report, part by part."""
    whole = Scope(shop, actor, wanted.first, wanted.before, wanted.stores, None)
    found = list[Piece]()
    for name, where in wanted.parts:
        found += [Piece(len(found) + n, name, one, replace(whole, where=where)) for n, one in enumerate(wanted.metrics)]
    return found


async def about(shop: Shop, wanted: Wanted) -> Sequence[str]:
    """Whose a report is, the days and the stores that it is of, and when it was written."""
    where = ["all stores"]
    if wanted.stores is not None:
        stores = await stores_by_ids(shop.database, sorted(wanted.stores))
        where = sorted(one.name for one in stores.values()) or ["no store"]
    written = f"written on {day_of(now(), shop.settings.zone)}"
    return [shop.settings.shop_name, days_named(shop, wanted.first, wanted.before), *where, written]


async def document_for(shop: Shop, wanted: Wanted, pieces: AsyncIterator[Piece]) -> bytes:
    """The report as a document. It holds the first rows of each table."""
    parts: dict[str, list[Section]] = {name: [] for name, _ in wanted.parts}
    async for piece in pieces:
        parts[piece.part].append(await _section(piece))
    document = Document(
        wanted.title,
        await about(shop, wanted),
        wanted.kind.description,
        shop.currency,
        [Part(name, parts[name], where is not None) for name, where in wanted.parts],
    )
    folder = shop.settings.of(AnalyticsSettings).fonts
    return await asyncio.to_thread(document_of, document, folder)


async def _found(piece: Piece) -> Table:
    """The table. A statement may take as long as reports are there for."""
    table = await patiently(piece.scope.shop, _STATEMENT_SECONDS, lambda: piece.metric.find(piece.scope))
    if table.needs:
        await piece.needs_too(table.needs)
    return table


async def _section(piece: Piece) -> Section:
    table = await _found(piece)
    rows, more = list[Row](), 0
    async for page in table.pages():
        room = MAX_ROWS - len(rows)
        rows += page[:room]
        more += max(len(page) - room, 0)
    metric = piece.metric
    return Section(metric.title, metric.description, table.columns, rows, more, table.chart, table.note)


async def csv_for(shop: Shop, wanted: Wanted, pieces: AsyncIterator[Piece]) -> AsyncIterator[bytes]:
    """The report as CSV: one table, or an archive of several."""
    if is_single(wanted):
        async for piece in pieces:
            async for content in csv_of(await _found(piece), shop.currency):
                yield content
        return
    places = {name: n for n, (name, _) in enumerate(wanted.parts, 1)}

    async def tables() -> AsyncIterator[Named]:
        async for piece in pieces:
            table: Table = await _found(piece)
            before = f"{places[piece.part]:02}-" if len(places) > 1 else ""
            yield Named(f"{before}{piece.metric.name}", table)

    async for content in archive_of(tables(), shop.currency):
        yield content


def is_single(wanted: Wanted) -> bool:
    """Whether there is one table."""
    return len(wanted.metrics) * len(wanted.parts) == 1


def name_of(shop: Shop, wanted: Wanted, form: str) -> str:
    """What a file of the report is called."""
    ending = "pdf" if form == "PDF" else "csv" if is_single(wanted) else "zip"
    last = day_of(min(Instant(wanted.before - 1), now()), shop.settings.zone)
    return f"{wanted.kind.name.lower().replace('_', '-')}-{last.isoformat()}.{ending}"


async def _whole(shop: Shop, job: WholeJob) -> Mapping[str, int]:
    wanted = wanted_of(job.input)
    if "PDF" in wanted.formats:
        refuse_unwritable(shop.settings.of(AnalyticsSettings).fonts)
    actor = await _asking(shop, job)
    await shop.database.transaction(lambda: remove_of_jobs(shop, [job.id]))
    pieces = pieces_of(shop, wanted, actor)
    total = len(pieces) * len(wanted.formats)
    for n, form in enumerate(wanted.formats):

        async def each(before: int = n * len(pieces)) -> AsyncIterator[Piece]:
            for piece in pieces:
                asking = await _asking(shop, job)
                await note_progress(shop, job.id, before + piece.number, total, {})
                scope = replace(piece.scope, actor=asking)
                yield replace(piece, scope=scope, needs_too=partial(needs_too, shop, job.id, asking))

        file_id, name = new_id(), name_of(shop, wanted, form)
        content = _one(await document_for(shop, wanted, each())) if form == "PDF" else csv_for(shop, wanted, each())
        kind = _PDF if form == "PDF" else CSV if is_single(wanted) else _ZIP
        digest = await write_whole(shop, file_id, name, kind, content, job_id=job.id, rows=None)
        taken = Taken(TASK, [wanted.kind.name, *(one.name for one in wanted.metrics)], wanted.narrowed_by, None, digest)
        await shop.database.transaction(lambda of=taken, file=file_id: log_export(shop, of, job.key, file))  # type: ignore[misc]
    return {"written": len(wanted.formats)}


async def _asking(shop: Shop, job: WholeJob) -> Actor:
    """Who has asked, as they are now. Raises Refused if they do not hold any more what the report needs."""
    await refuse_who_lost(shop, job.id, job.key[0])
    actor = await actor_of_key(shop, job.key[0])
    if actor is None:
        raise Refused(Problem("FORBIDDEN", "The key is no more."))
    return actor


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _ended(shop: Shop, given: Mapping[str, Any]) -> None:
    """What was written goes."""
    await remove_of_jobs(shop, [given["job"]])


def days_named(shop: Shop, first: Instant | None, before: Instant) -> str:
    """The days of a period, which goes on up to today."""
    zone = shop.settings.zone
    last = day_of(min(Instant(before - 1), now()), zone)
    if first is None:
        return f"until {last}"
    begin = day_of(first, zone)
    return f"{begin}" if begin == last else f"{begin} to {last}"


def default_title(shop: Shop, kind: ReportKind, first: Instant | None, before: Instant) -> str:
    """The title of the kind, and the days."""
    return f"{kind.title}, {days_named(shop, first, before)}"


REPORT = BulkTask(TASK, "Writes a report.", None, ended=_ended, whole=_whole)
"""The bulk task."""
