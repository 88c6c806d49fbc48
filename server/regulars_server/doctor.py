"""What is wrong with an installation, and how to mend it."""

import os
import sqlite3
from dataclasses import dataclass

from tortoise.exceptions import BaseORMException

from regulars_core.audiences.registry import AudienceLeaves
from regulars_core.database import Database, Unavailable, migrations
from regulars_core.database.apps import sqlite_path
from regulars_core.events.behind import progress
from regulars_core.keys.reads import list_keys
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.rules.registry import RuleKinds
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop, WrongCurrency, refuse_other_currency
from regulars_core.start import opened, plugins_on
from regulars_core.verification import Verification, verifications_of
from regulars_schema.composition.contributions import SchemaConflict
from regulars_schema.schema import schema_of


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    message: str


async def examine(settings: Settings, plugins: Plugins | None = None) -> list[Finding]:
    """Everything that was found, good and bad. Writes nothing."""
    plugins = plugins or plugins_on()
    findings = [
        Finding(True, f"settings: {settings.currency}, {settings.timezone}, phone numbers as in {settings.country}")
    ]
    if plugins.names:
        findings += _plugins(plugins)
    try:
        if missing := _missing_file(settings):
            return [*findings, missing]
        async with opened(settings.model_copy(update=_FEW), plugins, migrated=False) as shop:
            return findings + await _look(shop)
    except PluginError:
        return findings  # told above: what cannot be on together opens no shop
    except (*_UNUSABLE, RuntimeError, ValueError, OSError) as error:
        return [*findings, _unusable(error)]


def _plugins(plugins: Plugins) -> list[Finding]:
    """Which are on, and whether they can be on together."""
    try:
        schema_of(plugins)
        RuleKinds.of(plugins)
        AudienceLeaves.of(plugins)
        verifications_of(plugins)
    except (SchemaConflict, PluginError) as error:
        return [Finding(False, f"plugins: {error}; switch off one of them by REGULARS_PLUGINS, or mend it")]
    return [Finding(True, f"plugins: {', '.join(plugins.names)}")]


_UNUSABLE = (Unavailable, BaseORMException, sqlite3.Error)
_FEW = {"database_pool": 2, "sqlite_readers": 1}
"""Connections: servers may hold most of those that there are."""


def _unusable(error: Exception) -> Finding:
    mend = "mend REGULARS_DATABASE_URL, or start the database server"
    return Finding(False, f"database: {str(error).rstrip('.')}; {mend}")


def _missing_file(settings: Settings) -> Finding | None:
    """A SQLite file that is not there is not made by looking."""
    if not settings.database_url.startswith("sqlite://"):
        return None
    path = sqlite_path(settings.database_url)
    if not path.exists():
        return Finding(False, f"database: there is no file {path}; run `regulars migrate` to make it")
    if not os.access(path, os.W_OK) or not os.access(path.absolute().parent, os.W_OK):
        return Finding(False, f"database: {path} or its folder cannot be written; mend its permissions")
    return None


async def _look(shop: Shop) -> list[Finding]:
    database = shop.database
    findings = [await _engine(database)]
    if unknown := await migrations.unknown(database):
        names = ", ".join(unknown)
        return [*findings, Finding(False, f"migrations: made by a newer version ({names}); install that version")]
    if pending := await migrations.pending(database):
        return [*findings, Finding(False, f"migrations: not applied: {', '.join(pending)}; run `regulars migrate`")]
    findings.append(Finding(True, "migrations: all applied"))
    try:
        await refuse_other_currency(shop)
    except WrongCurrency as error:
        findings.append(Finding(False, f"currency: {error}"))
    findings += await _late(database)
    quick = [one for one in verifications_of(shop.plugins) if one.quick]
    return [*findings, *[found for one in quick for found in await _verified(one, shop)], await _keys(database)]


async def _late(database: Database) -> list[Finding]:
    """Which plugins are being told what they missed: nothing that has to be mended."""
    return [
        Finding(True, f"plugin {one.plugin}: catching up, {one.told} of {one.missed} events told, {one.percent} %")
        for one in await progress(database)
    ]


async def _verified(verification: Verification, shop: Shop) -> list[Finding]:
    """What a quick verification says; one that raises says that."""
    sentences: list[str] = []
    try:
        async for sentence in verification.differences(shop):
            sentences.append(sentence)
            if len(sentences) > _MAX_SENTENCES:
                sentences[-1] = "and more; `regulars verify` prints them all"
                break
    except Exception as error:  # of a plugin
        sentences.append(f"could not be looked at: {type(error).__name__}: {error}")
    if not sentences:
        return [Finding(True, f"{verification.name}: {verification.description}")]
    return [Finding(False, f"{verification.name}: {sentence}") for sentence in sentences]


_MAX_SENTENCES = 20


async def _keys(database: Database) -> Finding:
    live = [key for key in await list_keys(database) if key.revoked_at is None]
    mend = "regulars key create --name … --role administrator"
    if not live:
        return Finding(False, f"keys: none is live, so nobody can ask anything; run `{mend}`")
    if not any(key.is_administrator for key in live):
        return Finding(False, f"keys: {len(live)} live, but none administers the whole shop; run `{mend}`")
    return Finding(True, f"keys: {len(live)} live")


async def _engine(database: Database) -> Finding:
    if database.engine == "sqlite":
        row = await database.row("SELECT sqlite_version()")
        return Finding(True, f"database: SQLite {row[0] if row else ''}")
    row = await database.row("SHOW server_version_num")
    number = int(row[0]) if row else 0
    return Finding(number >= 150_000, f"database: PostgreSQL {number // 10_000}; 15 or newer is needed")
