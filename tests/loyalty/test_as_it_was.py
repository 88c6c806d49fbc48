"""Balances at any past instant are what a plain recount of the tables gives: for customers to whom anything happened, at random
instants and at the very ones at which something changes."""

from collections import defaultdict
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from regulars_core.plugin import DAY_MS, LATEST, NEVER, Instant, Shop, moment, new_id, now, printed
from regulars_loyalty.ledger.book import PAID, POINTS, REDEEMED, Account, Cause, Short, Terms
from regulars_loyalty.ledger.lives import end_of, life_of
from regulars_loyalty.ledger.storage import read_ledger, write_ledger
from tests.loyalty.conftest import Owner, key

CUSTOMERS, STEPS, INSTANTS = 50, 14, 20
SHOWN = """query($at: DateTime) { customers(first: 50) { nodes { id
  points(at: $at) { balance available pending held debt }
  credit(at: $at) { balance { amount } available { amount } pending { amount } held { amount } debt { amount } } } } }"""


def happens(random: Random, account: Account) -> None:
    """One thing, of all that may happen to an account."""
    present, day = account.present, lambda most: Instant(random.randint(0, most) * DAY_MS)
    back = Instant(present - random.choice([0, 0, 0, random.randint(1, 40) * DAY_MS]))  # what is told late
    some = random.randint(1, 100)

    def cause(kind: str) -> Cause:
        return Cause(new_id(), kind, back)

    with suppress(Short):
        match random.choice(["give", "give", "live", "spend", "spend", "adjust", "owe", "hold", "release"]):
            case "give":
                ends = random.choice([LATEST, Instant(back + DAY_MS + day(60))])
                account.give("EARN", some, cause("PURCHASE"), Terms(Instant(back + random.choice([0, day(20)])), ends))
                account.is_active(back)
            case "live":
                account.give(
                    "EARN", some, cause("PURCHASE"), Terms(back, LATEST, random.choice(["P1M", "P20D MONTH_END"]))
                )
                account.is_active(back)
            case "spend":
                account.spend(
                    *random.choice(
                        [("PAYMENT", some, cause("PURCHASE"), PAID), ("REDEEM", some, cause("REDEEM"), REDEEMED)]
                    )
                )
            case "adjust":
                account.spend("ADJUST", some, cause("ADJUST"), "ISSUED", allow_debt=random.random() < 0.3)
            case "owe":
                account.take_back("REVERSE", some, cause("REFUND"), account.in_order()[:1])
            case "hold":
                account.hold(some, random.choice(["A", "B"]), Instant(present + 1 + day(20)))
            case "release":
                account.post_due()
                if account.open_holds:
                    account.release(random.choice(account.open_holds))


async def filled(shop: Shop, owner: Owner, random: Random) -> list[str]:
    """The keys of customers to whom things happened in the last half year."""
    ids = [key(await owner.customer(f"Ana{n}")) for n in range(CUSTOMERS)]
    present = now()
    times = sorted(Instant(present - random.randint(1, 180 * 24) * 3_600_000) for _ in range(STEPS))
    for at in times:

        async def work() -> None:
            ledger = await read_ledger(shop, ids)
            for id_ in random.sample(ids, CUSTOMERS // 2):
                happens(random, ledger.account(id_, random.choice([POINTS, POINTS, "USD"])))
            await write_ledger(ledger)

        with moment(at):
            state = random.getstate()
            await shop.database.transaction(work)
            assert random.getstate() != state
    return ids


async def tables(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """All rows, by table."""
    columns = {
        "loyalty_transfer": ("id", "customer_id", "unit", "kind", "source", "target", "amount", "at"),
        "loyalty_lot": ("id", "customer_id", "unit", "transfer_id", "amount", "available_at", "expires_at", "life"),
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
    held = sum(
        row["amount"]
        for row in own("loyalty_hold")
        if row["created_at"] <= at < row["held_until"] and (row["closed_at"] is None or row["closed_at"] > at)
    )
    ended = pending = free = 0
    for row in own("loyalty_lot"):
        left = (row["amount"] if row["transfer_id"] in transfers else 0) - used[row["id"]]
        ends = row["expires_at"]
        if row["life"] is not None:
            life = life_of(row["life"])
            assert life is not None
            ends = end_of(life, max(active, row["available_at"]), shop.settings.zone)
        if left > 0:
            ended += left if ends <= at else 0
            pending += left if row["available_at"] > at else 0
            free += left if row["available_at"] <= at else 0
    gone = min(ended, max(0, free - held))
    settled = max(0, min(debt, free - gone - held))
    balance -= gone
    return balance, max(0, balance - pending - held), pending, held, max(0, debt - settled)


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_recount_gives_the_same(owner: Owner, seed: int) -> None:
    random, shop = Random(seed), owner.shop
    ids = await filled(shop, owner, random)
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
    random, shop = Random(3), owner.shop
    await filled(shop, owner, random)
    with moment(now()):
        at = now()
        shown = await owner.api.data(SHOWN)
    with moment(Instant(at + 1)):
        assert await owner.api.data(SHOWN, at=printed(at)) == shown
