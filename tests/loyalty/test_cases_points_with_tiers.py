"""What other systems say of points where there are tiers, and what is told here: each case by its id in the acceptance cases."""

from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from tests.loyalty.conftest import OpenLoyalty, Owner
from tests.loyalty.programs.test_program_api import DOLLAR, earns, puts
from tests.loyalty.programs.test_tier_multipliers import policy


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of both."""
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


async def test_p_p24_a_purchase_that_lifted_the_customer_to_a_tier_is_canceled(open_loyalty: OpenLoyalty) -> None:
    """Otherwise on purpose: it is not refused because the tier would change; the tier is recomputed, and what the purchase gave
    is taken back, with what that tier gave beside it. What was bought since on the tier's terms keeps what it earned."""
    owner = Owner(await open_loyalty({"tiers": regulars_tiers}))
    await policy(owner, applies=True)
    await puts(owner, DOLLAR, earns("TIER_MULTIPLIER", "T"))
    ana = await owner.customer()

    async def stands() -> Any:
        told = await owner.asks(ana, 'points { balance } tier(at: "2099-01-31T00:00:00Z") { code }')
        return told["points"]["balance"], told["tier"]["code"]

    lifting = await owner.sells(ana, "100.00", "2099-01-01")
    assert await stands() == ("150", "VIP")
    await owner.sells(ana, "10.00", "2099-01-02")
    assert await stands() == ("165", "VIP")
    voided = await owner.api.do("purchaseVoid", "purchase { status }", {"purchaseId": lifting})
    assert (voided["userErrors"], voided["purchase"]) == ([], {"status": "VOIDED"})
    assert await stands() == ("15", "ALL")
