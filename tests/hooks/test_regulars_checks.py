"""What plugins look at is told with what core does, by `regulars doctor` and over the API."""

from collections.abc import Sequence

from regulars_core.health import Check, checks
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.hooks.conftest import OpenWith
from tests.hooks.test_plugins import plugin


async def ovens(shop: Shop) -> Sequence[Check]:
    return [Check("ovens", False, f"none, and cakes cost {shop.currency}", works=True)]


async def test_they_come_after_cores(open_with: OpenWith) -> None:
    shop = await open_with(plugins_on({"ovens": plugin(regulars_checks=lambda: [ovens])}))
    found = await checks(shop)
    assert [one.name for one in found[:2]] == ["database", "migrations"]
    assert found[-1] == Check("ovens", False, "none, and cakes cost USD", works=True)
