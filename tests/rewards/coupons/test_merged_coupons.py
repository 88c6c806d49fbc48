"""Coupons and uses go over with a merge and come back with its undoing; limits per customer follow."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import Shop
from regulars_rewards import merges
from tests.rewards.coupons.shop_owner import Owner


@pytest.fixture
async def owner(rewards: Shop) -> Owner:
    return Owner(rewards)


async def coupons_of(owner: Owner, customer: str) -> list[str]:
    found = await owner.api.data(
        "query($id: ID!) { node(id: $id) { ... on Customer { coupons(first: 100) { nodes { code } } } } }", id=customer
    )
    return [one["code"] for one in found["node"]["coupons"]["nodes"]]


async def merged(owner: Owner, survivor: str, *absorbed: str) -> Any:
    given = {"survivorId": survivor, "absorbedIds": list(absorbed)}
    payload = "customersMerge { mergeId moved { kind count } effects { kind message } }"
    return (await owner.api.done("customersMerge", payload, given))["customersMerge"]


@pytest.mark.parametrize("part", [merges.PART, 2])
async def test_there_and_back(owner: Owner, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merges, "PART", part)
    offer = await owner.promotion(perCustomerLimit=2)
    ana, bo = await owner.customer(), await owner.customer("Bo")
    await owner.code(offer, "SUMMER10", usageLimit=None)
    hers = [(await owner.issued(offer, ana))["code"] for _ in range(2)]
    his = [(await owner.issued(offer, bo, reason="For Bo"))["code"] for _ in range(5)]
    await owner.redeemed("SUMMER10", customerId=ana)
    await owner.redeemed(his[0], customerId=bo)
    told = await merged(owner, ana, bo)
    assert ("COUPONS", "5 coupons of CUST-00002 go over to CUST-00001.") in [
        (one["kind"], one["message"]) for one in told["effects"]
    ]
    assert {"coupons": 5, "offerUses": 1}.items() <= {one["kind"]: one["count"] for one in told["moved"]}.items()
    assert sorted(await coupons_of(owner, ana)) == sorted(hers + his)
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10", customerId=bo) == (
        "COUPON_EXHAUSTED",
        ["LIMIT_REACHED"],
    )
    new = (await owner.issued(offer, bo))["code"]  # an alias leads to the survivor
    await owner.api.done("customersUnmerge", "customers { id }", {"mergeId": told["mergeId"]})
    assert sorted(await coupons_of(owner, bo)) == sorted(his)
    assert sorted(await coupons_of(owner, ana)) == sorted([*hers, new])
    assert (await owner.coupon(his[1]))["reason"] == "For Bo"
    await owner.redeemed("SUMMER10", customerId=bo)
    await owner.redeemed("SUMMER10", customerId=ana)
    assert await owner.shop.database.rows("SELECT id FROM rewards_merged") == []


async def test_an_open_reservation_is_in_the_way(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2027-05-10"):
        offer, ana, bo = await owner.promotion(), await owner.customer(), await owner.customer("Bo")
        code = (await owner.issued(offer, bo))["code"]
        await owner.reserved(code, "B1", customerId=bo)
        given = {"survivorId": ana, "absorbedIds": [bo]}
        assert await owner.problems("customersMerge", **given) == [("OPEN_RESERVATION", "input.absorbedIds.0")]
    with calendar("2027-05-10T12:16:00Z"):
        told = await merged(owner, ana, bo)
        await owner.reserved(code, "B2", customerId=ana)
        assert await owner.problems("customersUnmerge", mergeId=told["mergeId"]) == [
            ("OPEN_RESERVATION", "input.mergeId")
        ]
