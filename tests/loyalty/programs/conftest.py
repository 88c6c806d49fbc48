"""Shops with loyalty, on both engines."""

import pytest

import regulars_loyalty
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of loyalty."""
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A shop with loyalty that sells in USD, by UTC."""
    return await open_shop(plugins=plugins_on({"loyalty": regulars_loyalty}))
