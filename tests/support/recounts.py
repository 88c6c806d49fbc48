"""What the tables of a shop with tiers must say, counted again from purchases and refunds by simple means of our own."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import orjson

from regulars_core.plugin import NEVER, Database, Shop
from regulars_tiers.rules.days import FOREVER
from tests.support.rush import Rush

Rows = Sequence[Any]


@dataclass(frozen=True)
class Ladder:
    """A policy of tiers that are reached by what was ever spent, in minor units, from the lowest up; the first at nothing."""

    thresholds: Mapping[str, int]

    @property
    def policy(self) -> dict[str, Any]:
        """As it is put in force."""

        def criteria(minor: int) -> dict[str, Any]:
            spent = {"metric": "NET_SPEND", "window": "LIFETIME", "threshold": f"{minor // 100}"}
            return {"anyOf": [{"allOf": [spent]}]} if minor else {}

        tiers = [{"code": code, "name": code, **criteria(minor)} for code, minor in self.thresholds.items()]
        return {"graceDays": 0, "tiers": tiers[::-1]}

    def position(self, spent: int) -> int:
        """The position of the tier that somebody has who has spent this."""
        return sum(spent >= minor for minor in self.thresholds.values()) - 1

    def spells(self, spent_at: Iterable[tuple[int, int]]) -> list[tuple[int, int, str, int]]:
        """The periods (begins, ends, tier, position) of who spent amounts at instants."""
        codes, spent = list(self.thresholds), 0
        steps: dict[int, int] = {NEVER: 0}
        for at, amount in sorted(spent_at):
            spent += amount
            steps[at] = self.position(spent)
        begins = list(steps.items())
        changed = [begins[0], *(b for a, b in pairwise(begins) if b[1] != a[1])]
        ends = [*(at for at, _ in changed[1:]), FOREVER]
        return [(at, end, codes[position], position) for (at, position), end in zip(changed, ends, strict=True)]


async def assert_counted(shop: Shop, ladder: Ladder) -> int:
    """Statistics, periods, standings and what was shown are what purchases and refunds give. How many moves were shown."""
    database = shop.database
    bought = await _purchases(database)
    await _assert_statistics(database, bought)
    moves = 0
    by_customer: dict[str, list[tuple[int, int]]] = {}
    for row in bought:
        if row["customer_id"] and row["status"] != "VOIDED":
            by_customer.setdefault(row["customer_id"], []).append((row["purchased_at"], row["total"] - row["refunded"]))
    stored: dict[str, list[tuple[Any, ...]]] = {}
    for one, *spell in await database.rows(
        "SELECT customer_id, begins, ends, tier, position FROM tier_spell ORDER BY customer_id, begins"
    ):
        stored.setdefault(one, []).append(tuple(spell))
    standings = {
        row[0]: tuple(row[1:]) for row in await database.rows("SELECT customer_id, tier, next_at FROM tier_standing")
    }
    shown: dict[str, list[tuple[str, str]]] = {}
    for one, before, after in await database.rows("SELECT customer_id, before, after FROM tier_change"):
        shown.setdefault(one, []).append((before, after))
    for one in by_customer.keys() | stored.keys():
        right = ladder.spells(by_customer.get(one, []))
        assert stored[one] == right, one
        assert standings[one] == (right[-1][2], FOREVER), one
        _assert_path(shown.get(one, []), next(iter(ladder.thresholds)), right[-1][2])
        moves += len(shown.get(one, []))
    return moves


def _assert_path(moves: Sequence[tuple[str, str]], first: str, last: str) -> None:
    """Every move begins where the one before ended, in whatever order they are stored: so each tier is left as often as it is
    entered, but for the first and the last."""
    balance = Counter(after for _, after in moves)
    balance.subtract(before for before, _ in moves)
    balance.update({first: 1})
    balance.subtract({last: 1})
    assert not any(balance.values()), (moves, first, last)


async def _purchases(database: Database) -> list[dict[str, Any]]:
    names = ("id", "customer_id", "reference", "purchased_at", "status", "total", "refunded")
    rows = await database.rows(f"SELECT {', '.join(names)} FROM purchase")
    return [dict(zip(names, row, strict=True)) for row in rows]


async def _assert_statistics(database: Database, bought: Sequence[Mapping[str, Any]]) -> None:
    back: Counter[str] = Counter()
    for purchase, amount in await database.rows("SELECT purchase_id, amount FROM refund WHERE undone_at IS NULL"):
        back[purchase] += amount
    spent: Counter[str] = Counter()
    times: dict[str, list[int]] = {}
    for row in bought:
        assert row["refunded"] == back[row["id"]], row
        whole = row["status"] == "REFUNDED"
        assert whole == (row["status"] != "VOIDED" and row["refunded"] == row["total"]), row
        if row["customer_id"] and row["status"] != "VOIDED":
            spent[row["customer_id"]] += row["total"] - row["refunded"]
            if not whole:
                times.setdefault(row["customer_id"], []).append(row["purchased_at"])
    for one, total, count, first, last in await database.rows(
        "SELECT customer_id, total_spent, purchase_count, first_purchase_at, last_purchase_at FROM customer_stats"
    ):
        own = times.get(one, [])
        right = (spent[one], len(own), min(own, default=NEVER), max(own, default=NEVER))
        assert (total, count, first, last) == right, one


async def assert_written_once(shop: Shop, rush: Rush) -> None:
    """What was answered is there and nothing else, each thing once: purchases, refunds and voids, in the journal too, and a row
    for each idempotency key with what became of it."""
    database = shop.database
    bought = await _purchases(database)
    assert {row["reference"]: (row["id"], row["total"]) for row in bought} == rush.purchases
    assert len(bought) == len(rush.purchases)
    assert {row[0]: row[1] for row in await database.rows("SELECT id, amount FROM refund")} == rush.refunds
    assert {row["id"] for row in bought if row["status"] == "VOIDED"} == rush.voids
    told: dict[str, Counter[str]] = {}
    for kind, ids, others in await database.rows("SELECT kind, ids, others FROM journal"):
        told.setdefault(kind, Counter()).update(orjson.loads(ids))
        if kind == "purchases_recorded":
            about = dict(zip(orjson.loads(ids), orjson.loads(others) if others else [None], strict=True))
            assert about.items() <= {(row["id"], row["customer_id"]) for row in bought}
    newcomers = {row[0] for row in await database.rows("SELECT id FROM customer WHERE first_name LIKE 'Newcomer%'")}
    assert told["purchases_recorded"] == Counter([row["id"] for row in bought])
    assert told["purchases_refunded"] == Counter([*rush.refunds])
    assert told["purchases_voided"] == Counter([*rush.voids])
    assert told["customers_registered"] == Counter([*newcomers])
    emails = await database.rows("SELECT email FROM customer WHERE first_name LIKE 'Newcomer%'")
    assert len({row[0] for row in emails}) == len(emails)
    kept = {row[0]: orjson.loads(row[1]) for row in await database.rows("SELECT key, outcome FROM idempotency_key")}
    assert kept.keys() == rush.keys.keys()
    for key, answer in rush.keys.items():
        done = kept[key]["done"]
        for name in ("purchase", "refund", "customer"):
            if name in answer:
                assert done[name] == answer[name]["id"].partition("_")[2], (key, answer, done)
        if "created" in answer:
            assert done["created"] == answer["created"]
    [lines] = await database.rows("SELECT count(*) FROM audit WHERE action <> 'keyCreate'")
    assert lines[0] >= len(rush.keys)
