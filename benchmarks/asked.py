"""What the API asks of the database for a list, kept so that it can be asked again without the API; and what is asked by hand."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import processor
from benchmarks.lists import SEGMENT, Asked
from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.filters import days_of_the_year, latest_birth_date
from regulars_core.customers.reads import AVERAGE_PURCHASE, CUSTOMERS, SORT_KEYS
from regulars_core.customers.search.signatures import renew, signature
from regulars_core.database import Lookup
from regulars_core.primitives.clock import day_of, now
from regulars_core.purchases.regulars.latest import since
from regulars_core.queries.pages import Order, Position, cursor_of
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import opened_shop
from regulars_schema.testing import Answer, Api

SIZE = 50
_PATIENCE = 600
"""Seconds that a statement by hand may take."""
_PAGE = (
    "query($where: CustomerWhere, $orderBy: CustomerOrderBy, $search: String, $first: Int, $after: String) { customers(where:"
    " $where, orderBy: $orderBy, search: $search, first: $first, after: $after) { nodes { id code displayName }"
    " pageInfo { hasNextPage endCursor } } }"
)
_COUNT = "query($where: CustomerWhere, $search: String) { customers(where: $where, search: $search, first: 0) { totalCount } }"
_COLUMNS = CUSTOMERS.column_list
"""A customer of a list, whole: what a page costs to find is compared, and half of a quick one is what it hands over."""


@dataclass(frozen=True)
class Client:
    """One client of a shop that is full, and what is to be put into the lists of it."""

    api: Api
    customers: int
    facts: Mapping[str, str]
    processes: Sequence[int]
    """Who does the database's work: PostgreSQL's one for this client, and whose ended ones help it; on SQLite ourselves."""

    @property
    def shop(self) -> Shop:
        return self.api.shop

    async def page(self, asked: Asked, after: Position | None = None) -> Answer:
        """A page of a list, as a client gets it."""
        order = Order(SORT_KEYS[asked.order], asked.descending)
        return await self.api.ask(
            _PAGE,
            where=_put(asked.where, self.facts),
            orderBy={"field": asked.order, "direction": "DESC" if asked.descending else "ASC"},
            search=asked.search,
            first=SIZE,
            after=None if after is None else cursor_of(order, after),
        )

    async def count(self, asked: Asked) -> Answer:
        """How long a list is, as a client gets it."""
        return await self.api.ask(_COUNT, where=_put(asked.where, self.facts), search=asked.search)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[list[Lookup]]:
        """What is read inside."""
        database: Any = self.shop.database
        real, lookups = database.rows, list[Lookup]()

        async def rows(sql: str, *values: Any) -> Sequence[Any]:
            lookups.append((sql, values))
            answer: Sequence[Any] = await real(sql, *values)
            return answer

        database.rows = rows
        try:
            yield lookups
        finally:
            del database.rows

    def by_hand(self, asked: Asked, after: Position | None = None) -> Lookup:
        """The statement by hand for a page."""
        order = Order(SORT_KEYS[asked.order], asked.descending)
        key, way = order.key, "DESC" if asked.descending else "ASC"
        values: list[Any] = []
        further = ""
        if after is not None:
            kind = "bigint" if key.kind is int else "text"
            placed = f"({key.column}, {key.tie}) {'<' if asked.descending else '>'}"
            further = f" AND {placed} ($1::{kind}, $2)"
            if "(" in key.column:
                further += f" AND {key.column} {'<' if asked.descending else '>'}= $1::{kind}"
            values = [*after]
        best = self._best(asked, first=after is None, place=len(values) + 1)
        values += self._bound(asked)
        return (
            f"SELECT {_COLUMNS}, {key.column}, {key.tie} {best}{further}"
            f" ORDER BY {key.column} {way}, {key.tie} {way} LIMIT {SIZE + 1}",
            values,
        )

    def counted_by_hand(self, asked: Asked) -> Lookup:
        """The statement by hand for the count."""
        best = asked.counted.format(**self.facts) if asked.counted else self._best(asked)
        return f"SELECT count(*) {best}", self._bound(asked)

    async def place(self, asked: Asked, far: int) -> Position | None:
        """Where the one stands after whom so many have come, or half of all if these are fewer; a benchmark may count rows, the
        API never does."""
        sql, values = self.counted_by_hand(asked)
        [[number]] = await self.patiently(sql, *values)
        key, way = SORT_KEYS[asked.order], "DESC" if asked.descending else "ASC"
        rows = await self.patiently(
            f"SELECT {key.column}, {key.tie} {self._best(asked)}"
            f" ORDER BY {key.column} {way}, {key.tie} {way} LIMIT 1 OFFSET {max(0, min(far, number // 2) - 1)}",
            *values,
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def patiently(self, sql: str, *values: Any) -> Sequence[Any]:
        """The rows, however long it takes."""

        async def work() -> Sequence[Any]:
            await self.shop.database.allow(_PATIENCE)
            rows: Sequence[Any] = await self.shop.database.rows(sql, *values)
            return rows

        return await self.shop.database.transaction(work)

    def _bound(self, asked: Asked) -> Sequence[Any]:
        """What is bound of it, behind everything else."""
        return [] if asked.bound is None else [asked.bound.format(**self.facts)]

    def _best(self, asked: Asked, *, first: bool = False, place: int = 1) -> str:
        best = asked.best
        if first and asked.first:
            best = asked.first
        elif self.shop.database.engine == "sqlite" and asked.best_on_sqlite:
            best = asked.best_on_sqlite
        return best.format(**self.facts, bound=f"${place}")


def _put(inside: Any, facts: Mapping[str, str]) -> Any:
    """The same, with what is in braces put in."""
    if isinstance(inside, Mapping):
        return {name: _put(one, facts) for name, one in inside.items()}
    if isinstance(inside, list):
        return [_put(one, facts) for one in inside]
    return inside.format(**facts) if isinstance(inside, str) else inside


@asynccontextmanager
async def client_of(url: str, customers: int) -> AsyncIterator[Client]:
    """A client of a shop that is full."""
    async with opened_shop(url, plugins_on(), country="MX", database_pool=1, sqlite_readers=1) as shop:
        await renew(shop.database)  # of a shop that was filled before there were signatures
        api, processes = Api.of(shop), [os.getpid()]
        if shop.database.engine == "postgres":
            [[own]] = await shop.database.rows("SELECT pg_backend_pid()")
            processes = [own, processor.parent(own)]
        yield Client(api, customers, await _facts(api, customers), processes)


async def _facts(api: Api, customers: int) -> Mapping[str, str]:
    shop, database = api.shop, api.shop.database
    today = day_of(now(), shop.settings.zone)
    declared = await declared_attributes(database)
    [group], [store], [customer] = [
        (await database.rows(sql))[0]
        for sql in (
            "SELECT id FROM customer_group WHERE name = 'Wholesale'",
            "SELECT id FROM store WHERE code = 'S3'",
            "SELECT id FROM customer WHERE code = 'CUST-00077'",
        )
    ]
    days = ", ".join(f"'{day}'" for day in days_of_the_year(today, 31))
    low, high = signature("  maria", "  garcia")
    facts = {
        "low": str(low), "high": str(high),
        "group": f"group_{group}", "group_key": group, "store": f"store_{store}", "store_key": store,
        "customer": f"customer_{customer}", "member": str(7919 * (customers // 2)), "days": f"({days})",
        "since": str(since(shop.settings)), "average": AVERAGE_PURCHASE,
        "youngest": latest_birth_date(18, today), "oldest": latest_birth_date(26, today),
        **{name: one.id for name, one in declared.items()},
    }  # fmt: skip
    return {**facts, "segment": await _segment(api, facts)}


async def _segment(api: Api, facts: Mapping[str, str]) -> str:
    listed = await api.data("{ segments(first: 100) { nodes { id name } } }")
    for one in listed["segments"]["nodes"]:
        if one["name"] == "Asked for":
            return str(one["id"])
    made = await api.done("segmentCreate", "segment { id }", {"name": "Asked for", "where": _put(SEGMENT, facts)})
    return str(made["segment"]["id"])
