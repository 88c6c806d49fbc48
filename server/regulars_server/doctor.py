"""What is wrong with an installation, and how to mend it."""

import os
import sqlite3
from dataclasses import dataclass

from tortoise.exceptions import BaseORMException

from regulars_core.audiences.registry import AudienceLeaves
from regulars_core.database import Unavailable
from regulars_core.database.apps import sqlite_path
from regulars_core.health import checks
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.rules.registry import RuleKinds
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, plugins_on
from regulars_core.verification import Verification, verifications_of
from regulars_schema.composition.contributions import SchemaConflict
from regulars_schema.schema import schema_of


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    message: str
    works: bool = False
    """Whether the shop works all the same."""


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
        folder = path.parent
        if not folder.is_dir():
            return Finding(False, f"database: there is no folder {folder}; make it, or mend REGULARS_DATABASE_URL")
        return Finding(False, f"database: there is no file {path}; run `regulars migrate` to make it")
    if not os.access(path, os.W_OK) or not os.access(path.absolute().parent, os.W_OK):
        return Finding(False, f"database: {path} or its folder cannot be written; mend its permissions")
    return None


async def _look(shop: Shop) -> list[Finding]:
    found = await checks(shop)
    findings = [Finding(one.ok, f"{one.name}: {one.message}", one.works) for one in found]
    if any(one.name == "migrations" and not one.ok for one in found):
        return findings
    quick = [one for one in verifications_of(shop.plugins) if one.quick]
    return findings + [found for one in quick for found in await _verified(one, shop)]


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
