"""How the database writes the columns of a row as JSON text.

Both engines join text, and do it faster than they build JSON with their own functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from regulars_core.database import Engine
from regulars_core.primitives.clock import DAY_MS, offsets
from regulars_core.primitives.money import exponent_of
from regulars_core.queries.where import Values

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
