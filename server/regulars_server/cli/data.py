"""Commands that carry the whole database out and in: backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from regulars_core.database import migrations
from regulars_core.database.backup import backup, restore
from regulars_core.shop.shop import Shop
from regulars_core.start import refuse_other_version
from regulars_server.cli.base import in_shop, noted, out


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    app.command(name="backup")(back_up)
    app.command(name="restore")(put_back)


def back_up(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Copy the SQLite database to a file, while it is in use. PostgreSQL brings pg_dump for this."""

    async def work(shop: Shop) -> None:
        if shop.database.engine == "sqlite":
            await noted(shop, "backup")
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
