"""What is typed about somebody's purchases after the erasure is not kept, while the books go on."""

import asyncio
from typing import Any

from regulars_core.plugin import Shop
from regulars_core.purchases.reassignments import reassign
from regulars_schema.testing import Api
from tests.erasure.conftest import TYPED, known, merged_in, pass_days, requested, sell
from tests.erasure.test_erasing import dumped, found_in

REFUND = "refund { amount { amount } reason } purchase { status }"


async def test_nothing_that_is_typed_is_kept(api: Api) -> None:
    shop, customer = api.shop, await known(api)
    await merged_in(api, customer)
    owing = await sell(api, "R3", customer, due="400.00", payments=[{"method": "cash", "amount": "200.00"}])
    moved, broken = await sell(api, "R4", customer), await sell(api, "R5", customer)
    await requested(api, customer)
    await pass_days(shop)
    assert found_in(await asyncio.to_thread(dumped, shop)) == []
    given = {"purchaseId": broken["id"], "amount": "10.00", "reason": TYPED["refund"]}
    back = await api.done("purchaseRefund", REFUND, given)
    assert back["refund"] == {"amount": {"amount": "10.00"}, "reason": None}
    assert back["purchase"] == {"status": "PARTIALLY_REFUNDED"}
    pays = [{"method": "cheque", "amount": "400.00", "reference": TYPED["payment"]}]
    paid = await api.done(
        "purchasePay", "purchase { due { amount } payments { method reference } }",
        {"purchaseId": owing["id"], "payments": pays},
    )  # fmt: skip
    assert paid["purchase"] == {
        "due": {"amount": "0.00"},
        "payments": [{"method": "cash", "reference": None}, {"method": "cheque", "reference": None}],
    }
    asked = {"id": broken["id"], "note": TYPED["saleNote"]}
    made = await api.do("purchaseUpdate", "purchase { note }", asked)
    assert [(one["code"], one["path"]) for one in made["userErrors"]] == [("CUSTOMER_ERASED", ["input", "note"])]
    await api.done("purchaseUpdate", "purchase { note }", {"id": broken["id"], "note": None})
    given = {"purchaseIds": [moved["id"]], "toNobody": True, "reason": TYPED["moved"]}
    assert (await api.done("purchasesReassign", "movedCount", given))["movedCount"] == 1
    assert found_in(await asyncio.to_thread(dumped, shop)) == []
    assert await _reasons(shop) == [(None,)] * 2  # how the person got one of them, and how this one went


async def test_of_others_it_is_kept_also_in_the_same_move(api: Api) -> None:
    shop, customer = api.shop, await known(api)
    other = await sell(api, "R6", None)
    theirs = await sell(api, "R7", customer)
    await requested(api, customer)
    await pass_days(shop)
    bo = (await api.done("customerCreate", "customer { id }", {"firstName": "Bo", "lastName": "Ek"}))["customer"]["id"]
    ids = [one["id"].removeprefix("purchase_") for one in (other, theirs)]
    assert await reassign(shop, ids, bo.removeprefix("customer_"), reason="It was Bo.") == 2
    assert sorted(map(str, [reason for (reason,) in await _reasons(shop)])) == ["It was Bo.", "None", "None"]
    for one in (other, theirs):  # they are Bo's, of whom anything may be written down
        given: dict[str, Any] = {"purchaseId": one["id"], "amount": "1.00", "reason": "Broken."}
        assert (await api.done("purchaseRefund", REFUND, given))["refund"]["reason"] == "Broken."
        await api.done("purchaseUpdate", "purchase { note }", {"id": one["id"], "note": "A gift."})


async def _reasons(shop: Shop) -> list[tuple[str | None]]:
    return [tuple(row) for row in await shop.database.rows("SELECT reason FROM purchase_reassignment")]  # type: ignore[misc]
