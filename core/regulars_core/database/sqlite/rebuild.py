"""Changing tables on SQLite, which mostly means building them anew, without losing what hangs on the old one."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tortoise.exceptions import IntegrityError
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.schema_editor import SqliteSchemaEditor

from regulars_core.database.sqlite.client import SqliteTransaction, SqliteTransactionContext

if TYPE_CHECKING:
    from regulars_core.database.database import Database

T = TypeVar("T")


async def rebuilding(database: "Database", work: Callable[[SqliteTransaction], Awaitable[T]], *, attempts: int) -> T:
    """Run the work in a transaction during which foreign keys are not enforced, or dropping the old table would delete
    the rows that refer to it. Raises IntegrityError, and undoes the work, if a reference leads nowhere at the end."""

    async def checked() -> T:
        result = await work(database._client)
        if broken := await database.rows("PRAGMA foreign_key_check"):
            table, row, target, _ = broken[0]
            raise IntegrityError(f"{len(broken)} rows refer to nothing; the first is {table} row {row} → {target}")
        return result

    return await database._transaction(
        checked, attempts, lambda: SqliteTransactionContext(database._root, foreign_keys=False)
    )


class GuardedSqliteEditor(SqliteSchemaEditor):
    """Tortoise's, with its table rebuild made whole."""

    def __init__(self, client: SqliteTransaction) -> None:
        super().__init__(client, atomic=True)
        self._transaction = client

    async def _run_sql(self, sql: str) -> None:
        # Tortoise splits at every ";", also inside the body of a trigger.
        for statement in statements(sql):
            await self.client.execute_query(statement)

    async def remove_field(self, model: Any, field: Any) -> None:
        # A foreign key is two fields, itself and its column; Tortoise leaves the column.
        if not isinstance(field, ForeignKeyFieldInstance):
            return await super().remove_field(model, field)
        fields = model._meta.fields_map
        foreign_key = fields.pop(field.model_field_name)
        try:
            await super().remove_field(model, fields[field.source_field])
        finally:
            fields[field.model_field_name] = foreign_key

    async def _remake_table(
        self, model: Any, create_field: Any = None, delete_field: Any = None, alter_fields: Any = None
    ) -> None:
        await self._rebuilt(model, create_field, _Changes(delete_field, alter_fields or ()))

    async def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Tortoise would drop an index that SQLite has made for a UNIQUE in CREATE TABLE, and those cannot be dropped."""
        if isinstance(constraint, UniqueConstraint):
            columns = tuple(self._resolve_fields_to_columns(model, constraint.fields))
            table = await _Table.read(self._transaction, model._meta.db_table)
            if any(index.sql is None and index.columns == columns for index in table.indexes):
                await self._rebuilt(model, None, _Changes(None, (), forgotten=columns))
                return
        await super().remove_constraint(model, constraint)

    async def _rebuilt(self, model: Any, create_field: Any, changes: "_Changes") -> None:
        table = model._meta.db_table
        before = await _Table.read(self._transaction, table)
        # Otherwise the renaming at the end trips over triggers elsewhere that mention the table being replaced.
        await self.client.execute_query("PRAGMA legacy_alter_table = ON")
        await super()._remake_table(model, create_field, changes.deleted, list(changes.altered))
        await self.client.execute_query("PRAGMA legacy_alter_table = OFF")
        after = await _Table.read(self._transaction, table)
        if lost := before.columns - after.columns - changes.removed:
            raise ValueError(f"Rebuilding {table} would lose {', '.join(sorted(lost))}. Write this migration by hand.")
        if before.checks > after.checks:
            raise ValueError(f"Rebuilding {table} would lose a CHECK its model does not name. Write it by hand.")
        await self._replay(model, before, after, changes)

    async def _replay(self, model: Any, before: "_Table", after: "_Table", changes: "_Changes") -> None:
        for index in before.indexes:
            if changes.removed & set(index.columns) or changes.unwanted(index, self, model):
                continue
            if index.sql is not None:
                await self._run_sql(index.sql)
            elif not after.has_unique(index.columns):
                # Tortoise keeps a column's own UNIQUE, and forgets those over several columns and of one-to-one fields.
                await self._run_sql(self._unique_sql(model, index.columns))
        for trigger in before.triggers:
            await self._run_sql(trigger)
        for old, new in changes.altered:
            if new.index and not old.index and not new.unique:
                await self._run_sql(self._get_index_sql(model, [_column(new)]))

    def _unique_sql(self, model: Any, columns: Sequence[str]) -> str:
        return self.UNIQUE_INDEX_CREATE_TEMPLATE.format(
            index_name=self._get_unique_constraint_name(model, list(columns)),
            table_name=self.quote(model._meta.db_table),
            fields=", ".join(self.quote(column) for column in columns),
            extra="",
        )


@dataclass(frozen=True)
class _Index:
    name: str
    unique: bool
    sql: str | None  # None: made by a UNIQUE or PRIMARY KEY in CREATE TABLE
    columns: tuple[str, ...]  # without those that are expressions


@dataclass(frozen=True)
class _Table:
    """What hangs on a table, as the database has it."""

    columns: frozenset[str]
    checks: int
    indexes: tuple[_Index, ...]
    triggers: tuple[str, ...]

    @classmethod
    async def read(cls, client: SqliteTransaction, table: str) -> "_Table":
        columns = await client.fetch("SELECT name FROM pragma_table_xinfo($1)", [table])
        objects = await client.fetch("SELECT type, name, sql FROM sqlite_master WHERE tbl_name = $1", [table])
        sources = {(kind, name): sql for kind, name, sql in objects}
        indexes = []
        for name, unique, origin in await client.fetch(
            'SELECT name, "unique", origin FROM pragma_index_list($1) ORDER BY seq DESC', [table]
        ):
            if origin != "pk":
                of = await client.fetch("SELECT name FROM pragma_index_info($1) ORDER BY seqno", [name])
                named = tuple(column for (column,) in of if column is not None)
                indexes.append(_Index(name, bool(unique), sources["index", name], named))
        return cls(
            columns=frozenset(name for (name,) in columns),
            checks=sources["table", table].upper().count("CHECK"),
            indexes=tuple(indexes),
            triggers=tuple(sql for kind, _, sql in objects if kind == "trigger"),
        )

    def has_unique(self, columns: tuple[str, ...]) -> bool:
        return any(index.unique and index.columns == columns for index in self.indexes)


@dataclass(frozen=True)
class _Changes:
    """What a rebuild is meant to change."""

    deleted: Any
    altered: Sequence[tuple[Any, Any]]
    forgotten: tuple[str, ...] = ()
    """The columns that together need no longer be unique."""

    @property
    def removed(self) -> frozenset[str]:
        return frozenset() if self.deleted is None else frozenset({_column(self.deleted)})

    def unwanted(self, index: _Index, editor: GuardedSqliteEditor, model: Any) -> bool:
        """Whether the index is there only because of something that is being turned off."""
        if index.unique and index.sql is None and index.columns == self.forgotten:
            return True
        for old, new in self.altered:
            column = _column(old)
            if index.columns == (column,) and (
                (index.unique and old.unique and not new.unique)
                or (index.name == editor._generate_index_name("idx", model, [column]) and not new.index)
            ):
                return True
        return False


def _column(field: Any) -> str:
    return str(field.source_field or field.model_field_name)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, each whole: strings, comments and trigger bodies may hold semicolons."""
    collected = ""
    for piece in script.split(";"):
        collected += piece + ";"
        if sqlite3.complete_statement(collected):
            if statement := collected.strip().removesuffix(";").strip():
                yield statement
            collected = ""
    if rest := collected.strip().rstrip(";").strip():
        yield rest
