"""Random `where` trees over real purchases: both engines find what a plain reading of the tree finds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars_core.primitives.clock import DAY_MS
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID
from regulars_core.purchases import filters
from regulars_core.purchases.figures import calendar
from regulars_core.purchases.filters import LEAVES
from regulars_core.purchases.reads import PURCHASES
from regulars_core.queries.inserts import insert
from regulars_core.queries.where import Condition, Values, Where
from regulars_core.shop.shop import Shop
from tests.core.test_where_trees import COMPARE, NOW, some

TREES = 600
ZONE = ZoneInfo("America/New_York")
STORES = [MAIN_STORE_ID, "0" * 31 + "a"]
ALIAS, *CUSTOMERS = [f"{n:032x}" for n in range(1, 5)]
STATUSES = ["PAID", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED"]
CHANNELS, TILLS, METHODS = ["till", "web"], ["T1", "Caja 2"], ["cash", "card", "credit"]
BRANDS, CATEGORIES, SKUS = ["Ole", "東京"], ["Drinks", "Cake"], ["K1", "K2", "K3"]
AMOUNTS = [0, 0, 500, 1_000, 2**40]


@dataclass
class Bought:
    """A row of `purchase` and what hangs on it, as the oracle sees it."""

    id: str
    status: str
    store: str
    customer: str | None
    channel: str | None
    register: str | None
    purchased: int
    recorded: int
    total: int
    due: int
    note: str | None
    methods: list[str] = field(default_factory=list)
    lines: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)


def bought(chance: random.Random, number: int) -> Bought:
    def perhaps(value: Any) -> Any:
        return value if chance.random() < 0.6 else None

    purchased = NOW - chance.randrange(10) * DAY_MS
    return Bought(
        id=f"{number:032x}",
        status=chance.choice(STATUSES),
        store=chance.choice(STORES),
        customer=perhaps(chance.choice(CUSTOMERS)),
        channel=perhaps(chance.choice(CHANNELS)),
        register=perhaps(chance.choice(TILLS)),
        purchased=purchased,
        recorded=purchased + chance.randrange(4) * DAY_MS,
        total=chance.choice(AMOUNTS),
        due=chance.choice(AMOUNTS),
        note=perhaps("A gift."),
        methods=chance.sample(METHODS, chance.randrange(3)),
        lines=[
            (perhaps(chance.choice(BRANDS)), perhaps(chance.choice(CATEGORIES)), perhaps(chance.choice(SKUS)))
            for _ in range(chance.randrange(1, 4))
        ],
    )


async def keep(shop: Shop, purchases: Sequence[Bought]) -> None:
    database = shop.database
    await insert(
        database,
        "store",
        ("id", "code", "name", "is_active", "created_at", "updated_at"),
        [(STORES[1], "S1", "Harbour", True, NOW, NOW)],
    )
    people = [(id_, id_, "Ana", "Li", "li, ana", "ACTIVE", DEFAULT_GROUP_ID, 1, NOW, NOW, None) for id_ in CUSTOMERS]
    alias = (ALIAS, ALIAS, "Ana", "Li", "li, ana", "MERGED", DEFAULT_GROUP_ID, 1, NOW, NOW, CUSTOMERS[0])
    names = ("id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "version", "created_at",
             "updated_at", "merged_into_id")  # fmt: skip
    await insert(database, "customer", names, [*people, alias])
    columns = ("id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "channel",
               "note", "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest",
               "register", "due")  # fmt: skip
    await insert(
        database,
        "purchase",
        columns,
        [
            (
                p.id, p.id, p.store, p.customer, p.purchased, p.recorded, p.status, "USD", p.channel, p.note, False, p.total,
                0, 0, 0, p.total, 0, p.id, p.register or "", p.due,
            )
            for p in purchases
        ],
    )  # fmt: skip
    lines = [(p, n, *line) for p in purchases for n, line in enumerate(p.lines)]
    await insert(
        database,
        "purchase_line",
        ("id", "purchase_id", "position", "sku", "name", "brand", "category", "quantity", "discount", "total",
         "refunded_quantity"),
        [
            (f"{k:032x}", p.id, n, sku, "Tea", brand, category, 1_000_000, 0, 0, 0)
            for k, (p, n, brand, category, sku) in enumerate(lines)
        ],
    )  # fmt: skip
    paid = [(p, n, method) for p in purchases for n, method in enumerate(p.methods)]
    await insert(
        database,
        "payment",
        ("id", "purchase_id", "position", "method", "amount"),
        [(f"{k:032x}", p.id, n, method, 1) for k, (p, n, method) in enumerate(paid)],
    )


VALUE: dict[str, Callable[[Bought], Sequence[Any]]] = {
    "status": lambda p: [p.status],
    "store": lambda p: [p.store],
    "customer": lambda p: [p.customer, *([ALIAS] if p.customer == CUSTOMERS[0] else [])],
    "channel": lambda p: [p.channel],
    "register": lambda p: [p.register],
    "purchasedAt": lambda p: [p.purchased],
    "recordedAt": lambda p: [p.recorded],
    "calendar": lambda p: [p.purchased],
    "total": lambda p: [p.total],
    "due": lambda p: [p.due],
    "hasNote": lambda p: [p.note is not None],
    "paymentMethod": lambda p: p.methods,
    "brand": lambda p: [brand for brand, _, _ in p.lines],
    "category": lambda p: [category for _, category, _ in p.lines],
    "sku": lambda p: [sku for _, _, sku in p.lines],
}
LISTS = {
    "status": STATUSES, "store": STORES, "customer": [ALIAS, *CUSTOMERS], "channel": CHANNELS, "register": [*TILLS, ""],
    "paymentMethod": METHODS, "brand": BRANDS, "category": CATEGORIES, "sku": SKUS,
}  # fmt: skip


def holds(where: Where, p: Bought) -> bool:
    """The tree as it is meant: a comparison never matches a missing value, and `not` matches it."""
    if where.leaf is not None and where.leaf.name == "calendar":
        local = datetime.fromtimestamp(p.purchased / 1000, ZONE)
        wanted = dict(where.conditions)
        parts = {calendar.HOURS: local.hour, calendar.WEEKDAYS: local.isoweekday(), calendar.MONTHS: local.month}
        return all(parts[name] in some_ for name, some_ in wanted.items() if name != filters.ZONE)
    if where.leaf is not None:
        return any(
            value is not None and all(COMPARE[operator](value, other) for operator, other in where.conditions)
            for value in VALUE[where.leaf.name](p)
        )
    if where.op == "not":
        return not holds(where.parts[0], p)
    return (all if where.op == "all" else any)(holds(part, p) for part in where.parts)


def conditions(chance: random.Random, name: str) -> list[Condition]:
    if name in LISTS:
        return [("in", some(chance, LISTS[name]))]
    if name == "calendar":
        parts = {calendar.HOURS: range(24), calendar.WEEKDAYS: range(1, 8), calendar.MONTHS: range(1, 13)}
        picked = [
            (part, sorted(some(chance, parts[part]))) for part in chance.sample(list(parts), chance.randint(1, 3))
        ]
        return [*picked, (filters.ZONE, ZONE.key)]
    if name == "hasNote":
        return [("=", chance.random() < 0.5)]
    pick: Callable[[], int] = (
        (lambda: NOW - chance.randrange(-4, 11) * DAY_MS)
        if name.endswith("At")
        else lambda: chance.choice([0, 499, 500, 1_000, 2**41])
    )
    return [(operator, pick()) for operator in chance.sample([">", "<", ">=", "<="], chance.randint(1, 2))]


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
    rows = await shop.database.rows(f"SELECT p.id FROM {PURCHASES.source} WHERE {condition} ORDER BY p.id", *values.all)
    return [row[0] for row in rows]


@pytest.fixture
async def purchases(shop: Shop) -> list[Bought]:
    chance = random.Random(11)
    made = [bought(chance, number) for number in range(80)]
    await shop.database.transaction(lambda: keep(shop, made))
    return made


async def test_random_trees_find_what_they_mean(shop: Shop, purchases: list[Bought]) -> None:
    chance = random.Random(20261129)
    sizes = set()
    for number in range(TREES):
        where = tree(chance, chance.randint(0, 4))
        wanted = [p.id for p in purchases if holds(where, p)]
        assert await found(shop, where) == wanted, (number, where)
        sizes.add(len(wanted))
    assert len(sizes) > 40, "the trees tell purchases apart"


@pytest.mark.parametrize("name", LEAVES)
async def test_a_leaf_and_its_opposite_part_the_purchases(shop: Shop, purchases: list[Bought], name: str) -> None:
    chance = random.Random(name)
    for _ in range(10):
        leaf = Where(name, leaf=LEAVES[name], conditions=tuple(conditions(chance, name)))
        assert await found(shop, leaf) == [p.id for p in purchases if holds(leaf, p)]
        matched, others = await found(shop, leaf), await found(shop, Where("not", (leaf,)))
        assert sorted(matched + others) == [p.id for p in purchases]


def test_every_leaf_is_in_the_oracle() -> None:
    assert set(VALUE) == set(LEAVES)
