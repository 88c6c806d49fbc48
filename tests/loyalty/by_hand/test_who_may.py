"""Who may post by hand, and where: each mutation with its permission alone, in the stores where that is held."""

from typing import Any

import pytest

from regulars_core.plugin import MAIN_STORE_ID
from regulars_schema.testing import Api
from tests.loyalty.by_hand.conftest import Hand, credit
from tests.loyalty.by_hand.test_twice_and_at_once import document, prepared
from tests.loyalty.conftest import Owner, key

NEEDS = {
    "creditAdd": "credit.add",
    "creditDeduct": "credit.deduct",
    "creditHold": "credit.spend",
    "creditCapture": "credit.spend",
    "creditRelease": "credit.spend",
    "pointsAdjust": "points.adjust",
    "pointsHold": "points.redeem",
    "pointsRelease": "points.redeem",
    "pointsRedeem": "points.redeem",
    "ledgerReverse": "ledger.reverse",
}
ROLES = {
    "store_terminal": {"credit.spend", "points.redeem"},
    "cashier": {"credit.spend", "points.redeem"},
    "store_manager": {
        "credit.spend",
        "points.redeem",
        "credit.add",
        "credit.deduct",
        "points.adjust",
        "ledger.reverse",
    },
    "marketing": set[str](),
    "support": {"credit.add", "credit.deduct", "points.adjust", "ledger.reverse"},
    "accountant": {"ledger.reverse"},
    "administrator": set(NEEDS.values()),
}


async def sent(api: Api, mutation: str, given: dict[str, Any], n: str) -> Any:
    return await api.ask(document(mutation), input={**given, "idempotencyKey": f"{mutation}-{n}"})


async def test_each_takes_its_permission_and_no_other(owner: Owner, hand: Hand) -> None:
    for mutation, given in (await prepared(hand)).items():
        others = set(NEEDS.values()) - {NEEDS[mutation]} | {"credit.view", "points.view", "customers.view"}
        refused = await sent(owner.by("own", own=others), mutation, given, "others")
        assert refused.codes == ["FORBIDDEN"], mutation
        assert refused.errors[0]["extensions"]["permission"] == NEEDS[mutation]
        allowed = await sent(owner.by("own", own={NEEDS[mutation]}), mutation, given, "own")
        assert allowed.data[mutation]["userErrors"] == [], mutation
        shown = {name for name, value in allowed.data[mutation].items() if value is not None}
        assert shown == {"userErrors"}  # what it may not see is null, and told
        assert set(allowed.codes) == {"FORBIDDEN"}


@pytest.mark.parametrize("role", ROLES)
async def test_roles_of_the_box(owner: Owner, hand: Hand, role: str) -> None:
    api = owner.by(role)
    for mutation, given in (await prepared(hand)).items():
        answer = await sent(api, mutation, given, role)
        assert (answer.codes == ["FORBIDDEN"]) == (NEEDS[mutation] not in ROLES[role]), mutation


async def stores(owner: Owner) -> list[str]:
    """Two stores, by their keys."""
    made = [await owner.api.done("storeCreate", "store { id }", {"code": code, "name": code}) for code in ("S1", "S2")]
    return [key(one["store"]["id"]) for one in made]


async def test_who_is_bound_to_a_store_writes_there(owner: Owner, hand: Hand) -> None:
    one, two = await stores(owner)
    ana = await owner.customer()
    here = Hand(owner, owner.by("store_manager", stores=[one]))
    entry = await here.adds(ana, "10.00")  # its only store, where none is said
    assert entry["store"] == {"code": "S1"}
    assert (await here.deducts(ana, "1.00", storeCode="s1 "))["store"] == {"code": "S1"}
    assert (await here.adjusts(ana, 10))["store"] == {"code": "S1"}
    for mutation in ("creditAdd", "creditDeduct"):
        elsewhere = await sent(here.api, mutation, credit(ana, "1.00", storeCode="S2"), "elsewhere")
        assert elsewhere.codes == ["FORBIDDEN"]
    hold = await here.holds(ana, "1.00")
    elsewhere = await sent(here.api, "creditCapture", {"holdId": hold["id"], "storeCode": "S2"}, "x")
    assert elsewhere.codes == ["FORBIDDEN"]
    captured = await here.api.done("creditCapture", "entry { store { code } }", {"holdId": hold["id"]})
    assert captured["entry"]["store"] == {"code": "S1"}
    both = owner.by("store_manager", stores=[one, two])
    unsaid = await sent(both, "creditAdd", credit(ana, "1.00"), "unsaid")
    assert unsaid.codes == ["FORBIDDEN"]
    assert (await Hand(owner, both).adds(ana, "1.00", storeCode="S2"))["store"] == {"code": "S2"}
    assert (await hand.adds(ana, "1.00"))["store"] is None  # headquarters
    assert (await hand.adds(ana, "1.00", storeCode="S2"))["store"] == {"code": "S2"}
    main = {"code": "MAIN"}
    assert (await hand.adds(ana, "1.00", storeCode="main"))["store"] == main
    assert (await hand.deducts(ana, "1.00", storeCode="MAIN"))["store"] == main
    assert (await hand.adjusts(ana, 10, storeCode="MAIN"))["store"] == main
    at_main = Hand(owner, owner.by("store_manager", stores=[MAIN_STORE_ID]))
    assert (await at_main.adds(ana, "1.00"))["store"] == main  # its only store


async def test_taking_back_is_done_where_it_was_posted(owner: Owner, hand: Hand) -> None:
    one, _ = await stores(owner)
    ana = await owner.customer()
    here = Hand(owner, owner.by("store_manager", stores=[one]))
    own, others = await here.adds(ana, "1.00"), await hand.adds(ana, "2.00", storeCode="S2")
    of_headquarters = await hand.adds(ana, "3.00")
    for entry in (others, of_headquarters):
        refused = await sent(here.api, "ledgerReverse", {"entryId": entry["id"], "reason": "OTHER"}, entry["id"][-32:])
        assert refused.codes == ["FORBIDDEN"]
    made = await here.api.done(
        "ledgerReverse", "creditEntry { store { code } }", {"entryId": own["id"], "reason": "OTHER"}
    )
    assert made["creditEntry"]["store"] == {"code": "S1"}
    await hand.reverses(others["id"])
    assert await hand.balance(ana) == 300


async def test_a_purchase_that_the_caller_does_not_see_is_none(owner: Owner, hand: Hand) -> None:
    one, _ = await stores(owner)
    ana = await owner.customer()
    bought = await owner.sells(ana, "20.00", "2026-05-01", storeCode="S2")
    here = Hand(owner, owner.by("store_manager", stores=[one]))
    assert await here.errors("creditAdd", credit(ana, "1.00", purchaseId=bought)) == [("NOT_FOUND", "input.purchaseId")]
    blind = Hand(owner, owner.by("own", own={"credit.add"}))
    assert await blind.errors("creditAdd", credit(ana, "1.00", purchaseId=bought)) == [
        ("NOT_FOUND", "input.purchaseId")
    ]
    await hand.adds(ana, "1.00", purchaseId=bought)


async def test_who_was_erased_is_nobody(owner: Owner, hand: Hand) -> None:
    inputs = await prepared(hand)
    ana = inputs["creditAdd"]["customerId"]
    await owner.shop.database.transaction(
        lambda: owner.shop.database.run("UPDATE customer SET status = 'ERASED' WHERE id = $1", key(ana))
    )
    for mutation, given in inputs.items():
        [(code, path)] = await hand.errors(mutation, given)
        assert code == "NOT_FOUND"
        assert path in {"input.customerId", "input.holdId", "input.entryId"}
