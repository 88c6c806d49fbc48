"""Tortoise's migrations, behind a guard. Never run the bare `tortoise migrate`: on SQLite it deletes rows.

Each migration is one transaction together with the row that records it, begun by a lock that all processes share. A
process that is killed leaves a migration whole or not at all, and two that start at once apply it once.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from tortoise.backends.base import executor as tortoise_executor
from tortoise.migrations.graph import MigrationGraph, MigrationKey
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.migration import Migration
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

from regulars_core.database.errors import DatabaseTooNew
from regulars_core.primitives.garbage import seldom_collected

from .apps import ALIAS, App, apps_config
from .database import Database

TABLE = "tortoise_migrations"
_LOCK = 7_306_085_893_296_000_001  # of pg_advisory_xact_lock; any number, the same in every version
_MAX_ATTEMPTS = 5  # of each migration: its locks may have to wait for a busy server's statements

log = logging.getLogger(__name__)


async def pending(database: Database) -> list[str]:
    """The migrations that the database lacks, in the order they would be applied: ["core.0001_initial"]."""
    with database.bound():
        done = await _applied(database)
        return [str(key) for key in _order(database, await _graph(database)) if key not in done]


async def unknown(database: Database) -> list[str]:
    """The migrations the database has and this version does not know, of the apps it was opened with. Those of a plugin
    that is switched off are nobody's business."""
    with database.bound():
        return await _unknown(database, await _graph(database))


async def known(database: Database) -> list[MigrationKey]:
    """Every migration of this version, in the order they are applied."""
    return _order(database, await _graph(database))


async def migrate(database: Database, progress: Callable[[str], None] | None = None) -> list[str]:
    """Apply every migration that the database lacks, core's first, and name them. Two processes that do so at once apply each
    once. Raises DatabaseTooNew if the database has some that this version does not know, and whatever a migration raises; it
    is then undone."""
    with database.bound():
        graph = await _graph(database)
        if strangers := await _unknown(database, graph):
            raise DatabaseTooNew(f"The database has migrations this version does not know: {', '.join(strangers)}")
        order = _order(database, graph)
        done = await _applied(database)
        if all(key in done for key in order):
            return []
        await _exclusively(database, lambda editor: _make_table(database, editor))
        with seldom_collected():
            return await _apply(database, graph, order, progress)


async def _apply(
    database: Database,
    graph: MigrationGraph,
    order: Sequence[MigrationKey],
    progress: Callable[[str], None] | None,
) -> list[str]:
    state = _LazyState({}, {app.label: ALIAS for app in database.apps})
    done = await _applied(database)
    applied: list[str] = []
    for key in order:
        migration = graph.nodes[key]
        assert migration is not None, key
        if key not in done:
            if not migration.atomic:
                raise ValueError(f"{key} is not atomic. A migration here is one transaction.")
            attempts = _attempts(state)
            work = partial(_once, database, migration, attempts)
            after = await _exclusively(database, work)
            if after is not None:
                state = after
                applied.append(str(key))
                log.info("applied %s", key)
                if progress is not None:
                    progress(str(key))
                continue
            state = next(attempts)  # another process has applied it; an attempt of ours may have got half-way
        # What models a migration sees follows from the migrations before it, not from who applied them.
        await migration.apply(state, dry_run=True, schema_editor=None)
    return applied


def _attempts(state: "_LazyState") -> Iterator["_LazyState"]:
    """What each attempt at a migration begins with. The first goes on with classes that were made for the one before."""
    models = state.clone()
    yield state
    while True:
        yield models.clone()


async def _once(
    database: Database, migration: Migration, attempts: Iterator["_LazyState"], editor: BaseSchemaEditor
) -> "_LazyState | None":
    """What models there are after the migration; None if another process has applied it."""
    key = MigrationKey(app_label=migration.app_label, name=migration.name)
    if key in await _applied(database):
        return None
    state = next(attempts)
    # Statements that write models are cached by table: neither may an older model's be found here, nor be left behind.
    tortoise_executor.EXECUTOR_CACHE.clear()
    try:
        await migration.apply(state, schema_editor=editor)
    finally:
        tortoise_executor.EXECUTOR_CACHE.clear()
    await MigrationRecorder(editor.client, table_name=TABLE).record_applied(key.app_label, key.name)
    return state


async def _make_table(database: Database, editor: BaseSchemaEditor) -> None:
    statement = editor._get_model_sql_data(MigrationRecorder(editor.client, table_name=TABLE).model).table_sql
    await database.run(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))


async def _exclusively(database: Database, work: Callable[[BaseSchemaEditor], Any]) -> Any:
    """Run the work in a transaction that no other process migrates beside."""
    if database.in_transaction:
        raise RuntimeError("A transaction cannot migrate the database it is in.")
    if database.engine == "postgres":
        return await database.transaction(lambda: _on_postgres(database, work), attempts=_MAX_ATTEMPTS)
    from regulars_core.database.sqlite.rebuild import GuardedSqliteEditor, rebuilding

    return await rebuilding(database, lambda client: work(GuardedSqliteEditor(client)), attempts=_MAX_ATTEMPTS)


async def _on_postgres(database: Database, work: Callable[[BaseSchemaEditor], Any]) -> Any:
    await database.allow(0)
    for setting in ("lock_timeout", "idle_in_transaction_session_timeout"):
        await database.run(f"SET LOCAL {setting} = 0")
    await database.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)
    # The other migrator may take its time; a customer's long transaction may not make everybody else queue behind us.
    await database.run("SET LOCAL lock_timeout = '2s'")
    return await work(AsyncpgSchemaEditor(database._client, atomic=True))


async def state_of(database: Database, app: App) -> tuple[bool, list[str]]:
    """Of an app with which the database was not opened, whether any migration is applied, and which are not."""
    with database.bound():
        loader = MigrationLoader(apps_config([*database.apps, app]), _Nothing(None))
        await loader.build_graph()
        done = await _applied(database)
        missing = sorted(str(key) for key in loader.graph.nodes if key.app_label == app.label and key not in done)
        return any(key.app_label == app.label for key in done), missing


async def _unknown(database: Database, graph: MigrationGraph) -> list[str]:
    ours = {app.label for app in database.apps}
    return sorted(str(key) for key in await _applied(database) if key.app_label in ours and key not in graph.nodes)


async def _applied(database: Database) -> set[MigrationKey]:
    # Tortoise's own reading takes any failure for "none".
    if database.engine == "postgres":
        exists = await database.row("SELECT to_regclass($1)::text", TABLE)
    else:
        exists = await database.row("SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1", TABLE)
    if exists is None or exists[0] is None:
        return set()
    recorded = await database.rows(f"SELECT app, name FROM {TABLE}")
    return {MigrationKey(app_label=app, name=name) for app, name in recorded}


async def _graph(database: Database) -> MigrationGraph:
    loader = MigrationLoader(apps_config(database.apps), _Nothing(None))
    await loader.build_graph()
    return loader.graph


def _order(database: Database, graph: MigrationGraph) -> list[MigrationKey]:
    """Every migration after those it needs, the apps in their order where that leaves a choice."""
    order: dict[MigrationKey, None] = {}
    for app in database.apps:
        for key in sorted(key for key in graph.nodes if key.app_label == app.label):
            order.update(dict.fromkeys(graph.forwards_plan(key)))
    return list(order)


class _LazyState(State):
    """What models there are at some point; their classes are made when somebody looks at one. Most operations do not, and
    Tortoise makes those of all models anew before and after each."""

    apps: "_Apps"

    def __init__(self, models: dict[tuple[str, str], ModelState], default_connections: dict[str, str]) -> None:
        super().__init__(models, _Apps(models, default_connections))
        self._default_connections = default_connections

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        """As Tortoise does, of classes that somebody has looked at."""
        if self.apps.are_made:
            super().reload_models(model_tuples)

    def reload_model(self, app_label: str, model_name: str) -> None:
        """As Tortoise does, of classes that somebody has looked at."""
        if self.apps.are_made:
            super().reload_model(app_label, model_name)

    def validate_relations_initialized(self) -> None:
        """As Tortoise does, of classes that somebody has looked at."""
        if self.apps.are_made:
            super().validate_relations_initialized()

    def clone(self) -> "_LazyState":
        return _LazyState({key: model.clone() for key, model in self.models.items()}, self._default_connections)


class _Apps(StateApps):
    """The classes of a state's models, made when somebody looks at one: a function that writes SQL is given them and does not.
    Makes ready for queries only those that are new."""

    def __init__(self, models: dict[tuple[str, str], ModelState], default_connections: dict[str, str]) -> None:
        super().__init__(default_connections)
        self._models = models
        self._made: dict[str, dict[str, type[Model]]] | None = None
        self._ready: set[type[Model]] = set()

    @property
    def are_made(self) -> bool:
        """Whether somebody has looked at them."""
        return self._made is not None

    @property
    def apps(self) -> dict[str, dict[str, type[Model]]]:
        """The classes, by app and name."""
        if self._made is None:
            self._made = {}
            for (label, _), model in self._models.items():
                self.register_model(label, model.clone().render(self, deepcopy_fields=False))
            self._init_relations()
            self._build_initial_querysets()
        return self._made

    @apps.setter
    def apps(self, made: dict[str, dict[str, type[Model]]]) -> None:
        self._made = made

    def _build_initial_querysets(self) -> None:
        everything = self.apps
        self.apps = {
            app: {name: model for name, model in models.items() if model not in self._ready}
            for app, models in everything.items()
        }
        try:
            super()._build_initial_querysets()
        finally:
            self._ready.update(m for models in self.apps.values() for m in models.values() if m._meta._inited)
            self.apps = everything


class _Nothing(MigrationRecorder):
    """Spares the loader a query whose answer is not used, and a model to ask with."""

    def _make_model(self, table_name: str) -> type[Model]:
        return Model

    async def applied_migrations(self) -> list[MigrationKey]:
        return []
