"""Do the migrations still make what the models say?"""

from collections.abc import Sequence
from pathlib import Path

from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions
from tortoise.migrations.writer import MigrationWriter

from regulars_core.database.engine_meta import EngineContext

from .apps import App, offline_config


async def drift(apps: Sequence[App]) -> list[MigrationWriter]:
    """The migrations that are missing, one per app at most, not yet written. Needs no database."""
    config = offline_config(apps)
    with EngineContext("") as context:
        await context.init(config, init_connections=False)
        assert context.apps is not None
        missing = await MigrationAutodetector(context.apps, config["apps"]).changes()
    for migration in missing:
        # Options change no table: Tortoise counts a reworded docstring among them, and the key of a one-to-one.
        migration.operations = [change for change in migration.operations if not isinstance(change, AlterModelOptions)]
    return [migration for migration in missing if migration.operations]


async def write_migration(apps: Sequence[App], label: str, name: str) -> Path | None:
    """Write the migration that the models of one of the apps ask for, and answer its file; None if they ask for none."""
    for migration in await drift(apps):
        if migration.app_label == label:
            migration.name = f"{migration.name[:4]}_{name}"
            return migration.write()
    return None
