"""The policy of tiers is changed while somebody is about to write points that it multiplies: the one that holds then does."""

from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.plugin import Plugins, Shop, hookimpl, plugins_on
from tests.loyalty.by_hand.conftest import Hand
from tests.loyalty.by_hand.test_overtaken import PostingGate, meeting
from tests.loyalty.by_hand.test_program_meanwhile import LATER, told
from tests.loyalty.conftest import OpenLoyalty, Owner
from tests.loyalty.programs.test_program_api import DOLLAR, earns, puts
from tests.tiers.test_overtaken import decree


class DecidedGate(PostingGate):
    """Who records a purchase waits once it is decided what that gives, and not before."""

    async def purchases_recorded(self, shop: Shop) -> None:
        """No hook here."""
        await super().purchases_recorded(shop)

    @hookimpl(optionalhook=True)
    async def loyalty_posted(self, shop: Shop) -> None:
        """Wait."""
        await self.purchases_recorded(shop)


@pytest.fixture
def gate() -> DecidedGate:
    return DecidedGate()


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of both."""
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


@pytest.fixture
async def owner(open_loyalty: OpenLoyalty, gate: PostingGate) -> Owner:
    owner = Owner(await open_loyalty({"gate": gate, "tiers": regulars_tiers}))
    await puts(owner, DOLLAR, earns("TIER_MULTIPLIER", "T"))
    return owner


async def everybody_gets(owner: Owner, times: str, *, applies: bool = False) -> None:
    """And leave it to the job to measure everybody by it: what that writes is another matter."""
    benefit = {"text": "Points", "kind": "POINTS_MULTIPLIER", "value": times}
    tiers = [{"code": "ALL", "name": "All", "benefits": [benefit]}]
    await decree(owner.shop, {"tiers": tiers, "upgrade_applies_to_trigger": applies})


def sold(reference: str, customer: str) -> dict[str, Any]:
    lines = [{"name": "Tea", "total": "10.00"}]
    return {"reference": reference, "customerId": customer, "lines": lines, "purchasedAt": LATER}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("applies", [True, False])
async def test_it_is_by_the_policy_that_holds(
    owner: Owner, hand: Hand, gate: PostingGate, engine: str, is_first: bool, applies: bool
) -> None:
    """Of the shop's first policy, too, before which there was none; and where the tier after the purchase is computed."""
    if not is_first:
        await everybody_gets(owner, "2", applies=applies)
    ana = await owner.customer()
    await meeting(
        gate, told(hand, "purchaseRecord", sold("S", ana)), lambda: everybody_gets(owner, "3", applies=applies)
    )
    before = 10 if is_first else 20
    assert await hand.balance(ana, "PTS") == (30 if engine == "postgres" else before)


async def test_without_such_a_rule_it_does_not_matter(owner: Owner, hand: Hand, gate: PostingGate) -> None:
    await puts(owner, DOLLAR)
    ana = await owner.customer()
    await meeting(gate, told(hand, "purchaseRecord", sold("S", ana)), lambda: everybody_gets(owner, "3"))
    assert await hand.balance(ana, "PTS") == 10
