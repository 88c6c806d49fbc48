"""Deciding who becomes a customer: registering, and finding or making one at the till."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from regulars_core.customers.aliases import SURVIVOR_OF
from regulars_core.customers.attributes.assignments import insert_attributes
from regulars_core.customers.attributes.rules import note_lacking
from regulars_core.customers.attributes.uniqueness import unique_keys_of
from regulars_core.customers.columns import NAMES
from regulars_core.customers.consents.writes import write_first
from regulars_core.customers.duplicates import (
    Alike,
    Look,
    Match,
    Traits,
    alike,
    alike_and_required,
    refuse_duplicates,
    taken_attributes,
)
from regulars_core.customers.likeness.unique_values import unique_keys
from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.customers.reads import GONE
from regulars_core.customers.rules import Address, CheckedCustomer, city_key, postal_key, region_key
from regulars_core.customers.sealed import kept_beside, kept_columns
from regulars_core.customers.search.signatures import COLUMNS as SIGNATURE
from regulars_core.customers.search.signatures import signature
from regulars_core.customers.search.texts import texts_of
from regulars_core.database import Lookup
from regulars_core.database.seals import Seals
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import NEVER
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, new_id
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_names
from regulars_core.shop.codes import exhausted_by
from regulars_core.shop.shop import Shop


async def give_codes(shop: Shop, customers: Sequence[CheckedCustomer]) -> list[CheckedCustomer]:
    """The customers with a code each: their own, or the next of the shop or of the store they come from.

    To be called before a transaction begins; a code that is not used after all is skipped.
    """
    wanted: dict[str | None, int] = {}
    for customer in customers:
        if customer.code is None:
            wanted[customer.origin_store_id] = wanted.get(customer.origin_store_id, 0) + 1
    store_codes = await _store_codes(shop, [store for store in wanted if store])
    codes = {
        store: iter(await shop.codes.take(CUSTOMER_CODES, store_codes.get(store or ""), count))
        for store, count in wanted.items()
    }
    return [
        customer if customer.code else replace(customer, code=next(codes[customer.origin_store_id]))
        for customer in customers
    ]


async def _store_codes(shop: Shop, ids: Sequence[str]) -> Mapping[str, str]:
    if not ids:
        return {}
    rows = await shop.database.rows(
        f"SELECT id, code FROM store WHERE {shop.database.dialect.among('id', 1)}", list(ids)
    )
    return {row[0]: row[1] for row in rows}


async def register(shop: Shop, customers: Sequence[CheckedCustomer], taken: Sequence[str] | None = None) -> list[str]:
    """Register customers that have codes, all or none, and answer their ids in order. Which of these codes are `taken` is looked
    up, unless that has been done already.

    Raises Refused for a group or store that does not exist and for a code that is taken.
    """

    async def work() -> list[str]:
        await _refuse_unknown(shop, customers, await _taken(shop, customers) if taken is None else taken)
        ids = [new_id() for _ in customers]
        await _insert(shop, list(zip(ids, customers, strict=True)))
        await announce(shop, "customers_registered", ids, [customer.extras for customer in customers])
        return ids

    return await shop.database.transaction(work)


async def _taken(shop: Shop, customers: Sequence[CheckedCustomer]) -> Sequence[str]:
    """Which of the customers' codes somebody has."""
    among = shop.database.dialect.among("code", 1, "text")
    rows = await shop.database.rows(f"SELECT code FROM customer WHERE {among}", [c.code for c in customers])
    return [row[0] for row in rows]


async def _refuse_unknown(shop: Shop, customers: Sequence[CheckedCustomer], taken: Sequence[str]) -> None:
    problems = list[Problem]()
    if taken and shop.codes.renewable and (exhausted := exhausted_by(CUSTOMER_CODES, taken[0])):
        raise exhausted
    problems += [Problem("CODE_TAKEN", "Another customer has this code.", ("code",)) for _ in taken]
    if any(c.group_id != DEFAULT_GROUP_ID for c in customers):
        problems += await missing(shop, "customer_group", {c.group_id for c in customers}, "groupId", "group")
    stores = {c.origin_store_id for c in customers if c.origin_store_id}
    problems += await missing(shop, "store", stores, "originStoreId", "store")
    if problems:
        raise Refused(*problems)


_OPEN = {"customer_group": " AND emptying_into IS NULL", "customer": f" AND status NOT IN {GONE}"}


async def missing(shop: Shop, table: str, ids: set[str], field: str, kind: str) -> list[Problem]:
    """A problem for every id that no row of the table has, for a group that is being removed, and for a customer who is
    erased."""
    if not ids:
        return []
    among = shop.database.dialect.among("id", 1)
    open_ones = f"{among}{_OPEN.get(table, '')}"
    existing = {row[0] for row in await shop.database.rows(f"SELECT id FROM {table} WHERE {open_ones}", sorted(ids))}
    return [Problem("NOT_FOUND", f"There is no {kind} with this id.", (field,)) for _ in sorted(ids - existing)]


_CUSTOMER_COLUMNS = (
    "id", "code", *NAMES, "is_company", "sort_name", "company_key", "tax_key", "status", "group_id", "origin_store_id",
    "version", "created_at", "updated_at", "contact_checked_at", *SIGNATURE,
)  # fmt: skip


def _customer_row(seals: Seals, id_: str, customer: CheckedCustomer, found_by: tuple[str, str]) -> Sequence[Any]:
    columns: Mapping[str, Any] = kept_columns(seals, id_, customer.columns)
    kept = kept_beside(seals, customer.columns)
    return (
        id_, customer.code, *(columns[name] for name in NAMES), customer.is_company, kept["sort_name"], kept["company_key"],
        kept["tax_key"], "ACTIVE", customer.group_id, customer.origin_store_id, 1, customer.created_at, customer.created_at,
        customer.contact_checked_at, *signature(*found_by),
    )  # fmt: skip


async def _insert(shop: Shop, customers: Sequence[tuple[str, CheckedCustomer]]) -> None:
    database = shop.database
    texts = [texts_of(customer.code or "", customer.columns) for _, customer in customers]
    rows = [
        _customer_row(database.seals, id_, customer, found_by)
        for (id_, customer), found_by in zip(customers, texts, strict=True)
    ]
    await insert(database, "customer", _CUSTOMER_COLUMNS, rows)
    # Before the statistics, which put the texts of who was seen within the span of `recent_text` there.
    await insert(
        database,
        "customer_text",
        ("customer_id", "names", "contact"),
        [(id_, *found_by) for (id_, _), found_by in zip(customers, texts, strict=True)],
    )
    await insert(
        database,
        "customer_stats",
        ("customer_id", "total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at"),
        [(id_, 0, 0, NEVER, NEVER, c.created_at) for id_, c in customers],
    )
    await insert_tags(shop, [(id_, c.tags) for id_, c in customers])
    await insert_addresses(shop, [(id_, c.addresses) for id_, c in customers])
    await insert_attributes(shop, [(id_, c.attributes, c.created_at) for id_, c in customers])
    await write_first(shop, [(id_, c.consents) for id_, c in customers if c.consents])


async def insert_tags(shop: Shop, tagged: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """Put tags, as (as written, folded), on customers that do not have them yet."""
    rows = [(new_id(), customer_id, tag, key) for customer_id, tags in tagged for tag, key in tags]
    await insert(shop.database, "customer_tag", ("id", "customer_id", "tag", "tag_key"), rows)


_ADDRESS_COLUMNS = (
    "id", "customer_id", "kind", "recipient", "line1", "line2", "city", "region", "postal_code", "country", "city_key",
    "region_key", "postal_key",
)  # fmt: skip


async def insert_addresses(shop: Shop, of_customers: Sequence[tuple[str, Mapping[str, Address]]]) -> None:
    """Write the addresses of customers that have none of that kind yet."""
    rows = [
        (
            new_id(), customer_id, kind, a.recipient, a.line1, a.line2, a.city, a.region, a.postal_code, a.country,
            city_key(a.city) if a.city else None,
            region_key(a.region),
            postal_key(a.postal_code),
        )
        for customer_id, addresses in of_customers
        for kind, a in addresses.items()
    ]  # fmt: skip
    await insert(shop.database, "customer_address", _ADDRESS_COLUMNS, rows)


class Known(NamedTuple):
    """A customer who was found by a contact."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A customer that was found, or registered because none was."""

    id: str
    created: bool
    status: str = "ACTIVE"
    matches: Sequence[Match] = ()
    """Who somebody new may be although registered, if that was looked at."""


async def find_or_register(
    shop: Shop, customer: CheckedCustomer, match_on: Sequence[str], look: Look | None = None
) -> Registration:
    """The customer whose e-mail or phone is this one's, by the first of `match_on` that finds one, or a new one; see
    `query_by_contact` for whom a phone does not find.

    An archived customer is found too. Of several with the same contact the eldest is taken. Two tills that do this at
    the same time for the same contact end up with one customer. Plugins are told of a new one only, with its extras.

    `look`: how somebody new is looked at, if at all. Two with the same value of what the shop keeps apart wait for each other
    there. Raises Refused, Malformed for attributes that somebody new lacks, and Questioned for who is likely there already.
    """
    keys = contact_keys(customer, match_on)
    if keys and (existing := await find_by_contact(shop, keys)):
        return Registration(existing.id, created=False, status=existing.status)
    [coded] = await give_codes(shop, [customer])
    kept_apart = unique_keys(shop.settings, customer.columns) if look and look.is_strict else []
    kept_apart += unique_keys_of(customer.attributes)

    async def work() -> Registration:
        await lock_values(shop, [*keys, *kept_apart])
        if keys and (existing := await find_by_contact(shop, keys)):
            return Registration(existing.id, created=False, status=existing.status)
        if look is None:
            return Registration((await register(shop, [coded]))[0], created=True)
        others = await _alike(shop, coded, look)
        taken = [other.code for other in others if other.code == coded.code]
        not_unique = await taken_attributes(shop, coded.attributes, look.told)
        matches = [] if taken else refuse_duplicates(shop, coded, others, look, not_unique)
        return Registration((await register(shop, [coded], taken))[0], created=True, matches=matches)

    return await shop.database.transaction(work)


async def _alike(shop: Shop, coded: CheckedCustomer, look: Look) -> list[Alike]:
    """Who is like somebody new. Raises Malformed for the attributes that the shop requires, where those are asked for."""
    traits = Traits.of(coded.columns, is_company=coded.is_company)
    assert coded.code is not None
    if not look.is_asked:
        return await alike(shop, coded.code, traits)
    others, required = await alike_and_required(shop, coded.code, traits)
    checks = Checks()
    note_lacking(checks, required)
    checks.refuse()
    return others


def contact_keys(customer: CheckedCustomer, match_on: Sequence[str]) -> list[tuple[str, str]]:
    """What a customer is to be recognised by: (EMAIL, address), (PHONE, number), as far as they are given."""
    return [(kind, value) for kind in match_on if (value := getattr(customer, kind.lower()))]


async def find_by_contact(shop: Shop, keys: Sequence[tuple[str, str]]) -> Known | None:
    """The eldest customer with the first of these (column, value) that anybody has; where only records have it that were merged
    into others, to whom they lead."""
    if not keys:
        return None
    sql, values = query_by_contact(keys)
    rows = await shop.database.read(sql, *values)
    return Known(str(rows[0][0]), rows[0][1]) if rows else None


def query_by_contact(keys: Sequence[tuple[str, str]]) -> Lookup:
    """What `find_by_contact` looks up; there is at least one of the (column, value). A phone that comes after an e-mail finds
    nobody with another e-mail: households share a phone, and two e-mails that differ are two people."""
    those = [
        f"SELECT * FROM (SELECT c.id, c.status, {n} AS rank FROM customer a {SURVIVOR_OF} WHERE a.{kind.lower()} = ${n}"
        f"{_not_contradicted(keys[: n - 1], kind)}"
        f" ORDER BY a.merged_into_id IS NOT NULL, a.created_at, a.id LIMIT 1) c{n}"
        for n, (kind, _) in enumerate(keys, 1)
    ]
    every = " UNION ALL ".join(those)
    return f"SELECT id, status FROM ({every}) found ORDER BY rank LIMIT 1", [value for _, value in keys]


def _not_contradicted(before: Sequence[tuple[str, str]], kind: str) -> str:
    """The condition that nothing asked before a phone contradicts it."""
    emails = [n for n, (earlier, _) in enumerate(before, 1) if earlier == "EMAIL" and kind == "PHONE"]
    return "".join(f" AND (a.email IS NULL OR a.email = ${n})" for n in emails)


async def lock_values(shop: Shop, keys: Sequence[tuple[str, str]]) -> None:
    """On PostgreSQL, let nobody else decide by these (column, value) until this transaction ends; SQLite has one writer anyway.
    To be called once, before any row is locked: whoever wants the same ones takes them in the same order."""
    await lock_names(shop.database, {f"{kind.upper()}:{value}" for kind, value in keys})
