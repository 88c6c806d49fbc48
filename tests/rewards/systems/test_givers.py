"""Rewards that another plugin gives and takes back, and what is told of all of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

import regulars_rewards
from regulars_core.plugin import Problem, Refused, RewardKind, Shop, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_rewards.plugin import Giver, SystemReward
from regulars_rewards.progress.due import give_due
from regulars_rewards.progress.occasions import earn_occasions, undo_occasions
from regulars_rewards.triggers.bands import RewardMode
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.rewards.systems.test_other_sources import BIRTHDAY, key


class Stamps(BaseModel):
    """What `STAMPS` is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(gt=0, description="How many.")


class StampGiver:
    """Gives stamps, of which some are stuck already."""

    def __init__(self) -> None:
        self.there: dict[str, SystemReward] = {}
        self.stuck: set[str] = set()
        self.owed: set[str] = set()
        self.is_empty = False

    async def give(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """As long as there are some."""
        given = [] if self.is_empty else rewards
        self.there |= {one.id: one for one in given}
        return [one.id for one in given]

    async def take_back(self, shop: Shop, rewards: Sequence[SystemReward], forced: bool) -> Collection[str]:
        """Those that are not stuck, or all."""
        gone = [one.id for one in rewards if forced or one.id not in self.stuck]
        self.owed |= {id_ for id_ in gone if id_ in self.stuck}
        for id_ in gone:
            del self.there[id_]
        return gone

    async def used(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """Those that are stuck."""
        return [one.id for one in rewards if one.id in self.stuck]


class StampPlugin:
    """A plugin that gives stamps, and is told of all rewards."""

    def __init__(self) -> None:
        self.giver = StampGiver()
        self.told: list[tuple[str, list[SystemReward]]] = []
        self.refuses = False

    @hookimpl
    def regulars_rules(self) -> Sequence[Any]:
        """The kind."""
        return [RewardKind("STAMPS", Stamps, "Stamps")]

    @hookimpl(optionalhook=True)
    def rewards_givers(self) -> Mapping[str, Giver]:
        """Who gives it."""
        return {"STAMPS": self.giver}

    @hookimpl(optionalhook=True)
    async def rewards_given(self, rewards: Sequence[SystemReward]) -> None:
        """Remember what was given."""
        if self.refuses:
            raise Refused(Problem("STAMPS_REFUSED", "Not today.", ()))
        self.told.append(("given", list(rewards)))

    @hookimpl(optionalhook=True)
    async def rewards_taken_back(self, rewards: Sequence[SystemReward]) -> None:
        """Remember what was taken back."""
        self.told.append(("taken back", list(rewards)))


@pytest.fixture
def stamps() -> StampPlugin:
    return StampPlugin()


@pytest.fixture
async def club(open_shop: OpenShop, stamps: StampPlugin) -> Club:
    """A shop with a plugin that gives stamps."""
    return Club(Till(await open_shop(plugins=plugins_on({"rewards": regulars_rewards, "stamps": stamps}))))


STAMPS = rule_data("STAMPS", count=4)


async def test_another_plugin_gives_and_takes_back(club: Club, stamps: StampPlugin) -> None:
    ana = await club.till.customer()
    await club.opens(reward=STAMPS, target=10, bands=bands((0, None, 25)))
    sale = await club.buys(ana, "10.00")
    assert await club.has(ana) == (5, 2)
    [(what, given)] = stamps.told
    assert (what, len(given), {one.kind for one in given}) == ("given", 2, {"STAMPS"})
    assert given[0].settings == Stamps(count=4)
    assert (given[0].purchase_id, given[0].customer_id, given[0].cost) == (key(sale["id"]), key(ana), 10)
    await club.gives_back(sale)
    assert await club.has(ana) == (0, 0)
    assert stamps.giver.there == {}
    assert {one.id for what, each in stamps.told if what == "taken back" for one in each} == {one.id for one in given}
    assert await club.wrong() == []


async def test_what_is_used_stays_and_the_other_goes(club: Club, stamps: StampPlugin) -> None:
    ana = await club.till.customer()
    await club.opens(reward=STAMPS, target=10, bands=bands((0, None, 25)))
    sale = await club.buys(ana, "10.00")
    latest = max(stamps.giver.there)
    stamps.giver.stuck = {latest}
    await club.gives_back(sale)
    assert await club.has(ana) == (-10, 1)
    assert set(stamps.giver.there) == {latest}
    assert await club.wrong() == []


async def test_an_occasion_that_was_none_leaves_what_is_used_owed(club: Club, stamps: StampPlugin) -> None:
    ana = await club.till.customer()
    trigger = rule_data("TIER_CHANGE", tier="GOLD")
    await club.opens(trigger=trigger, reward=STAMPS, target=1, starts_at=1)
    await earn_occasions(club.shop, club.system, [(key(ana), BIRTHDAY)])
    stamps.giver.stuck = set(stamps.giver.there)
    await undo_occasions(club.shop, club.system, [(key(ana), BIRTHDAY.key)])
    assert await club.has(ana) == (0, 0)
    assert len(stamps.giver.owed) == 1


async def test_what_cannot_be_given_now_is_given_by_time(club: Club, stamps: StampPlugin) -> None:
    ana = await club.till.customer()
    await club.opens(reward=STAMPS, target=10, bands=bands((0, None, 25)))
    stamps.giver.is_empty = True
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (25, 0)
    stamps.giver.is_empty = False
    assert await give_due(club.shop) == 1
    assert await club.has(ana) == (5, 2)
    assert await club.wrong() == []


async def test_who_refuses_what_is_given_undoes_the_sale(club: Club, stamps: StampPlugin) -> None:
    ana = await club.till.customer()
    await club.opens(target=10, bands=bands((0, None, 25)))
    stamps.refuses = True
    told = await club.till.send(customerId=ana, lines=[{"sku": "TEA", "unitPrice": "10.00"}])
    assert [one["code"] for one in told["userErrors"]] == ["STAMPS_REFUSED"]
    assert (await club.has(ana), await club.coupons(ana)) == ((0, 0), [])
    stamps.refuses = False
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (5, 2)
    assert [one.coupon_id for one in stamps.told[-1][1]] == [one.id for one in stamps.told[-1][1]]


async def test_as_nexopos_does_a_refund_gives_nothing(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(target=10, mode=RewardMode.NEXOPOS, bands=bands((0, 10_000, 25)))
    sale = await club.buys(ana, "50.00")
    assert await club.has(ana) == (15, 1)
    await club.gives_back(sale, "2.00")
    assert await club.has(ana) == (14, 1)
    await club.buys(ana, "200.00")
    assert await club.has(ana) == (14, 1)
    await club.buys(ana, "1.00")
    assert await club.has(ana) == (29, 2)
