"""Credit and points that are kept for open baskets: captured, released, run out, replaced."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.loyalty.by_hand.conftest import ENTRY, HOLD, POINTS_HOLD, Hand, adjusting, credit
from tests.loyalty.conftest import Owner

NONE = "0" * 32


async def test_a_part_is_captured_and_the_rest_is_free(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00")
    hold = await hand.holds(ana, "10.00")
    assert (hold["isOpen"], hold["amount"], hold["basket"]) == (True, {"amount": "10.00"}, "B1")
    assert hold["customer"] == {"id": ana}
    assert (await hand.balance(ana), await hand.available(ana)) == (1_000, 0)
    assert (await hand.figures("creditDeduct", credit(ana, "0.01")))["available"]["amount"] == "0.00"
    given = {"holdId": hold["id"], "amount": {"amount": "9.00"}}
    made = await owner.api.done("creditCapture", f"{ENTRY} {HOLD}", given)
    assert (made["entry"]["kind"], made["entry"]["delta"]["amount"]) == ("PAYMENT", "-9.00")
    assert (made["hold"]["isOpen"], made["hold"]["capturedAmount"]["amount"]) == (False, "9.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (100, 100)
    assert await hand.errors("creditCapture", given) == [("HOLD_CLOSED", "input.holdId")]
    read = f"query($id: ID!) {{ node(id: $id) {{ ... on CreditHold {HOLD.removeprefix('hold')} }} }}"
    assert (await owner.api.data(read, id=hold["id"]))["node"] == made["hold"]


async def test_all_is_captured_where_no_amount_is_said(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "8.21")
    hold = await hand.holds(ana, "8.21")
    made = await owner.api.done("creditCapture", ENTRY, {"holdId": hold["id"]})
    assert made["entry"]["balanceAfter"] == {"amount": "0.00"}


async def test_never_more_than_is_held(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "100.00")
    hold = await hand.holds(ana, "10.00")
    given = {"holdId": hold["id"], "amount": {"amount": "20.00"}, "idempotencyKey": "k"}
    for _ in range(2):
        refused = await hand.figures("creditCapture", given)
        assert (refused["code"], refused["path"]) == ("HOLD_EXCEEDED", ["input", "amount"])
        assert (refused["requested"]["amount"], refused["available"]["amount"]) == ("20.00", "10.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (10_000, 9_000)


async def test_what_is_held_is_there_whatever_becomes_of_the_rest(owner: Owner, hand: Hand) -> None:
    """A refund takes back more than is left beside the hold, and the hold is captured nevertheless."""
    ana = await owner.customer()
    entry = await hand.adds(ana, "50.00")
    hold = await hand.holds(ana, "50.00")
    await hand.reverses(entry["id"])
    assert (await hand.balance(ana), await hand.available(ana)) == (0, 0)
    made = await owner.api.done("creditCapture", ENTRY, {"holdId": hold["id"]})
    assert made["entry"]["balanceAfter"] == {"amount": "-50.00"}


async def test_the_same_basket_replaces_its_hold(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "100.00")
    first, other = await hand.holds(ana, "60.00", "a"), await hand.holds(ana, "30.00", "b")
    second = await hand.holds(ana, "70.00", "a")
    assert (await hand.available(ana), first["id"] != second["id"]) == (0, True)
    given = {"customerId": ana, "amount": {"amount": "70.01"}, "basket": "a"}
    refused = await hand.figures("creditHold", given)
    assert (refused["code"], refused["available"]["amount"]) == ("INSUFFICIENT_FUNDS", "70.00")
    closed = await owner.api.done("creditRelease", HOLD, {"holdId": first["id"]})
    assert (closed["hold"]["isOpen"], await hand.available(ana)) == (False, 0)
    for _ in range(2):
        await owner.api.done("creditRelease", HOLD, {"holdId": other["id"]})
        assert await hand.available(ana) == 3_000


@pytest.mark.parametrize(("freed", "left"), [("creditHold", "5.00"), ("creditCapture", "4.00")])
async def test_what_a_hold_frees_settles_what_is_owed(
    owner: Owner, hand: Hand, calendar: Callable[[str], Any], freed: str, left: str
) -> None:
    """Whether a smaller hold replaces it or a part is captured: by what ends first, though something else was there first."""
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00", expiresAt="2026-07-01T00:00:00Z")
    with calendar("2026-05-02"):
        await hand.adds(ana, "10.00", expiresAt="2026-06-01T00:00:00Z")
        entry = await hand.adds(ana, "5.00")
        hold = await hand.holds(ana, "25.00")
        await hand.reverses(entry["id"])  # all of it is held, so that it is owed
        whose = {"customerId": ana, "basket": "B1"} if freed == "creditHold" else {"holdId": hold["id"]}
        await owner.api.done(freed, "hold { id }", {**whose, "amount": {"amount": "1.00"}})
        shown = await owner.asks(
            ana, "credit { debt { amount } expiringSoon(withinDays: 90) { remaining { amount } } }"
        )
    assert shown["credit"]["debt"]["amount"] == "0.00"
    assert [one["remaining"]["amount"] for one in shown["credit"]["expiringSoon"]] == [left, "10.00"]


async def test_what_has_ended_and_is_held_no_more_is_gone_from_then_on(
    owner: Owner, hand: Hand, calendar: Callable[[str], Any]
) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00", expiresAt="2026-05-03T00:00:00Z")
        await hand.holds(ana, "10.00", minutes=10_080)
    with calendar("2026-05-05"):
        await hand.holds(ana, "4.00", minutes=10_080)
    with calendar("2026-05-06"):
        await hand.holds(ana, "3.00", minutes=10_080)
    with calendar("2026-05-07"):
        await hand.adds(ana, "1.00")  # which is there for the hold
        for day, left in (
            ("2026-05-04", "10.00"),
            ("2026-05-05", "4.00"),
            ("2026-05-06", "3.00"),
            ("2026-05-07", "3.00"),
        ):
            shown = await owner.asks(ana, "credit(at: $at) { balance { amount } }", at=f"{day}T12:30:00Z")
            assert shown["credit"]["balance"]["amount"] == left


async def test_a_hold_runs_out(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00")
        hold, long = await hand.holds(ana, "4.00"), await hand.holds(ana, "5.00", "B2", minutes=10_080)
        assert hold["heldUntil"][:16] == "2026-05-01T13:00"
        assert long["heldUntil"][:16] == "2026-05-08T12:00"
    with calendar("2026-05-01T13:00:01Z"):
        assert await hand.available(ana) == 500
        assert await hand.errors("creditCapture", {"holdId": hold["id"]}) == [("HOLD_CLOSED", "input.holdId")]
        released = (await owner.api.done("creditRelease", HOLD, {"holdId": hold["id"]}))["hold"]
        assert (released["isOpen"], released["closedAt"]) == (False, hold["heldUntil"])
    with calendar("2026-05-08T12:00:01Z"):
        assert await hand.errors("creditCapture", {"holdId": long["id"]}) == [("HOLD_CLOSED", "input.holdId")]


async def test_refusals(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00")
    await hand.adjusts(ana, 10)
    held = await owner.api.done("pointsHold", POINTS_HOLD, {"customerId": ana, "points": "5", "basket": "B1"})
    good: dict[str, Any] = {"customerId": ana, "amount": {"amount": "1.00"}, "basket": "B1"}
    for more, wanted in (
        ({"minutes": 0}, [("OUT_OF_RANGE", "input.minutes")]),
        ({"minutes": 10_081}, [("OUT_OF_RANGE", "input.minutes")]),
        ({"basket": " "}, [("REQUIRED", "input.basket")]),
        ({"basket": "x" * 121}, [("TOO_LONG", "input.basket")]),
        ({"basket": "a\0"}, [("INVALID_TEXT", "input.basket")]),
        ({"customerId": f"customer_{NONE}"}, [("NOT_FOUND", "input.customerId")]),
    ):
        assert await hand.errors("creditHold", good | more) == wanted
        points = {name: value for name, value in (good | more).items() if name != "amount"}
        assert await hand.errors("pointsHold", points | {"points": "1"}) == wanted
    assert await hand.errors("creditHold", good | {"amount": {"amount": "0"}}) == [
        ("INVALID_AMOUNT", "input.amount.amount")
    ]
    for number in ("0", "-1", "1000000000000001"):
        given = {"customerId": ana, "points": number, "basket": "B2"}
        assert await hand.errors("pointsHold", given) == [("INVALID_AMOUNT", "input.points")]
    for mutation in ("creditCapture", "creditRelease"):
        for nobody in (f"credithold_{NONE}", held["hold"]["id"].replace("pointshold", "credithold")):
            assert await hand.errors(mutation, {"holdId": nobody}) == [("NOT_FOUND", "input.holdId")]
    assert await hand.errors("pointsRelease", {"holdId": f"pointshold_{NONE}"}) == [("NOT_FOUND", "input.holdId")]
    hold = await hand.holds(ana, "1.00")
    for amount, code in (
        ({"amount": "0"}, "INVALID_AMOUNT"),
        ({"amount": "1", "currencyCode": "EUR"}, "CURRENCY_MISMATCH"),
    ):
        [(found, _)] = await hand.errors("creditCapture", {"holdId": hold["id"], "amount": amount})
        assert found == code
    given = {"holdId": hold["id"], "storeCode": "NOWHERE"}
    assert await hand.errors("creditCapture", given) == [("NOT_FOUND", "input.storeCode")]


async def test_points_are_held_and_freed(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 100)
    given = {"customerId": ana, "points": "60", "basket": "B1"}
    hold = (await owner.api.done("pointsHold", POINTS_HOLD, given))["hold"]
    assert (hold["heldPoints"], hold["capturedPoints"], hold["isOpen"]) == ("60", "0", True)
    assert await hand.available(ana, "PTS") == 40
    refused = await hand.figures("pointsAdjust", adjusting(ana, -41))
    assert (refused["code"], refused["path"]) == ("INSUFFICIENT_POINTS", ["input", "points"])
    assert (refused["requestedPoints"], refused["availablePoints"]) == ("41", "40")
    refused = await hand.figures("pointsHold", {**given, "basket": "B2", "points": "41"})
    assert (refused["code"], refused["availablePoints"]) == ("INSUFFICIENT_POINTS", "40")
    for _ in range(2):
        freed = (await owner.api.done("pointsRelease", POINTS_HOLD, {"holdId": hold["id"]}))["hold"]
        assert (freed["isOpen"], await hand.available(ana, "PTS")) == (False, 100)
