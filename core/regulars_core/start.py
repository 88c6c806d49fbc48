"""Opening a shop: the one way, for the server, the command line, the doctor and tests."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from regulars_core import contribution, hookspecs
from regulars_core.audiences.registry import audience_leaves
from regulars_core.database import Database, DatabaseTooNew, NotMigrated, Unavailable, migrations
from regulars_core.database.apps import sqlite_path
from regulars_core.events.catching_up import switched_on
from regulars_core.events.replay import switch_on
from regulars_core.plugins.discovery import chosen, installed, loaded
from regulars_core.plugins.host import About, Plugins
from regulars_core.rules.registry import rule_kinds
from regulars_core.shop.encryption import encryption_keys_of
from regulars_core.shop.settings import Settings, load_settings, wanted_plugins
from regulars_core.shop.shop import Shop, WrongCurrency, refuse_other_currency

CANNOT_START = (NotMigrated, DatabaseTooNew, WrongCurrency, Unavailable)


def plugins_on(
    plugins: Mapping[str, object] | None = None,
    about: Sequence[About] = (),
    *,
    off: Callable[[], Mapping[str, object]] = dict,
) -> Plugins:
    """These plugins by name, beside core; core alone if there are none. `off` answers those that are installed and not on.

    Raises PluginError for plugins that cannot be on as they are.
    """
    return Plugins(plugins or {}, about, core=contribution, specs=hookspecs, events=hookspecs.EVENTS, off=off)


def plugins_wanted(wanted: tuple[str, ...] | None, told: str = "REGULARS_PLUGINS") -> Plugins:
    """Those of the installed plugins that the setting `plugins` names: the whole box where it is absent. Raises PluginError,
    which says where they were `told`."""
    available = installed()
    on = chosen(available, wanted, told)
    return plugins_on(*loaded(on), off=lambda: loaded(one for one in available if one not in on)[0])


def configured(**arguments: Any) -> tuple[Settings, Plugins]:
    """The settings from all places, the arguments first, and the plugins that they switch on.

    Raises SettingsError and PluginError.
    """
    plugins = plugins_wanted(wanted_plugins(**arguments))
    return load_settings(plugins.settings_models, plugins.settings_models_off, **arguments), plugins


@asynccontextmanager
async def opened(
    settings: Settings, plugins: Plugins | None = None, *, migrated: bool = True, serving: bool = False
) -> AsyncIterator[Shop]:
    """The shop of these settings with these plugins, or those that the settings choose; closed at the end. Raises what
    `Database.open` raises, and PluginError for plugins whose permissions, kinds of rules or leaves of audiences
    cannot be.

    Unless `migrated` is False, raises NotMigrated or DatabaseTooNew for a database that is not of this version, and
    WrongCurrency for one whose purchases are in another currency; and plugins are told what they missed, all of it before the
    shop is there or, for one that is `serving`, what takes long beside what it serves. If it is False, nothing is looked at.
    """
    if migrated:
        refuse_missing_file(settings)
    plugins = plugins_wanted(settings.plugins) if plugins is None else plugins
    database = await Database.open(
        settings.database_url,
        plugins.apps,
        pool_size=settings.database_pool,
        readers=settings.sqlite_readers,
        pooler=settings.database_pooler,
        replica_url=settings.replica_url,
    )
    try:
        if settings.encryption_keys is not None:
            database.seal_by(encryption_keys_of(settings.encryption_keys.get_secret_value()))
        shop = Shop(database, settings, plugins)
        rule_kinds(shop)  # what cannot be listed would stop every sale
        audience_leaves(shop)
        if migrated:
            await refuse_other_version(database)
            await refuse_other_currency(shop)
            if serving:
                async with switched_on(shop):
                    yield shop
                return
            await switch_on(shop)
        yield shop
    finally:
        await database.close()


@asynccontextmanager
async def opened_and_migrated(settings: Settings, plugins: Plugins | None = None) -> AsyncIterator[Shop]:
    """The shop, its database brought to this version first: for demos and tests, which begin with an empty one."""
    async with opened(settings, plugins, migrated=False) as shop:
        await migrations.migrate(shop.database)
        await switch_on(shop)
        yield shop


def refuse_missing_file(settings: Settings) -> None:
    """Raise NotMigrated if the SQLite file is not there: opening it would make an empty one under a mistyped name."""
    if settings.database_url.startswith("sqlite://") and not (path := sqlite_path(settings.database_url)).exists():
        mend = "run `regulars migrate` to make it" if path.parent.is_dir() else f"there is no folder {path.parent}"
        raise NotMigrated(f"There is no database at {path}; {mend}.")


async def refuse_other_version(database: Database) -> None:
    """Raise NotMigrated or DatabaseTooNew if the database is not of this version."""
    if unknown := await migrations.unknown(database):
        raise DatabaseTooNew(
            f"The database was migrated by a newer version ({', '.join(unknown)}); install that version, or a newer one."
        )
    if pending := await migrations.pending(database):
        raise NotMigrated(f"The database lacks {', '.join(pending)}; run `regulars migrate`.")
