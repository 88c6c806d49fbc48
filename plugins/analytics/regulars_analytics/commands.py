"""`regulars analytics report`: what reportRun writes, into a folder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from regulars_analytics.arguments import DEFAULT_DAYS
from regulars_analytics.reports.documents import refuse_unwritable
from regulars_analytics.reports.kinds import KINDS
from regulars_analytics.reports.request import FORMATS, Chosen, kind_named, metrics_named, titled
from regulars_analytics.reports.task import (
    TASK,
    Piece,
    Wanted,
    csv_for,
    default_title,
    document_for,
    name_of,
    pieces_of,
)
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import (
    Checks,
    Problem,
    Refused,
    Shop,
    Taken,
    day_of,
    in_shop,
    log_export,
    name_key,
    now,
    operator,
    start_of,
)
from regulars_schema.plugin import RequestContext

_OPERATOR = ("operator", "operator")
_KINDS = ", ".join(KINDS)
commands = typer.Typer(help="What purchases say.", no_args_is_help=True)


def _day(option: str, help_text: str) -> Any:
    return typer.Option(option, formats=["%Y-%m-%d"], help=help_text)


@commands.callback()
def _analytics() -> None:
    """What purchases say."""


@commands.command()
def report(
    kind: Annotated[str, typer.Argument(help=f"Which report: {_KINDS}.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.", file_okay=False)] = Path(),
    formats: Annotated[str, typer.Option("--format", help="How: csv, pdf, or both with a comma between.")] = "csv",
    first_day: Annotated[datetime | None, _day("--from", "The first day; 90 days up to the last if absent.")] = None,
    last_day: Annotated[datetime | None, _day("--to", "The last day; today if absent.")] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option("--segment", metavar="NAME", help="A segment in a part of its own; several times."),
    ] = None,
    metrics: Annotated[str | None, typer.Option("--metrics", help="What to put into it, with commas between.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What to call it.")] = None,
) -> None:
    """Write a report into a folder, a file for each format."""

    async def work(shop: Shop) -> list[Path]:
        checks, context = Checks(), RequestContext(shop, operator(shop.permissions))
        chosen_kind = kind_named(kind.upper().replace("-", "_"), checks)
        wanted_metrics = metrics_named(chosen_kind, _split(metrics), context.actor, checks)
        wanted_formats = [one.upper() for one in _split(formats)]
        if unknown := [one for one in wanted_formats if one not in FORMATS]:
            raise Refused(Problem("REQUIRED", f"A report is written as csv or pdf, not as {unknown[0].lower()}."))
        zone = shop.settings.zone
        last = last_day.date() if last_day else day_of(now(), zone)
        first = first_day.date() if first_day else last - timedelta(days=DEFAULT_DAYS - 1)
        if first > last:
            checks.fail("INVALID_DATE", "The first day is after the last one.", "days", "from")
        if first > day_of(now(), zone):
            checks.fail("INVALID_DATE", "These days are still to come.", "days", "from")
        if "PDF" in wanted_formats:
            refuse_unwritable(shop.settings.of(AnalyticsSettings).fonts)
        chosen = Chosen(context, None)
        if segment:
            await chosen.in_segments(await _segments(shop, segment), checks)
        checks.refuse()
        assert chosen_kind is not None
        begin, end = start_of(first, zone), start_of(last + timedelta(days=1), zone)
        called = titled(title, default_title(shop, chosen_kind, begin, end), checks)
        checks.refuse()
        wanted = Wanted(
            chosen_kind, wanted_metrics, wanted_formats, called, begin, end, None, chosen.parts, chosen.narrowed_by
        )
        return [await _write(shop, context, wanted, form, output) for form in wanted_formats]

    for path in in_shop(work):
        typer.echo(str(path))


async def _write(shop: Shop, context: RequestContext, wanted: Wanted, form: str, folder: Path) -> Path:
    pieces = pieces_of(shop, wanted, context.actor)

    async def each() -> AsyncIterator[Piece]:
        for piece in pieces:
            typer.echo(f"{piece.part}: {piece.metric.title} …", err=True)
            yield piece

    path, digest = folder / name_of(shop, wanted, form), hashlib.sha256()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with path.open("wb") as file:
        if form == "PDF":
            content = await document_for(shop, wanted, each())
            digest.update(content)
            file.write(content)
        else:
            async for content in csv_for(shop, wanted, each()):
                digest.update(content)
                file.write(content)
    names = [wanted.kind.name, *(one.name for one in wanted.metrics)]
    taken = Taken(TASK, names, wanted.narrowed_by, None, digest.hexdigest())
    await shop.database.transaction(lambda: log_export(shop, taken, _OPERATOR))
    return path


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


async def _segments(shop: Shop, names: list[str]) -> list[tuple[str, str]]:
    """Segments by name, whatever their letters' case."""
    rows = await shop.database.rows("SELECT id, name FROM segment")
    known = {name_key(row[1]): (f"segment_{str(row[0]).replace('-', '')}", row[1]) for row in rows}
    for name in names:
        if name_key(name) not in known:
            raise Refused(Problem("NOT_FOUND", f"There is no segment called {name}."))
    return [known[name_key(name)] for name in names]
