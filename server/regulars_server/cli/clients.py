"""The command that writes ready files for frontend teams."""

from pathlib import Path
from typing import Annotated

import typer

from regulars_core.plugins.owners import PluginError
from regulars_schema.composition.contributions import SchemaConflict
from regulars_schema.schema import schema_of
from regulars_server.cli.base import configured_or_exit, fail, out
from regulars_server.frontends import ready_files


def clients(
    folder: Annotated[Path, typer.Argument(help="Where they are written.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only compare them with those in the folder; status 1 if different.")
    ] = False,
) -> None:
    """Write ready files for clients, made from the schema with the plugins that are on."""
    _, on = configured_or_exit()
    try:
        made = ready_files(schema_of(on).printed())
    except (SchemaConflict, PluginError) as error:
        fail(str(error))
    for name, text in made.items():
        path = folder / name
        try:
            if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
                fail(f"{path} is not what the schema makes of it; write it again by `regulars clients {folder}`.")
            if not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(f"The files cannot be written: {error}")
    out.print(f"{'Compared' if check else 'Wrote'} {', '.join(made)}.", markup=False)
