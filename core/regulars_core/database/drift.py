"""Do the migrations still make what the models say? `python -m regulars_core.database.drift [--write]`"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions
from tortoise.migrations.writer import MigrationWriter

from regulars_core.plugins import Plugins

from .apps import App, offline_config
from .metas import EngineContext

CORE = App("core", "regulars_core.models", "regulars_core.migrations")


async def drift(apps: Sequence[App]) -> list[MigrationWriter]:
    """The migrations that are missing, one per app at most, not yet written. Needs no database."""
    config = offline_config(apps)
    with EngineContext("") as context:
        await context.init(config, init_connections=False)
        assert context.apps is not None
        found = await MigrationAutodetector(context.apps, config["apps"]).changes()
    for migration in found:
        # Options change no table: Tortoise counts a reworded docstring among them, and the key of a one-to-one.
        migration.operations = [change for change in migration.operations if not isinstance(change, AlterModelOptions)]
    return [migration for migration in found if migration.operations]


async def write_migration(apps: Sequence[App], label: str, name: str) -> Path | None:
    """Write the migration that the models of one of the apps ask for, and answer its file; None if they ask for none."""
    for migration in await drift(apps):
        if migration.app_label == label:
            migration.name = f"{migration.name[:4]}_{name}"
            return migration.write()
    return None


def main(arguments: Sequence[str] | None = None, apps: Sequence[App] | None = None) -> int:
    """Say what core and the box lack, or write it if asked to; the exit status: 1 if something is missing still."""
    write = "--write" in (sys.argv[1:] if arguments is None else arguments)
    missing = asyncio.run(drift((CORE, *Plugins.wanted(None).apps) if apps is None else apps))
    for migration in missing:
        changes = "; ".join(str(operation.describe()) for operation in migration.operations)
        where = migration.write() if write else f"{migration.app_label} has no migration for"
        sys.stdout.write(f"{where}: {changes}\n")
    if missing and not write:
        sys.stdout.write("Write the missing migrations with: python -m regulars_core.database.drift --write\n")
    return 1 if missing and not write else 0


if __name__ == "__main__":
    raise SystemExit(main())
