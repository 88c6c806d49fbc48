"""Balances at any past instant are what a plain recount of the tables gives: for customers to whom anything happened, at random
instants and at the very ones at which something changes."""

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from regulars_core.plugin import DAY_MS, NEVER, Instant, Shop, moment, now, printed
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.lives import end_of, life_of
from tests.loyalty.conftest import Owner, key
from tests.loyalty.random_ledgers import CUSTOMERS, filled

INSTANTS = 20
SHOWN = """query($at: DateTime) { customers(first: 50) { nodes { id
  points(at: $at) { balance available pending held debt }
  credit(at: $at) { balance { amount } available { amount } pending { amount } held { amount } debt { amount } } } } }"""


async def tables(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All rows, by table."""
    columns = {
        "loyalty_transfer": ("id", "customer_id", "unit", "kind", "source", "target", "amount", "at"),
        "loyalty_lot": (
            "id",
            "customer_id",
            "unit",
            "transfer_id",
            "amount",
            "available_at",
            "expires_at",
            "life",
            "opened_at",
        ),
        "loyalty_lot_use": ("transfer_id", "lot_id", "amount"),
        "loyalty_hold": ("customer_id", "unit", "amount", "created_at", "held_until", "closed_at"),
    }
    return {
        table: [
            dict(zip(names, row, strict=True))
            for row in await shop.database.rows(f"SELECT {', '.join(names)} FROM {table}")
        ]
        for table, names in columns.items()
    }


def recounted(
    shop: Shop, rows: dict[str, list[dict[str, Any]]], customer_id: str, unit: str, at: Instant
) -> tuple[int, ...]:
    """(balance, available, pending, held, debt) of an account, by nothing but the rows."""

    def own(table: str) -> list[dict[str, Any]]:
        return [row for row in rows[table] if (row["customer_id"], row["unit"]) == (customer_id, unit)]

    transfers = {row["id"]: row for row in own("loyalty_transfer") if row["at"] <= at}
    balance = sum(
        row["amount"] * ((row["target"] in {"LOTS", "DEBT"}) - (row["source"] in {"LOTS", "DEBT"}))
        for row in transfers.values()
    )
    debt = sum(row["amount"] * ((row["source"] == "DEBT") - (row["target"] == "DEBT")) for row in transfers.values())
    takes = {"PAYMENT", "REDEEM", "UNFUNDING"}
    active = max(
        (
            row["at"]
            for row in transfers.values()
            if row["kind"] in takes | {"EARN", "BONUS"}
            or (row["kind"] == "ADJUST" and row["source"] in {"LOTS", "DEBT"})
        ),
        default=NEVER,
    )
    used = defaultdict[str, int](int)
    for row in rows["loyalty_lot_use"]:
        if row["transfer_id"] in transfers:
            used[row["lot_id"]] += row["amount"]
    lots = []
    for row in own("loyalty_lot"):
        left = (row["amount"] if row["transfer_id"] in transfers else 0) - used[row["id"]]
        ends = row["expires_at"]
        if row["life"] is not None:
            life = life_of(row["life"])
            assert life is not None
            ends = end_of(life, max(active, row["available_at"]), shop.settings.zone)
        if left > 0:
            lots.append((ends, row["opened_at"], row["id"], row["available_at"], left))
    holds = [row for row in own("loyalty_hold") if row["created_at"] <= at and not (row["closed_at"] or at + 1) <= at]
    gone, debt, left, held = become(sorted(lots), holds, max(0, debt), at)
    balance -= gone
    return balance, max(0, balance - left - held), left, held, debt


def become(lots: list[Any], holds: list[Any], debt: int, at: Instant) -> tuple[int, int, int, int]:
    """What has expired that is not written down yet, what is still owed, what is pending, and what is held: lots end and settle
    what is owed one after the other, as time goes."""
    gone, held, left = 0, 0, [lot[-1] for lot in lots]
    moments = {one for ends, _, _, available, _ in lots for one in (ends, available)}
    moments |= {row["held_until"] for row in holds}
    for one in [*sorted(each for each in moments if debt and each < at), at]:
        held = sum(row["amount"] for row in holds if row["held_until"] > one)
        for is_end in (True, False):
            for n, (ends, _, _, available, _) in enumerate(lots):
                free = sum(some for lot, some in zip(lots, left, strict=True) if lot[3] <= one) - held
                if available > one or (is_end and ends > one):
                    continue
                some = max(0, min(left[n], free) if is_end else min(left[n], free, debt))
                left[n] -= some
                gone += some if is_end else 0
                debt -= 0 if is_end else some
    return gone, debt, sum(some for lot, some in zip(lots, left, strict=True) if lot[3] > at), held


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_recount_gives_the_same(owner: Owner, seed: int) -> None:
    random, shop = Random(seed), owner.shop
    ids = await filled(owner, random)
    rows = await tables(shop)
    present = now()
    edges = [row[name] for row in rows["loyalty_transfer"] for name in ("at",)]
    edges += [row[name] for row in rows["loyalty_lot"] for name in ("available_at", "expires_at")]
    edges += [row[name] for row in rows["loyalty_hold"] for name in ("created_at", "held_until")]
    edges = [edge for edge in edges if edge < present]
    instants = [Instant(random.choice(edges) + random.choice([-1, 0, 1])) for _ in range(INSTANTS - 5)]
    instants += [Instant(present - random.randint(0, 190 * DAY_MS)) for _ in range(5)]
    compared = something = 0
    for at in instants:
        for one in (await owner.api.data(SHOWN, at=printed(at)))["customers"]["nodes"]:
            customer_id = key(one["id"])
            assert customer_id in ids
            figures = ("balance", "available", "pending", "held", "debt")
            points = tuple(int(one["points"][name]) for name in figures)
            credit = tuple(int(one["credit"][name]["amount"].replace(".", "")) for name in figures)
            assert points == recounted(shop, rows, customer_id, POINTS, at), (customer_id, at)
            assert credit == recounted(shop, rows, customer_id, "USD", at), (customer_id, at)
            compared += 1
            something += any(points) or any(credit)
    assert compared == CUSTOMERS * INSTANTS == 1_000
    assert something > 500


async def test_the_present_is_the_past_of_the_next_moment(owner: Owner) -> None:
    """What is shown now is what will be shown of now; so shown, written and recounted are one."""
    await filled(owner, Random(3))
    with moment(now()):
        at = now()
        shown = await owner.api.data(SHOWN)
    with moment(Instant(at + 1)):
        assert await owner.api.data(SHOWN, at=printed(at)) == shown
