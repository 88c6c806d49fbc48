"""Sent twice, sent by many at once, sent again after a refusal: done once, and never beyond what is there."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.loyalty.by_hand.conftest import Hand, adjusting, credit
from tests.loyalty.conftest import Owner

READING = "userErrors { code }"
HOSTILE = "'; DROP TABLE loyalty_note; -- <script>alert(1)</script> {{7*7}} \u202eevil \U0001f4a3 =cmd|' /C calc'!A0"


async def prepared(hand: Hand) -> dict[str, dict[str, Any]]:
    """A customer with credit, points, holds and entries, and an input of every mutation that works once."""
    ana = await hand.owner.customer()
    entry = await hand.adds(ana, "100.00")
    await hand.adjusts(ana, 100)
    holds = [await hand.holds(ana, "10.00", basket) for basket in ("a", "b")]
    held = {"customerId": ana, "points": "10", "basket": "c"}
    points = await hand.api.done("pointsHold", "hold { id }", held)
    return {
        "creditAdd": credit(ana, "1.00"),
        "creditDeduct": credit(ana, "1.00"),
        "creditHold": {"customerId": ana, "amount": {"amount": "1.00"}, "basket": "d"},
        "creditCapture": {"holdId": holds[0]["id"]},
        "creditRelease": {"holdId": holds[1]["id"]},
        "pointsAdjust": adjusting(ana, 1),
        "pointsHold": {"customerId": ana, "points": "1", "basket": "d"},
        "pointsRelease": {"holdId": points["hold"]["id"]},
        "pointsRedeem": {"customerId": ana, "points": "1", "reason": "GIFT"},
        "ledgerReverse": {"entryId": entry["id"], "reason": "CORRECTION"},
    }


async def counted(owner: Owner) -> tuple[int, ...]:
    """How many rows there are of everything that is written."""
    found = [
        await owner.shop.database.row(f"SELECT count(*) FROM {table}")
        for table in ("loyalty_transfer", "loyalty_hold", "loyalty_lot", "loyalty_note", "audit", "idempotency_key")
    ]
    return tuple(row[0] for row in found if row)


def document(mutation: str) -> str:
    kind = mutation[0].upper() + mutation[1:] + "Input"
    payload = {
        "creditHold": "hold { id }",
        "pointsHold": "hold { id }",
        "creditRelease": "hold { id isOpen }",
        "pointsRelease": "hold { id isOpen }",
        "creditCapture": "entry { id } hold { id }",
        "ledgerReverse": "customer { id } creditEntry { id } pointsEntry { id }",
    }.get(mutation, "customer { id } entry { id }")
    return f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} {READING} }} }}"


async def test_twice_under_one_key_is_once(owner: Owner, hand: Hand) -> None:
    for mutation, once in (await prepared(hand)).items():
        given = {**once, "idempotencyKey": f"twice-{mutation}"}
        first = await owner.api.ask(document(mutation), input=given)
        assert first.data[mutation]["userErrors"] == [], (mutation, first.data)
        before = await counted(owner)
        again = await owner.api.ask(document(mutation), input=given)
        assert again.data == first.data
        assert again.extensions["idempotency"]["replayed"]
        assert await counted(owner) == before, mutation


async def test_a_key_is_required_and_is_of_one_input(owner: Owner, hand: Hand) -> None:
    inputs = await prepared(hand)
    for mutation, given in inputs.items():
        without = await owner.api.ask(document(mutation), input=given)
        assert without.codes == ["BAD_USER_INPUT"], mutation
    await hand.adds(inputs["creditAdd"]["customerId"], "1.00", idempotencyKey="k")
    other = await owner.api.ask(document("creditAdd"), input=inputs["creditAdd"] | {"idempotencyKey": "k", "note": "x"})
    assert [error["extensions"]["reason"] for error in other.errors] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_what_is_malformed_leaves_its_key_free(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    assert await hand.errors("creditAdd", credit(ana, "0", idempotencyKey="k")) != []
    assert await hand.errors("creditAdd", credit(ana, "1.00", reason="RAIN", idempotencyKey="k")) != []
    await hand.adds(ana, "1.00", idempotencyKey="k")
    # what depends on what is there is kept
    assert await hand.errors("creditDeduct", credit(ana, "5.00", idempotencyKey="d")) != []
    await hand.adds(ana, "10.00")
    again = await hand.errors("creditDeduct", credit(ana, "5.00", idempotencyKey="d"))
    assert again == [("INSUFFICIENT_FUNDS", "input.amount")]


@pytest.mark.parametrize("mutation", ["creditDeduct", "pointsAdjust", "pointsRedeem", "creditHold", "pointsHold"])
async def test_ten_at_once_take_what_is_there_and_no_more(owner: Owner, hand: Hand, mutation: str) -> None:
    ana = await owner.customer()
    of_credit = mutation.startswith("credit")
    await (hand.adds(ana, "55.00") if of_credit else hand.adjusts(ana, 55))

    def one(n: int) -> dict[str, Any]:
        match mutation:
            case "creditDeduct":
                return credit(ana, "10.00")
            case "pointsAdjust":
                return adjusting(ana, -10)
            case "pointsRedeem":
                return {"customerId": ana, "points": "10", "reason": "GIFT"}
            case "creditHold":
                return {"customerId": ana, "amount": {"amount": "10.00"}, "basket": f"B{n}"}
        return {"customerId": ana, "points": "10", "basket": f"B{n}"}

    async def sent(n: int) -> str:
        found = await hand.errors(mutation, one(n))
        return found[0][0] if found else "DONE"

    outcomes = Counter(await asyncio.gather(*(sent(n) for n in range(10))))
    assert outcomes == {"DONE": 5, "INSUFFICIENT_FUNDS" if of_credit else "INSUFFICIENT_POINTS": 5}
    unit, left = ("USD", 500) if of_credit else ("PTS", 5)
    assert await hand.available(ana, unit) == left


async def test_fifty_under_one_key_are_one(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    given = credit(ana, "1.00", idempotencyKey="one")
    answers = await asyncio.gather(*(owner.api.ask(document("creditAdd"), input=given) for _ in range(50)))
    assert {answer.data["creditAdd"]["entry"]["id"] for answer in answers if not answer.errors} == {
        answers[0].data["creditAdd"]["entry"]["id"]
    }
    assert all(not answer.errors for answer in answers)
    assert await hand.balance(ana) == 100


async def test_one_entry_is_taken_back_once_by_ten(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "50.00")
    entry = await hand.adds(ana, "10.00")

    async def sent() -> str:
        found = await hand.errors("ledgerReverse", {"entryId": entry["id"], "reason": "CORRECTION"})
        return found[0][0] if found else "DONE"

    assert Counter(await asyncio.gather(*(sent() for _ in range(10)))) == {"DONE": 1, "ALREADY_REVERSED": 9}
    assert await hand.balance(ana) == 5_000


async def test_one_hold_is_captured_once_by_ten(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "50.00")
    hold = await hand.holds(ana, "10.00")

    async def sent(n: int) -> str:
        mutation = "creditCapture" if n % 2 else "creditRelease"
        found = await hand.errors(mutation, {"holdId": hold["id"]})
        return mutation + (found[0][0] if found else "")

    outcomes = Counter(await asyncio.gather(*(sent(n) for n in range(10))))
    assert outcomes["creditRelease"] == 5
    assert outcomes["creditCapture"] <= 1
    assert outcomes["creditCapture"] + outcomes["creditCaptureHOLD_CLOSED"] == 5
    assert await hand.balance(ana) == 5_000 - 1_000 * outcomes["creditCapture"]


async def test_text_is_text(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    entry = await hand.adds(ana, "10.00", note=HOSTILE)
    assert entry["note"] == HOSTILE
    assert (await hand.reverses(entry["id"], note=HOSTILE))["creditEntry"]["kind"] == "REVERSE"
    await hand.adds(ana, "10.00")
    assert (await hand.holds(ana, "1.00", HOSTILE))["basket"] == HOSTILE
    assert await hand.errors("creditAdd", credit(ana, "1.00", reason=HOSTILE)) == [("UNKNOWN_REASON", "input.reason")]
    assert await hand.errors("creditAdd", credit(ana, "1.00", storeCode=HOSTILE)) == [("NOT_FOUND", "input.storeCode")]
    kept = [str(row) for row in await owner.shop.database.rows("SELECT changes FROM audit")]
    kept += [str(row) for row in await owner.shop.database.rows("SELECT outcome FROM idempotency_key")]
    assert not any("DROP TABLE" in text for text in kept)
