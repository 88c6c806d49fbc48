"""While it cannot be told for whom a system is, since the plugin of a leaf is off, what was given stays. Later it is made up
for."""

from typing import Any

import pytest

import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import OpenShop
from regulars_rewards.progress.failures import try_again
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.rewards.systems.test_other_sources import _Moody, doctor

OTHERS = {"rewards": regulars_rewards, "moody": _Moody()}


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of tiers, too."""
    return plugins_on({"tiers": regulars_tiers, "rewards": regulars_rewards})


@pytest.mark.parametrize(
    ("data", "before", "after"),
    [
        ({"trigger": rule_data("PURCHASE"), "bands": bands((0, None, 1)), "target": 2}, (0, 1), (1, 1)),
        ({"trigger": rule_data("PAIRS"), "target": 1}, (0, 1), (0, 1)),
    ],
    ids=["sales", "spans"],
)
async def test_what_was_given_stays_and_is_made_up_for(open_shop: OpenShop, data: Any, before: Any, after: Any) -> None:
    _Moody.fails = False
    club = Club(Till(await open_shop(plugins=plugins_on({"tiers": regulars_tiers, **OTHERS}))))
    ana = await club.till.customer()
    await club.opens(audience={"tier": {"in": ["A", "B", "C"]}}, **data)
    for _ in range(2):
        await club.buys(ana, "5.00")
    assert await club.has(ana) == before
    without = Club(Till(await open_shop(plugins=plugins_on(OTHERS))))
    without.till.numbers = club.till.numbers
    await without.buys(ana, "5.00")
    assert await without.states(ana) == ["ISSUED"]
    assert await try_again(without.shop) == 1
    assert any("failed" in one for one in await doctor(without.shop))
    assert await try_again(club.shop) == 0
    assert await club.has(ana) == after
    assert await club.states(ana) == ["ISSUED"]
    assert await club.wrong() == []
