"""Reading customers: rows with the columns that the API shows, never models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.customers.aliases import ERASED, MERGED, SURVIVOR_OF
from regulars_core.customers.contact import formatted_phone
from regulars_core.customers.names import NameSuggestion, suggested
from regulars_core.customers.sealed import opened_columns
from regulars_core.customers.search import signatures, texts
from regulars_core.customers.search.typed import read
from regulars_core.database import Database, Dialect, Lookup
from regulars_core.events.journal import JournalEntry
from regulars_core.primitives.clock import NEVER, Instant, day_of, now
from regulars_core.primitives.money import Money, divided_half_up
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Nearby, Readable, Sieve, by_ids, listed_of, page, pages_of, query_by_ids
from regulars_core.queries.where import Values, Where
from regulars_core.shop.shop import Shop

GONE = (MERGED, ERASED)
"""Statuses of who is no customer of their own any more: in no list that does not ask for it, and nothing is written to them."""


@dataclass(slots=True)
class CustomerRow:
    """A customer as it is shown."""

    id: str
    code: str
    first_name: str
    last_name: str
    company_name: str | None
    is_company: bool
    preferred_name: str | None
    email: str | None
    phone: str | None
    birth_date: str | None
    gender: str | None
    tax_id: str | None
    preferred_contact: str | None
    contact_frequency: str | None
    contact_time: str | None
    contact_checked_at: Instant | None
    status: str
    group_id: str
    origin_store_id: str | None
    version: int
    created_at: Instant
    updated_at: Instant
    merged_into_id: str | None = None

    def __post_init__(self) -> None:
        self.is_company = bool(self.is_company)

    @property
    def display_name(self) -> str:
        """How the customer likes to be called, or else first and last name, or else the company's; the code of who has none."""
        return self.preferred_name or f"{self.first_name} {self.last_name}".strip() or self.company_name or self.code

    @property
    def name_suggestion(self) -> NameSuggestion | None:
        """How the name might be written; None where it is fine."""
        return suggested(self.first_name, self.last_name)

    @property
    def is_gone(self) -> bool:
        """Whether nothing may be written to the customer any more."""
        return self.status in GONE

    @property
    def phone_formatted(self) -> str | None:
        """The phone number as people read it."""
        return formatted_phone(self.phone) if self.phone else None


_COLUMNS = [f"c.{name}" for name in CustomerRow.__slots__]
CUSTOMERS = Readable(
    "customer c", "c.id", _COLUMNS, CustomerRow, {"s": "LEFT JOIN customer_stats s ON s.customer_id = c.id"}
)
_BY_STATS = Readable(
    "customer_stats s", "s.customer_id", _COLUMNS, CustomerRow, {"c": "JOIN customer c ON c.id = s.customer_id"}
)

_HALF_UP = (
    "(abs(s.total_spent) / s.purchase_count"
    " + CASE WHEN 2 * (abs(s.total_spent) % s.purchase_count) >= s.purchase_count THEN 1 ELSE 0 END)"
)
AVERAGE_PURCHASE = (
    f"(CASE WHEN s.purchase_count = 0 THEN {NEVER + 1} - 1 WHEN s.total_spent < 0 THEN -{_HALF_UP} ELSE {_HALF_UP} END)"
)
"""What a purchase comes to on average, in minor units; below everything where there is none. As an index has it."""

SORT_KEYS = {
    "CREATED_AT": SortKey("CREATED_AT", "c.created_at", "c.id", int),
    "UPDATED_AT": SortKey("UPDATED_AT", "c.updated_at", "c.id", int),
    "NAME": SortKey("NAME", "c.sort_name", "c.id", str),
    "CODE": SortKey("CODE", "c.code", "c.id", str),
    "TOTAL_SPENT": SortKey("TOTAL_SPENT", "s.total_spent", "s.customer_id", int),
    "PURCHASE_COUNT": SortKey("PURCHASE_COUNT", "s.purchase_count", "s.customer_id", int),
    "AVERAGE_PURCHASE": SortKey("AVERAGE_PURCHASE", AVERAGE_PURCHASE, "s.customer_id", int),
    "LAST_PURCHASE_AT": SortKey("LAST_PURCHASE_AT", "s.last_purchase_at", "s.customer_id", int),
}
_SIGNED = frozenset({"NAME", "CREATED_AT"})
"""The orders whose indexes hold signatures."""
NEWEST_FIRST = Order(SORT_KEYS["CREATED_AT"], descending=True)


def customers_source(window: Window | None) -> Readable[CustomerRow]:
    """What a page of customers is read from, and what is counted where there is none: the walk starts from the table whose index
    holds the order."""
    return _BY_STATS if window and window.order.key.tie.startswith("s.") else CUSTOMERS


async def customers_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, CustomerRow]:
    """Customers by id, those who were merged into others as they are themselves; unknown ones are missing."""
    return await by_ids(database, CUSTOMERS, ids)


async def opened_customers(database: Database, ids: Sequence[str]) -> Mapping[str, CustomerRow]:
    """As `customers_by_ids`, with what is sensitive as it was given; what cannot be opened is Opaque."""
    found = await customers_by_ids(database, ids)
    return {id_: replace(row, **_opened(database, row)) for id_, row in found.items()}


def _opened(database: Database, row: CustomerRow) -> Mapping[str, Any]:
    return opened_columns(database.seals, row.id, {"tax_id": row.tax_id})


SURVIVORS = Readable(f"customer a {SURVIVOR_OF}", "a.id", _COLUMNS, CustomerRow)
"""Customers by any id that leads to them."""


async def survivors_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, CustomerRow]:
    """The customer to whom each of these ids leads: who was merged into another is that one. Unknown ids are missing. This is how
    ids in inputs are read."""
    return await by_ids(database, SURVIVORS, ids)


def lookup_survivors(dialect: Dialect, ids: Sequence[str]) -> Lookup:
    """What `survivors_by_ids` looks up."""
    return query_by_ids(dialect, SURVIVORS, ids)


async def aliases_of(database: Database, ids: Sequence[str]) -> Mapping[str, list[CustomerRow]]:
    """The records that lead to each of these customers, the one that was registered first in front."""
    return await listed_of(database, CUSTOMERS, "c.merged_into_id", ids, "c.created_at, c.id")


async def customers_then(database: Database, entries: Sequence[JournalEntry]) -> Sequence[Mapping[str, CustomerRow]]:
    """The customers of each of these entries of the journal: in the group in which they were then, and otherwise as they
    are, since nothing else is kept of what they were."""
    ids = list(dict.fromkeys(id_ for entry in entries for id_ in entry.ids))
    rows = await customers_by_ids(database, ids)
    moves: dict[str, list[tuple[Instant, str]]] = {}
    for customer_id, at, before in await database.rows(
        "SELECT customer_id, at, before_id FROM customer_group_change"
        f" WHERE at > $2 AND {database.dialect.among('customer_id', 1)} ORDER BY at DESC, number DESC",
        ids,
        min(entry.at for entry in entries),
    ):
        moves.setdefault(customer_id, []).append((at, before))

    def then(row: CustomerRow, instant: Instant) -> CustomerRow:
        for at, before in moves.get(row.id, ()):
            if at > instant:
                row = replace(row, group_id=before)
        return row

    return [{id_: then(rows[id_], entry.at) for id_ in entry.ids if id_ in rows} for entry in entries]


async def customer_by_code(database: Database, code: str) -> CustomerRow | None:
    """The customer to whom this code leads, whose letters may be of either case."""
    sql, values = query_by_code(code)
    rows = await database.read(sql, *values)
    return CustomerRow(*rows[0]) if rows else None


def query_by_code(code: str) -> Lookup:
    """What `customer_by_code` looks up."""
    return f"SELECT {', '.join(_COLUMNS)} FROM {SURVIVORS.table} WHERE a.code = $1", [code.strip().upper()]


async def page_of_customers(
    database: Database,
    window: Window,
    where: Where | None = None,
    search: str | None = None,
    columns: Sequence[str] = texts.NAMES_AND_CONTACT,
    country: str = "US",
) -> Page[CustomerRow]:
    """A page of all customers, narrowed by conditions and by a search in these columns of their texts, typed in this country."""
    typed = read(search, country) if search and search.strip() else None
    if typed is None:
        return await page(database, customers_source(window), window, where)

    needles, shape, engine = typed.needles, typed.shape, database.engine

    def indexed(values: Values) -> str:
        hits = texts.matching(shape, [values.bind(needle) for needle in needles], engine, columns)
        return f"c.id IN (WITH f (id) AS MATERIALIZED ({hits}) SELECT f.id FROM f)"

    def contained(values: Values) -> str:
        return texts.containing(shape, [values.bind(needle) for needle in needles], engine, columns)

    def may_have(values: Values, alias: str) -> str:
        return signatures.may_contain(shape, needles, values, alias)

    sieve = Sieve(_SIGNED, [f"c.{column}" for column in signatures.COLUMNS], may_have, _one_group(where))
    nearby = Nearby("customer_text t", "t.customer_id", contained, sieve)
    return await page(database, customers_source(window), window, where, condition=indexed, nearby=nearby)


def _one_group(where: Where | None) -> Where | None:
    """The condition that customers are members of one group, if a list is narrowed by that."""
    if where is None or where.op == "all":
        found = (_one_group(part) for part in (where.parts if where else ()))
        return next((one for one in found if one), None)
    is_one = where.leaf is not None and where.leaf.name == "group" and [len(ids) for _, ids in where.conditions] == [1]
    return where if is_one else None


async def customers_of_groups(
    database: Database, group_ids: Sequence[str], window: Window, where: Where | None = None
) -> Sequence[Page[CustomerRow]]:
    """A page of each group's members."""
    return await pages_of(database, customers_source(window), "c.group_id", group_ids, window, where)


@dataclass(slots=True)
class StatsRow:
    """What a customer's purchases amount to, in the shop's currency."""

    total_spent: Money
    purchase_count: int
    first_purchase_at: Instant | None
    last_purchase_at: Instant | None
    average_purchase: Money | None
    days_since_last_purchase: int | None


async def stats_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, StatsRow]:
    """The statistics of customers, by id. Days are calendar days where the shop is."""
    among = shop.database.dialect.among("s.customer_id", 1)
    rows = await shop.database.rows(
        "SELECT s.customer_id, s.total_spent, s.purchase_count, s.first_purchase_at, s.last_purchase_at"
        f" FROM customer_stats s WHERE {among}",
        list(dict.fromkeys(customer_ids)),
    )
    return stats_rows(shop, rows)


def stats_rows(shop: Shop, rows: Sequence[Any]) -> Mapping[str, StatsRow]:
    """Statistics out of rows of: customer's id, spent, count, first and latest purchase."""
    today = day_of(now(), shop.settings.zone)
    answer = {}
    for customer_id, spent, count, first, last in rows:
        days = None if last == NEVER else max(0, (today - day_of(last, shop.settings.zone)).days)
        average = shop.money(divided_half_up(spent, count)) if count else None
        answer[customer_id] = StatsRow(shop.money(spent), count, _known(first), _known(last), average, days)
    return answer


def _known(instant: Instant) -> Instant | None:
    return None if instant == NEVER else instant


@dataclass(slots=True)
class AddressRow:
    """A postal address."""

    kind: str
    recipient: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None


ADDRESSES = Readable("customer_address a", "a.id", [f"a.{name}" for name in AddressRow.__slots__], AddressRow)


TAGS: Readable[str] = Readable("customer_tag t", "t.id", ["t.tag"], str)


async def tags_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Each customer's tags, in the order of the alphabet."""
    return await listed_of(database, TAGS, "t.customer_id", customer_ids, "t.tag_key")
