"""What the databases write as JSON is what Python would have written."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from babel.core import get_global
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars_core.database import Database
from regulars_core.primitives.clock import (
    DAY_MS,
    EARLIEST,
    LATEST,
    Instant,
    datetime_of,
    day_and_minute,
    day_of,
    instant_of,
    now,
    offsets,
    printed,
)
from regulars_core.primitives.money import Money, decimal_text, exponent_of
from regulars_core.purchases.rules import quantity_text
from regulars_core.queries.json_columns import (
    Column,
    days_since,
    flag,
    identity,
    instant,
    money,
    money_in,
    number,
    quantity,
    text,
)
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBER = st.integers(-(2**63) + 1, 2**63 - 1)
EDGES = [0, 1, 9, 10, 99, 100, 101, 999, 1000, 9999, 10_000, 10**15, 10**17, 2**63 - 1]
AMOUNT = st.one_of(NUMBER, st.integers(-(10**6), 10**6), st.sampled_from([*EDGES, *(-edge for edge in EDGES)]))
INSTANT = st.one_of(st.integers(EARLIEST, LATEST), st.integers(-2000, 2000), st.integers(0, 1_800_000_000_000))
QUANTITY = st.one_of(st.integers(0, 10**15), st.sampled_from([0, 1, 10, 500_000, 1_000_000, 1_500_000, 10_000_000]))
CURRENCY = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "ISK", "BHD"])
CURRENCIES = [*sorted(code for code in get_global("all_currencies") if exponent_of(code) != 2), "USD", "EUR", "MXN"]


async def same(
    database: Database, type_: str, column: Column, values: Sequence[Any], python: Callable[[Any], Any]
) -> None:
    """Each of the values as the database writes it, and as Python does."""
    cells = ", ".join(f"(CAST(${n} AS {type_}), {n})" for n in range(1, len(values) + 1))
    given = Values(database.dialect, *values)
    sql = f"WITH t (v, n) AS (VALUES {cells}) SELECT {column(given)} FROM t ORDER BY n"
    found = [row[0] for row in await database.rows(sql, *given.all)]
    assert [orjson.loads(one) for one in found] == [None if value is None else python(value) for value in values]


def some(strategy: st.SearchStrategy[Any]) -> Any:
    return given(values=st.lists(strategy, min_size=1, max_size=30))


quickly = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@quickly
@some(st.none() | TEXT)
async def test_text(shop: Shop, values: list[str | None]) -> None:
    await same(shop.database, "TEXT", text("v"), values, str)


async def test_text_with_what_json_escapes(shop: Shop) -> None:
    hostile = [
        '"',
        "\\",
        "\\u0041",
        "\x01\x08\x0b\x1f\x7f",
        "\u2028\u2029\ufeff",
        "'; DROP TABLE customer; --",
        '{"',
        "𝒜é",
        "",
    ]
    await same(shop.database, "TEXT", text("v"), [*hostile, "".join(hostile)], str)


@quickly
@some(st.none() | NUMBER)
async def test_numbers(shop: Shop, values: list[int | None]) -> None:
    await same(shop.database, "BIGINT", number("v"), values, int)


@quickly
@some(st.none() | INSTANT)
async def test_instants(shop: Shop, values: list[int | None]) -> None:
    await same(shop.database, "BIGINT", instant("v"), values, lambda value: printed(Instant(value)))


async def test_instants_at_the_edges(shop: Shop) -> None:
    years = [instant_of(datetime(year, 1, 1, tzinfo=UTC)) for year in (2, 99, 1000, 1582, 1969, 1970, 2000, 2038, 9999)]
    values = [
        at + by for at in (*years, EARLIEST + 1000, LATEST - 1000) for by in (-1000, -999, -1, 0, 1, 10, 100, 999)
    ]
    await same(shop.database, "BIGINT", instant("v"), values, lambda value: printed(Instant(value)))


@quickly
@some(QUANTITY)
async def test_quantities(shop: Shop, values: list[int]) -> None:
    await same(shop.database, "BIGINT", quantity("v"), values, quantity_text)


@quickly
@given(values=st.lists(AMOUNT, min_size=1, max_size=30), currency=CURRENCY)
async def test_amounts(shop: Shop, values: list[int], currency: Any) -> None:
    def amount(value: int) -> str:
        return Money(value, currency).amount

    for composite in (money("v", f"CAST('{currency}' AS TEXT)"), money_in(currency, "v")):
        await same(shop.database, "BIGINT", composite.columns["amount"], values, amount)
        await same(shop.database, "BIGINT", composite.columns["currency_code"], values, lambda _: currency)


async def test_amounts_of_every_unusual_currency(shop: Shop) -> None:
    values = [*EDGES, *(-edge for edge in EDGES)]
    assert {exponent_of(code) for code in CURRENCIES} == {0, 2, 3, 4}
    for code in CURRENCIES:
        column = money("v", f"CAST('{code}' AS TEXT)").columns["amount"]
        exponent = exponent_of(code)
        await same(shop.database, "BIGINT", column, values, lambda value, of=exponent: decimal_text(value, of))


async def test_ids_and_flags(shop: Shop) -> None:
    ids, flags = [f"{n:032x}" for n in (0, 1, 2**128 - 1)], [True, False]
    on_postgres = shop.database.engine == "postgres"
    await same(shop.database, "UUID" if on_postgres else "TEXT", identity("customer", "v"), ids, "customer_{}".format)
    await same(shop.database, "BOOLEAN" if on_postgres else "INTEGER", flag("v"), flags, bool)


ZONES = st.sampled_from(
    ["America/Mexico_City", "Europe/Berlin", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "UTC"]
)


@given(value=INSTANT, zone=ZONES.map(ZoneInfo))
def test_the_day_and_the_minute_are_those_of_the_zone(value: int, zone: ZoneInfo) -> None:
    local = datetime_of(Instant(value)).astimezone(zone)
    assert day_and_minute(Instant(value), zone) == (local.toordinal(), local.hour * 60 + local.minute)


@quickly
@given(values=st.lists(INSTANT, min_size=1, max_size=30), zone=ZONES.map(ZoneInfo))
async def test_days(shop: Shop, values: list[int], zone: ZoneInfo) -> None:
    edges = [Instant(at + by) for at in offsets(zone)[0][-30:] for by in (-DAY_MS, -1, 0, 1)]
    past = [min(Instant(value), now()) for value in (*values, *edges)]
    today = day_of(now(), zone)
    await same(
        shop.database, "BIGINT", days_since("v", today, zone), past, lambda value: (today - day_of(value, zone)).days
    )


@pytest.mark.parametrize(
    "zone", ["America/Mexico_City", "Europe/Berlin", "Africa/Casablanca", "Africa/Freetown", "UTC"]
)
def test_offsets_are_those_of_the_zone(zone: str) -> None:
    changes, found = offsets(ZoneInfo(zone))
    assert len(found) == len(changes) + 1
    for number_, at in enumerate(changes):
        for moment, offset in ((at - 1, found[number_]), (at, found[number_ + 1])):
            assert datetime_of(Instant(moment)).astimezone(ZoneInfo(zone)).utcoffset() == timedelta(milliseconds=offset)
