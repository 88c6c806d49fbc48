"""Store credit given and taken by hand: every figure, every refusal."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_loyalty.ledger.storage import read_ledger
from tests.loyalty.by_hand.conftest import Hand, credit
from tests.loyalty.conftest import Owner, key

NOBODY = "customer_" + "0" * 32


async def test_what_is_given_is_there_and_what_is_taken_is_gone(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    one = await hand.adds(ana, "100.00", reason="COMPENSATION", note="  For the rain. ")
    assert one == {
        "id": one["id"],
        "kind": "FUNDING",
        "delta": {"amount": "100.00"},
        "balanceAfter": {"amount": "100.00"},
        "reason": "COMPENSATION",
        "note": "For the rain.",
        "actor": "till",
        "store": None,
        "purchase": None,
    }
    two = await hand.deducts(ana, "30.50")
    assert (two["kind"], two["delta"]["amount"], two["balanceAfter"]["amount"]) == ("UNFUNDING", "-30.50", "69.50")
    assert (await hand.deducts(ana, "69.50"))["balanceAfter"]["amount"] == "0.00"
    for said in (one, two):  # as it is read later
        read = await owner.api.data(
            "query($id: ID!) { node(id: $id) { ... on CreditEntry { id kind delta { amount } balanceAfter { amount } reason note"
            " actor store { code } purchase { id } } } }",
            id=said["id"],
        )
        assert read["node"] == said


async def test_never_more_than_is_available(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    await hand.adds(ana, "100.00")
    given = credit(ana, "120.00", idempotencyKey="k")
    for _ in range(2):  # the second time from what was kept
        refused = await hand.figures("creditDeduct", given)
        assert refused == {
            "code": "INSUFFICIENT_FUNDS",
            "path": ["input", "amount"],
            "message": "There is less credit. 120.00 of 100.00 USD.",
            "requested": {"amount": "120.00", "currencyCode": "USD"},
            "available": {"amount": "100.00"},
        }
        assert await hand.balance(ana) == 10_000
    await hand.adds(ana, "50.00")
    assert (await hand.figures("creditDeduct", given))["available"] == {"amount": "100.00"}  # as the first time
    await hand.deducts(ana, "150.00")
    assert await hand.balance(ana) == 0


@pytest.mark.parametrize("mutation", ["creditAdd", "creditDeduct"])
async def test_refusals_of_both(owner: Owner, hand: Hand, mutation: str) -> None:
    ana = await owner.customer()
    cases: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        (credit(NOBODY, "1.00"), [("NOT_FOUND", "input.customerId")]),
        (credit(ana, "0"), [("INVALID_AMOUNT", "input.amount.amount")]),
        (credit(ana, "-1.00"), [("INVALID_AMOUNT", "input.amount.amount")]),
        (credit(ana, "1.001"), [("INVALID_AMOUNT", "input.amount.amount")]),
        (credit(ana, "99999999999999999.99"), [("INVALID_AMOUNT", "input.amount.amount")]),
        (
            {**credit(ana, "1.00"), "amount": {"amount": "1.00", "currencyCode": "EUR"}},
            [("CURRENCY_MISMATCH", "input.amount.currencyCode")],
        ),
        (credit(ana, "1.00", reason="goodwill"), [("UNKNOWN_REASON", "input.reason")]),
        (credit(ana, "1.00", reason=""), [("UNKNOWN_REASON", "input.reason")]),
        (credit(ana, "1.00", note="x" * 501), [("TOO_LONG", "input.note")]),
        (credit(ana, "1.00", note="a\0b"), [("INVALID_TEXT", "input.note")]),
        (credit(ana, "1.00", storeCode="NOWHERE"), [("NOT_FOUND", "input.storeCode")]),
        (
            credit(ana, "0", reason="?", note="x" * 501, storeCode="NOWHERE"),
            [
                ("INVALID_AMOUNT", "input.amount.amount"), ("TOO_LONG", "input.note"), ("UNKNOWN_REASON", "input.reason"),
                ("NOT_FOUND", "input.storeCode"),
            ],
        ),
    ]  # fmt: skip
    for given, wanted in cases:
        assert await hand.errors(mutation, given) == wanted, given
    assert await hand.balance(ana) == 0


async def test_what_has_an_end_ends(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        for end in ("2026-05-01T12:00:00Z", "2026-04-30T00:00:00Z"):
            assert await hand.errors("creditAdd", credit(ana, "1.00", expiresAt=end)) == [
                ("INVALID_DATE", "input.expiresAt")
            ]
        await hand.adds(ana, "10.00", expiresAt="2026-05-10T12:00:00Z")
        await hand.adds(ana, "5.00", expiresAt=None)
        await hand.adds(ana, "7.00", expiresAt="2026-05-05T12:00:00Z")
    with calendar("2026-05-04"):
        await hand.deducts(ana, "3.00")
    with calendar("2026-05-06"):
        assert await hand.balance(ana) == 1_500
        assert (await hand.deducts(ana, "1.00"))["balanceAfter"]["amount"] == "14.00"
    with calendar("2026-05-11"):
        assert (await hand.figures("creditDeduct", credit(ana, "5.01")))["available"]["amount"] == "5.00"


async def test_what_is_given_for_a_purchase(owner: Owner, hand: Hand) -> None:
    ana, bo = await owner.customer(), await owner.customer("Bo")
    bought, others = await owner.sells(ana, "20.00", "2026-05-01"), await owner.sells(bo, "20.00", "2026-05-01")
    entry = await hand.adds(ana, "5.00", purchaseId=bought)
    assert entry["purchase"] == {"id": bought}
    ledger = await read_ledger(owner.shop, [key(ana)])
    assert [lot.purchase_id for lot in ledger.account(key(ana), "USD").lots or []] == [key(bought)]
    voided = await owner.sells(ana, "1.00", "2026-05-02")
    await owner.api.done("purchaseVoid", "__typename", {"purchaseId": voided})
    for wrong in (others, voided, "purchase_" + "0" * 32):
        assert await hand.errors("creditAdd", credit(ana, "5.00", purchaseId=wrong)) == [
            ("NOT_FOUND", "input.purchaseId")
        ]


async def test_a_refund_takes_back_what_was_given_for_the_purchase(owner: Owner, hand: Hand) -> None:
    ana = await owner.customer()
    bought = await owner.sells(ana, "20.00", "2026-05-01")
    await hand.adds(ana, "5.00", purchaseId=bought)
    await hand.adds(ana, "1.00")
    await hand.deducts(ana, "4.00")
    await owner.refunds(bought, "20.00", "2026-05-02")
    assert await hand.balance(ana) == -300


async def test_what_is_given_for_the_rest_of_a_purchase_comes_back_in_its_part(owner: Owner, hand: Hand) -> None:
    """6.00 for the 10.00 that are left of 20.00: 5.00 of these take half of it back, and not three quarters."""
    ana, bo = await owner.customer(), await owner.customer("Bo")
    bought = await owner.sells(ana, "20.00", "2026-05-01")
    await owner.refunds(bought, "10.00", "2026-05-02")
    await hand.adds(ana, "6.00", purchaseId=bought)
    moved = {"purchaseIds": [bought], "customerId": bo}
    await owner.api.done("purchasesReassign", "movedCount", moved)
    assert (await hand.balance(ana), await hand.balance(bo)) == (600, 0)
    await owner.refunds(bought, "5.00", "2026-05-03")
    assert await hand.balance(ana) == 300
    fields = "credit { entries(first: 1) { nodes { explanation { text } } } }"
    [entry] = (await owner.asks(ana, fields))["credit"]["entries"]["nodes"]
    assert entry["explanation"]["text"] == "6.00 × 5.00 ÷ 10.00 = 3.00"
    await owner.refunds(bought, "5.00", "2026-05-04")
    assert await hand.balance(ana) == 0


async def test_what_is_given_for_a_purchase_that_is_back_is_undone_by_its_void_alone(owner: Owner, hand: Hand) -> None:
    ana, bo = await owner.customer(), await owner.customer("Bo")
    bought = await owner.sells(ana, "20.00", "2026-05-01")
    await owner.refunds(bought, "20.00", "2026-05-02")
    await hand.adds(ana, "5.00", purchaseId=bought)
    await owner.api.done("purchasesReassign", "movedCount", {"purchaseIds": [bought], "customerId": bo})
    assert await hand.balance(ana) == 500
    await owner.api.done("purchaseVoid", "__typename", {"purchaseId": bought})
    assert await hand.balance(ana) == 0


async def test_an_id_of_a_merged_record_leads_to_the_survivor(owner: Owner, hand: Hand) -> None:
    ana, bo = await owner.customer(), await owner.customer("Bo")
    await owner.merges(ana, bo)
    made = await hand.api.done("creditAdd", "customer { id } entry { customer { id } }", credit(bo, "5.00"))
    assert made["customer"] == made["entry"]["customer"] == {"id": ana}
    assert (await hand.balance(ana), await hand.balance(bo)) == (500, 0)
    await hand.deducts(bo, "2.00")
    assert await hand.balance(ana) == 300


async def test_shops_without_decimals(open_loyalty: Any) -> None:
    owner = Owner(await open_loyalty(currency="JPY", country="JP"))
    hand, ana = Hand(owner), await owner.customer()
    assert (await hand.adds(ana, "1500"))["delta"]["amount"] == "1500"
    assert await hand.errors("creditAdd", credit(ana, "1500.5")) == [("INVALID_AMOUNT", "input.amount.amount")]
    assert (await hand.figures("creditDeduct", credit(ana, "2000")))["available"]["amount"] == "1500"


async def test_reasons_are_those_of_the_setting(open_loyalty: Any) -> None:
    owner = Owner(await open_loyalty(loyalty_reasons="4711,RAIN"))
    hand, ana = Hand(owner), await owner.customer()
    assert (await hand.adds(ana, "1.00", reason="RAIN"))["reason"] == "RAIN"
    assert await hand.errors("creditAdd", credit(ana, "1.00")) == [("UNKNOWN_REASON", "input.reason")]
