"""A shop with reward systems in which days pass."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from regulars_core.plugin import DAY_MS, Instant, Shop
from regulars_rewards.occasions import ids
from regulars_rewards.occasions.tier_changes import make_up
from regulars_rewards.occasions.walk import look_at_days
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, rule_data

OpenClub = Callable[..., Awaitable[Club]]


async def job(shop: Shop) -> int:
    """The periodic work; how many occasions brought something by days."""
    await make_up(shop)
    return await look_at_days(shop)


def key(id_: str) -> str:
    """The key of an id for the API."""
    return id_.partition("_")[2]


async def opens(club: Club, trigger: str, more: dict[str, Any] | None = None, **settings: object) -> str:
    """Make a system that gives a coupon at each occasion; its key."""
    return await club.opens(trigger=rule_data(trigger, **settings), **{"target": 1, "name": trigger, **(more or {})})


async def sources(club: Club) -> list[tuple[str, str]]:
    """What has brought something: the day on which, and the key, in order."""
    rows = await club.shop.database.rows("SELECT at, source FROM rewards_earning ORDER BY at, source")
    return [(_day(row[0]), row[1]) for row in rows]


def _day(at: Instant) -> str:
    return datetime.fromtimestamp(at // DAY_MS * DAY_MS / 1000, UTC).date().isoformat()


@pytest.fixture
def open_club(open_rewards: OpenRewards) -> OpenClub:
    """Opens a shop with rewards, and with other plugins; what happens may be dated ahead of the calendar."""

    async def open_one(others: dict[str, object] | None = None, **settings: Any) -> Club:
        return Club(Till(await open_rewards(others, **{"future_hours": 876_000, **settings})))

    return open_one


@pytest.fixture
async def club(open_club: OpenClub) -> Club:
    """A shop that sells in USD, by UTC."""
    return await open_club()


@pytest.fixture(autouse=True)
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here days pass in a second, and nobody's id is made before it is written: who was looked at is not looked at again."""
    monkeypatch.setattr(ids, "OVERLAP_MS", 0)
