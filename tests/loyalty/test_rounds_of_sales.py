"""A sale that earns, and is paid by credit and points, waits for PostgreSQL twice."""

from decimal import Decimal
from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.program import RateData
from tests.loyalty.test_purchases import Till, begin_program, paid
from tests.support.rounds import Rounds
from tests.support.sales import rule

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
WAYS = {
    "cash": paid(("cash", "10.00")),
    "credit": paid(("STORE_CREDIT", "4.00"), ("cash", "6.00")),
    "points": paid(("POINTS", "4.00"), ("cash", "6.00")),
    "both": paid(("POINTS", "4.00"), ("STORE_CREDIT", "6.00")),
}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


WHO = ("customerId", "customerCode", "customer")


@on_postgres
@pytest.mark.parametrize("by", WHO)
async def test_two_rounds(database_url: str, plugins: Plugins, by: str, no_settings_from_outside: None) -> None:
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, database_pool=1) as shop:
        tier = rule("TIER_MULTIPLIER", code="tier")
        await begin_program(
            shop, rule("PER_AMOUNT", points=1, per="1.00"), tier, rate=RateData(points=10, amount=Decimal(1))
        )
        till = Till(shop)
        ana = await till.customer()
        await till.api.done("customerUpdate", "customer { id }", {"id": f"customer_{ana}", "email": "ana@shop.example"})
        code = (await shop.database.row("SELECT code FROM customer WHERE id = $1", ana))[0]
        named: dict[str, Any] = {
            "customerId": f"customer_{ana}",
            "customerCode": code,
            "customer": {"email": "ana@shop.example"},
        }
        await till.given(ana, 100_000)
        await till.given(ana, 100_000, POINTS)
        counts = {}
        for way, payments in WAYS.items():
            for n in range(4):  # PostgreSQL has seen the like before
                rounds.count = 0
                lines = [{"name": "Tea", "total": "10.00"}]
                given = {"reference": f"{way}{n}", by: named[by], "lines": lines, **payments}
                await till.api.done("purchaseRecord", "created", given)
            counts[way] = rounds.count
        assert counts == dict.fromkeys(WAYS, 2)
