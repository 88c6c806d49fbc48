"""Shops with rewards, and a calendar that can be turned."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine

import regulars_rewards
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop

OpenRewards = Callable[..., Awaitable[Shop]]


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of rewards."""
    return plugins_on({"rewards": regulars_rewards})


@pytest.fixture
def open_rewards(open_shop: OpenShop) -> OpenRewards:
    """Opens the test's database with rewards, and with other plugins."""

    async def open_one(others: dict[str, object] | None = None, **settings: Any) -> Shop:
        return await open_shop(plugins=plugins_on({"rewards": regulars_rewards, **(others or {})}), **settings)

    return open_one


@pytest.fixture
async def rewards(open_rewards: OpenRewards) -> Shop:
    """A shop with rewards that sells in USD, by UTC."""
    return await open_rewards()


def moment(when: str) -> str:
    """Noon of a day in UTC, or the very time."""
    return when if "T" in when else f"{when}T12:00:00Z"


@pytest.fixture
def calendar() -> Callable[[str], Any]:
    """Turns the clock to noon of a day: `with calendar("2026-05-10"): …`"""
    return lambda when: time_machine.travel(datetime.fromisoformat(moment(when)), tick=True)
