"""A shop full of customers for measuring: seeded, so that two runs hold the same rows, and consistent, so that `verify`
would find nothing."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from benchmarks.loading import without_triggers
from regulars_core.customers.rules import sort_name
from regulars_core.customers.search.texts import contact_text, names_text
from regulars_core.database import Database
from regulars_core.primitives.clock import DAY_MS, NEVER
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID
from regulars_core.queries.inserts import insert

TODAY = 1_795_305_600_000  # 2026-11-22T00:00Z
_YEARS = 4
_BATCH = 5_000
_PATIENCE = 120
"""Seconds that a statement may take: nobody waits for it, and the machine may have others to serve."""
_GROUPS = ("Staff", "Friends", "Wholesale", "Online")
STORES = [MAIN_STORE_ID, *(f"{TODAY:012x}70008{number:015x}" for number in range(1, 8))]
"""Where customers were registered; the first one is there from the start."""


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words(
    "Maria Jose Ana Luis Carlos Sofía Juan Martín Elena Miguel Lucía Pedro Carmen Diego Laura Jorge Paula Andrés Marta"
    " Raúl Emma Noah Olivia Liam Grace Hannah Thomas Julia Lukas Zoë Björn Åsa Øyvind Иван Ольга Yuki Haruto Xóchitl"
    " Quetzalli Wen Uma"
)
LAST_NAMES = _words(
    "García Hernández Martínez López González Pérez Rodríguez Sánchez Ramírez Torres Smith Johnson Williams Müller"
    " Schneider Fischer Rossi Dubois Moreau Silva Santos Kowalski Nowak Иванов Tanaka Suzuki Nguyen Kim Singh Khan"
)
_SYLLABLES = _words("ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xa yo zu bra cle dri fro gla")


@dataclass
class Population:
    """What was put in: the folded names of everybody, from which the searches are chosen."""

    customers: int
    names: list[str] = field(default_factory=list)


async def fill(
    database: Database, customers: int, seed: int = 20261122, *, buying: bool = True, quickly: bool = False
) -> Population:
    """Put customers, their purchases and statistics into an empty, migrated database; nobody has bought anything yet
    unless `buying`. `quickly`, PostgreSQL keeps nothing true meanwhile: `loading.made_true` is to follow."""
    chance = random.Random(seed)
    population = Population(customers)
    groups = [_id(chance, TODAY - _YEARS * 365 * DAY_MS) for _ in _GROUPS]
    await database.transaction(lambda: _groups_and_stores(database, groups))
    people = _people(chance, [DEFAULT_GROUP_ID, *groups], customers, buying)
    while batch := list(islice(people, _BATCH)):
        population.names += [person.text[0] for person in batch]
        await database.transaction(lambda batch=batch: _insert(database, batch, quickly))  # type: ignore[misc]
    return population


@dataclass
class _Person:
    customer: tuple[object, ...]
    stats: tuple[object, ...]
    text: tuple[str, str]
    purchases: list[tuple[object, ...]]


def _people(chance: random.Random, groups: list[str], count: int, buying: bool) -> Iterator[_Person]:
    first_weights = [1 / (n + 2) for n in range(len(FIRST_NAMES))]
    last_weights = [1 / (n + 2) for n in range(len(LAST_NAMES))]
    span = _YEARS * 365 * DAY_MS
    for number in range(count):
        created = TODAY - span + number * span // count
        created -= created % 60_000 if chance.random() < 0.5 else 0  # whole minutes tie
        id_ = _id(chance, created)
        [first] = chance.choices(FIRST_NAMES, first_weights)
        [last] = chance.choices(LAST_NAMES, last_weights)
        if chance.random() < 0.4:
            last = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))).capitalize()
        if chance.random() < 0.3:
            last += f" {chance.choices(LAST_NAMES, last_weights)[0]}"
        code = f"CUST-{number + 1:05}"
        email = f"c{number}@{chance.choice(('example.com', 'example.org', 'mail.example'))}"
        email_or_none = email if chance.random() < 0.7 else None
        phone = f"+5255{chance.randrange(10**8):08}" if chance.random() < 0.6 else None
        status = chance.choices(("ACTIVE", "INACTIVE", "SUSPENDED"), (90, 8, 2))[0]
        purchases = list(_purchases(chance, id_, number, created)) if buying else []
        bought = [int(str(row[4])) for row in purchases]
        born = (
            f"{1940 + _mixed(number, 1) % 66}-{1 + _mixed(number, 2) % 12:02}-{1 + _mixed(number, 3) % 28:02}"
            if _mixed(number, 4) % 5
            else None
        )
        preferred = (None, None, "EMAIL", "SMS")[_mixed(number, 5) % 4]
        updated = created if _mixed(number, 6) % 3 else created + _mixed(number, 7) * (TODAY - created) // 2**32
        store = STORES[_mixed(number, 8) % len(STORES)]
        yield _Person(
            (
                id_, code, first, last, None, sort_name(first, last), email_or_none, phone, born, None, None,
                preferred, status, chance.choices(groups, (60, 2, 8, 10, 20))[0], store, 1, created, updated,
            ),
            (
                id_, sum(int(str(row[15])) for row in purchases), len(purchases), min(bought, default=NEVER),
                max(bought, default=NEVER), max(created, *bought, NEVER),
            ),
            (names_text(first, last, None, code), contact_text(email_or_none, phone)),
            purchases,
        )  # fmt: skip


def _purchases(chance: random.Random, customer: str, number: int, created: int) -> Iterator[tuple[object, ...]]:
    wanted = 0 if chance.random() < 0.3 else min(20, int(chance.expovariate(0.4)) + 1)
    for n in range(wanted):
        at = created + chance.randrange(max(1, TODAY - created))
        total = chance.choice((500, 999, 1_000, 2_500, chance.randrange(100, 50_000)))
        yield (
            _id(chance, at), f"R{number}-{n}", MAIN_STORE_ID, customer, at, at, "PAID", "USD", None, None, False, total, 0, 0,
            0, total, 0, "0" * 64,
        )  # fmt: skip


def _mixed(number: int, about: int) -> int:
    """A number of 32 bits that follows from a customer's, another one for everything it is about."""
    mixed = (number * 8 + about) * 0x9E3779B1 % 2**32
    return (mixed ^ mixed >> 15) * 0x85EBCA77 % 2**32


def _id(chance: random.Random, at: int) -> str:
    """An id as of a UUIDv7 made at that instant."""
    return f"{at:012x}7{chance.getrandbits(12):03x}{0x8 | chance.getrandbits(2):x}{chance.getrandbits(60):015x}"


async def _groups_and_stores(database: Database, ids: list[str]) -> None:
    await insert(
        database,
        "store",
        ("id", "code", "name", "is_active", "created_at", "updated_at"),
        [(id_, f"S{n}", f"Store {n}", True, TODAY, TODAY) for n, id_ in enumerate(STORES) if n],
    )
    await insert(
        database,
        "customer_group",
        ("id", "name", "name_key", "description", "is_default", "created_at", "updated_at"),
        [(id_, name, name.casefold(), None, False, TODAY, TODAY) for id_, name in zip(ids, _GROUPS, strict=True)],
    )


async def _insert(database: Database, people: list[_Person], quickly: bool) -> None:
    await database.allow(_PATIENCE)
    if quickly:
        await without_triggers(database)
    await insert(
        database,
        "customer",
        (
            "id", "code", "first_name", "last_name", "preferred_name", "sort_name", "email", "phone", "birth_date", "gender",
            "tax_id", "preferred_contact", "status", "group_id", "origin_store_id", "version", "created_at", "updated_at",
        ),
        [person.customer for person in people],
    )  # fmt: skip
    await insert(
        database,
        "customer_stats",
        ("customer_id", "total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at"),
        [person.stats for person in people],
    )
    await insert(
        database,
        "customer_text",
        ("customer_id", "names", "contact"),
        [(person.customer[0], *person.text) for person in people],
    )
    await insert(
        database,
        "purchase",
        (
            "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "channel",
            "note", "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest",
        ),
        [row for person in people for row in person.purchases],
    )  # fmt: skip
