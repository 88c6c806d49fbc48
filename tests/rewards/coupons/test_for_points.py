"""Points are exchanged for a coupon, and come back as long as nobody has used it."""

from collections.abc import Callable
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Plugins, Shop, plugins_on
from tests.rewards.conftest import OpenRewards
from tests.rewards.coupons.shop_owner import Owner
from tests.rewards.sales.conftest import Till

_ENTRY = "entry { id }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})


@pytest.fixture
async def both(open_rewards: OpenRewards) -> Shop:
    return await open_rewards({"loyalty": regulars_loyalty})


async def decreed(owner: Owner, promotion: str, **settings: str) -> None:
    """A program by which ten points are a coupon of this promotion."""
    pairs = [{"name": "promotion", "value": promotion}, *({"name": k, "value": v} for k, v in settings.items())]
    reward = {"kind": "COUPON", "settings": pairs}
    exchange = {"code": "TEN", "name": "Ten off", "points": "10", "reward": reward}
    given = {"program": {"exchanges": [exchange], "rules": []}}
    await owner.api.done("pointsProgramUpdate", "pointsProgram { number }", given)


async def given_points(owner: Owner, customer: str) -> None:
    given = {"customerId": customer, "points": "100", "direction": "ADD", "reason": "GOODWILL"}
    await owner.api.done("pointsAdjust", _ENTRY, given)


async def coupons(owner: Owner, customer: str) -> list[dict[str, Any]]:
    document = (
        "query($id: ID!) { customer(id: $id) { coupons { nodes { code state expiresAt actor promotion { id } } } } }"
    )
    found = (await owner.api.data(document, id=customer))["customer"]["coupons"]["nodes"]
    return list(found)


async def test_there_and_back(both: Shop, calendar: Callable[[str], Any]) -> None:
    owner = Owner(both)
    with calendar("2027-05-10"):
        offer, ana = await owner.promotion(), await owner.customer()
        await decreed(owner, offer, validDays="30")
        await given_points(owner, ana)
        redeemed = {"customerId": ana, "exchange": "TEN", "times": 2}
        entry = (await owner.api.done("pointsRedeem", _ENTRY, redeemed))["entry"]["id"]
        two = await coupons(owner, ana)
        assert [(one["state"], one["expiresAt"][:16], one["promotion"]["id"]) for one in two] == [
            ("ISSUED", "2027-06-09T12:00", offer)
        ] * 2
        use = await owner.redeemed(two[0]["code"], customerId=ana)
        back = {"entryId": entry, "reason": "CORRECTION"}
        assert await owner.problems("ledgerReverse", **back) == [("NOT_REVERSIBLE", "input.entryId")]
        assert [one["state"] for one in await coupons(owner, ana)].count("REVOKED") == 0
        await owner.api.done("couponUnredeem", "coupon { id }", {"useId": use["id"]})
        await owner.reserved(two[1]["code"], "B1", customerId=ana)
        assert await owner.problems("ledgerReverse", **back) == [("NOT_REVERSIBLE", "input.entryId")]
    with calendar("2027-05-10T12:20:00Z"):  # the reservation has run out
        assert await owner.problems("ledgerReverse", **back) == []
        assert [one["state"] for one in await coupons(owner, ana)] == ["REVOKED", "REVOKED"]


async def test_what_cannot_be_had(both: Shop) -> None:
    owner = Owner(both)
    ana = await owner.customer()
    offer, automatic = await owner.promotion(), await owner.promotion(needsCoupon=False)
    await given_points(owner, ana)
    await decreed(owner, offer)
    redeemed = {"customerId": ana, "exchange": "TEN"}
    assert await owner.problems("pointsRedeem", **redeemed) == []
    await owner.api.done("promotionEnd", "promotion { id }", {"id": offer})
    refused = [("EXCHANGE_UNAVAILABLE", "input.exchange")]
    assert await owner.problems("pointsRedeem", **redeemed) == refused
    for promotion in (automatic, "nonsense", "promotion_" + "0" * 32):
        await decreed(owner, promotion)
        assert await owner.problems("pointsRedeem", **redeemed) == refused
    assert len(await coupons(owner, ana)) == 1


async def test_x3_of_three_points_for_two_pieces_each_five_pieces_cost_nine(both: Shop) -> None:
    """As elsewhere, by whole times: a coupon is two pieces for three points, and five pieces are three coupons. Of one promotion
    each basket takes one."""
    owner = Owner(both)
    pens = {"kind": "FREE_ITEM", "settings": [{"name": "sku", "value": "PEN"}, {"name": "quantity", "value": "2"}]}
    offer, ana = await owner.promotion(name="Two pens", discountRule=pens), await owner.customer()
    reward = {"kind": "COUPON", "settings": [{"name": "promotion", "value": offer}]}
    exchange = {"code": "PENS", "name": "Two pens", "points": "3", "reward": reward}
    await owner.api.done(
        "pointsProgramUpdate", "pointsProgram { number }", {"program": {"exchanges": [exchange], "rules": []}}
    )
    given = {"customerId": ana, "points": "50", "direction": "ADD", "reason": "GOODWILL"}
    await owner.api.done("pointsAdjust", _ENTRY, given)
    redeemed = {"customerId": ana, "exchange": "PENS", "times": 3}
    done = await owner.api.done("pointsRedeem", "entry { pointsDelta pointsAfter }", redeemed)
    assert done["entry"] == {"pointsDelta": "-9", "pointsAfter": "41"}
    codes = [one["code"] for one in await coupons(owner, ana)]
    assert len(codes) == 3
    till = Till(both)
    for code, pieces in zip(codes, ("2", "2", "1"), strict=True):
        lines = [{"sku": "PEN", "name": "Pen", "quantity": pieces, "unitPrice": "2.00"}]
        assert (await till.sells(lines, [code], customerId=ana))["total"] == {"amount": "0.00"}
