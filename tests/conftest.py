"""Shops on both engines, in real files and on a real server, and ways to ask them: as plugins' tests have them."""

from typing import Any

import pytest

from regulars_core.shop import Shop
from regulars_core.testing import OpenShop
from regulars_schema.composition import ComposedSchema
from regulars_schema.schema import build_schema

pytest_plugins = ["regulars_server.testing"]


@pytest.fixture
def open_shop(open_shop: OpenShop) -> OpenShop:
    """Opens the test's database as a shop with these settings; unless they say otherwise it lies in Mexico."""

    async def open_one(**settings: Any) -> Shop:
        return await open_shop(**{"country": "MX", **settings})

    return open_one


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A shop that sells in USD and lies in Mexico, by UTC."""
    return await open_shop()


@pytest.fixture(scope="session")
def schema() -> ComposedSchema:
    """The schema of core alone."""
    return build_schema()
