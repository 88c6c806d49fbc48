"""Sales at random: whatever is given back and in whatever parts, no more than was paid, and all of it in the end."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Malformed, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.changes import pay
from regulars_core.purchases.reads import LineRow, lines_of, purchases_by_ids
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refundable import (
    Paid,
    PaidLine,
    Taken,
    WantedLine,
    is_refunded_whole,
    taken_by_amount,
    taken_by_lines,
)
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase, NewReturn, checked
from regulars_core.purchases.service import record
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import OpenShop
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api

EVENTS = int(os.environ.get("TILL_EVENTS", "120"))
BEGIN = 1_780_000_000_000


def after(paid: Paid, taken: Taken) -> Paid:
    """A purchase after a refund."""
    back = {line.line_id: line for line in taken.lines}
    lines = []
    for line in paid.lines:
        own = back.get(line.id)
        gone = (own.worth if own else 0) + (taken.spread or {}).get(line.id, 0)
        quantity = line.refunded_quantity + (own.quantity if own else 0)
        lines.append(
            PaidLine(line.id, line.quantity, line.worth, quantity, line.taken + gone, line.touched or bool(own))
        )
    refunded = paid.refunded + taken.amount
    return Paid(paid.total, refunded, paid.due, paid.delivery - taken.delivery, lines)


@settings(max_examples=400, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_all_parts_together_are_what_was_paid(random: Random) -> None:
    """By goods, by amounts and for delivery, in any order and any parts: exactly the total, and never a coin more."""
    lines = [
        PaidLine(
            str(n), random.choice([1, 2, 3, 7]) * MILLION, random.choice([0, 1, 5, 1_000, 999_999]), 0, 0, touched=False
        )
        for n in range(random.randint(1, 4))
    ]
    delivery = random.choice([0, 0, 3, 400])
    paid = Paid(sum(line.worth for line in lines) + delivery, 0, 0, delivery, lines)
    for _ in range(30):
        if random.random() < 0.3 and paid.left:
            taken = taken_by_amount(paid, random.randint(1, paid.left))
        else:
            some = [line for line in paid.lines if line.refunded_quantity < line.quantity and random.random() < 0.5]
            wanted = {line.id: WantedLine(random.randint(1, line.quantity - line.refunded_quantity)) for line in some}
            checks = Checks()
            taken = taken_by_lines(
                paid, wanted, random.randint(0, paid.delivery) if random.random() < 0.3 else 0, checks
            )
            assert not checks.problems
        assert 0 <= taken.amount <= paid.left
        gone = is_refunded_whole(paid, taken)
        paid = after(paid, taken)
        assert all(line.left >= 0 for line in paid.lines)
        assert gone >= (paid.total > 0 and paid.refunded == paid.total)
    rest = {line.id: WantedLine(line.quantity - line.refunded_quantity) for line in paid.lines}
    taken = taken_by_lines(paid, {id_: one for id_, one in rest.items() if one.quantity}, paid.delivery, Checks())
    assert paid.refunded + taken.amount == paid.total
    assert is_refunded_whole(paid, taken)


def _purchase(random: Random, n: int, buyers: Sequence[str], currency: str) -> NewPurchase:
    def line() -> NewLine:
        quantity = random.choice([1, 1, 2, 3, 1.5, -1, -2]) if random.random() < 0.9 else 0
        price, off = random.randint(0, 5_000), random.choice([0, 0, 7])
        total = max(int(quantity * price) - off, 0) if quantity >= 0 else int(quantity * price)
        tax = None if random.random() < 0.5 else total // 5
        return NewLine(f"A{random.randint(1, 9)}", int(quantity * MILLION), None, off, total, tax=tax)

    lines = [line() for _ in range(random.randint(1, 4))]
    untold = any(one.tax is None for one in lines)
    return NewPurchase(
        f"R{n % 9}", MAIN_STORE_ID, random.choice([None, *buyers]), Instant(BEGIN + random.randint(0, 40) * 86_400_000),
        CurrencyCode(currency), lines,
        shipping=random.choice([0, 0, 450]),
        tax=sum(one.tax or 0 for one in lines) + random.randint(0, 300) if untold and random.random() < 0.5 else None,
        prices_include_tax=random.random() < 0.3,
        register=random.choice([None, "1", "2"]),
        replaces_voided=random.random() < 0.5,
    )  # fmt: skip


def _paid_later(purchase: NewPurchase, random: Random, currency: str) -> NewPurchase:
    total = checked(purchase, currency).total
    if total <= 0 or random.random() < 0.6:
        return purchase
    due = random.randint(0, total)
    payments = [NewPayment("card", total - due)] if total > due else ()
    return replace(purchase, due=due, payments=payments)


KINDS = {"sale": 4, "lines": 3, "amount": 2, "pay": 2, "void": 1, "exchange": 5, "move": 2}


async def _something(shop: Shop, random: Random, n: int, buyers: Sequence[str], made: list[str]) -> None:
    kind = random.choices([*KINDS], [*KINDS.values()])[0] if made else "sale"
    id_ = random.choice(made) if made else ""
    if kind == "exchange":
        made += await _exchange(shop, random, n, buyers, made)
    elif kind == "move":
        some = random.sample(made, min(len(made), 2))
        await reassign(shop, some, random.choice([None, *buyers]))
    elif kind == "sale":
        new = _paid_later(_purchase(random, n, buyers, shop.currency), random, shop.currency)
        [outcome] = await record(shop, [checked(new, shop.currency)])
        if outcome.id and outcome.created:
            made.append(outcome.id)
    elif kind == "lines":
        rows: Sequence[LineRow] = (await lines_of(shop.database, [id_]))[id_]
        some = [row for row in rows if random.random() < 0.6]
        wanted = {row.id: WantedLine(_part(random, row), random.choice([None, None, 1])) for row in some}
        await refund(
            shop, id_, lines=wanted, shipping=random.choice([None, None, 50]), at=Instant(BEGIN + 41 * 86_400_000)
        )
    elif kind == "amount":
        await refund(shop, id_, amount=random.randint(1, 3_000), at=Instant(BEGIN + 41 * 86_400_000))
    elif kind == "pay":
        await pay(shop, id_, [NewPayment("cash", random.randint(1, 3_000))])
    else:
        exchanged = await shop.database.rows("SELECT DISTINCT exchanged_for_id FROM refund WHERE undone_at IS NULL")
        await void(shop, random.choice([id_, *(row[0] for row in exchanged if row[0])]))


async def _exchange(shop: Shop, random: Random, n: int, buyers: Sequence[str], made: Sequence[str]) -> list[str]:
    """Lines of purchases of somebody and of nobody come back with a new one; what is left to pay is found by trying."""
    owner = random.choice(buyers)
    theirs = "status <> 'VOIDED' AND total > refunded AND (customer_id IS NULL OR customer_id = $1)"
    found = await shop.database.rows(f"SELECT id FROM purchase WHERE {theirs} ORDER BY reference, recorded_at", owner)
    of = random.sample([row[0] for row in found] or made, min(len(found) or 1, random.randint(1, 3)))
    lines = [row for each in (await lines_of(shop.database, of)).values() for row in each]
    some = [row for row in lines if random.random() < 0.6 and row.quantity_millionths > row.refunded_millionths]
    returns = [NewReturn(row.id, _part(random, row), random.choice([None, None, 1])) for row in some]
    new = replace(
        _purchase(random, n, buyers, shop.currency),
        customer_id=owner,
        purchased_at=Instant(BEGIN + 40 * 86_400_000),
        returns=returns,
        reference=f"X{n}",
    )
    total = checked(new, shop.currency).total
    new = replace(new, due=random.choice([0, 0, max(total // 3, 0)]))
    try:
        await record(shop, [checked(new, shop.currency)])
    except Refused as refused:
        told = re.search(r"come to (-?[\d.]+) \w+, and total \+ rounding - due to (-?[\d.]+)", str(refused))
        if told is None:
            raise
        paid, whole = (int(sum_.replace(".", "")) for sum_ in told.groups())
        new = replace(new, payments=[NewPayment("card", whole - paid)])
        [outcome] = await record(shop, [checked(new, shop.currency)])
        return [outcome.id] if outcome.id and outcome.created else []
    return []


def _part(random: Random, row: LineRow) -> int:
    left = row.quantity_millionths - row.refunded_millionths
    return random.choice([left, MILLION, max(left // 2, 0)])


async def _customer(shop: Shop, n: int) -> str:
    made = await Api.of(shop).done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": f"L{n}"})
    return str(made["customer"]["id"]).rpartition("_")[2]


_FACTS = (
    "SELECT p.id, p.total, p.refunded, p.due, p.rounding, p.status,"
    " CAST((SELECT coalesce(sum(y.amount), 0) FROM payment y WHERE y.purchase_id = p.id) AS BIGINT),"
    " CAST((SELECT coalesce(sum(f.amount), 0) FROM refund f WHERE f.purchase_id = p.id AND f.undone_at IS NULL)"
    " AS BIGINT), CAST((SELECT coalesce(sum(f.due), 0) FROM refund f WHERE f.purchase_id = p.id AND f.undone_at IS NULL)"
    " AS BIGINT),"
    " (SELECT count(*) FROM payment y WHERE y.purchase_id = p.id) FROM purchase p"
)


_EXCHANGED = (
    "SELECT p.id, CAST((SELECT coalesce(sum(y.amount), 0) FROM payment y WHERE y.purchase_id = p.id AND y.method = 'exchange')"
    " AS BIGINT), CAST((SELECT coalesce(sum(f.amount - f.due), 0) FROM refund f WHERE f.exchanged_for_id = p.id AND"
    " f.undone_at IS NULL) AS BIGINT) FROM purchase p WHERE p.status <> 'VOIDED'"
)
"""What a purchase was paid with earlier ones, by its payments and by their refunds."""


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
async def test_nothing_is_given_back_that_was_not_paid(open_shop: OpenShop, currency: str) -> None:
    """Sales, exchanges, refunds, payments, voids and moves at random: figures equal a recount, and what is left goes back to the
    coin."""
    shop = await open_shop(plugins=plugins_wanted(("tiers",)), currency=currency)
    random, made = Random(currency), list[str]()
    buyers = [await _customer(shop, n) for n in range(4)]
    for n in range(EVENTS):
        try:
            await _something(shop, random, n, buyers, made)
        except (Refused, Malformed):
            continue
    for _, total, refunded, due, _, status, paid, back, from_due, number in await shop.database.rows(_FACTS):
        assert back == refunded <= max(total, 0)
        assert due >= 0
        if number or due or from_due:
            assert paid + due + from_due == total
            assert refunded - from_due <= max(paid, 0)
        assert status in {"PAID", "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED"}
    for one in verifications_of(shop.plugins):
        assert [told async for told in one.differences(shop)] == [], one.name
    [[made_then, undone]] = await shop.database.rows(
        "SELECT count(*), count(undone_at) FROM refund WHERE exchanged_for_id IS NOT NULL"
    )
    assert made_then > undone > 0  # or nothing was tried
    assert [row[1:] for row in await shop.database.rows(_EXCHANGED) if row[1] != row[2]] == []
    await _give_all_back(shop, made)


async def _give_all_back(shop: Shop, made: Sequence[str]) -> None:
    rows, lines = await purchases_by_ids(shop.database, made), await lines_of(shop.database, made)
    for id_ in (one for one in made if rows[one].status not in {"VOIDED", "REFUNDED"} and rows[one].total_minor > 0):
        left = {
            row.id: WantedLine(row.quantity_millionths - row.refunded_millionths)
            for row in lines[id_]
            if row.quantity_millionths > row.refunded_millionths
        }
        if left:
            await refund(shop, id_, lines=left)
        row = (await purchases_by_ids(shop.database, [id_]))[id_]
        if row.total_minor > row.refunded_minor:  # delivery, and fees that were kept
            await refund(shop, id_, amount=row.total_minor - row.refunded_minor)
        row = (await purchases_by_ids(shop.database, [id_]))[id_]
        assert (row.refunded_minor, row.status, row.due_minor) == (row.total_minor, "REFUNDED", 0)
