"""Commands for those who write plugins."""

import re
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from regulars_core.database.drift import write_migration
from regulars_core.plugins.owners import PluginError
from regulars_core.start import plugins_wanted
from regulars_server.cli.base import fail, out, run
from regulars_server.new_plugin import BadName, NewRule, write_outline

_MIGRATION = re.compile(r"[a-z][a-z0-9_]{0,59}")


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""

    @app.command(name="new-plugin")
    def new_plugin(
        name: Annotated[str, typer.Argument(help="The plugin's name: small letters.")],
        rule: Annotated[NewRule | None, typer.Option(help="A plugin that brings a rule, of this use.")] = None,
    ) -> None:
        """Write the outline of a plugin into a new folder, with tests that pass at once. Overwrites nothing."""
        own: dict[str, object] = getattr(get_command(app), "commands", {})
        try:
            folder = write_outline(name, Path(), own.keys(), rule)
        except (BadName, PluginError) as error:
            fail(str(error))
        except OSError as error:
            fail(f"The folder cannot be written: {error}")
        out.print(f"Wrote {folder}. Next: cd {folder} && pip install -e '.[dev]' && pytest", markup=False)

    app.command(name="new-migration")(new_migration)


def new_migration(
    plugin: Annotated[str, typer.Argument(help="The installed plugin whose models were changed.")],
    name: Annotated[str, typer.Argument(help="What changes, such as `last_visit`.")],
) -> None:
    """Write the migration that a plugin's models ask for beside its others; read what it wrote."""
    if not _MIGRATION.fullmatch(name):
        fail(f"'{name}' is no name for a migration; use small letters, digits and _.")
    try:
        apps = plugins_wanted((plugin,)).apps
    except PluginError as error:
        fail(str(error))
    written = run(write_migration(apps, plugin, name))
    out.print(
        f"Wrote {written}." if written else "Nothing to do: the migrations make what the models say.", markup=False
    )
