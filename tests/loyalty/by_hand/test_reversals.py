"""Taking back, once, what was posted by hand."""

from collections.abc import Callable
from typing import Any

from regulars_loyalty.ledger.storage import read_ledger
from tests.loyalty.by_hand.conftest import ENTRY, Hand
from tests.loyalty.conftest import Owner, key

NONE = "0" * 32


def reversing(entry: str, **more: Any) -> dict[str, Any]:
    return {"entryId": entry, "reason": "CORRECTION", **more}


async def lots(owner: Owner, customer: str, unit: str = "USD") -> list[int]:
    """What is left of each lot, in the order of spending."""
    account = (await read_ledger(owner.shop, [key(customer)])).account(key(customer), unit)
    account.post_due()
    return [lot.remaining for lot in account.in_order()]


async def test_what_was_given_is_taken_from_its_own_lot_first(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "10.00", expiresAt="2999-01-01T00:00:00Z")
    entry = await hand.adds(ana, "20.00")
    made = await hand.reverses(entry["id"], note="Wrong person.")
    assert made["creditEntry"] == {
        "id": made["creditEntry"]["id"],
        "kind": "REVERSE",
        "delta": {"amount": "-20.00"},
        "balanceAfter": {"amount": "10.00"},
        "reverses": {"id": entry["id"]},
    }
    assert (made["pointsEntry"], made["customer"]) == (None, {"id": ana})
    assert await lots(owner, ana) == [1_000]
    assert await hand.errors("ledgerReverse", reversing(entry["id"])) == [("ALREADY_REVERSED", "input.entryId")]
    told = "query($id: ID!) { node(id: $id) { ... on CreditEntry { reversedBy { id note reason } } } }"
    found = (await owner.api.data(told, id=entry["id"]))["node"]["reversedBy"]
    assert found == {"id": made["creditEntry"]["id"], "note": "Wrong person.", "reason": "CORRECTION"}
    again = reversing(made["creditEntry"]["id"])
    assert await hand.errors("ledgerReverse", again) == [("NOT_REVERSIBLE", "input.entryId")]


async def test_what_was_spent_since_is_taken_from_others_and_then_owed(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    entry = await hand.adds(ana, "20.00", expiresAt="2999-01-01T00:00:00Z")
    await hand.adds(ana, "5.00")
    await hand.deducts(ana, "15.00")
    made = await hand.reverses(entry["id"])
    assert (await lots(owner, ana), await hand.balance(ana)) == ([], -1_000)
    assert (made["creditEntry"]["kind"], made["creditEntry"]["balanceAfter"]["amount"]) == ("DEBT", "-10.00")


async def test_what_was_taken_goes_back_to_its_lots(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00", expiresAt="2026-06-01T00:00:00Z")
        await hand.adds(ana, "10.00", expiresAt="2026-07-01T00:00:00Z")
        entry = await hand.deducts(ana, "15.00")
        assert await lots(owner, ana) == [500]
        await hand.reverses(entry["id"])
        assert await lots(owner, ana) == [1_000, 1_000]
        entry = await hand.deducts(ana, "15.00")
    with calendar("2026-06-02"):  # the first lot has ended: what comes back to it has a grace of 30 days
        await hand.reverses(entry["id"])
        assert (await lots(owner, ana), await hand.balance(ana)) == ([1_000, 1_000], 2_000)
        assert await hand.errors("ledgerReverse", reversing(entry["id"])) == [("ALREADY_REVERSED", "input.entryId")]
    with calendar("2026-07-03"):
        assert await hand.balance(ana) == 0


async def test_what_has_expired_is_not_taken_back(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        entry = await hand.adds(ana, "10.00", expiresAt="2026-05-10T00:00:00Z")
        other = await hand.adds(ana, "10.00", expiresAt="2026-05-10T00:00:00Z")
        await hand.adds(ana, "50.00")
        await hand.deducts(ana, "4.00")
    with calendar("2026-05-11"):
        made = await hand.reverses(entry["id"])  # 4.00 of it were spent, the rest is gone
        assert (made["creditEntry"]["delta"]["amount"], await hand.balance(ana)) == ("-4.00", 4_600)
        assert await hand.errors("ledgerReverse", reversing(other["id"])) == [("NOT_REVERSIBLE", "input.entryId")]


async def test_points_and_what_was_owed(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    given = await hand.adjusts(ana, 50)
    taken = await hand.adjusts(ana, -80, allowDebt=True)
    assert await hand.balance(ana, "PTS") == -30
    made = await hand.reverses(taken["id"])  # both parts of it
    assert (await hand.balance(ana, "PTS"), made["creditEntry"]) == (50, None)
    assert made["pointsEntry"]["kind"] == "REVERSE"
    assert await hand.errors("ledgerReverse", reversing(taken["id"])) == [("ALREADY_REVERSED", "input.entryId")]
    await hand.reverses(given["id"])
    assert await hand.balance(ana, "PTS") == 0


async def test_what_was_owed_and_is_settled_comes_back_as_such(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    taken = await hand.adjusts(ana, -80, allowDebt=True)
    await hand.adjusts(ana, 100)
    assert await hand.balance(ana, "PTS") == 20
    await hand.reverses(taken["id"])
    assert (await hand.balance(ana, "PTS"), await hand.available(ana, "PTS")) == (100, 100)


async def test_redeemed_points_and_a_captured_hold(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 50)
    made = await owner.api.done("pointsRedeem", "entry { id }", {"customerId": ana, "points": "20", "reason": "GIFT"})
    await hand.reverses(made["entry"]["id"])
    assert await hand.balance(ana, "PTS") == 50
    await hand.adds(ana, "10.00")
    hold = await hand.holds(ana, "10.00")
    captured = await owner.api.done("creditCapture", ENTRY, {"holdId": hold["id"]})
    await hand.reverses(captured["entry"]["id"])
    assert (await hand.balance(ana), await hand.available(ana)) == (1_000, 1_000)


async def test_what_belongs_to_something_else_is_not(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        bought = await owner.sells(ana, "20.00", "2026-05-01")
        earned = await owner.gives(ana, 20, kind="EARN", purchase=bought)
        paid = await owner.takes(ana, 5, kind="PAYMENT", purchase=bought)
        entry = await hand.adds(ana, "5.00", purchaseId=bought)  # its refund takes it back
        await hand.adds(ana, "1.00", expiresAt="2026-05-02T00:00:00Z")
    with calendar("2026-05-03"):
        await hand.adds(ana, "1.00")
        expired = await owner.shop.database.rows("SELECT id FROM loyalty_transfer WHERE kind = 'EXPIRE'")
        ids = [f"pointsentry_{earned}", f"pointsentry_{paid[0]}", entry["id"], f"creditentry_{expired[0][0]}"]
        for one in ids:
            assert await hand.errors("ledgerReverse", reversing(one)) == [("NOT_REVERSIBLE", "input.entryId")]


async def test_refusals(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    entry = await hand.adds(ana, "5.00")
    for given, wanted in (
        (reversing(f"creditentry_{NONE}"), [("NOT_FOUND", "input.entryId")]),
        (reversing(entry["id"].replace("creditentry", "pointsentry")), [("NOT_FOUND", "input.entryId")]),
        (reversing(entry["id"], reason="RAIN"), [("UNKNOWN_REASON", "input.reason")]),
        (reversing(entry["id"], note="x" * 501), [("TOO_LONG", "input.note")]),
        (reversing(entry["id"], note="\0"), [("INVALID_TEXT", "input.note")]),
    ):
        assert await hand.errors("ledgerReverse", given) == wanted
    answer = await owner.api.ask(
        'mutation { ledgerReverse(input: {entryId: "customer_' + NONE + '", reason: "OTHER", idempotencyKey: "k"})'
        " { customer { id } } }"
    )
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_of_who_was_merged_it_is_done_to_the_survivor(owner: Owner, hand: Hand) -> None:
    ana, bo = await owner.customer(), await owner.customer("Bo")
    given = await hand.adds(bo, "10.00", expiresAt="2999-01-01T12:00:00Z")
    taken = await hand.deducts(bo, "4.00")
    await owner.merges(ana, bo)
    made = await hand.reverses(taken["id"])
    assert made["customer"] == {"id": ana}
    assert (await hand.balance(ana), sorted(await lots(owner, ana))) == (1_000, [400, 600])
    assert await hand.errors("ledgerReverse", reversing(taken["id"])) == [("ALREADY_REVERSED", "input.entryId")]
    await hand.reverses(given["id"])
    assert (await hand.balance(ana), await lots(owner, ana), await hand.balance(bo)) == (0, [], 0)
