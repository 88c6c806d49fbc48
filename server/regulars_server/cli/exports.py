"""Commands that write customers and purchases into files, and show what was ever taken out."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TextIO

import orjson
import typer

from regulars_core.exports.columns import Subject, UnknownColumns, columns_named, export_columns
from regulars_core.exports.csv_text import Target
from regulars_core.exports.customers import DEFAULTS, FIELDS, export_customers
from regulars_core.exports.purchases import PURCHASE_COLUMNS, export_purchases
from regulars_core.files.exports import (
    LATEST_FIRST,
    OPERATOR,
    ExportEntryRow,
    Taken,
    fetches_of,
    log_export,
    page_of_entries,
)
from regulars_core.primitives.clock import Instant, printed, start_of
from regulars_core.queries.pages import Window
from regulars_core.shop.shop import Shop
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.stored_trees import impersonal
from regulars_schema.fields.where_trees import GivenWhere
from regulars_schema.purchases.types import PurchaseWhere
from regulars_server.cli.base import fail, in_shop, noted
from regulars_server.cli.segments import conditions_in, in_segment

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")]
_OF_PURCHASES = tuple(column.name for column in PURCHASE_COLUMNS)
_ATTRIBUTES = "`attribute.` and `consent.` with the names of the shop's own"


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    export_app = typer.Typer(help="Write data to a file.", no_args_is_help=True)
    export_app.command(name="customers")(customers)
    export_app.command(name="purchases")(purchases)
    app.add_typer(export_app, name="export")
    app.command(name="export-log")(export_log)


def _day(option: str, help_text: str) -> Any:
    return typer.Option(option, formats=["%Y-%m-%d"], help=help_text)


def customers(
    target: Output = Path("-"),
    fields: Annotated[
        str,
        typer.Option(
            "--columns", "--fields", help=f"The columns, with commas between: {', '.join(FIELDS)}; and {_ATTRIBUTES}."
        ),
    ] = ",".join(DEFAULTS),
    where: Annotated[
        Path | None,
        typer.Option(
            "--where", metavar="FILE.json", help="Conditions, as the API takes them.", exists=True, dir_okay=False
        ),
    ] = None,
    segment: Annotated[str | None, typer.Option("--segment", metavar="NAME", help="Those in a segment.")] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="All, as if nothing was said.")] = False,
    first_day: Annotated[datetime | None, _day("--from", "Registered on this day or later.")] = None,
    last_day: Annotated[datetime | None, _day("--to", "Registered on this day or earlier.")] = None,
    bought_from: Annotated[datetime | None, _day("--purchases-from", "Count purchases from this day on.")] = None,
    bought_to: Annotated[datetime | None, _day("--purchases-to", "Count purchases up to this day.")] = None,
) -> None:
    """Write customers as CSV. Cells that a spreadsheet would run as a formula are escaped."""
    if [where is not None, segment is not None, everyone].count(True) > 1:
        fail("Say one of --where, --segment and --everyone.")
    wanted, registered = _split(fields), (_date(first_day), _date(last_day))

    async def work(shop: Shop) -> int:
        await columns_named(shop, "CUSTOMERS", wanted)
        given = await conditions_in(shop, CustomerWhere, where) if where is not None else None
        if segment is not None:
            given = await in_segment(shop, segment)
        days = _instants(shop, _date(bought_from), _date(bought_to))

        async def write(file: Target) -> int:
            return await export_customers(shop, file, wanted, *registered, where=given, days=days)

        narrowed = [*_told(given), *_told_days(*registered)]
        return await _taken_out(shop, target, "CUSTOMERS", wanted, narrowed, write)

    typer.echo(f"{_exported(work)} customers", err=True)


def purchases(
    where: Annotated[
        Path,
        typer.Option(
            "--where", metavar="FILE.json", help="Conditions, as the API takes them.", exists=True, dir_okay=False
        ),
    ],
    target: Output = Path("-"),
    columns: Annotated[
        str | None,
        typer.Option(help=f"The columns, with commas between: {', '.join(_OF_PURCHASES)}. The usual ones if absent."),
    ] = None,
) -> None:
    """Write purchases as CSV, a row for each line, as an import reads them."""

    async def work(shop: Shop) -> int:
        there = await export_columns(shop, "PURCHASES")
        usual = [name for name, column in there.items() if column.is_default]
        wanted = usual if columns is None else _split(columns)
        await columns_named(shop, "PURCHASES", wanted)
        given = await conditions_in(shop, PurchaseWhere, where)

        async def write(file: Target) -> int:
            return await export_purchases(shop, file, wanted, given)

        return await _taken_out(shop, target, "PURCHASES", wanted, _told(given), write)

    typer.echo(f"{_exported(work)} rows", err=True)


def export_log(
    last: Annotated[int, typer.Option(help="How many, the latest first.", min=1, max=1_000)] = 20,
) -> None:
    """Show what was taken out in files: by whom, what of whom, and how often it was fetched."""

    async def work(shop: Shop) -> list[str]:
        window = Window(LATEST_FIRST, last, backward=False, after=None, before=None)
        entries = (await page_of_entries(shop.database, window)).rows
        fetches = await fetches_of(shop.database, [one.id for one in entries])
        return [line for one in entries for line in _entry(one, len(fetches[one.id]))]

    for line in in_shop(work):
        typer.echo(line)


def _entry(one: ExportEntryRow, fetched: int) -> Iterator[str]:
    """The lines about what was taken out once: they stay whole in a narrow window, and can be searched."""
    rows = "" if one.row_count is None else f"  {one.row_count} rows"
    yield f"{printed(one.at)[:19]}Z  {one.key_name}  {one.task}{rows}, fetched {fetched} times"
    yield f"    columns: {', '.join(one.columns)}"
    if one.narrowed_by:
        yield f"    of whom: {one.narrowed_by}"
    yield f"    SHA-256: {one.sha256}"


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()


def _instants(shop: Shop, first: date | None, last: date | None) -> tuple[Instant | None, Instant | None]:
    """From which instant on, and before which."""
    zone = shop.settings.zone
    before = None if last is None or last == date.max else start_of(last + timedelta(days=1), zone)
    return None if first is None else start_of(first, zone), before


def _told(given: GivenWhere | None) -> list[Any]:
    """What conditions narrow by, without what may be personal."""
    return [] if given is None else [impersonal(given.type, given.value)]


def _told_days(first_day: date | None, last_day: date | None) -> list[Any]:
    days = {name: day.isoformat() for name, day in (("from", first_day), ("to", last_day)) if day}
    return [{"createdAt": {"days": days}}] if days else []


def _exported(work: Callable[[Shop], Any]) -> int:
    try:
        count: int = in_shop(work)
    except UnknownColumns as error:
        fail(str(error))
    return count


class _Digested:
    """Text on its way into a file, with the SHA-256 of all of it."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self.sha256 = hashlib.sha256()

    def write(self, text: str) -> int:
        """Pass it on."""
        self.sha256.update(text.encode())
        return self._target.write(text)


async def _taken_out(
    shop: Shop,
    target: Path,
    of: Subject,
    columns: Sequence[str],
    narrowed: Sequence[Mapping[str, Any]],
    write: Callable[[Target], Awaitable[int]],
) -> int:
    """Export into a file, which is there when it is whole, and write down that it was done: in the audit before anything
    leaves the shop, and in the log when it has."""
    about = {"all": list(narrowed)} if len(narrowed) > 1 else next(iter(narrowed), None)
    narrowed_by = None if about is None else orjson.dumps(about).decode()

    async def written(file: TextIO) -> int:
        await noted(shop, f"{of.lower()}Export", {"columns": (None, list(columns)), "narrowedBy": (None, narrowed_by)})
        digested = _Digested(file)
        count = await write(digested)
        taken = Taken(f"{of}_EXPORT", columns, narrowed_by, count, digested.sha256.hexdigest())
        await shop.database.transaction(lambda: log_export(shop, taken, (OPERATOR, OPERATOR)))
        return count

    if str(target) == "-":
        return await written(typer.get_text_stream("stdout"))
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            count = await written(file)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count
