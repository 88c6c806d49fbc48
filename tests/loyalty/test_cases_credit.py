"""Acceptance cases of store credit, from other systems' published tests, by their ids: those that are done by hand.

Where we answer otherwise on purpose, the test says so and why.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.loyalty.by_hand.conftest import ENTRY, HOLD, Hand, credit
from tests.loyalty.conftest import Owner, key

CREDIT = "creditDeduct"


@pytest.fixture
def hand(owner: Owner) -> Hand:
    return Hand(owner)


async def short(hand: Hand, customer: str, amount: str) -> tuple[str, str, str]:
    """How a deduction is refused: the code, and what was asked for of what there was."""
    refused = await hand.figures(CREDIT, credit(customer, amount))
    return refused["code"], refused["requested"]["amount"], refused["available"]["amount"]


async def captured(hand: Hand, hold: str, amount: str | None = None) -> Any:
    """Capture a hold; the payload."""
    given = {"holdId": hold} | ({} if amount is None else {"amount": {"amount": amount}})
    return await hand.api.done("creditCapture", f"{ENTRY} {HOLD}", given)


async def test_x30_nothing_is_taken_from_nothing(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    assert await short(hand, ana, "500.00") == ("INSUFFICIENT_FUNDS", "500.00", "0.00")
    assert await hand.balance(ana) == 0


async def test_x31_something_is_given_to_nothing(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    assert (await hand.adds(ana, "500.00"))["balanceAfter"]["amount"] == "500.00"


async def test_x33_too_much_another_currency_and_no_amount(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00")
    assert await short(hand, ana, "10.01") == ("INSUFFICIENT_FUNDS", "10.01", "10.00")
    euros = credit(ana, "1.00") | {"amount": {"amount": "1.00", "currencyCode": "EUR"}}
    assert await hand.errors(CREDIT, euros) == [("CURRENCY_MISMATCH", "input.amount.currencyCode")]
    for amount in ("0.00", "-1.00"):
        assert await hand.errors(CREDIT, credit(ana, amount)) == [("INVALID_AMOUNT", "input.amount.amount")]


async def test_x34_the_soonest_end_first_and_back_to_it(
    owner: Owner, hand: Hand, calendar: Callable[[str], Any]
) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00", expiresAt="2026-07-01T00:00:00Z")
        await hand.adds(ana, "10.00", expiresAt="2026-06-01T00:00:00Z")
        entry = await hand.deducts(ana, "8.00")
        account = await hand.account(ana)
        assert [lot.remaining for lot in account.in_order()] == [200, 1_000]
        await hand.reverses(entry["id"])
        account = await hand.account(ana)
        assert [lot.remaining for lot in account.in_order()] == [1_000, 1_000]
        await hand.deducts(ana, "3.00")
    with calendar("2026-06-02"):
        await hand.adds(ana, "1.00")
        expired = await owner.shop.database.rows("SELECT amount FROM loyalty_transfer WHERE kind = 'EXPIRE'")
        assert [row[0] for row in expired] == [700]  # what was left


async def test_x36_capture_and_void_of_what_is_held(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "100.00")
    one, two = await hand.holds(ana, "40.00", "one"), await hand.holds(ana, "30.00", "two")
    assert await hand.available(ana) == 3_000
    too_much = {"holdId": one["id"], "amount": {"amount": "40.01"}}
    refused = await hand.figures("creditCapture", too_much)
    assert (refused["code"], refused["available"]["amount"]) == ("HOLD_EXCEEDED", "40.00")
    made = await captured(hand, one["id"], "25.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (7_500, 4_500)
    await owner.api.done("creditRelease", HOLD, {"holdId": two["id"]})
    assert await hand.available(ana) == 7_500
    await hand.reverses(made["entry"]["id"])  # what was captured comes back, once, and never more than that
    assert await hand.balance(ana) == 10_000
    again = {"entryId": made["entry"]["id"], "reason": "CORRECTION"}
    assert await hand.errors("ledgerReverse", again) == [("ALREADY_REVERSED", "input.entryId")]


async def test_pk01_more_than_there_is_and_away_with_it(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    entry = await hand.adds(ana, "100.00")
    assert await short(hand, ana, "150.00") == ("INSUFFICIENT_FUNDS", "150.00", "100.00")
    held = {"customerId": ana, "amount": {"amount": "101.00"}, "basket": "B1"}
    assert (await hand.figures("creditHold", held))["code"] == "INSUFFICIENT_FUNDS"
    await hand.deducts(ana, "1.00")

    async def delete() -> None:
        await owner.shop.database.run("DELETE FROM loyalty_transfer WHERE id = $1", key(entry["id"]))

    with pytest.raises(Exception, match="append-only"):
        await owner.shop.database.transaction(delete)


async def test_pk03_capture_less_or_more(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00")
    hold = await hand.holds(ana, "10.00")
    too_much = {"holdId": hold["id"], "amount": {"amount": "20.00"}}
    assert await hand.errors("creditCapture", too_much) == [("HOLD_EXCEEDED", "input.amount")]
    assert (await hand.balance(ana), await hand.available(ana)) == (1_000, 0)
    await captured(hand, hold["id"], "9.00")
    assert (await hand.balance(ana), await hand.available(ana)) == (100, 100)


async def test_pk04_void_what_is_held_what_is_not_and_what_was_captured(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "20.00")
    one, two = await hand.holds(ana, "10.00", "one"), await hand.holds(ana, "10.00", "two")
    await owner.api.done("creditRelease", HOLD, {"holdId": one["id"]})
    assert await hand.available(ana) == 1_000
    unknown = {"holdId": "credithold_" + "0" * 32}
    assert await hand.errors("creditRelease", unknown) == [("NOT_FOUND", "input.holdId")]
    await captured(hand, two["id"])
    closed = await owner.api.done("creditRelease", HOLD, {"holdId": two["id"]})  # it stays as it was captured
    assert closed["hold"]["capturedAmount"]["amount"] == "10.00"
    assert await hand.balance(ana) == 1_000


async def test_pk06_what_was_captured_comes_back_whole_and_no_more(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "200.00")
    hold = await hand.holds(ana, "5.00")
    made = await captured(hand, hold["id"])
    await hand.deducts(ana, "10.00")
    await hand.reverses(made["entry"]["id"])
    assert await hand.balance(ana) == 19_000
    again = {"entryId": made["entry"]["id"], "reason": "CORRECTION"}
    assert await hand.errors("ledgerReverse", again) == [("ALREADY_REVERSED", "input.entryId")]


async def test_pk07_no_residue_of_floats(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "8.21")
    hold = await hand.holds(ana, "8.21")
    assert (await captured(hand, hold["id"], "8.21"))["entry"]["balanceAfter"]["amount"] == "0.00"


async def test_pk09_what_is_held_is_not_taken_away(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "100.00")
    hold = await hand.holds(ana, "10.00")
    assert await short(hand, ana, "100.00") == ("INSUFFICIENT_FUNDS", "100.00", "90.00")
    await owner.api.done("creditRelease", HOLD, {"holdId": hold["id"]})
    assert (await hand.deducts(ana, "100.00"))["balanceAfter"]["amount"] == "0.00"


async def test_pk12_an_order_that_is_cancelled_frees_what_was_held(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "110.00")
    hold = await hand.holds(ana, "110.00")
    await owner.api.done("creditRelease", HOLD, {"holdId": hold["id"]})
    account = await hand.account(ana)
    assert (account.held, account.available) == (0, 11_000)


async def test_pk15_what_has_ended_or_is_used_up_or_anothers_pays_nothing(
    owner: Owner, hand: Hand, calendar: Callable[[str], Any]
) -> None:
    with calendar("2026-05-01"):
        ana, bo, cy = [await owner.customer(name) for name in ("Ana", "Bo", "Cy")]
        await hand.adds(ana, "50.00", expiresAt="2026-05-02T00:00:00Z")
        await hand.adds(bo, "50.00")
        await hand.deducts(bo, "50.00")
    with calendar("2026-05-03"):
        for one in (ana, bo, cy):
            assert await short(hand, one, "1.00") == ("INSUFFICIENT_FUNDS", "1.00", "0.00")


async def test_pk16_contradicts_nobody_takes_less_than_was_asked_for(owner: Owner, hand: Hand) -> None:
    """Spree takes what there is. Here less is taken only where somebody says so (decision 16): a deduction never is."""
    ana = await owner.customer()
    await hand.adds(ana, "500.00")
    await hand.holds(ana, "100.00")
    assert await short(hand, ana, "500.00") == ("INSUFFICIENT_FUNDS", "500.00", "400.00")
    assert (await hand.deducts(ana, "300.00"))["delta"]["amount"] == "-300.00"


async def test_pk19_contradicts_a_balance_is_not_cut_to_zero(owner: Owner, hand: Hand) -> None:
    """Saleor takes 25.00 from 10.00 and leaves 0.00. Here it is refused, and 10.00 are left."""
    ana, bo, cy = [await owner.customer(name) for name in ("Ana", "Bo", "Cy")]
    await hand.adds(ana, "50.00")
    assert (await hand.adds(ana, "20.00"))["balanceAfter"]["amount"] == "70.00"
    await hand.adds(bo, "90.00")
    assert (await hand.adds(bo, "30.00"))["balanceAfter"]["amount"] == "120.00"
    await hand.adds(cy, "10.00")
    assert await short(hand, cy, "25.00") == ("INSUFFICIENT_FUNDS", "25.00", "10.00")
    assert await hand.errors(CREDIT, credit(cy, "0.00")) == [("INVALID_AMOUNT", "input.amount.amount")]
    assert await hand.balance(cy) == 1_000
