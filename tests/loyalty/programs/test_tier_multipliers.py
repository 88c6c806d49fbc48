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
