"""Entries and holds by their ids: what each says, and to whom."""

import json
from collections.abc import Callable
from typing import Any

from regulars_core.plugin import insert
from tests.loyalty.conftest import Owner, key, noon

ENTRY = """query($id: ID!) { node(id: $id) { id
  ... on CreditEntry { kind at recordedAt actor reason note delta { amount currencyCode } balanceAfter { amount }
    customer { id } store { code } purchase { id } refund { id } reverses { id } reversedBy { id }
    lots { amount openedAt expiresAt } }
  ... on PointsEntry { kind pointsDelta pointsAfter customer { id } purchase { id } reversedBy { id } reverses { id }
    lots { amount openedAt expiresAt } } } }"""
HOLD = """query($id: ID!) { node(id: $id) { id
  ... on CreditHold { amount { amount } capturedAmount { amount } basket isOpen heldUntil closedAt createdAt customer { id } }
  ... on PointsHold { heldPoints capturedPoints basket isOpen heldUntil closedAt createdAt customer { id } } } }"""


async def test_credit_that_was_given_and_taken(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        given = await owner.gives(ana, 10_000, "USD", note="A present.", expires=noon("2026-08-01"))
    with calendar("2026-05-02"):
        [taken] = await owner.takes(ana, 2_550, "USD")
        one = (await owner.api.data(ENTRY, id=f"creditentry_{given}"))["node"]
        assert one.pop("recordedAt")[:16] == one.pop("at")[:16] == "2026-05-01T12:00"
        assert one == {
            "id": f"creditentry_{given}",
            "kind": "FUNDING",
            "actor": "till",
            "reason": "GOODWILL",
            "note": "A present.",
            "delta": {"amount": "100.00", "currencyCode": "USD"},
            "balanceAfter": {"amount": "100.00"},
            "customer": {"id": ana},
            "store": None,
            "purchase": None,
            "refund": None,
            "reverses": None,
            "reversedBy": None,
            "lots": [],
        }
        two = (await owner.api.data(ENTRY, id=f"creditentry_{taken}"))["node"]
        assert (two["kind"], two["delta"]["amount"], two["balanceAfter"]["amount"]) == ("UNFUNDING", "-25.50", "74.50")
        [lot] = two["lots"]
        assert (lot["amount"], lot["openedAt"][:16]) == ("25.50", "2026-05-01T12:00")
        assert lot["expiresAt"] == "2026-08-01T12:00:00.000Z"


async def test_points_that_were_taken_back(owner: Owner) -> None:
    ana = await owner.customer()
    bought = await owner.sells(ana, "20.00", "2026-05-01")
    given = await owner.gives(ana, 20, kind="EARN", purchase=bought)
    [taken] = await owner.takes(ana, 5, kind="REVERSE", reverses_id=given)
    one = (await owner.api.data(ENTRY, id=f"pointsentry_{given}"))["node"]
    assert (one["pointsDelta"], one["pointsAfter"], one["purchase"]["id"]) == ("20", "20", bought)
    assert (one["reversedBy"]["id"], one["reverses"]) == (f"pointsentry_{taken}", None)
    two = (await owner.api.data(ENTRY, id=f"pointsentry_{taken}"))["node"]
    assert (two["pointsDelta"], two["pointsAfter"], two["reverses"]["id"]) == ("-5", "15", f"pointsentry_{given}")
    assert [lot["amount"] for lot in two["lots"]] == ["5"]


async def test_an_entry_has_the_kind_of_its_unit(owner: Owner) -> None:
    ana = await owner.customer()
    points = await owner.gives(ana, 20)
    credit = await owner.gives(ana, 20, "USD")
    for wrong in (f"creditentry_{points}", f"pointsentry_{credit}"):
        assert (await owner.api.data(ENTRY, id=wrong))["node"] is None


async def test_a_hold_whose_time_is_over_is_closed(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await owner.gives(ana, 500, "USD")
        await owner.gives(ana, 50)
        credit = await owner.holds(ana, 300, "USD", until=noon("2026-05-02"))
        points = await owner.holds(ana, 30, until=noon("2026-05-02"))
        one = (await owner.api.data(HOLD, id=f"credithold_{credit}"))["node"]
        assert (one["amount"]["amount"], one["capturedAmount"]["amount"]) == ("3.00", "0.00")
        assert (one["basket"], one["isOpen"], one["closedAt"], one["customer"]["id"]) == ("B1", True, None, ana)
    with calendar("2026-05-03"):
        one = (await owner.api.data(HOLD, id=f"pointshold_{points}"))["node"]
        assert (one["heldPoints"], one["capturedPoints"], one["isOpen"]) == ("30", "0", False)
        assert one["closedAt"] == one["heldUntil"] == "2026-05-02T12:00:00.000Z"
        assert (await owner.api.data(HOLD, id=f"credithold_{points}"))["node"] is None


async def test_nobody_sees_them_without_the_permission(owner: Owner) -> None:
    ana = await owner.customer()
    points, credit = await owner.gives(ana, 20), await owner.gives(ana, 20, "USD")
    reader = owner.by("reader", own=["credit.view"])
    assert (await reader.data("query($id: ID!) { node(id: $id) { id } }", id=f"creditentry_{credit}"))["node"]
    refused = await reader.ask("query($id: ID!) { node(id: $id) { id } }", id=f"pointsentry_{points}")
    assert (refused.data["node"], refused.codes) == (None, ["FORBIDDEN"])
    answer = await reader.ask(ENTRY, id=f"creditentry_{credit}")
    assert answer.data["node"]["customer"] is None
    assert answer.data["node"]["kind"] == "FUNDING"


async def test_an_entry_explains_itself(owner: Owner) -> None:
    ana = await owner.customer()
    bought = await owner.sells(ana, "20.00", "2026-05-01")
    body = {
        "rules": [
            {"code": "BASE", "name": "Base", "rule": {"kind": "GONE", "settings": [["points", "1"], ["per", "1.00"]]}}
        ]
    }
    columns = ("starts_at", "body", "author", "created_at")

    async def program() -> None:
        await insert(owner.shop.database, "loyalty_program", columns, [(0, json.dumps(body), "till", 0)])

    await owner.shop.database.transaction(program)
    row = await owner.shop.database.row("SELECT number FROM loyalty_program")
    assert row is not None
    kept = {"text": "1 point × 20.00 ÷ 1.00 = 20", "figures": {"BASE": "20.00", "RESULT": "20"}}
    given = await owner.gives(
        ana, 20, kind="EARN", purchase=bought, program=row[0], rule="BASE", explanation=json.dumps(kept)
    )
    back = json.dumps({"text": "5 of 20", "figures": [["RESULT", "5"]]})
    taken = await owner.takes(ana, 5, kind="REVERSE", purchase=bought, explanation=back)
    by_hand = await owner.gives(ana, 1)
    document = """query($id: ID!) { node(id: $id) { ... on PointsEntry { explanation { text figures { name value }
      rule { kind description isAvailable settings { name value } } } } } }"""

    async def explanation(entry: str) -> Any:
        return (await owner.api.data(document, id=f"pointsentry_{entry}"))["node"]["explanation"]

    assert await explanation(given) == {
        "text": "1 point × 20.00 ÷ 1.00 = 20",
        "figures": [{"name": "BASE", "value": "20.00"}, {"name": "RESULT", "value": "20"}],
        "rule": {
            "kind": "GONE",
            "description": "GONE (points: 1; per: 1.00)",
            "isAvailable": False,
            "settings": [{"name": "points", "value": "1"}, {"name": "per", "value": "1.00"}],
        },
    }
    assert await explanation(taken[0]) == {
        "text": "5 of 20",
        "figures": [{"name": "RESULT", "value": "5"}],
        "rule": None,
    }
    assert await explanation(by_hand) is None
    store = await owner.api.done("storeCreate", "store { id }", {"code": "S2", "name": "Two"})
    elsewhere = owner.by("cashier", stores=[key(store["store"]["id"])])
    assert (await elsewhere.data(document, id=f"pointsentry_{given}"))["node"]["explanation"] is None
