"""`regulars import customers|purchases FILE.csv`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from regulars_core.imports import (
    ImportOptions,
    ImportRefused,
    ImportReport,
    Progress,
    import_customers,
    import_purchases,
)
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import err, fail, in_shop, out

import_app = typer.Typer(help="Bring data in from a CSV file; safe to run again.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The CSV file, in UTF-8.", exists=True, dir_okay=False, readable=True)]
Map = Annotated[
    list[str] | None, typer.Option("--map", help="A column of the file and ours: their=ours; ours empty leaves it out.")
]
DateFormat = Annotated[str | None, typer.Option(help="How dates are written, as for strptime; ISO 8601 if absent.")]
BatchSize = Annotated[int, typer.Option(help="How many are written in one transaction.")]

_Import = Callable[[Shop, Path, ImportOptions, Progress], Awaitable[ImportReport]]


@import_app.command(name="customers")
def customers(
    file: File,
    mapping: Map = None,
    date_format: DateFormat = None,
    batch: BatchSize = 1_000,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="Take those, too, who lack what the shop requires.")
    ] = False,
) -> None:
    """Import customers; those who are known get what the file tells anew."""
    options = ImportOptions(_mapping(mapping), date_format, batch_size=batch, allow_incomplete=allow_incomplete)
    _run(import_customers, file, options, "customers")


@import_app.command(name="purchases")
def purchases(
    file: File,
    mapping: Map = None,
    date_format: DateFormat = None,
    currency: Annotated[str | None, typer.Option(help="What the amounts are in; the shop's own if absent.")] = None,
    batch: BatchSize = 1_000,
    reference: Annotated[
        str | None,
        typer.Option(help="What references are made of, with the file's columns in braces: {Date}-{No}."),
    ] = None,
) -> None:
    """Import purchases, one row for each line of a basket, with the customers and stores that they name."""
    options = ImportOptions(_mapping(mapping), date_format, currency, batch, reference)
    _run(import_purchases, file, options, "purchases")


def _mapping(options: list[str] | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in options or ()]
    if wrong := [theirs for theirs, sign, _ in pairs if not sign]:
        fail(f"--map wants their=ours, not {', '.join(wrong)}.")
    return {theirs: ours for theirs, _, ours in pairs}


def _run(import_file: _Import, file: Path, options: ImportOptions, kind: str) -> None:
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    size = file.stat().st_size

    async def work(shop: Shop) -> ImportReport:
        with Bar(*columns, console=err, transient=True) as bar:
            task = bar.add_task(file.name, total=size)
            return await import_file(
                shop, file, options, lambda done, total: bar.update(task, completed=done, total=total)
            )

    try:
        report = in_shop(work)
    except ImportRefused as error:
        fail(str(error))
    registered = (
        [(report.customers_created, "customers"), (report.stores_created, "stores")] if kind == "purchases" else []
    )
    beside = "".join(f", {count} {what} registered" for count, what in registered if count)
    out.print(
        f"{report.rows} rows: {report.created} {kind} new, {report.updated} changed, {report.unchanged} as they were"
        f"{beside}, {report.rejected} rejected; {report.seconds:.1f} s.",
        markup=False,
    )
    if report.rejects:
        fail(f"{report.rejected_rows} rows were rejected; they stand with the reasons in {report.rejects}.")


__all__ = ["import_app"]
