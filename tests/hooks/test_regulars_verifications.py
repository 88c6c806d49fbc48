"""What plugins keep twice is counted again with core's own."""

from collections.abc import AsyncIterator

import pytest

from regulars_core.contribution import VERIFICATIONS
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.verification import Verification, verifications_of
from tests.hooks.test_plugins import plugin


async def wrong(shop: Shop) -> AsyncIterator[str]:
    yield f"{shop.currency}: stored 1, recounted 2"


async def test_they_come_after_cores(shop: Shop) -> None:
    bills = plugin(regulars_verifications=lambda: [Verification("bills", "Bills are paid once.", wrong)])
    found = verifications_of(plugins_on({"bills": bills}))
    assert [one.name for one in found] == [*(one.name for one in VERIFICATIONS), "bills"]
    assert [line for one in found async for line in one.differences(shop)] == ["USD: stored 1, recounted 2"]


def test_two_of_one_name_are_refused() -> None:
    twin = plugin(regulars_verifications=lambda: [Verification("statistics", "x", wrong)])
    with pytest.raises(PluginError, match="The verification 'statistics' is defined by 'core' and by 'twin'"):
        verifications_of(plugins_on({"twin": twin}))
