"""One statement of PostgreSQL's that does for several transactions what each would do by one of its own.

Their values are rows of JSON, so that its text does not depend on how many they are; asyncpg asks of each element of an array
what it is, which takes longer than everything else about it. What a statement reads is asked for each of the rows by LATERAL.
What it writes is merged by the texts of its parts: insertions take the rows of all of them, an UPDATE is joined with its values,
a condition holds for each of them. Only what cannot lose anything so is merged: insertions of values; guarded UPDATEs of one row,
which count what they have changed; conditions.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from regulars_core.database.dialect import PLACEHOLDERS, Guarded, Precondition, Write
from regulars_core.database.errors import GUARD_FAILED

Types = Sequence[str]
"""The SQL types of a statement's values."""
Row = Sequence[Any]

MAX_WAIT_MS = 100
"""So long a merged statement waits for a lock: then those who need not wait are done without the others."""
PLAIN = frozenset({"bool", "bpchar", "int2", "int4", "int8", "text", "uuid", "varchar"})
"""Types of values that are the same in JSON, and so are arrays of them."""

_WAIT = f"set_config('lock_timeout', '{MAX_WAIT_MS}ms', true) <> ''"
_INSERT = re.compile(
    r"INSERT INTO (?P<into>\w+ \((?P<columns>[\w, ]+)\)) VALUES (?P<rows>\([$\d, ]+\)(?:, \([$\d, ]+\))*)"
    r"(?P<tail> ON CONFLICT [^$]*)?\Z"
)
_WORDS = re.compile(r"'(?:[^']|'')*'|[()]|\b(?:UPDATE|SET|FROM|WHERE|RETURNING|WITH)\b", re.IGNORECASE)


class Part(NamedTuple):
    """What transactions may have in common: a statement for one row of values, or an expression."""

    sql: str
    is_guarded: bool
    is_condition: bool = False

    @property
    def alone(self) -> str:
        """A statement that has the same values of the same types."""
        return f"SELECT {self.sql}" if self.is_condition else self.sql


def parts_of(writes: Sequence[Write]) -> Mapping[Part, list[Row]] | None:
    """What these writes have in common with those of others, and their own rows of values; None where one of them cannot be
    merged."""
    found: dict[Part, list[Row]] = {}
    for write in writes:
        values, kind = write[1], type(write)
        known = _part(write[0], kind is Guarded, kind is Precondition)
        if known is None:
            return None
        part, width = known
        if kind is Guarded and not (width and write.rows * width == len(values)):  # type: ignore[union-attr]
            return None
        rows = [values] if width == len(values) else [values[n : n + width] for n in range(0, len(values), width)]
        if part in found:
            found[part] += rows
        else:
            found[part] = rows
    return found


@lru_cache(maxsize=512)
def _part(sql: str, is_guarded: bool, is_condition: bool) -> tuple[Part, int] | None:
    """What a statement is for one row, and how many values that has; None where it cannot be merged."""
    if is_condition:
        return Part(sql, is_guarded, is_condition), _width(sql)
    if match := _INSERT.match(sql):
        width = match["columns"].count(",") + 1
        places = [int(number) for number in re.findall(r"\$(\d+)", match["rows"])]
        if places == list(range(1, len(places) + 1)) and len(places) % width == 0:
            one = ", ".join(f"${n}" for n in range(1, width + 1))
            return Part(f"INSERT INTO {match['into']} VALUES ({one}){match['tail'] or ''}", is_guarded), width
    elif is_guarded and [word for word, _ in _clauses(sql)] == ["UPDATE", "SET", "WHERE"]:
        return Part(sql, is_guarded), _width(sql)
    return None


def _width(sql: str) -> int:
    return max((int(match["number"]) for match in PLACEHOLDERS.finditer(sql) if match["number"]), default=0)


def _clauses(sql: str) -> Sequence[tuple[str, int]]:
    """The words that begin the clauses of a statement, and where; not of what stands in parentheses or quotes in it."""
    depth, found = 0, []
    for match in _WORDS.finditer(sql):
        if match[0] in "()":
            depth += 1 if match[0] == "(" else -1
        elif not depth and match[0][0] != "'":
            found.append((match[0].upper(), match.start()))
    return found


def asking(sql: str, types: Types) -> str:
    """A query that answers, for each row of values, the one row that this query answers, and behind it which of them it is."""
    return f"SELECT q.*, m.n FROM {_numbered(1, types, 'n')}, LATERAL ({_of_row(sql)}) q"


def writing(parts: Sequence[Part], types: Mapping[str, Types]) -> str:
    """A statement that does all of these for rows of values, of which each part has its own; and answers a number, unless
    somebody else was quicker."""
    named, checks = list[str](), [_WAIT]
    for place, part in enumerate(parts, 1):
        own = types[part.alone]
        rows = f"json_to_recordset(${place}) AS m ({_columns(own)})"
        if part.is_condition:
            checks.append(f"(SELECT bool_and(coalesce(({_of_row(part.sql)}), FALSE)) FROM {rows})")
            continue
        length, returned = f"json_array_length(${place})", ""
        if part.is_guarded:
            returned, changed = " RETURNING 1", f"count(*) = {length}"
            if not _INSERT.match(part.sql):
                # Two rows of one would make up for none of another, so they are numbered. PostgreSQL takes a tenth of 100 rows
                # for granted behind the LIMIT, not 100, and uses the index.
                rows = f"(SELECT * FROM {_numbered(place, own, 'p0')} LIMIT {length}) AS m"
                returned, changed = " RETURNING m.p0", f"{changed} AND count(DISTINCT p0) = {length}"
            checks.append(f"(SELECT {changed} FROM w{place})")
        named.append(f"w{place} AS ({_of_rows(part.sql, rows)}{returned})")
    check = f"SELECT CAST(CASE WHEN {' AND '.join(checks)} THEN '1' ELSE '{GUARD_FAILED}' END AS INTEGER)"
    return f"WITH {', '.join(named)} {check}" if named else check


def _numbered(place: int, types: Types, number: str) -> str:
    """A FROM item `m` of the rows of values at a place, and which of them each is."""
    names = "".join(f"p{n}, " for n in range(1, len(types) + 1))
    return f"ROWS FROM (json_to_recordset(${place}) AS ({_columns(types)})) WITH ORDINALITY AS m ({names}{number})"


def _columns(types: Types) -> str:
    """What JSON is made of; of no values a column that nobody asks for."""
    return ", ".join(f"p{n} {type}" for n, type in enumerate(types, 1)) or "p0 text"


def _of_rows(sql: str, rows: str) -> str:
    """A statement with the values of these rows."""
    if match := _INSERT.match(sql):
        names = ", ".join(f"m.p{n}" for n in range(1, match["columns"].count(",") + 2))
        return f"INSERT INTO {match['into']} SELECT {names} FROM {rows}{match['tail'] or ''}"
    where = next(at for word, at in _clauses(sql) if word == "WHERE")
    return f"{_of_row(sql[:where])}FROM {rows} {_of_row(sql[where:])}"


def _of_row(sql: str) -> str:
    """The same, with the values of a row `m` instead of its own."""
    return PLACEHOLDERS.sub(lambda match: f"m.p{match[0][1:]}" if match["number"] else match[0], sql)


def values(rows: Sequence[Row]) -> str:
    """Rows of values as JSON. Raises TypeError for what has no place there."""
    names = _names(len(rows[0]))
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()


@lru_cache(maxsize=100)
def _names(width: int) -> Sequence[str]:
    return [f"p{n}" for n in range(1, width + 1)]


def rows_together(part: Part, members: Sequence[Mapping[Part, list[Row]]]) -> Sequence[Row]:
    """The rows of all members for one part: conditions once each, and what is changed in the order in which all others change it,
    so that nobody waits for each other in a ring."""
    rows = [row for member in members for row in member[part]]
    if part.is_condition:
        return list({repr(row): row for row in rows}.values())
    if part.is_guarded and all(type(row[0]) is str for row in rows):
        return sorted(rows, key=itemgetter(0))
    return rows
