"""The program is changed while somebody is about to post by it: what is written is by the program that holds then."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.by_hand.conftest import Hand, adjusting
from tests.loyalty.by_hand.test_overtaken import PostingGate, gate, meeting, owner
from tests.loyalty.conftest import Owner
from tests.loyalty.programs.test_program_api import earns, puts

__all__ = ["gate", "owner"]
LATER = "2099-01-01T00:00:00Z"


def program(points: str, **more: Any) -> dict[str, Any]:
    cup = {"kind": "CREDIT", "settings": [{"name": "amount", "value": "5.00"}]}
    exchange = {"code": "CUP", "name": "A cup", "points": str(10 * int(points)), "reward": cup}
    rate = {"points": str(10 * int(points)), "amount": {"amount": "1.00"}}
    return {"rate": rate, "exchanges": [exchange], **more}


async def begin(owner: Owner, points: str, **more: Any) -> None:
    await puts(owner, earns("PER_AMOUNT", "A", points=points, per="1.00"), **program(points, **more))


async def told(hand: Hand, mutation: str, given: dict[str, Any]) -> None:
    await hand.api.done(mutation, "__typename", given)


Posting = Callable[[Hand, str], Awaitable[None]]


async def sells(hand: Hand, ana: str) -> None:
    line = {"name": "Tea", "total": "10.00"}
    await told(hand, "purchaseRecord", {"reference": "S", "customerId": ana, "lines": [line], "purchasedAt": LATER})


async def pays_by_points(hand: Hand, ana: str) -> None:
    payments = [{"method": "POINTS", "amount": "10.00"}]
    line = {"name": "Tea", "total": "10.00"}
    sold = {"reference": "P", "customerId": ana, "lines": [line], "purchasedAt": LATER, "payments": payments}
    await told(hand, "purchaseRecord", sold)


async def pays_later(hand: Hand, ana: str) -> None:
    [[bought]] = await hand.owner.shop.database.rows("SELECT id FROM purchase WHERE reference = 'DUE'")
    pays = {"purchaseId": f"purchase_{bought}", "payments": [{"method": "POINTS", "amount": "10.00"}]}
    await told(hand, "purchasePay", pays)


async def redeems(hand: Hand, ana: str) -> None:
    await told(hand, "pointsRedeem", {"customerId": ana, "exchange": "CUP"})


@pytest.mark.parametrize(
    ("posting", "before", "after"),
    [(sells, 10, 20), (pays_by_points, -100, -200), (pays_later, -100, -200), (redeems, -10, -20)],
)
async def test_it_is_by_the_program_that_holds(
    owner: Owner, hand: Hand, gate: PostingGate, engine: str, posting: Posting, before: int, after: int
) -> None:
    await begin(owner, "1")
    ana = await owner.customer()
    line = {"name": "Tea", "total": "10.00"}
    due = {"reference": "DUE", "customerId": ana, "lines": [line], "purchasedAt": LATER, "due": "10.00"}
    if posting is pays_later:
        await told(hand, "purchaseRecord", due)
    await hand.adjusts(ana, 1_000)
    there = await hand.balance(ana, POINTS)
    await meeting(gate, posting(hand, ana), lambda: begin(owner, "2"))
    moved = await hand.balance(ana, POINTS) - there
    if posting is pays_later:  # which takes back what was earned as money
        moved += 10
    assert moved == (after if engine == "postgres" else before)


async def test_how_long_points_by_hand_live(owner: Owner, hand: Hand, gate: PostingGate, engine: str) -> None:
    await begin(owner, "1", expireAfter="P1Y")
    ana = await owner.customer()
    posting = hand.api.done("pointsAdjust", "__typename", adjusting(ana, 10))
    await meeting(gate, posting, lambda: begin(owner, "1", expireAfter="P2Y"))
    [[years]] = await owner.shop.database.rows("SELECT (expires_at - available_at) / 31000000000 FROM loyalty_lot")
    assert years == (2 if engine == "postgres" else 1)
    assert gate.times == (2 if engine == "postgres" else 1)
