"""Points given, taken and spent by hand: every figure, every refusal."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.loyalty.by_hand.conftest import POINTS_ENTRY, POINTS_HOLD, Hand, adjusting
from tests.loyalty.conftest import Owner

NONE = "0" * 32


async def test_what_is_given_is_there_and_what_is_taken_is_gone(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    one = await hand.adjusts(ana, 100, note="Welcome back.")
    assert {name: one[name] for name in ("kind", "pointsDelta", "pointsAfter", "reason", "note", "actor", "store")} == {
        "kind": "ADJUST",
        "pointsDelta": "100",
        "pointsAfter": "100",
        "reason": "GOODWILL",
        "note": "Welcome back.",
        "actor": "till",
        "store": None,
    }
    two = await hand.adjusts(ana, -30)
    assert (two["kind"], two["pointsDelta"], two["pointsAfter"]) == ("ADJUST", "-30", "70")


async def test_what_is_missing_is_refused_or_owed(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 50)
    refused = await hand.figures("pointsAdjust", adjusting(ana, -80))
    assert (refused["code"], refused["requestedPoints"], refused["availablePoints"]) == (
        "INSUFFICIENT_POINTS",
        "80",
        "50",
    )
    owed = await hand.adjusts(ana, -80, allowDebt=True)
    assert (owed["kind"], owed["pointsDelta"], owed["pointsAfter"]) == ("DEBT", "-30", "-30")
    assert (await hand.balance(ana, "PTS"), await hand.available(ana, "PTS")) == (-30, 0)
    await hand.adjusts(ana, 40)
    assert (await hand.balance(ana, "PTS"), await hand.available(ana, "PTS")) == (10, 10)


async def test_what_has_an_end_ends(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adjusts(ana, 10, expiresAt="2026-05-10T12:00:00Z")
        await hand.adjusts(ana, 5, expiresAt=None)
        await hand.adjusts(ana, 2)
        given = adjusting(ana, 1, expiresAt="2026-05-01T12:00:00Z")
        assert await hand.errors("pointsAdjust", given) == [("INVALID_DATE", "input.expiresAt")]
    with calendar("2026-05-10T12:00:01Z"):
        assert await hand.balance(ana, "PTS") == 7


@pytest.mark.parametrize("number", ["0", "-5", "1000000000000001", "9223372036854775807"])
async def test_numbers_that_are_none(owner: Owner, hand: Hand, number: str) -> None:
    ana = await owner.customer()
    given = adjusting(ana, 1) | {"points": number}
    assert await hand.errors("pointsAdjust", given) == [("INVALID_AMOUNT", "input.points")]
    redeeming = {"customerId": ana, "points": number, "reason": "GIFT"}
    assert await hand.errors("pointsRedeem", redeeming) == [("INVALID_AMOUNT", "input.points")]


async def test_refusals_of_adjusting(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    for given, wanted in (
        (adjusting(f"customer_{NONE}", 1), [("NOT_FOUND", "input.customerId")]),
        (adjusting(ana, 1, reason="RAIN"), [("UNKNOWN_REASON", "input.reason")]),
        (adjusting(ana, 1, note="x" * 501), [("TOO_LONG", "input.note")]),
        (adjusting(ana, 1, note="\0"), [("INVALID_TEXT", "input.note")]),
        (adjusting(ana, 1, storeCode="NOWHERE"), [("NOT_FOUND", "input.storeCode")]),
    ):
        assert await hand.errors("pointsAdjust", given) == wanted


async def test_points_for_something_handed_over(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 100)
    given = {"customerId": ana, "points": "30", "reason": "GIFT"}
    made = await owner.api.done("pointsRedeem", f"{POINTS_ENTRY} customer {{ id }}", given)
    assert (made["entry"]["kind"], made["entry"]["pointsDelta"], made["entry"]["pointsAfter"]) == (
        "REDEEM",
        "-30",
        "70",
    )
    assert (made["entry"]["reason"], made["customer"]["id"]) == ("GIFT", ana)
    refused = await hand.figures("pointsRedeem", given | {"points": "71"})
    assert (refused["code"], refused["requestedPoints"], refused["availablePoints"]) == (
        "INSUFFICIENT_POINTS",
        "71",
        "70",
    )


async def test_points_from_a_hold(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana, bo = await owner.customer(), await owner.customer("Bo")
        await hand.adjusts(ana, 100)
        await hand.adjusts(bo, 100)
        given = {"customerId": ana, "points": "80", "basket": "B1"}
        hold = (await owner.api.done("pointsHold", POINTS_HOLD, given))["hold"]["id"]
        redeeming = {"customerId": ana, "points": "50", "reason": "GIFT"}
        assert await hand.errors("pointsRedeem", redeeming) == [("INSUFFICIENT_POINTS", "input.points")]
        of_another = redeeming | {"customerId": bo, "holdId": hold}
        assert await hand.errors("pointsRedeem", of_another) == [("NOT_FOUND", "input.holdId")]
        await owner.api.done("pointsRedeem", POINTS_ENTRY, redeeming | {"holdId": hold})
        assert await hand.available(ana, "PTS") == 50
        assert await hand.errors("pointsRedeem", redeeming | {"holdId": hold}) == [("NOT_FOUND", "input.holdId")]
        hold = (await owner.api.done("pointsHold", POINTS_HOLD, given | {"points": "50"}))["hold"]["id"]
    with calendar("2026-05-02"):  # it has run out, and is as good as none
        await owner.api.done("pointsRedeem", POINTS_ENTRY, redeeming | {"holdId": hold})
        assert await hand.balance(ana, "PTS") == 0


async def test_refusals_of_redeeming(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 100)
    good: dict[str, Any] = {"customerId": ana, "points": "1", "reason": "GIFT"}
    for given, wanted in (
        ({"customerId": ana}, [("REQUIRED", "input.points")]),
        ({"customerId": ana, "points": "1"}, [("REQUIRED", "input.reason")]),
        (good | {"reason": "RAIN"}, [("UNKNOWN_REASON", "input.reason")]),
        (good | {"exchange": "MUG"}, [("INVALID_AMOUNT", "input.points")]),
        (good | {"times": 2}, [("OUT_OF_RANGE", "input.times")]),
        ({"customerId": ana, "exchange": "MUG", "times": 0}, [("OUT_OF_RANGE", "input.times")]),
        ({"customerId": ana, "exchange": "MUG", "times": 101}, [("OUT_OF_RANGE", "input.times")]),
        (good | {"note": "x" * 501}, [("TOO_LONG", "input.note")]),
        (good | {"note": "\0"}, [("INVALID_TEXT", "input.note")]),
        (good | {"customerId": f"customer_{NONE}"}, [("NOT_FOUND", "input.customerId")]),
        (good | {"holdId": f"pointshold_{NONE}"}, [("NOT_FOUND", "input.holdId")]),
        (good | {"storeCode": "NOWHERE"}, [("NOT_FOUND", "input.storeCode")]),
    ):
        assert await hand.errors("pointsRedeem", given) == wanted, given
    assert await hand.balance(ana, "PTS") == 100
