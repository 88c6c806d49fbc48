"""Databases for tests: SQLite files in a folder, and databases on a PostgreSQL server of our own."""

import shutil
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from regulars_core.contribution import CORE_APP
from regulars_core.database import App, Database, Engine, migrations
from regulars_core.database.apps import sqlite_path

from .postgres import PostgresServer

ENGINES: Sequence[Engine] = ("sqlite", "postgres")
"""The engines on which a plugin is to be tested: both."""

_MAX_AT_ONCE = 8  # databases that are made by one call


class Databases:
    """Makes databases. `server` is called when PostgreSQL is needed for the first time; whoever started it stops it."""

    def __init__(self, folder: Path, server: Callable[[], PostgresServer]) -> None:
        self._folder = folder
        self._find_server = server
        self._names = count(1)
        self._templates: dict[tuple[Engine, Sequence[App]], str] = {}
        self._copies: dict[str, list[str]] = {}
        self._at_once: dict[str, int] = {}
        self._done_with: list[str] = []

    def empty(self, engine: Engine) -> str:
        """The URL of a new database without tables. Raises PostgresMissing."""
        if engine == "postgres":
            return self._find_server().create_database()
        return f"sqlite://{self._folder}/{next(self._names)}.db"

    async def migrated(self, engine: Engine, apps: Sequence[App] = (CORE_APP,)) -> str:
        """The URL of a new database with the tables of these apps, core's among them: `plugins.apps`. Raises PostgresMissing."""
        template = await self._template(engine, tuple(apps))
        return self._copy(template) if engine == "postgres" else self._file_copy(template)

    def drop(self, url: str) -> None:
        """Remove a database, whoever still uses it."""
        if url.startswith("postgres"):
            self._done_with.append(url)  # with the next that are made, since calling psql takes as long as either
        else:
            for file in self._folder.glob(f"{sqlite_path(url).name}*"):  # what is written ahead lies beside it
                file.unlink()

    def _copy(self, template: str) -> str:
        """One of the copies at hand; these are made several at once, the more of them were asked for."""
        copies = self._copies.setdefault(template, [])
        if not copies:
            number = self._at_once.get(template, 1)
            self._at_once[template] = min(number * 2, _MAX_AT_ONCE)
            gone, self._done_with = self._done_with, []
            copies += self._find_server().create_databases(number, template, gone)
        return copies.pop()

    def _file_copy(self, template: str) -> str:
        url = self.empty("sqlite")
        shutil.copy(sqlite_path(template), sqlite_path(url))
        return url

    async def _template(self, engine: Engine, apps: tuple[App, ...]) -> str:
        if (engine, apps) not in self._templates:
            url = await self._begun(engine, apps)
            database = await Database.open(url, apps, pool_size=1, readers=1)
            try:
                await migrations.migrate(database)
            finally:
                await database.close()
            self._templates[engine, apps] = url
        return self._templates[engine, apps]

    async def _begun(self, engine: Engine, apps: tuple[App, ...]) -> str:
        """A new database that has all but the last app's tables already: most choices of plugins differ in that one."""
        if len(apps) == 1:
            return self.empty(engine)
        below = await self._template(engine, apps[:-1])
        return self._find_server().create_database(below) if engine == "postgres" else self._file_copy(below)
