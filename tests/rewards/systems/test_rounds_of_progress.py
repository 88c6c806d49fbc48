"""A sale that collects, and gives a coupon, waits for PostgreSQL twice; without a system nothing but the revision is looked up;
and as many statements are run for many systems as for one."""

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.support.rounds import Rounds

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "12.00"}
SETS = {
    "alone": {"rewards": regulars_rewards},
    "the box": {"rewards": regulars_rewards, "tiers": regulars_tiers, "loyalty": regulars_loyalty},
}


@pytest.fixture(params=SETS)
def plugins(request: pytest.FixtureRequest) -> Plugins:
    return plugins_on(SETS[request.param])


async def sold(club: Club, rounds: Rounds, customer: str, times: int) -> list[int]:
    """Rounds of each of so many sales."""
    counts = []
    for n in range(times):  # PostgreSQL has seen the like before
        given = {
            "reference": f"T{times}-{n}",
            "customerId": customer,
            "lines": [TEA],
            "idempotencyKey": f"T{times}-{n}",
        }
        rounds.count = 0
        done = await club.till.office.done("purchaseRecord", "created", given)
        assert done["created"]
        counts.append(rounds.count)
    return counts


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_two_rounds(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> None:
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, database_pool=1) as shop:
        club = Club(Till(shop))
        ana = await club.till.customer()
        assert (await sold(club, rounds, ana, 4))[2:] == [2, 2]
        some = {"createdAt": {"after": "2020-01-01T00:00:00Z"}, "purchaseCount": {"gte": 0}}
        await club.opens(target=2, bands=bands((0, None, 2)), audience=some)
        await club.opens(name="Fiftieth", trigger=rule_data("NTH_PURCHASE", n=50), target=1)
        assert (await sold(club, rounds, ana, 5))[2:] == [2, 2, 2]
        assert len(await club.coupons(ana)) == 5
        assert await club.wrong() == []


async def test_a_sale_runs_as_many_statements_with_many_systems(club: Club) -> None:
    """Without a system one look-up more than without rewards: which there are."""
    ana, counts = await club.till.customer(), []
    for systems in (0, 1, 3, 12):
        for n in range(systems - (systems > 1)):
            await club.opens(name=f"Club {systems} {n}", target=100, bands=bands((0, None, 1)))
        await club.buys(ana, "5.00")
        with club.shop.database.counting() as counted:
            await club.buys(ana, "5.00")
        counts.append(len(counted))
    assert counts[1] == counts[2] == counts[3]
    assert counts[0] <= counts[1]


async def test_without_a_system_nothing_but_the_revision_is_asked(club: Club) -> None:
    ana = await club.till.customer()
    await club.buys(ana, "5.00")
    with club.shop.database.counting() as counted:
        await club.buys(ana, "5.00")
    ours = " ".join(one for one in map(str, counted) if "rewards_revision" in one)
    everything = " ".join(map(str, counted))
    assert "rewards_system_version" in ours
    for table in ("rewards_progress", "rewards_earning", "rewards_entry", "rewards_given", "rewards_failed"):
        assert table not in everything
