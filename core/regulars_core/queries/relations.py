"""Rows of one kind, and how they hang on others: one description, by which they are read and by which the database writes them.

A `RowShape` says where rows come from, what is made of them, and what stands for each attribute in JSON. A `Relation` says
which of them hang on a parent. `rows_alone` and `rows_of` read it; `regulars_core.queries.json_rows.written` lets the database
write it.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property, lru_cache
from typing import Any, get_args, get_type_hints

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import CurrencyCode
from regulars_core.queries.json_columns import Column, Composite, flag, identity, instant, money, number, quantity, text
from regulars_core.queries.pages import Between, Window
from regulars_core.queries.rows import Readable, page, pages_of
from regulars_core.queries.where import Values, Where

PARENTS = "k"  # as Dialect.records calls them

_BY_TYPE: Mapping[Any, Callable[[str], Column]] = {Instant: instant, bool: flag, int: number, str: text}


@dataclass(frozen=True)
class RowShape:
    """How the database writes rows of one kind as JSON: a table under an alias, and what stands for each attribute of a row.

    `joins` are further tables that some of it is in, by their aliases. Where one of these aliases stands for the parent
    already, or for what the parent hangs on, it is not joined again: there it must be the same row. `rows` is how they are read
    where the database does not write them. Raises ValueError for `k`, which stands for the parents themselves.
    """

    alias: str
    table: str
    columns: Mapping[str, Column | Composite]
    joins: Mapping[str, str] = field(default_factory=dict)
    rows: Readable[Any] | None = None

    def __post_init__(self) -> None:
        if PARENTS in self.aliases:
            raise ValueError(f"{self.table}: the alias {PARENTS} stands for the parents of a level.")

    @property
    def aliases(self) -> frozenset[str]:
        """All that its SQL names."""
        return frozenset({self.alias, *self.joins})

    @cached_property
    def source(self) -> str:
        """The FROM item where none of it is joined already."""
        return " ".join([self.table, *self.joins.values()])

    @classmethod
    def of(
        cls,
        rows: Readable[Any],
        id_kind: str | None = None,
        *,
        renamed: Mapping[str, str] | None = None,
        without: Set[str] = frozenset(),
        **columns: Column | Composite,
    ) -> "RowShape":
        """The shape of rows that are read into a dataclass, by the names and types of its fields.

        Text, whole numbers, truth values and instants are what they are. `id` is written with its kind in front, or not at all
        where the rows have none. `total_minor` is the amount `total` in the currency that the field of that type holds, and
        `quantity_millionths` the decimal `quantity`. The ids of other rows are not written: fields that end in `_id`. An
        attribute may be `renamed`, left out, or told by a column. Raises TypeError for a field of another type.
        """
        row: Any = rows.make
        hints, names, currency = get_type_hints(row), renamed or {}, ""
        sql = {one.name: column for one, column in zip(fields(row), rows.columns, strict=True)}
        for name, column in sql.items():
            currency = column if hints[name] is CurrencyCode else currency
        written: dict[str, Column | Composite] = {}
        for name, column in sql.items():
            if column == currency or name.endswith("_id") or name in without or (name == "id" and id_kind is None):
                continue
            attribute, stands_for = _attribute(name, hints[name], column, id_kind, currency)
            written[names.get(attribute, attribute)] = stands_for
        alias = rows.table.rpartition(" ")[2]
        return cls(alias, rows.table, written | columns, rows.joins, rows)


def _attribute(name: str, hint: Any, column: str, id_kind: str | None, currency: str) -> tuple[str, Column | Composite]:
    if name == "id" and id_kind is not None:
        return name, identity(id_kind, column)
    if name.endswith("_minor"):
        return name.removesuffix("_minor"), money(column, currency)
    if name.endswith("_millionths"):
        return name.removesuffix("_millionths"), quantity(column)
    [type_, *others] = [part for part in get_args(hint) or (hint,) if part is not type(None)]
    if others or type_ not in _BY_TYPE:
        raise TypeError(f"{column}: nothing is known of how {hint} is written; say which column stands for it")
    return name, _BY_TYPE[type_](column)


@cache
def equal_to(column: str) -> Callable[..., Sequence[str]]:
    """The condition that a column equals the one value that is given."""
    return lambda values, value: [f"{column} = {values.bind(value)}"]


def _none(_: Values) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Relation:
    """The rows of a kind whose `column` equals the attribute `key` of a parent.

    That is one of them or, where they have an order, all of them or the first `limit`. Parents that the same statement writes
    have the column of that name. Without a column the rows hang on nothing, and the conditions alone say which they are, or a
    `source`: a FROM item in place of the kind's table, with the same alias in it. `filtered`: some of the conditions are a
    caller's.

    `given` are the caller's values. The source binds them, or without one the conditions: each once, in this order, and their
    SQL depends on nothing but how many they are. So relations that are equal have the same SQL, whatever they were given.

    The limit stands in the statement as it is, so that PostgreSQL sees that one plan is good for all values; planning anew took
    a third of the time of a list. Where a caller has filtered the rows it is a parameter: what is rare needs a plan of its own.

    A page of a relation has its window and the caller's conditions, by which it is read.
    """

    kind: RowShape
    column: str | None
    key: str = "id"
    order: str | None = None
    limit: int | None = None
    conditions: Callable[..., Sequence[str]] = _none
    source: Callable[..., str] | None = None
    filtered: bool = False
    given: tuple[Any, ...] = field(default=(), compare=False)
    window: Window | None = field(default=None, compare=False)
    where: Where | None = field(default=None, compare=False)
    takes: int = field(init=False)
    """How many values it was given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes", len(self.given))

    @property
    def can_be_written(self) -> bool:
        """Whether the database can write it: no page from the end, which has to be turned round."""
        return self.window is None or not self.window.backward

    def page(self, window: Window, where: Where | None = None) -> "Relation":
        """The page that a window shows, narrowed by conditions. Raises ValueError where the relation has conditions already."""
        if self.conditions is not _none or self.source is not None:
            raise ValueError(f"{self.kind.table}: a page is made of all rows, or of all that hang on a parent.")
        if window.backward:
            return replace(self, window=window, where=where)
        between = _between(window.between)
        conditions = between
        if where is not None:
            conditions = lambda values, *positions: [*between(values, *positions), *where.narrows(values)]  # noqa: E731
        return replace(
            self,
            order=window.order_by(),
            limit=window.size,
            conditions=conditions,
            filtered=where is not None,
            given=window.positions,
            window=window,
            where=where,
        )


@lru_cache(maxsize=256)
def _between(between: Between) -> Callable[..., Sequence[str]]:
    """The conditions of a page; the same function for the same."""
    return between.conditions


async def rows_alone(database: Database, relation: Relation) -> Any:
    """The rows of a relation that hangs on nothing: a page, a list, or where it has no order the one row or None."""
    rows = _readable(relation)
    if relation.window is not None:
        return await page(database, rows, relation.window, relation.where)
    values = Values(database.dialect)
    if relation.source:
        source, conditions = relation.source(values, *relation.given), relation.conditions(values)
    else:
        source, conditions = relation.kind.source, relation.conditions(values, *relation.given)
    sql = f"SELECT {rows.column_list} FROM {source}{_narrowed(conditions, relation.order)}"
    found = [rows.make(*row) for row in await database.read(sql, *values.all)]
    return found if relation.order else next(iter(found), None)


async def rows_of(database: Database, relation: Relation, parents: Sequence[Any]) -> Sequence[Any]:
    """What hangs on each parent, in their order: a page, a list, or where it has no order the one row or None. One statement for
    all of them, and none where no parent has a key."""
    rows, column, keys = _readable(relation), relation.column, [getattr(parent, relation.key) for parent in parents]
    assert column is not None, f"{relation.kind.table}: nothing says what its rows hang on"
    if relation.window is not None:
        return await pages_of(database, rows, column, keys, relation.window, relation.where)
    known = [key for key in dict.fromkeys(keys) if key is not None]
    values = Values(database.dialect, known)
    conditions = [database.dialect.among(column, 1), *relation.conditions(values, *relation.given)]
    order = relation.order and f"{column}, {relation.order}"
    sql = f"SELECT {column}, {rows.column_list} FROM {relation.kind.source}{_narrowed(conditions, order)}"
    found = await database.read(sql, *values.all) if known else []
    if order is None:
        one = {row[0]: rows.make(*row[1:]) for row in found}
        return [one.get(key) for key in keys]
    many: dict[str, list[Any]] = {key: [] for key in known}
    for row in found:
        many[row[0]].append(rows.make(*row[1:]))
    return [many.get(key, []) for key in keys]


def _readable(relation: Relation) -> Readable[Any]:
    rows = relation.kind.rows
    if rows is None or (relation.limit is not None and relation.window is None):
        raise TypeError(
            f"{relation.kind.table}: the database can write these rows, and nothing says how they are read."
        )
    return rows


def _narrowed(conditions: Sequence[str], order: str | None) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return where + (f" ORDER BY {order}" if order else "")
