"""Shops with analytics, and with tiers and rewards beside it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import regulars_analytics
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop
from tests.support.random_shop import ZONE

OpenAnalytics = Callable[..., Awaitable[Shop]]


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of all of them."""
    return plugins_on({"analytics": regulars_analytics, "tiers": regulars_tiers, "rewards": regulars_rewards})


@pytest.fixture
def open_analytics(open_shop: OpenShop, plugins: Plugins) -> OpenAnalytics:
    """Opens the test's database with them; it lies where clocks change."""

    async def open_one(**settings: Any) -> Shop:
        return await open_shop(plugins=plugins, **{"timezone": ZONE, "future_hours": 876_000, **settings})

    return open_one
