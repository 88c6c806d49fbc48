"""The demo's shop where loyalty and tiers are on: points and credit are there to be seen, and the ledger is sound."""

from datetime import UTC, datetime
from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.plugin import Plugins, Shop, instant_of, now, plugins_on
from regulars_core.testing import OpenShop
from regulars_loyalty.chain.verification import differences
from regulars_schema.testing import Api
from regulars_server import demo
from regulars_server.demo import loyalty
from regulars_server.demo.rhythm import Calendar
from tests.support.example_tabs import answered

BOTH = {"tiers": regulars_tiers, "loyalty": regulars_loyalty}


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of both."""
    return plugins_on(BOTH)


async def column(shop: Shop, sql: str) -> list[Any]:
    return [row[0] for row in await shop.database.rows(sql)]


@pytest.mark.one_executor  # an explanation says at which moment it was asked for
async def test_points_and_credit_are_there_to_be_seen(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on(BOTH))
    await demo.fill(shop)
    kinds = set(await column(shop, "SELECT DISTINCT kind FROM loyalty_transfer"))
    assert {"EARN", "BONUS", "EXPIRE", "REVERSE", "REDEEM", "FUNDING"} <= kinds
    [earning, having] = [
        (await column(shop, f"SELECT count(DISTINCT customer_id) FROM loyalty_account WHERE unit = '{unit}'"))[0]
        for unit in ("PTS", "USD")
    ]
    assert earning > 300
    assert having > 5
    assert not await column(shop, f"SELECT id FROM loyalty_transfer WHERE at > {now()}")
    assert [one async for one in differences(shop)] == []
    shown = (await answered(Api.of(shop), frozenset(BOTH)))["11-points"]
    assert any(int(one["points"]["balance"]) for one in shown["customers"]["nodes"])


async def test_a_shop_without_minor_units_has_points_too(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on(BOTH), currency="JPY", timezone="Asia/Tokyo", country="JP")
    await loyalty.decree(shop, Calendar(instant_of(datetime(2026, 3, 18, 3, tzinfo=UTC)), shop.settings.zone))
    program = (await Api.of(shop).data("{ pointsProgram { rate { points amount { amount } } } }"))["pointsProgram"]
    assert program["rate"] == {"points": "100", "amount": {"amount": "110"}}
