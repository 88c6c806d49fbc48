"""Random `where` trees over real rows: both engines find what a plain reading of the tree finds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars_core.customers.columns import CONTACT_METHODS
from regulars_core.customers.filters import LEAVES, days_of_the_year, latest_birth_date, years_before
from regulars_core.customers.reads import CUSTOMERS
from regulars_core.primitives.clock import DAY_MS, NEVER
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID
from regulars_core.queries.inserts import insert
from regulars_core.queries.where import Condition, Values, Where
from regulars_core.shop.shop import Shop

TREES = 1_200
GROUPS = [DEFAULT_GROUP_ID, "0" * 31 + "a", "0" * 31 + "b"]
STATUSES = ["ACTIVE", "INACTIVE", "SUSPENDED"]
TAGS = ["vip", "niño", "new"]
CITIES = ["mexico", "aarhus", "東京"]
COUNTRIES = ["MX", "DK", "JP"]
REGIONS = ["jalisco", "midtjylland"]
POSTAL_CODES = ["44100", "8000"]
COMPANIES = ["li & daughters", "東京商会"]
TAX_IDS = ["li900101ab1", "dk12345678"]
PURPOSES = ["marketing", "profiling"]
UTC = ZoneInfo("UTC")
NOW = 1_795_305_600_000


@dataclass
class Person:
    """A row of `customer` and everything that hangs on it, as the oracle sees it."""

    id: str
    status: str
    group: str
    store: str | None
    created: int
    spent: int
    count: int
    first: int | None
    last: int | None
    born: date | None
    email: str | None
    phone: str | None
    is_company: bool
    company: str | None
    tax_id: str | None
    updated: int
    contact: str | None
    regular: int
    checked: int | None
    agreed: list[tuple[str, str, int]]
    """What is in force: the purpose, what was said, and the sum of the ways for which it is."""
    tags: list[str] = field(default_factory=list)
    addresses: list[tuple[str, str | None, str | None, str | None, str | None]] = field(default_factory=list)


def person(chance: random.Random, number: int) -> Person:
    def perhaps(value: Any) -> Any:
        return value if chance.random() < 0.6 else None

    first = perhaps(NOW - chance.randrange(10) * DAY_MS)
    return Person(
        id=f"{number:032x}",
        status=chance.choice(STATUSES),
        group=chance.choice(GROUPS),
        store=perhaps(MAIN_STORE_ID),
        created=NOW - chance.randrange(10) * DAY_MS,
        spent=chance.choice([0, 0, 500, 1_000, 2**40]),
        count=chance.randrange(4),
        first=first,
        last=None if first is None else first + chance.randrange(4) * DAY_MS,
        born=perhaps(date(1990, 1, 1) + timedelta(days=chance.randrange(800))),
        email=perhaps(f"p{number}@example.com"),
        phone=perhaps(f"+52551234{number:04}"),
        is_company=chance.random() < 0.3,
        company=perhaps(chance.choice(COMPANIES)),
        tax_id=perhaps(chance.choice(TAX_IDS)),
        updated=NOW - chance.randrange(10) * DAY_MS,
        contact=perhaps(chance.choice(CONTACT_METHODS)),
        regular=perhaps(NOW - chance.randrange(10) * DAY_MS) or NEVER,
        checked=perhaps(NOW - chance.randrange(10) * DAY_MS),
        agreed=[
            (purpose, chance.choice(["GRANTED", "WITHDRAWN"]), ways)
            for purpose in some(chance, PURPOSES)
            for ways in some(chance, [1, 6, 8])
        ],
        tags=chance.sample(TAGS, chance.choice([0, 0, 1, 2])),
        addresses=[
            (kind, *(perhaps(chance.choice(places)) for places in (CITIES, COUNTRIES, REGIONS, POSTAL_CODES)))
            for kind in chance.sample(["BILLING", "SHIPPING"], chance.randrange(3))
        ],
    )


async def keep(shop: Shop, people: Sequence[Person]) -> None:
    database = shop.database
    await insert(
        database,
        "customer_group",
        ("id", "name", "name_key", "is_default", "created_at", "updated_at"),
        [(id_, id_, id_, False, NOW, NOW) for id_ in GROUPS[1:]],
    )
    columns = ("id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "origin_store_id", "version",
               "created_at", "updated_at", "birth_date", "email", "phone", "is_company", "company_name", "company_key",
               "tax_key", "preferred_contact", "contact_checked_at")  # fmt: skip
    await insert(
        database,
        "customer",
        columns,
        [
            (
                p.id, p.id, "Ana", "Li", "li, ana", p.status, p.group, p.store, 1, p.created, p.updated,
                p.born.isoformat() if p.born else None, p.email, p.phone, p.is_company, p.company, p.company, p.tax_id,
                p.contact, p.checked,
            )
            for p in people
        ],
    )  # fmt: skip
    await insert(
        database,
        "customer_stats",
        (
            "customer_id",
            "total_spent",
            "purchase_count",
            "first_purchase_at",
            "last_purchase_at",
            "active_at",
            "regular_at",
        ),
        [(p.id, p.spent, p.count, p.first or NEVER, p.last or NEVER, p.created, p.regular) for p in people],
    )
    agreed = [(f"{n:032x}", p, *one) for n, (p, one) in enumerate((p, one) for p in people for one in p.agreed)]
    said = ("id", "customer_id", "purpose", "decision", "at", "proof", "source", "recorded_at", "recorded_by")
    records = [(id_, p.id, *one[:2], NOW, "NONE", "till", NOW, "Ana") for id_, p, *one in agreed]
    await insert(database, "consent", said, records)
    kept = ("customer_id", "consent_id", "purpose", "decision", "ways")
    await insert(database, "consent_in_force", kept, [(p.id, id_, *one) for id_, p, *one in agreed])
    tags = [(p, tag) for p in people for tag in p.tags]
    await insert(
        database,
        "customer_tag",
        ("id", "customer_id", "tag", "tag_key"),
        [(f"{n:032x}", p.id, tag.upper(), tag) for n, (p, tag) in enumerate(tags)],
    )
    places = [(p, *address) for p in people for address in p.addresses]
    await insert(
        database,
        "customer_address",
        ("id", "customer_id", "kind", "city_key", "country", "region_key", "postal_key"),
        [(f"{n:032x}", p.id, *place) for n, (p, *place) in enumerate(places)],
    )


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "in": lambda a, b: a in b,
    "agreed": lambda a, b: a[0] == b[0] and a[1] in b[1],
    "within": lambda a, spans: any(begin <= a < end for begin, end in spans),
}
AMONG: dict[str, Sequence[str]] = {
    "status": STATUSES,
    "group": [*GROUPS, "f" * 32],
    "originStore": [MAIN_STORE_ID, "f" * 32],
    "tag": [*TAGS, "nobody's"],
    "city": CITIES,
    "country": COUNTRIES,
    "region": [*REGIONS, ""],
    "postalCode": POSTAL_CODES,
    "preferredContact": CONTACT_METHODS,
    "companyName": COMPANIES,
    "taxId": TAX_IDS,
    "id": [f"{number:032x}" for number in range(90)],
}
VALUE: dict[str, Callable[[Person], Sequence[Any]]] = {
    "status": lambda p: [p.status],
    "group": lambda p: [p.group],
    "originStore": lambda p: [p.store],
    "createdAt": lambda p: [p.created],
    "totalSpent": lambda p: [p.spent],
    "purchaseCount": lambda p: [p.count],
    "firstPurchaseAt": lambda p: [p.first],
    "lastPurchaseAt": lambda p: [p.last],
    "birthday": lambda p: [p.born and p.born.strftime("%m-%d")],
    "age": lambda p: [p.born and p.born.isoformat()],
    "tag": lambda p: p.tags,
    "city": lambda p: [address[1] for address in p.addresses],
    "country": lambda p: [address[2] for address in p.addresses],
    "region": lambda p: [address[3] for address in p.addresses],
    "postalCode": lambda p: [address[4] for address in p.addresses],
    "updatedAt": lambda p: [p.updated],
    "id": lambda p: [p.id],
    "isRegular": lambda p: [p.regular],
    "contactCheckedAt": lambda p: [p.checked],
    "preferredContact": lambda p: [p.contact],
    "averagePurchase": lambda p: [(2 * p.spent + p.count) // (2 * p.count) if p.count else None],
    "anniversary": lambda p: [p.first],
    "hasEmail": lambda p: [p.email is not None],
    "hasPhone": lambda p: [p.phone is not None],
    "isCompany": lambda p: [p.is_company],
    "companyName": lambda p: [p.company],
    "taxId": lambda p: [p.tax_id],
    "hasConsent": lambda p: [(purpose, ways) for purpose, decision, ways in p.agreed if decision == "GRANTED"],
}


def holds(where: Where, p: Person) -> bool:
    """The tree as it is meant: a comparison never matches a missing value, and `not` matches it."""
    if where.leaf is not None:
        return any(
            value is not None and all(COMPARE[operator](value, other) for operator, other in where.conditions)
            for value in VALUE[where.leaf.name](p)
        )
    if where.op == "not":
        return not holds(where.parts[0], p)
    return (all if where.op == "all" else any)(holds(part, p) for part in where.parts)


def some(chance: random.Random, values: Sequence[Any]) -> list[Any]:
    return chance.sample(values, chance.randrange(len(values) + 1))


def conditions(chance: random.Random, name: str) -> list[Condition]:
    if name in AMONG:
        return [("in", some(chance, AMONG[name]))]

    def compared(pick: Callable[[], Any], operators: Sequence[str]) -> list[Condition]:
        return [(operator, pick()) for operator in chance.sample(operators, chance.randint(1, 2))]

    def instant() -> int:
        return NOW - chance.randrange(-2, 11) * DAY_MS

    match name:
        case "createdAt" | "updatedAt" | "contactCheckedAt" | "firstPurchaseAt" | "lastPurchaseAt":
            return compared(instant, [">", "<", ">=", "<="])
        case "hasConsent":
            return [("agreed", (chance.choice(PURPOSES), [chance.choice([1, 2, 4, 8]), 6]))]
        case "isRegular":
            return [(chance.choice([">", "<="]), instant())]
        case "totalSpent" | "averagePurchase":
            return compared(lambda: chance.choice([0, 499, 500, 1_000, 2**41]), [">=", ">", "<=", "<"])
        case "purchaseCount":
            return compared(lambda: chance.randrange(-1, 5), ["=", ">=", ">", "<=", "<"])
        case "birthday":
            return [("in", days_of_the_year(date(2026, chance.randint(1, 12), 27), chance.choice([1, 3, 60, 366])))]
        case "anniversary":
            return [("within", years_before(date(2027, 11, chance.randint(1, 28)), chance.choice([1, 9]), UTC))]
        case "age":
            return compared(
                lambda: latest_birth_date(chance.randint(32, 38), date(2026, 2, 28)), [">", "<", ">=", "<="]
            )
    return [("=", chance.random() < 0.5)]


def tree(chance: random.Random, depth: int) -> Where:
    op = chance.choice(["all", "any", "not", "leaf", "leaf"]) if depth else "leaf"
    if op == "leaf":
        name = chance.choice(list(LEAVES))
        return Where(name, leaf=LEAVES[name], conditions=tuple(conditions(chance, name)))
    parts = 1 if op == "not" else chance.choice([0, 1, 2, 2, 3])
    return Where(op, tuple(tree(chance, depth - 1) for _ in range(parts)))


async def found(shop: Shop, where: Where) -> list[str]:
    values = Values(shop.database.dialect)
    condition = where.compile(values)
    rows = await shop.database.rows(f"SELECT c.id FROM {CUSTOMERS.source} WHERE {condition} ORDER BY c.id", *values.all)
    return [row[0] for row in rows]


@pytest.fixture
async def people(shop: Shop) -> list[Person]:
    chance = random.Random(7)
    made = [person(chance, number) for number in range(80)]
    await shop.database.transaction(lambda: keep(shop, made))
    return made


async def test_random_trees_find_what_they_mean(shop: Shop, people: list[Person]) -> None:
    """Both engines are held to one oracle, so they agree with each other too."""
    chance = random.Random(20261122)
    sizes = set()
    for number in range(TREES):
        where = tree(chance, chance.randint(0, 4))
        wanted = [p.id for p in people if holds(where, p)]
        assert await found(shop, where) == wanted, (number, where)
        sizes.add(len(wanted))
    assert len(sizes) > 40, "the trees tell customers apart"


@pytest.mark.parametrize("name", LEAVES)
async def test_a_leaf_and_its_opposite_part_the_customers(shop: Shop, people: list[Person], name: str) -> None:
    chance = random.Random(name)
    for _ in range(10):
        leaf = Where(name, leaf=LEAVES[name], conditions=tuple(conditions(chance, name)))
        matched, others = await found(shop, leaf), await found(shop, Where("not", (leaf,)))
        assert sorted(matched + others) == [p.id for p in people]
        assert await found(shop, Where("not", (Where("not", (leaf,)),))) == matched


async def test_empty_nodes(shop: Shop, people: list[Person]) -> None:
    everyone = [p.id for p in people]
    assert await found(shop, Where("all")) == everyone
    assert await found(shop, Where("any")) == []
    assert await found(shop, Where("not", (Where("all"),))) == []
    assert await found(shop, Where("not", (Where("any"),))) == everyone
    assert await found(shop, Where("any", (Where("all"), Where("any")))) == everyone


def test_every_leaf_is_in_the_oracle() -> None:
    assert set(VALUE) == set(LEAVES)
