"""Purchases of three lines each for customers who are there, made by the database itself: millions of rows in minutes.

What they are follows from their numbers alone, so that two runs hold the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.loading import without_triggers
from benchmarks.population import TODAY
from regulars_core.database import Database, Engine
from regulars_core.primitives.clock import NEVER
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.regulars.latest import counted
from regulars_core.shop.settings import Settings

LINES = 3
OFTEN = range(20, 25)
"""How many purchases a frequent customer has; the newest customers are frequent ones."""
_MAX_S = 3_600  # seconds a statement may take


def frequent(customers: int) -> int:
    """How many of the newest customers have bought often: those whom deep questions are about."""
    return min(customers, max(400, customers // 25))


@dataclass(frozen=True)
class _Words:
    """What the two engines spell differently."""

    engine: Engine

    def series(self, most: str) -> str:
        """A FROM item `n(n)`: the numbers from 0 on, below an expression, for the row before it."""
        if self.engine == "postgres":
            return f"CROSS JOIN LATERAL generate_series(0, {most} - 1) AS n(n)"
        return f"JOIN (SELECT value AS n FROM json_each('{[*range(64)]}')) AS n ON n.n < {most}"

    def id(self, at: str, kind: int, number: str) -> str:
        """An id as of a UUIDv7 made at an instant; the number makes it unique."""
        if self.engine == "postgres":
            padded = f"lpad(to_hex({at}), 12, '0') || '7{kind:03x}8' || lpad(to_hex({number}), 15, '0')"
            return f"CAST({padded} AS uuid)"
        return f"printf('%012x7{kind:03x}8%015x', {at}, {number})"


@dataclass(frozen=True)
class Sales:
    """What is sold: so many lines a purchase, so many articles, and in which stores."""

    lines: int = LINES
    articles: int = 500
    stores: Sequence[str] = (MAIN_STORE_ID,)


async def sell(database: Database, customers: int, purchases: int) -> None:
    """Let the customers of a database buy about so often altogether, and make their statistics true."""
    await put_sales(database, customers, purchases, Sales())
    await count_regulars(database)


async def put_sales(database: Database, customers: int, purchases: int, sales: Sales) -> None:
    """The same, but for who is a regular."""
    words = _Words(database.engine)
    others = max(1, customers - frequent(customers))
    twice = round(2 * (purchases - frequent(customers) * (sum(OFTEN) / len(OFTEN))) / others)

    async def work() -> None:
        await database.allow(_MAX_S)
        # Every key is one that the statement has just read; looking each up again would take most of the time.
        await without_triggers(database)
        for statement in _statements(words, customers, max(2, twice), sales):
            await database.run(statement)

    await database.transaction(work)


async def count_regulars(database: Database) -> None:
    """Make true who is a regular, by the index of each customer's purchases."""

    async def work() -> None:
        await database.allow(_MAX_S)
        await without_triggers(database)
        await database.run(f"UPDATE customer_stats SET {counted(database.dialect, Settings().regular_purchases)}")

    await database.transaction(work)


def _statements(words: _Words, customers: int, twice: int, sales: Sales) -> tuple[str, ...]:
    newest = customers - frequent(customers)
    wanted = (
        f"CASE WHEN c.number >= {newest} THEN {OFTEN.start} + c.number % {len(OFTEN)}"
        f" ELSE c.number * 7919 % {min(twice, 63) + 1} END"
    )
    total = " + ".join(_line_total("b.number", str(position)) for position in range(sales.lines))
    store = " ".join(f"WHEN {n} THEN '{id_}'" for n, id_ in enumerate(sales.stores))
    store = f"CASE (b.number / 64 + b.number % 64) % {len(sales.stores)} {store} END"
    if words.engine == "postgres":
        store = f"CAST({store} AS uuid)"
    article = f"((b.number + n.n * 31) % {sales.articles})"
    purchase = words.id("b.at", 2, "b.number")
    return (
        "CREATE TEMPORARY TABLE basket AS SELECT c.id AS customer, c.number * 64 + n.n AS number,"
        f" c.created_at + ({TODAY} - c.created_at) * (n.n + 1) / ({wanted} + 1) AS at"
        " FROM (SELECT id, created_at, row_number() OVER (ORDER BY created_at, id) - 1 AS number FROM customer) c"
        f" {words.series(wanted)}",
        "INSERT INTO purchase (id, reference, store_id, customer_id, purchased_at, recorded_at, status, currency,"
        " prices_include_tax, subtotal, discount, shipping, tax, total, refunded, digest, pieces)"
        f" SELECT {purchase}, 'B' || b.number, {store}, b.customer, b.at, b.at, 'PAID', 'USD', false,"
        f" {total}, 0, 0, 0, {total}, 0, '{'0' * 64}', {sales.lines} * 1000000 FROM basket b ORDER BY b.at",
        "INSERT INTO purchase_line (id, purchase_id, position, sku, name, quantity, unit_price, discount, total,"
        " refunded_quantity)"
        f" SELECT {words.id('b.at', 3, f'b.number * {sales.lines} + n.n')}, {purchase}, n.n,"
        f" 'SKU-' || {article}, 'Tea no. ' || {article}, 1000000,"
        f" {_line_total('b.number', 'n.n')}, 0, {_line_total('b.number', 'n.n')}, 0"
        f" FROM basket b {words.series(str(sales.lines))}",
        "UPDATE customer_stats SET total_spent = f.spent, purchase_count = f.times, first_purchase_at = f.first,"
        " last_purchase_at = f.last, active_at = f.last"
        f" FROM (SELECT customer_id, CAST(sum(total) AS BIGINT) AS spent, count(*) AS times,"
        f" coalesce(min(purchased_at), {NEVER + 1} - 1) AS first, max(purchased_at) AS last"
        " FROM purchase GROUP BY customer_id) f WHERE f.customer_id = customer_stats.customer_id",
        "DROP TABLE basket",
    )


def _line_total(purchase: str, position: str) -> str:
    return f"(250 + ({purchase} * {LINES} + {position}) * 7919 % 9000)"
