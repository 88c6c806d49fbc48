"""What is kept in a database: Tortoise apps, core's first and one per plugin. And what their URL says to Tortoise."""

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from tortoise.backends.base.config_generator import expand_db_url

from .dialect import Engine

ALIAS = "default"
Pooler = Literal["session", "transaction"]
"""For how long a connection is a session of PostgreSQL's: always, as without a pooler, or for a transaction."""


@dataclass(frozen=True)
class App:
    """One Tortoise app: core, or a plugin."""

    label: str
    """How models and migrations name it: "core"."""
    models: str
    """The module its models are in: "regulars_core.models"."""
    migrations: str
    """The package its migrations are in: "regulars_core.migrations"."""


def engine_of(url: str) -> Engine:
    """Which engine the URL is for. Raises ValueError, without the password, if it is for none we know."""
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return "sqlite"
    if scheme in {"postgres", "postgresql"}:
        return "postgres"
    raise ValueError(f'A database URL begins with "sqlite://" or "postgres://", not with "{scheme}".')


def sqlite_path(url: str) -> Path:
    """The file that `sqlite://relative.db` or `sqlite:///absolute/path.db` means; further slashes, as other libraries want them,
    are no part of it. Raises ValueError for a database in memory, which every connection would have to itself."""
    path = unquote(url.removeprefix("sqlite://").partition("?")[0])
    if not path or ":memory:" in url or "mode=memory" in url:
        raise ValueError(
            f'"{url}" is no file. Regulars opens several connections, so a database in memory cannot work.'
        )
    return Path(re.sub("^/+", "/", path)).absolute()


def not_opened(url: str, error: Exception) -> str:
    """The sentence for a database that cannot be opened: which file it is, and the folder that is not there."""
    if engine_of(url) != "sqlite":
        return f"The database cannot be opened: {error}"
    path = sqlite_path(url)
    reason = error if path.parent.is_dir() else f"there is no folder {path.parent}"
    return f"The database {path} cannot be opened: {reason}"


def apps_config(apps: Sequence[App]) -> dict[str, dict[str, Any]]:
    """The apps as Tortoise wants them."""
    return {
        app.label: {"models": [app.models], "default_connection": ALIAS, "migrations": app.migrations} for app in apps
    }


def tortoise_config(
    url: str, apps: Sequence[App], *, pool_size: int, readers: int, pooler: Pooler = "session"
) -> dict[str, Any]:
    """The whole of what Tortoise wants. Raises ValueError for a URL that cannot be used, RuntimeError if asyncpg is
    needed and not installed."""
    if engine_of(url) == "sqlite":
        connection = {
            "engine": "regulars_core.database.sqlite.client",
            "credentials": {"file_path": str(sqlite_path(url)), "readers": readers},
        }
    else:
        if importlib.util.find_spec("asyncpg") is None:
            raise RuntimeError('PostgreSQL needs asyncpg, which is not installed: pip install "regulars[postgres]"')
        credentials = expand_db_url(url)["credentials"]
        # Where asyncpg keeps some open by itself, one that is being connected and gets no answer takes the place of another.
        connection = {
            "engine": "regulars_core.database.postgres.client",
            "credentials": {"minsize": 0, **credentials, "maxsize": pool_size, "pooler": pooler},
        }
    return {"connections": {ALIAS: connection}, "apps": apps_config(apps)}


def offline_config(apps: Sequence[App]) -> dict[str, Any]:
    """The apps for Tortoise when nothing will be connected to."""
    connection = {"engine": "regulars_core.database.sqlite.client", "credentials": {"file_path": "nowhere"}}
    return {"connections": {ALIAS: connection}, "apps": apps_config(apps)}
