"""Commands that carry data in and out: import, export, backup, restore."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from regulars_core.database import migrations
from regulars_core.database.backup import backup, restore
from regulars_core.exports import FIELDS, UnknownFields, check_fields, export_customers
from regulars_core.shop.shop import Shop
from regulars_core.start import refuse_other_version
from regulars_server.cli.base import fail, in_shop, out

_DEFAULT_FIELDS = "code,first_name,last_name,email,phone,group,status,total_spent,purchase_count,last_purchase_at"


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
    fields: Annotated[
        str, typer.Option(help=f"The columns, with commas between: {', '.join(FIELDS)}.")
    ] = _DEFAULT_FIELDS,
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Registered on this day or later.")
    ] = None,
    last_day: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Registered on this day or earlier.")
    ] = None,
) -> None:
    """Write customers as CSV. Cells that a spreadsheet would run as a formula are escaped."""
    wanted = [field.strip() for field in fields.split(",") if field.strip()]
    try:
        check_fields(wanted)
    except UnknownFields as error:
        fail(str(error))
    days = (first_day.date() if first_day else None, last_day.date() if last_day else None)

    async def work(shop: Shop) -> int:
        if str(target) == "-":
            return await export_customers(shop, typer.get_text_stream("stdout"), wanted, *days)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("w", encoding="utf-8", newline="") as file:
                count = await export_customers(shop, file, wanted, *days)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return count

    count = in_shop(work)
    typer.echo(f"{count} customers", err=True)


def back_up(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the SQLite database to a file, while it is in use. PostgreSQL brings pg_dump for this."""
    in_shop(lambda shop: backup(shop.database, target, overwrite=overwrite))
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
