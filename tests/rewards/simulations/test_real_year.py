"""A real year of baskets: what systems would have given is what they give when the same year is brought in anew, customer by
customer and to the cent.

The Complete Journey: 2,469 households in 2017. One in eighty of them by default, all with ALL_DATA=true.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Instant, RuleData, Shop, plugins_on
from regulars_core.testing import Databases, Engine, ImportOptions, import_customers, import_purchases, opened_shop
from regulars_rewards.simulations.systems import tried_system
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.whole_shop import Result, systems_over_all
from regulars_rewards.systems.changes import SystemDraft, create_system
from regulars_rewards.systems.system import SystemData
from regulars_rewards.triggers.bands import RewardMode
from tests.rewards.coupons.shop_owner import Owner
from tests.rewards.systems.conftest import bands, rule_data
from tests.tiers.test_real_year import EVERYBODY, files, one_in  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-year")]
SPAN = (Instant(1_451_606_400_000), Instant(1_546_300_800_000))
"""2016 to 2018."""
LADDER = bands((0, 1_000, 1), (1_000, 5_000, 3), (5_000, None, 5))
EDGES = bands((0, 1_000, 1), (1_000, 5_000, 3), (5_000, 10_000, 5))
WORTH = {"STAMPS": 1, "FIFTH": 40, "CREDIT": 250}
"""One reward of each system, in the smallest unit of what it gives."""


def systems(coupon: RuleData) -> Mapping[str, SystemData]:
    """Coupons for stamps, points for each fifth purchase, and credit as NexoPOS counts."""
    since = Instant(1)
    return {
        "STAMPS": SystemData(
            trigger=rule_data("PURCHASE"), bands=LADDER, target=10, reward=coupon, starts_at=since
        ),
        "FIFTH": SystemData(
            trigger=rule_data("NTH_PURCHASE", n=5), target=1, reward=rule_data("POINTS", points=40), starts_at=since
        ),
        "CREDIT": SystemData(
            trigger=rule_data("PURCHASE", earnOn="GROSS"), bands=EDGES, target=20, mode=RewardMode.NEXOPOS,
            reward=rule_data("CREDIT", amount="2.50"), starts_at=since,
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def year(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A folder with customers.csv and purchases.csv."""
    return files if EVERYBODY else one_in(4, files, tmp_path_factory.mktemp("few"))


async def brings(shop: Shop, folder: Path) -> float:
    """The year; the seconds that its purchases took."""
    for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
        begun = time.monotonic()
        report = await bring(shop, folder / f"{name}.csv", ImportOptions(), lambda _, __: None)
        assert (report.rejected, report.created > 0) == (0, True)
    return time.monotonic() - begun


async def by_code(shop: Shop, amounts: Mapping[str, int]) -> dict[str, int]:
    """Amounts by the codes of the customers, of those who have any."""
    codes = dict(tuple(row) for row in await shop.database.rows("SELECT id, code FROM customer"))
    return {codes[id_]: amount for id_, amount in amounts.items() if amount}


async def tried(shop: Shop, data: SystemData) -> tuple[Result, dict[str, int]]:
    """What everybody would have got."""
    totals = Totals()
    try:
        system = await tried_system(shop, SystemDraft("Tried", data))
        result = await systems_over_all(shop, system, None, SPAN, totals, lambda _, __: None)
        return result, {one.customer_id: one.first for batch in totals.batches() for one in batch}
    finally:
        totals.close()


async def promotes(shop: Shop) -> RuleData:
    """The reward of a coupon."""
    return rule_data("COUPON", promotion=await Owner(shop).promotion())


async def given(shop: Shop, name: str) -> dict[str, int]:
    """What everybody has got by a system, by what it keeps."""
    rows = await shop.database.rows(
        "SELECT p.customer_id, p.issued FROM rewards_progress p JOIN rewards_system s ON s.id = p.system_id WHERE s.name = $1",
        name,
    )
    return {id_: issued * WORTH[name] for id_, issued in rows}


async def balances(shop: Shop) -> Mapping[str, dict[str, int]]:
    """What everybody has got by the systems, by what they have: coupons, points and credit."""
    coupons = await shop.database.rows(
        "SELECT customer_id, count(*) FROM rewards_coupon WHERE customer_id IS NOT NULL AND revoked_at IS NULL"
        " GROUP BY customer_id"
    )
    accounts = await shop.database.rows("SELECT customer_id, unit, amount - debt FROM loyalty_account")
    return {
        "STAMPS": {row[0]: row[1] for row in coupons},
        "FIFTH": {row[0]: row[2] for row in accounts if row[1] == "PTS"},
        "CREDIT": {row[0]: row[2] for row in accounts if row[1] != "PTS"},
    }


async def test_a_year_tried_and_brought_in_anew(databases: Databases, engine: Engine, year: Path) -> None:
    plugins, more = plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards}), {"country": "US"}
    would: dict[str, Any] = {}
    async with opened_shop(databases.empty(engine), plugins, **more) as before:
        took = await brings(before, year)
        coupon = await promotes(before)
        for name, data in systems(coupon).items():
            begun = time.monotonic()
            result, totals = await tried(before, data)
            would[name] = await by_code(before, totals)
            print(
                f"{engine} {name}: {sum(would[name].values())} {result.unit} to {len(would[name])} customers for"
                f" {result.purchases} purchases, {(time.monotonic() - begun) / took:.2f} of the import's {took:.0f} s"
            )
        assert not any((await balances(before)).values())
    async with opened_shop(databases.empty(engine), plugins, **more) as anew:
        coupon = await promotes(anew)
        for name, data in systems(coupon).items():
            await create_system(anew, SystemDraft(name, data))
        print(f"{engine}: with the systems the import takes {await brings(anew, year) / took:.2f} of that")
        has = await balances(anew)
        for name, amounts in would.items():
            assert len(amounts) > 20, name
            assert await by_code(anew, await given(anew, name)) == amounts, name
            assert await by_code(anew, has[name]) == amounts, name
