"""Rows that the database itself writes as JSON, so that nothing has to be made of them on their way into an answer.

A `RowShape` says where rows come from and what stands for each of their attributes: SQL whose value is the attribute's JSON
text, never NULL. A `Relation` says which of them hang on a parent. Out of these and of what is asked for, `written` makes
one statement for all that hangs on some parents:

    SELECT (SELECT '{"name":' || … || '}' FROM customer_group g WHERE g.id = k.group_id), (SELECT '[' || …)
    FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[])) WITH ORDINALITY AS k (id, group_id, n) ORDER BY k.n

Both engines join text, and do it faster than they build JSON with their own functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import get_global

from regulars_core.database import Database, Engine
from regulars_core.primitives.clock import DAY_MS, offsets
from regulars_core.primitives.money import exponent_of
from regulars_core.queries.pages import Between, Window
from regulars_core.queries.where import Values, Where

Column = Callable[[Values], str]
"""SQL of an attribute's JSON text, never NULL; what it compares or computes with goes to the values."""


def text(column: str) -> Column:
    """A column of text."""

    def sql(values: Values) -> str:
        if values.dialect.engine == "postgres":
            return f"coalesce(CAST(to_json({column}) AS TEXT), 'null')"
        return f"json_quote({column})"

    return sql


def number(column: str) -> Column:
    """A column of whole numbers."""
    return lambda _: f"coalesce(CAST({column} AS TEXT), 'null')"


def flag(column: str) -> Column:
    """A NOT NULL column of truth values."""
    return lambda _: f"CASE WHEN {column} THEN 'true' ELSE 'false' END"


def identity(kind: str, column: str) -> Column:
    """A NOT NULL column of ids, written as clients see them: `customer_` and 32 hexadecimal digits."""

    def sql(values: Values) -> str:
        digits = f"encode(uuid_send({column}), 'hex')" if values.dialect.engine == "postgres" else column
        return f"""'"{kind}_' || {digits} || '"'"""

    return sql


def instant(column: str) -> Column:
    """A column of instants, written as `regulars_core.primitives.clock.printed` does.

    PostgreSQL's JSON of a time leaves out zeros at the end of a fraction, which to_char does not, for twice the time. So half
    a millisecond is added first, and cut off again with what follows the milliseconds.
    """
    milliseconds = f"(({column} % 1000 + 1000) % 1000)"
    seconds = f"(({column} - {milliseconds}) / 1000)"

    def sql(values: Values) -> str:
        if values.dialect.engine == "postgres":
            time = f"to_timestamp(({column} + 0.5::float8) / 1000) AT TIME ZONE INTERVAL '0'"
            return f"""coalesce(left(CAST(to_json({time}) AS TEXT), 24) || 'Z"', 'null')"""
        second = f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch')"
        fraction = f"substr(CAST(1000 + {milliseconds} AS TEXT), 2)"
        return f"""coalesce('"' || {second} || '.' || {fraction} || 'Z"', 'null')"""

    return sql


def days_since(column: str, today: date, timezone: ZoneInfo) -> Column:
    """Calendar days from a column of instants until `today`, where the shop is, and none below zero. PostgreSQL finds by
    bisection what the offset was, SQLite asks us: `regulars_core.primitives.clock` knows the zones, the databases need not."""

    def sql(values: Values) -> str:
        if values.dialect.engine == "sqlite":
            day, greatest = f"local_day({column}, '{timezone.key}')", "max"
        else:
            changes, found = (f"'{{{','.join(map(str, numbers))}}}'::bigint[]" for numbers in offsets(timezone))
            day = f"floor(({column} + ({found})[width_bucket({column}, {changes}) + 1]) / {DAY_MS}::float8)::bigint"
            greatest = "greatest"
        days = f"{greatest}({(today - date(1970, 1, 1)).days} - {day}, 0)"
        return f"CASE WHEN {column} IS NULL THEN 'null' ELSE CAST({days} AS TEXT) END"

    return sql


def quantity(column: str) -> Column:
    """A NOT NULL column of millionths, none below zero, written as a decimal without needless zeros."""
    whole, part = f"CAST({column} / 1000000 AS TEXT)", f"({column} % 1000000)"
    decimals = f"rtrim({whole} || '.' || substr(CAST(1000000 + {part} AS TEXT), 2), '0')"
    return lambda _: f"""'"' || CASE WHEN {part} = 0 THEN {whole} ELSE {decimals} END || '"'"""


@dataclass(frozen=True, slots=True)
class Composite:
    """An attribute with attributes of its own, in the same row; null where the condition holds."""

    columns: Mapping[str, Column]
    null: str


def money(column: str, currency: str) -> Composite:
    """A column of minor units of a currency that is in another column."""

    def sql(values: Values) -> str:
        engine, exponents = values.dialect.engine, _unusual_exponents()
        unusual = _among(currency, [code for codes in exponents.values() for code in codes], engine)
        cases = "".join(
            f" WHEN {_among(currency, codes, engine)} THEN {_decimal(column, exponent, engine)}"
            for exponent, codes in exponents.items()
            if exponent
        )
        unusually = f"CASE{cases} ELSE {_decimal(column, 0, engine)} END"
        return f"""'"' || CASE WHEN {unusual} THEN {unusually} ELSE {_decimal(column, 2, engine)} END || '"'"""

    return Composite({"amount": sql, "currency_code": text(currency)}, f"{column} IS NULL")


def money_in(code: str, column: str) -> Composite:
    """SQL of minor units of one currency."""

    def sql(values: Values) -> str:
        return f"""'"' || {_decimal(column, exponent_of(code), values.dialect.engine)} || '"'"""

    written = f"""'"{code}"'"""
    return Composite({"amount": sql, "currency_code": lambda _: written}, f"{column} IS NULL")


def _decimal(column: str, exponent: int, engine: Engine) -> str:
    """As `regulars_core.primitives.money.decimal_text` does it. PostgreSQL's numeric has as many decimals as its factors."""
    if exponent == 0:
        return f"CAST({column} AS TEXT)"
    if engine == "postgres":
        return f"CAST({column} * 0.{1:0{exponent}} AS TEXT)"
    one = 10**exponent
    sign, whole = f"CASE WHEN {column} < 0 THEN '-' ELSE '' END", f"CAST(abs({column}) / {one} AS TEXT)"
    return f"({sign} || {whole} || '.' || substr(CAST({one} + abs({column}) % {one} AS TEXT), 2))"


def _among(currency: str, codes: Sequence[str], engine: Engine) -> str:
    """Whether a currency is one of these; told in few characters, because it is told for each amount."""
    if engine == "postgres":
        return f"{currency} = ANY('{{{','.join(codes)}}}')"
    return f"{currency} IN ({', '.join(map(repr, codes))})"


@cache
def _unusual_exponents() -> Mapping[int, Sequence[str]]:
    """The currencies that have not two decimals, by how many they have."""
    found: dict[int, list[str]] = {}
    for code in sorted(get_global("all_currencies")):
        if exponent_of(code) != 2:
            found.setdefault(exponent_of(code), []).append(code)
    return found


_PARENTS = "k"  # as Dialect.records calls them


@dataclass(frozen=True)
class RowShape:
    """How the database writes rows of one kind as JSON: a table under an alias, and what stands for each attribute of a row.

    `joins` are further tables that some of it is in, by their aliases. Where one of these aliases stands for the parent
    already, or for what the parent hangs on, it is not joined again: there it must be the same row. Raises ValueError for `k`,
    which stands for the parents themselves.
    """

    alias: str
    table: str
    columns: Mapping[str, Column | Composite]
    joins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _PARENTS in self.aliases:
            raise ValueError(f"{self.table}: the alias {_PARENTS} stands for the parents of a level.")

    @property
    def aliases(self) -> frozenset[str]:
        """All that its SQL names."""
        return frozenset({self.alias, *self.joins})


@cache
def equal_to(column: str) -> Callable[..., Sequence[str]]:
    """The condition that a column equals the one value that is given."""
    return lambda values, value: [f"{column} = {values.bind(value)}"]


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
    """

    kind: RowShape
    column: str | None
    key: str = "id"
    order: str | None = None
    limit: int | None = None
    conditions: Callable[..., Sequence[str]] = lambda _: ()
    source: Callable[..., str] | None = None
    filtered: bool = False
    given: tuple[Any, ...] = field(default=(), compare=False)
    takes: int = field(init=False)
    """How many values it was given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes", len(self.given))

    def page(self, window: Window, where: Where | None = None) -> "Relation | None":
        """The page that a window shows, narrowed by conditions; None for one that has to be turned round."""
        if window.backward:
            return None
        conditions = _narrowed(self.conditions, self.takes, window.between)
        given = (*self.given, *window.positions)
        first = replace(self, order=window.order_by(), limit=window.size, conditions=conditions, given=given)
        if where is None:
            return first
        compiled = lambda values, *given: [*conditions(values, *given), where.compile(values)]  # noqa: E731
        return replace(first, conditions=compiled, filtered=True)


@lru_cache(maxsize=256)
def _narrowed(own: Callable[..., Sequence[str]], taken: int, between: Between) -> Callable[..., Sequence[str]]:
    """A relation's own conditions, which take so many values, and those of a page; the same function for the same."""
    return lambda values, *given: [*own(values, *given[:taken]), *between.conditions(values, *given[taken:])]


@dataclass(frozen=True, slots=True)
class NestedObject:
    """An attribute with attributes of its own, and which of those are wanted."""

    composite: Composite
    members: "Members"


@dataclass(frozen=True, slots=True)
class Subquery:
    """A relation, and what is wanted of each of its rows: an object, or one column alone; written between two pieces of JSON
    text."""

    relation: Relation
    wanted: "Members | Column"
    before: str = ""
    after: str = ""
    texts: dict[tuple[str, str, frozenset[str], int], str] = field(default_factory=dict, compare=False, repr=False)
    """Its SQL: by engine, the parent's alias, the aliases in scope, and how many values are before its own."""

    binds: int = field(init=False)
    """How many given values it takes, with all that hangs on it."""
    filtered: bool = field(init=False)
    """Whether its relation is, or one of those that hang on it."""

    def __post_init__(self) -> None:
        members = () if callable(self.wanted) else self.wanted
        inner = [member for _, member in members if isinstance(member, Subquery)]
        object.__setattr__(self, "binds", self.relation.takes + sum(one.binds for one in inner))
        object.__setattr__(self, "filtered", self.relation.filtered or any(one.filtered for one in inner))


Members = Sequence[tuple[str, "str | Column | NestedObject | Subquery"]]
"""What is wanted of an object, by its name in the answer; plain text is JSON as it stands."""


async def written(
    database: Database, parents: Sequence[Any], wanted: Sequence[Subquery], given: Sequence[Any]
) -> list[list[str]]:
    """The JSON text of what hangs on each parent, a column for each of what is wanted; by one statement. What hangs on nothing
    is the same for each, so one parent will do.

    The values that relations were given are told apart, those of each relation before those of what hangs on it: what is
    wanted is kept from request to request, and may have been made for other ones.
    """
    keys = list(dict.fromkeys(hanging.relation.key for hanging in wanted if hanging.relation.column))
    if not keys:
        writer = _Writer(Values(database.dialect), given)
        columns = [writer.hanging(hanging, "", frozenset()) for hanging in wanted]
        found = await database.rows(f"SELECT {', '.join(columns)}", *writer.values.all)
        return [list(column) for column in zip(*found, strict=True)]
    of_parents = [[getattr(parent, key) for key in keys] for parent in parents]
    source, ids = database.dialect.records(keys, of_parents)
    writer = _Writer(Values(database.dialect, *ids), given)
    columns = [writer.hanging(hanging, _PARENTS, frozenset()) for hanging in wanted]
    found = await database.rows(f"SELECT {', '.join(columns)} FROM {source} ORDER BY {_PARENTS}.n", *writer.values.all)
    return [list(column) for column in zip(*found, strict=True)]


@dataclass(slots=True)
class _Writer:
    """The SQL of one statement."""

    values: Values
    given: Sequence[Any]
    taken: int = 0
    """How many of the given values have been bound."""

    def hanging(self, hanging: Subquery, parent: str, scope: frozenset[str]) -> str:
        """A subquery for one parent, of whose tables the aliases are in scope."""
        before, taken = len(self.values.all), self.taken
        place = (self.values.dialect.engine, parent, scope, before)
        sql = hanging.texts.get(place)
        if sql is None:
            sql = self._subquery(hanging, parent, scope)
            if self.values.all[before:] == self.given[taken : self.taken]:
                hanging.texts[place] = sql
        else:
            self.values.all += self._take(hanging.binds)
        return sql

    def _take(self, number: int) -> Sequence[Any]:
        self.taken += number
        return self.given[self.taken - number : self.taken]

    def _subquery(self, hanging: Subquery, parent: str, scope: frozenset[str]) -> str:
        relation, kind = hanging.relation, hanging.relation.kind
        joined = "".join(f" {join}" for alias, join in kind.joins.items() if alias not in scope)
        given = self._take(relation.takes)
        linked = [f"{relation.column} = {parent}.{relation.key}"] if relation.column else []
        if relation.source:
            source, own = relation.source(self.values, *given), relation.conditions(self.values)
        else:
            source, own = kind.table, relation.conditions(self.values, *given)
        narrowed = " AND ".join([*linked, *own])
        wanted = hanging.wanted
        member = wanted(self.values) if callable(wanted) else self._object(wanted, kind.alias, scope | kind.aliases)
        rows = f"FROM {source}{joined}{f' WHERE {narrowed}' if narrowed else ''}"
        if relation.order is None:
            return f"coalesce((SELECT {member} {rows}), 'null')"
        rows += f" ORDER BY {relation.order}"
        if relation.limit is not None:  # cut first: SQLite would write the JSON of every row that it sorts
            limit = self.values.bind(relation.limit) if relation.filtered else relation.limit
            cut = f"SELECT {kind.alias}.* {rows} LIMIT {limit}"
            rows = f"FROM ({cut}) {kind.alias}{joined} ORDER BY {relation.order}"
        together = "string_agg" if self.values.dialect.engine == "postgres" else "group_concat"
        before, after = _literal(f"{hanging.before}["), _literal(f"]{hanging.after}")
        return (
            f"(SELECT {before} || coalesce({together}(x.j, ','), '') || {after} FROM (SELECT {member} AS j {rows}) x)"
        )

    def _object(self, members: Members, alias: str, scope: frozenset[str]) -> str:
        pieces, plain = [], "{"
        for number_, (name, member) in enumerate(members):
            plain += f'{"," if number_ else ""}"{name}":'
            if isinstance(member, str):
                plain += member
            else:
                pieces += [_literal(plain), f"({self._member(member, alias, scope)})"]
                plain = ""
        return " || ".join([*pieces, _literal(plain + "}")])

    def _member(self, member: Column | NestedObject | Subquery, alias: str, scope: frozenset[str]) -> str:
        if isinstance(member, Subquery):
            return self.hanging(member, alias, scope)
        if isinstance(member, NestedObject):
            inner = self._object(member.members, alias, scope)
            return f"CASE WHEN {member.composite.null} THEN 'null' ELSE {inner} END"
        return member(self.values)


def _literal(plain: str) -> str:
    return "'" + plain.replace("'", "''") + "'"
