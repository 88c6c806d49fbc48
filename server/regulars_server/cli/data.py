"""Commands that carry data in and out: import, export, backup, restore."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from regulars_core import audit
from regulars_core.database import migrations
from regulars_core.database.backup import backup, restore
from regulars_core.exports.columns import UnknownColumns, columns_named
from regulars_core.exports.customers import DEFAULTS, FIELDS, export_customers
from regulars_core.files.exports import OPERATOR, Taken, log_export
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_core.start import refuse_other_version
from regulars_server.cli.base import fail, in_shop, out


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    export_app = typer.Typer(help="Write data to a file.", no_args_is_help=True)
    export_app.command(name="customers")(export)
    export_app.callback()(_only_customers)
    app.add_typer(export_app, name="export")
    app.command(name="backup")(back_up)
    app.command(name="restore")(put_back)


def _only_customers() -> None:
    """Write data to a file."""


def export(
    target: Annotated[Path, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")] = Path(
        "-"
    ),
    fields: Annotated[str, typer.Option(help=f"The columns, with commas between: {', '.join(FIELDS)}.")] = ",".join(
        DEFAULTS
    ),
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Registered on this day or later.")
    ] = None,
    last_day: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Registered on this day or earlier.")
    ] = None,
) -> None:
    """Write customers as CSV. Cells that a spreadsheet would run as a formula are escaped."""
    wanted = [field.strip() for field in fields.split(",") if field.strip()]
    days = (first_day.date() if first_day else None, last_day.date() if last_day else None)

    async def work(shop: Shop) -> int:
        await columns_named(shop, "CUSTOMERS", wanted)
        if str(target) == "-":
            return await _taken_out(shop, typer.get_text_stream("stdout"), wanted, *days)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("w", encoding="utf-8", newline="") as file:
                count = await _taken_out(shop, file, wanted, *days)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return count

    try:
        count = in_shop(work)
    except UnknownColumns as error:
        fail(str(error))
    typer.echo(f"{count} customers", err=True)


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
    shop: Shop, target: TextIO, fields: list[str], first_day: date | None, last_day: date | None
) -> int:
    """Export, and write down that it was done: in the audit before anything leaves the shop, and in the log when it has."""
    await _noted(shop, "customersExport", _asked(fields, first_day, last_day))
    digested = _Digested(target)
    count = await export_customers(shop, digested, fields, first_day, last_day)
    days = {name: day.isoformat() for name, day in (("from", first_day), ("to", last_day)) if day}
    told = json.dumps({"createdAt": {"days": days}}) if days else None
    taken = Taken("CUSTOMERS_EXPORT", fields, told, count, digested.sha256.hexdigest())
    await shop.database.transaction(lambda: log_export(shop, taken, (OPERATOR, OPERATOR)))
    return count


def _asked(fields: list[str], first_day: date | None, last_day: date | None) -> Mapping[str, audit.Change]:
    """What of an export is told in the audit: no value of anybody."""
    days = {"from": first_day, "to": last_day}
    return {"fields": (None, fields), **{name: (None, day.isoformat()) for name, day in days.items() if day}}


async def _noted(shop: Shop, action: str, asked: Mapping[str, Any]) -> None:
    """Write down that data leaves the shop, before any of it does."""
    by = operator(shop.permissions)
    written = audit.writing(key=(by.key_id, by.name), action=action, entities=[], changes=asked)
    await shop.database.transaction(lambda: shop.database.defer([written]))


def back_up(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the SQLite database to a file, while it is in use. PostgreSQL brings pg_dump for this."""

    async def work(shop: Shop) -> None:
        if shop.database.engine == "sqlite":
            await _noted(shop, "backup", {})
        await backup(shop.database, target, overwrite=overwrite)

    in_shop(work)
    out.print(f"Wrote {target}.", markup=False)


def put_back(
    source: Annotated[Path, typer.Argument(help="A file that `regulars backup` has written.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Replace everything in the SQLite database by what a backup holds."""
    if not yes:
        typer.confirm("Everything in the database will be replaced. Go on?", abort=True)

    async def work(shop: Shop) -> None:
        await restore(source, shop.database)
        await migrations.migrate(shop.database)
        await refuse_other_version(shop.database)

    in_shop(work, migrated=False)
    out.print(f"Restored {source}.", markup=False)
