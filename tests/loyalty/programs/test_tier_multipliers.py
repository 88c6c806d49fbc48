"""Points are multiplied by what the customer's tier brings: that before the purchase, unless the policy says otherwise."""

from typing import Any

import pytest

import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from tests.loyalty.conftest import OpenLoyalty, Owner
from tests.loyalty.programs.test_audiences import given
from tests.loyalty.programs.test_program_api import DOLLAR, earns, puts


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of loyalty and tiers."""
    import regulars_loyalty

    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


async def policy(owner: Owner, *, applies: bool) -> None:
    """VIPs, from 100.00 on, get half as much again."""
    benefit = {"text": "Points", "kind": "POINTS_MULTIPLIER", "value": "1.5"}
    asked = {"metric": "NET_SPEND", "window": "LIFETIME", "threshold": "100"}
    tiers: list[Any] = [
        {"code": "VIP", "name": "VIP", "benefits": [benefit], "anyOf": [{"allOf": [asked]}]},
        {"code": "ALL", "name": "All"},
    ]
    put = {"policy": {"tiers": tiers, "upgradeAppliesToTrigger": applies}, "effectiveAt": "2020-01-01T00:00:00Z"}
    await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", put)


@pytest.mark.parametrize(("applies", "first"), [(False, ("0", "NO_MATCH")), (True, ("50", None))])
async def test_the_tier_of_the_purchase_multiplies(open_loyalty: OpenLoyalty, applies: bool, first: Any) -> None:
    owner = Owner(await open_loyalty({"tiers": regulars_tiers}))
    await policy(owner, applies=applies)
    await puts(owner, DOLLAR, earns("TIER_MULTIPLIER", "T"))
    ana = await owner.customer()
    one = await owner.sells(ana, "100.00", "2099-01-01")
    two = await owner.sells(ana, "7.00", "2099-01-02")
    assert await given(owner, one) == [("100", None), first]
    assert await given(owner, two) == [("7", None), ("3", None)]
    balance = (await owner.asks(ana, "points { balance }"))["points"]["balance"]
    assert balance == str(100 + int(first[0]) + 7 + 3)


BY_TIER = (
    "query($input: PointsProgramSimulateInput!) { pointsProgramSimulate(input: $input) { given givenNow notes"
    " perTier { tier customerCount given givenNow } } }"
)


def tried(**more: Any) -> dict[str, Any]:
    rules = [DOLLAR, earns("TIER_MULTIPLIER", "T")]
    return {"program": {"rules": rules}, "from": "2099-01-01T00:00:00Z", "until": "2099-02-01T00:00:00Z", **more}


async def test_what_would_have_been_given_by_tier(open_loyalty: OpenLoyalty) -> None:
    """By the tier at the end of that time: what is bought later does not count, and tiers that nobody has are left out."""
    owner = Owner(await open_loyalty({"tiers": regulars_tiers}))
    await policy(owner, applies=False)
    await puts(owner, earns("PER_AMOUNT", points=2, per="1.00"))
    ana, bo, cy = [await owner.customer(name) for name in ("Ana", "Bo", "Cy")]
    await owner.sells(ana, "100.00", "2099-01-01")
    await owner.sells(ana, "7.00", "2099-01-02")
    await owner.sells(bo, "10.00", "2099-01-03")
    await owner.sells(cy, "99.00", "2099-01-31T23:00:00Z")
    await owner.sells(cy, "500.00", "2099-02-01")
    found = (await owner.api.data(BY_TIER, input=tried()))["pointsProgramSimulate"]
    assert found["perTier"] == [
        {"tier": "VIP", "customerCount": 1, "given": "110", "givenNow": "214"},
        {"tier": "ALL", "customerCount": 2, "given": "109", "givenNow": "218"},
    ]
    assert (found["given"], found["givenNow"]) == ("219", "432")
    assert any("at the end of that time" in note for note in found["notes"])
    none = tried(until="2099-01-01T00:00:00Z") | {"from": "2098-01-01T00:00:00Z"}
    assert (await owner.api.data(BY_TIER, input=none))["pointsProgramSimulate"]["perTier"] == []


async def test_of_many_it_is_asked_at_once(open_loyalty: OpenLoyalty) -> None:
    owner = Owner(await open_loyalty({"tiers": regulars_tiers}))
    await policy(owner, applies=False)
    counts = []
    for n in range(5):
        await owner.sells(await owner.customer(f"A{n}"), "10.00", "2099-01-02")
        with owner.shop.database.counting() as counted:
            await owner.api.data(BY_TIER, input=tried())
        counts.append(len(counted))
    assert counts[1] == counts[-1]


async def test_without_tiers_there_are_none(open_loyalty: OpenLoyalty) -> None:
    owner = Owner(await open_loyalty({}))
    await owner.sells(await owner.customer(), "10.00", "2099-01-02")
    found = (await owner.api.data(BY_TIER, input=tried()))["pointsProgramSimulate"]
    assert (found["given"], found["perTier"]) == ("10", [])
    assert not any("tier" in note for note in found["notes"])
