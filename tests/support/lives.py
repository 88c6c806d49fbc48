"""Customers with a past, at random: what is in the tables, and what an oracle of plain Python says of any instant."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.customers.consents.rules import DECISIONS, State, say
from regulars_core.customers.consents.writes import KEPT, kept_rows
from regulars_core.plugin import DAY_MS, NEVER, Instant, Shop, insert, printed
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID
from regulars_core.purchases.statistics import recount

NOW = Instant(1_772_190_000_000)
"""27 February 2026, 11:00 UTC."""
GROUPS = [DEFAULT_GROUP_ID, "0" * 31 + "a", "0" * 31 + "b"]
ZONE = "America/Mexico_City"
_ZONE = ZoneInfo(ZONE)
CHANNELS, PURPOSES = (None, "EMAIL", "SMS"), ("marketing", "profiling")
OPERATORS = {"eq": eq, "gte": ge, "gt": gt, "lte": le, "lt": lt}


@dataclass
class Bought:
    id: str
    at: Instant
    total: int
    refunded: int
    status: str

    @property
    def counts(self) -> bool:
        return self.status in {"PAID", "PARTIALLY_REFUNDED"} and self.total >= 0


@dataclass
class Said:
    """What was agreed to or refused, and written down at once."""

    id: str
    at: Instant
    channel: str | None
    purpose: str
    decision: str
    proof: str = "NONE"

    @property
    def rank(self) -> tuple[Instant, int, str]:
        """Of two the one that holds is greater."""
        return self.at, DECISIONS.index(self.decision), self.id


@dataclass
class Life:
    """A customer, and what happened."""

    id: str
    created: Instant
    born: date | None
    store: str | None
    group: str
    moves: list[tuple[Instant, str, str]] = field(default_factory=list)
    bought: list[Bought] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def group_at(self, at: Instant) -> str:
        past = [after for when, _, after in self.moves if when <= at]
        return past[-1] if past else self.moves[0][1] if self.moves else self.group

    def before(self, at: Instant) -> list[Bought]:
        return [one for one in self.bought if one.at < at]


def life(chance: random.Random, number: int) -> Life:
    def ago() -> Instant:
        return Instant(NOW - chance.randrange(1, 60) * DAY_MS // 2 - chance.randrange(2))

    group = chance.choice(GROUPS)
    moves: list[tuple[Instant, str, str]] = []
    for at in sorted(ago() for _ in range(chance.choice([0, 0, 1, 3]))):
        before = moves[-1][2] if moves else chance.choice(GROUPS)
        moves.append((at, before, chance.choice(GROUPS)))
    made = Life(
        id=f"{number:032x}",
        created=ago(),
        born=chance.choice([None, date(1990, 2, 20) + timedelta(days=chance.randrange(1_600)), date(1992, 2, 29)]),
        store=chance.choice([None, MAIN_STORE_ID]),
        group=moves[-1][2] if moves else group,
        moves=moves,
    )
    for n in range(chance.choice([0, 1, 2, 5, 9])):
        total, status = chance.choice([0, 500, 1_000, 2_500, -700]), "PAID"
        refunded = 0
        match chance.randrange(6) if total > 0 else 0:
            case 1:
                refunded, status = total, "REFUNDED"
            case 2:
                refunded, status = total // 2, "PARTIALLY_REFUNDED"
            case 3:
                status = "VOIDED"
        made.bought.append(Bought(f"{number:016x}{n:016x}", ago(), total, refunded, status))
    for n in range(chance.choice([0, 1, 3, 6])):
        about = chance.choice(CHANNELS), chance.choice(PURPOSES), chance.choice(DECISIONS)
        made.said.append(Said(f"{number:016x}{n:016x}", ago(), *about))
    return made


async def keep(shop: Shop, lives: Sequence[Life]) -> None:
    """Write down these lives."""
    database = shop.database
    group = ("id", "name", "name_key", "is_default", "created_at", "updated_at")
    await insert(database, "customer_group", group, [(id_, id_, id_, False, NOW, NOW) for id_ in GROUPS[1:]])
    columns = ("id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "origin_store_id", "version",
               "created_at", "updated_at", "birth_date", "is_company")  # fmt: skip
    await insert(
        database,
        "customer",
        columns,
        [
            (one.id, one.id, "Ana", "Li", "li, ana", "ACTIVE", one.group, one.store, 1, one.created, one.created,
             one.born and one.born.isoformat(), False)
            for one in lives
        ],
    )  # fmt: skip
    moves = [(one.id, *move) for one in lives for move in one.moves]
    await insert(database, "customer_group_change", ("customer_id", "at", "before_id", "after_id"), moves)
    stats = ("customer_id", "total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at")
    await insert(database, "customer_stats", stats, [(one.id, 0, 0, NEVER, NEVER, one.created) for one in lives])
    purchase = ("id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "currency", "status",
                "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest", "origin",
                "prices_include_tax")  # fmt: skip
    await insert(
        database,
        "purchase",
        purchase,
        [
            (b.id, b.id, MAIN_STORE_ID, one.id, b.at, b.at, shop.currency, b.status, b.total, 0, 0, 0, b.total, b.refunded,
             b.id, "TILL", False)
            for one in lives for b in one.bought
        ],
    )  # fmt: skip
    await recount(shop, [one.id for one in lives])
    said = (
        "id",
        "customer_id",
        "channel",
        "purpose",
        "decision",
        "at",
        "proof",
        "source",
        "recorded_at",
        "recorded_by",
    )
    records = [
        (s.id, one.id, s.channel, s.purpose, s.decision, s.at, s.proof, "till", s.at, "Ana")
        for one in lives
        for s in one.said
    ]
    await insert(database, "consent", said, records)
    in_force = list[tuple[object, ...]]()
    for one in lives:
        state: State[Said] = {}
        for record in one.said:
            say(state, record)
        in_force += kept_rows(one.id, state)
    await insert(database, "consent_in_force", KEPT, in_force)


def _day(at: Instant) -> date:
    return datetime.fromtimestamp(at / 1000, _ZONE).date()


def _years(born: date, day: date) -> int:
    """Counted one by one."""
    years = -1
    while True:
        year = born.year + years + 1
        leap = date(year, 3, 1) - timedelta(days=1)
        if (leap if (born.month, born.day) == (2, 29) else born.replace(year=year)) > day:
            return years
        years += 1


def _compares(value: Any, comparison: dict[str, Any]) -> bool:
    return value is not None and all(OPERATORS[name](value, bound) for name, bound in comparison.items())


def _happened(value: Instant | None, comparison: dict[str, Any], at: Instant) -> bool:
    if value is None:
        return False
    holds = True
    for name, bound in comparison.items():
        match name:
            case "after" | "gt":
                holds = holds and printed(value) > bound
            case "before" | "lt":
                holds = holds and printed(value) < bound
            case "gte":
                holds = holds and printed(value) >= bound
            case "lte":
                holds = holds and printed(value) <= bound
            case "days":
                first, last = (date.fromisoformat(bound[end]) if end in bound else None for end in ("from", "to"))
                holds = holds and (first or date.min) <= _day(value) <= (last or _day(at))
            case "withinDays":
                holds = holds and (_day(at) - _day(value)).days <= bound
    return holds


def holds(tree: dict[str, Any], one: Life, at: Instant) -> bool:
    """The tree as it is meant, read plainly."""
    return all(_part(name, inside, one, at) for name, inside in tree.items())


def _agreed(inside: dict[str, Any], one: Life, at: Instant) -> bool:
    about = (None,) if "channel" not in inside else (None, inside["channel"])
    purpose = inside.get("purpose", "marketing")
    told = [s for s in one.said if s.at < at and s.purpose == purpose and s.channel in about]
    return bool(told) and max(told, key=lambda s: s.rank).decision == "GRANTED"


def _bought(name: str, inside: Any, one: Life, at: Instant) -> bool:
    bought = one.before(at)
    counted = [b.at for b in bought if b.counts]
    match name:
        case "totalSpent":
            minor = {name: int(Decimal(bound) * 100) for name, bound in inside.items()}
            return _compares(sum(b.total - b.refunded for b in bought if b.status != "VOIDED"), minor)
        case "purchaseCount":
            return _compares(len(counted), inside)
        case "firstPurchaseAt" | "lastPurchaseAt":
            end = min if name == "firstPurchaseAt" else max
            return _happened(end(counted, default=None), inside, at)
    raise AssertionError(name)


def _part(name: str, inside: Any, one: Life, at: Instant) -> bool:
    match name:
        case "all":
            return all(holds(part, one, at) for part in inside)
        case "any":
            return any(holds(part, one, at) for part in inside)
        case "not":
            return not holds(inside, one, at)
        case "group":
            return f"group_{one.group_at(at)}" in inside["in"]
        case "originStore":
            return one.store is not None and f"store_{one.store}" in inside["in"]
        case "createdAt":
            return _happened(one.created, inside, at)
        case "age":
            return _compares(one.born and _years(one.born, _day(at)), inside)
        case "birthday":
            if one.born is None:
                return False
            days = [_day(at) + timedelta(days=n) for n in range(inside["inNextDays"] + 1)]
            return any(_years(one.born, day) > _years(one.born, day - timedelta(days=1)) for day in days)
        case "hasConsent":
            return _agreed(inside, one, at)
    return _bought(name, inside, one, at)


LEAVES = ("group", "originStore", "createdAt", "age", "birthday", "totalSpent", "purchaseCount", "firstPurchaseAt",
          "lastPurchaseAt", "hasConsent")  # fmt: skip


def leaf(chance: random.Random, name: str) -> dict[str, Any]:
    def numbers(pick: Any, names: Sequence[str]) -> dict[str, Any]:
        return {one: pick() for one in chance.sample(names, chance.choice([1, 1, 2]))}

    match name:
        case "group":
            return {"in": [f"group_{one}" for one in chance.sample([*GROUPS, "f" * 32], chance.randrange(4))]}
        case "originStore":
            return {"in": [f"store_{one}" for one in chance.sample([MAIN_STORE_ID, "f" * 32], chance.randrange(3))]}
        case "age":
            return numbers(lambda: chance.randint(32, 37), list(OPERATORS))
        case "birthday":
            return {"inNextDays": chance.choice([0, 1, 2, 30, 200, 366])}
        case "totalSpent":
            return numbers(lambda: chance.choice(["0.00", "5", "10.00", "24.99", "40.5", "-1.00"]), list(OPERATORS)[1:])
        case "purchaseCount":
            return numbers(lambda: chance.randrange(6), list(OPERATORS))
        case "hasConsent":
            told = {"purpose": chance.choice(PURPOSES), "channel": chance.choice(CHANNELS[1:])}
            return {one: told[one] for one in chance.sample(list(told), chance.choice([0, 1, 2]))}

    def some() -> Instant:
        return Instant(NOW - chance.randrange(70) * DAY_MS // 2)

    instants: dict[str, Any] = {
        **dict.fromkeys(("after", "before", "gte", "gt", "lte", "lt"), lambda: printed(some())),
        "withinDays": lambda: chance.choice([0, 1, 7, 20, 400]),
        "days": lambda: {end: _day(some()).isoformat() for end in chance.choice([("from",), ("to",), ("from", "to")])},
    }
    return {one: instants[one]() for one in chance.sample(list(instants), chance.choice([1, 1, 2]))}


def tree(chance: random.Random, depth: int) -> dict[str, Any]:
    """A tree with a condition in every node."""
    op = chance.choice(["all", "any", "not", "leaves", "leaves"]) if depth else "leaves"
    match op:
        case "leaves":
            return {name: leaf(chance, name) for name in chance.sample(LEAVES, chance.choice([1, 1, 2]))}
        case "not":
            return {"not": tree(chance, depth - 1)}
    return {op: [tree(chance, depth - 1) for _ in range(chance.choice([1, 2, 2, 3]))]}
