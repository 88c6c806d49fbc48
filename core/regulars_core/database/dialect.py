"""The few places where the two engines want different SQL."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

from regulars_core.database.errors import GUARD_FAILED
from regulars_core.database.seals import UNSEALED, Seals

Engine = Literal["sqlite", "postgres"]
"""Which of the two databases it is."""

Lookup = tuple[str, Sequence[Any]]
"""A statement that only reads, and its values."""


class Guarded(NamedTuple):
    """A statement that must change so many `rows`, one if it does not say, and its values: if it changes others, somebody else
    was quicker, and the transaction is Overtaken."""

    sql: str
    values: Sequence[Any]
    rows: int = 1


class Precondition(NamedTuple):
    """An expression of SQL that must be true when a transaction writes, and its values: if it is not, what was decided is out of
    date, and the transaction is Overtaken. It sees what was committed when the statement began: what two could take at the same
    time, such as the last use of a coupon, is a row of which Guarded changes something. Whether it sees what its own
    transaction has written is not said."""

    sql: str
    values: Sequence[Any]


Write = tuple[str, Sequence[Any]] | Guarded
"""A statement that writes, and its values."""


PLACEHOLDERS = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*"            # strings and quoted names stay as they are
    | --[^\n]* | /\*.*?\*/                     # so do comments
    | \$(?P<number>\d+)(?:::\w+(?:\[\])?)?     # SQLite needs no cast behind a placeholder and does not know "::"
    """,
    re.VERBOSE | re.DOTALL,
)


_MAX_CACHED_CHARACTERS = 16_384
"""Characters of a statement that is worth remembering: longer ones are made for one document, and there are many of those."""


def to_sqlite(sql: str) -> str:
    """The statement with `$1` (and `$1::uuid`) written as SQLite's `?1`."""
    return _known_to_sqlite(sql) if len(sql) <= _MAX_CACHED_CHARACTERS else _translated(sql)


@lru_cache(maxsize=2048)
def _known_to_sqlite(sql: str) -> str:
    return _translated(sql)


def _translated(sql: str) -> str:
    return PLACEHOLDERS.sub(lambda match: f"?{match['number']}" if match["number"] else match[0], sql)


def values_of(statements: Sequence[Write]) -> list[Any]:
    """The values of statements that are made one, which follow each other."""
    return [value for each in statements for value in each[1]]


def made_one(statements: Sequence[Write]) -> Sequence[tuple[str, int]]:
    """As few statements of PostgreSQL's as do what all of these do, in their order, as `grouped` cuts them: the text of each, and
    how many of these it is made of."""
    return _made_one(_shapes(statements))


_Shape = tuple[str, int, type, int]


def _shapes(statements: Sequence[Write]) -> tuple[_Shape, ...]:
    """What their text as one statement depends on: the text of each, how many values it has, whether it is guarded, and how many
    rows it must change then."""
    return tuple(
        [(each[0], len(each[1]), type(each), each.rows if type(each) is Guarded else 1) for each in statements]
    )


def rows_of(statement: Write | Lookup) -> int:
    """How many rows a guarded statement must change."""
    return statement.rows if type(statement) is Guarded else 1


def together(statements: Sequence[Write]) -> str:
    """One statement of PostgreSQL's that does what all of these do. They see the same rows, those from before, and none may need
    what another one writes but by a foreign key. Where one of them is guarded and fails, or a condition does, a text is taken
    for a number, which undoes all of it: that is told as Overtaken."""
    return _together(_shapes(statements))


@lru_cache(maxsize=256)
def _together(statements: tuple[_Shape, ...]) -> str:
    shifted = _renumbered([(sql, values) for sql, values, *_ in statements])
    kinds = [kind for _, _, kind, _ in statements]
    checks = [
        f"({sql})" if kind is Precondition else f"(SELECT count(*) FROM w{number}) = {rows}"
        for number, (sql, (*_, kind, rows)) in enumerate(zip(shifted, statements, strict=True))
        if kind in _CHECKED
    ]
    if checks:
        shifted.append(f"SELECT CAST(CASE WHEN {' AND '.join(checks)} THEN '1' ELSE '{GUARD_FAILED}' END AS INTEGER)")
    named = [
        f"w{number} AS ({sql}{' RETURNING 1' if kind is Guarded else ''})"
        for number, (sql, kind) in enumerate(zip(shifted[:-1], kinds, strict=False))
        if kind is not Precondition
    ]
    return f"WITH {', '.join(named)} {shifted[-1]}" if named else shifted[-1]


@lru_cache(maxsize=256)
def _made_one(statements: tuple[_Shape, ...]) -> Sequence[tuple[str, int]]:
    rest = iter(statements)
    return [(_together(tuple(islice(rest, size))), size) for size in _sizes(statements)]


_CHECKED = frozenset({Guarded, Precondition})


def checks(statements: Sequence[Write]) -> bool:
    """Whether one of the statements may find that somebody else was quicker."""
    return any(type(each) in _CHECKED for each in statements)


def side_by_side(lookups: Sequence[Lookup], keys: Sequence[Lookup] = ()) -> str:
    """One query of PostgreSQL's that answers the rows of all of these in one row, in an array each; before them the keys, of
    which each is asked once. The look-ups find a key as `key` under the name of its place. The values of the keys come first."""
    return _side_by_side(_numbers_of_values(keys), _numbers_of_values(lookups))


def name_of(place: int) -> str:
    """What the look-ups of `side_by_side` call the key at a place."""
    return f"sought{place}"


_Numbered = tuple[tuple[str, int], ...]


def _numbers_of_values(lookups: Sequence[Lookup]) -> _Numbered:
    """The text of each look-up, and how many values it has."""
    return tuple([(sql, len(values)) for sql, values in lookups])


@lru_cache(maxsize=256)
def _side_by_side(keys: _Numbered, queries: _Numbered) -> str:
    numbered = _renumbered((*keys, *queries))
    named = [f"{name_of(n)} (key) AS MATERIALIZED ({sql})" for n, sql in enumerate(numbered[: len(keys)])]
    asked = [f"SELECT key FROM {name_of(n)}" for n in range(len(keys))] + numbered[len(keys) :]
    return f"{'WITH ' if named else ''}{', '.join(named)} SELECT {', '.join(f'ARRAY(SELECT q FROM ({sql}) q)' for sql in asked)}"


def _renumbered(statements: Sequence[tuple[str, int]]) -> list[str]:
    shifted, before = [], 0
    for sql, values in statements:
        shifted.append(renumbered(sql, before))
        before += values
    return shifted


_MAX_VALUES = 30_000  # of one statement; PostgreSQL counts them in 15 bits
_WRITTEN = re.compile(r"\s*(?:(INSERT)\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)


def grouped(statements: Sequence[Write]) -> list[list[Write]]:
    """Writes cut, in their order, into such as `together` may make one of: only insertions may share a table there, since
    a statement does not see what another part of it has written."""
    rest, groups = iter(statements), _sizes(_shapes(statements))
    return [list(islice(rest, size)) for size in groups]


@lru_cache(maxsize=256)
def _sizes(statements: tuple[_Shape, ...]) -> Sequence[int]:
    """How many statements are in each of those groups, given how many values each statement has."""
    groups: list[int] = []
    tables: dict[str, bool] = {}
    room = 0
    for sql, values, kind, _ in statements:
        table, inserts = ("", True) if kind is Precondition else target(sql)
        if not groups or values > room or (table in tables and not (inserts and tables[table])):
            groups.append(0)
            tables, room = {}, _MAX_VALUES
        groups[-1] += 1
        tables[table] = inserts
        room -= values
    return groups


@lru_cache(maxsize=512)
def target(sql: str) -> tuple[str, bool]:
    """The table that a statement writes, and whether it only adds rows to it. Raises ValueError for others."""
    match = _WRITTEN.match(sql)
    if match is None:
        raise ValueError(f"This is no plain INSERT, UPDATE or DELETE: {sql[:60]}")
    return match[2].lower(), match[1] is not None and "ON CONFLICT" not in sql.upper()


def renumbered(sql: str, by: int) -> str:
    """A statement whose values follow so many others."""
    return PLACEHOLDERS.sub(partial(_shift, by), sql)


def _shift(by: int, match: re.Match[str]) -> str:
    text, number = match[0], match["number"]
    return f"${int(number) + by}{text[len(number) + 1 :]}" if number else text


def sqlite_values(values: Sequence[Any]) -> list[Any]:
    """The values as SQLite stores them: arrays as JSON text for json_each, UUIDs as 32 hexadecimal digits."""
    return [_sqlite_value(value) for value in values]


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return json.dumps([_sqlite_value(item) for item in value], ensure_ascii=False, separators=(",", ":"))
    return value.hex if isinstance(value, UUID) else value


@dataclass(frozen=True)
class Dialect:
    """What differs between the SQL of the two engines.

    Arrays are one placeholder, so a statement's text does not depend on how many there are.

    On PostgreSQL arrays of keys stand behind a SELECT, which its planner does not look through. It would think a plan for the
    very keys better than one for any, and plan each time anew: that takes longer than to look up a few rows.
    """

    engine: Engine
    seals: Seals = field(default=UNSEALED, compare=False)
    """How sensitive values are written."""

    def array(self, n: int, type: str = "uuid") -> str:
        """PostgreSQL's array `$n` of keys, for `unnest`."""
        return f"(SELECT ${n}::{type}[])"

    def among(self, column: str, n: int, type: str = "uuid", *, alone: bool = False) -> str:
        """A condition: the column is one of the keys in array `$n`, which are of this SQL type; or if that is the only one, by
        itself `alone`, it is `$n`: PostgreSQL looks that up in two thirds of the time."""
        if self.engine == "postgres":
            return f"{column} = (SELECT ${n}::{type})" if alone else f"{column} = ANY({self.array(n, type)}::{type}[])"
        return f"{column} = ${n}" if alone else f"{column} IN (SELECT value FROM json_each(${n}))"

    def keyed(self, column: str, n: int, keys: Sequence[str]) -> tuple[str, Any]:
        """A condition: the column is one of these ids; and what `$n` is for it: an array of them, or the only one."""
        if len(keys) == 1:
            return self.among(column, n, alone=True), keys[0]
        return self.among(column, n), list(keys)

    def any_of(self, column: str, n: int, type: str = "text") -> str:
        """The same for values of which some are rare and others are not, so that each array deserves a plan of its own."""
        if self.engine == "postgres":
            return f"{column} = ANY(${n}::{type}[])"
        return self.among(column, n, type)

    def keys(self, n: int, type: str = "uuid") -> str:
        """A FROM item `k` with one column `key`: the elements of array `$n`, in no order to rely on."""
        if self.engine == "postgres":
            return f"unnest({self.array(n, type)}) AS k(key)"
        return f"(SELECT value AS key FROM json_each(${n})) AS k"

    def moments(self, pairs: Sequence[tuple[str, int]], n: int) -> tuple[str, list[Any]]:
        """A FROM item `k` of keys and instants, in columns `key` and `at`, in no order to rely on; and its values, of which the
        first has the number n."""
        if self.engine == "postgres" and len(pairs) == 1:
            return f"(SELECT ${n}::uuid AS key, ${n + 1}::bigint AS at OFFSET 0) AS k", [*pairs[0]]
        if self.engine == "postgres":
            item = f"unnest({self.array(n)}, {self.array(n + 1, 'bigint')}) AS k(key, at)"
            return item, [[key for key, _ in pairs], [at for _, at in pairs]]
        return f"(SELECT value ->> 0 AS key, value ->> 1 AS at FROM json_each(${n})) AS k", [list(pairs)]

    def records(self, names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> tuple[str, list[Any]]:
        """A FROM item `k` of rows of ids with these columns, numbered by a column `n`, and its values, which are the
        statement's first."""
        if self.engine == "postgres":
            arrays = ", ".join(self.array(number) for number in range(1, len(names) + 1))
            return f"unnest({arrays}) WITH ORDINALITY AS k ({', '.join(names)}, n)", [
                list(ids) for ids in zip(*rows, strict=True)
            ]
        columns = "".join(f"json_extract(value, '$[{number}]') AS {name}, " for number, name in enumerate(names))
        return f"(SELECT {columns}key AS n FROM json_each($1)) AS k", [list(rows)]

    def bundle(self, columns: str) -> str:
        """An aggregate: these columns of every row of a group, in one text of JSON. What may be very many
        rows of few keys is looked up so: beside other look-ups PostgreSQL answers rows as records, which take asyncpg several
        times as long as this."""
        if self.engine == "postgres":
            return f"CAST(json_agg(json_build_array({columns})) AS TEXT)"
        return f"json_group_array(json_array({columns}))"

    def greatest(self, a: str, b: str) -> str:
        """The larger of two expressions that are not null."""
        return f"GREATEST({a}, {b})" if self.engine == "postgres" else f"MAX({a}, {b})"

    def least(self, a: str, b: str) -> str:
        """The smaller of two expressions that are not null."""
        return f"LEAST({a}, {b})" if self.engine == "postgres" else f"MIN({a}, {b})"

    @property
    def lock_rows(self) -> str:
        """Put behind a SELECT in a transaction, keeps others from changing its rows, and not from referring to them. SQLite has
        one writer anyway."""
        return " FOR NO KEY UPDATE" if self.engine == "postgres" else ""
