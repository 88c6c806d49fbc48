"""How recently, how often and for how much: by fifths and by bands, as field, as condition and in a distribution that agree."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

import regulars_analytics
from regulars_analytics.rfm.edges import keep_fifths
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)
BANDS = "30,90,180,270;10,20,30,40;5000,10000,20000,50000"
KINDS = ("CHAMPION", "LOYAL", "PROMISING", "NEW", "OCCASIONAL", "AT_RISK", "LOST")


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"analytics": regulars_analytics})


async def sell(shop: Shop, path: Path, sales: list[tuple[str, int, int, str]]) -> None:
    """Each of these people has bought so often, the last time so many days ago, for so much at a time."""
    lines = ["reference,email,first_name,last_name,purchased_at,name,total"]
    for name, days, times, amount in sales:
        for n in range(times):
            at = (TODAY - timedelta(days=days + n)).isoformat()
            lines.append(f"{name}{n},{name}@example.com,{name},Li,{at},Tea,{amount}")
    path.write_text("\n".join(lines), encoding="utf-8")  # noqa: ASYNC240
    report = await import_purchases(shop, path, ImportOptions(), lambda _done, _size: None)
    assert report.rejected == 0


async def codes(api: Api) -> dict[str, str]:
    """The three scores of everybody who has some, by the first name; field, condition and distribution agree on the kinds."""
    asked = "{ customers(first: 100) { nodes { firstName rfm { recency frequency monetary kind } } } }"
    nodes = [one for one in (await api.data(asked))["customers"]["nodes"] if one["rfm"]]
    shares = (await api.data("{ rfmDistribution { kind customerCount totalSpent { amount } } }"))["rfmDistribution"]
    assert tuple(one["kind"] for one in shares) == KINDS
    for share in shares:
        of_kind = sorted(one["firstName"] for one in nodes if one["rfm"]["kind"] == share["kind"])
        assert share["customerCount"] == len(of_kind)
        query = "query($kind: RfmKind!) { customers(first: 100, where: {rfm: {in: [$kind]}}) { nodes { firstName } } }"
        found = (await api.data(query, kind=share["kind"]))["customers"]["nodes"]
        assert sorted(one["firstName"] for one in found) == of_kind
    return {
        one["firstName"]: "".join(str(one["rfm"][name]) for name in ("recency", "frequency", "monetary"))
        for one in nodes
    }


async def test_by_bands_of_the_shop(open_shop: OpenShop, tmp_path) -> None:
    """P-A13: A 422, B 322, C 244, D 511, F 355, G 111, H 532."""
    with time_machine.travel(TODAY, tick=False):
        shop = await open_shop(analytics_rfm_bands=BANDS)
        sales = [
            ("Aa", 60, 12, "500.00"), ("Bb", 180, 18, "500.00"), ("Cc", 240, 35, "1142.86"), ("Dd", 0, 1, "1000.00"),
            ("Ff", 120, 40, "2250.00"), ("Gg", 420, 5, "400.00"), ("Hh", 0, 20, "450.00"),
        ]  # fmt: skip
        await sell(shop, tmp_path / "sales.csv", sales)
        found = await codes(Api.of(shop))
    told = {"Aa": "422", "Bb": "322", "Cc": "244", "Dd": "511", "Ff": "355", "Gg": "111", "Hh": "532"}
    assert {name: found[name] for name in told} == told


async def test_fifths_are_found_beside_who_writes(open_shop: OpenShop) -> None:
    """SQLite has one writer, who is not to wait until all customers are ranked."""
    shop = await open_shop()
    free = asyncio.Event()
    with shop.database.counting() as counted:
        async with asyncio.TaskGroup() as group:
            group.create_task(shop.database.transaction(free.wait))
            await asyncio.sleep(0)
            group.create_task(keep_fifths(shop))
            async with asyncio.timeout(20):
                while not any("row_number()" in sql for sql in counted):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            free.set()


async def test_by_fifths(open_shop: OpenShop, tmp_path) -> None:
    """Ties are in the lower fifth; who never bought has no scores and is in nobody's fifth; who is erased is in none any more."""
    with time_machine.travel(TODAY, tick=False):
        shop = await open_shop()
        api = Api.of(shop)
        await api.done("customerCreate", "customer { id }", {"firstName": "Never", "lastName": "Li"})
        await sell(
            shop, tmp_path / "sales.csv", [(name, 10 * n, 1, f"{n}.00") for n, name in enumerate("abcdefghij", 1)]
        )
        by_live = await codes(api)
        assert by_live == dict(
            zip("abcdefghij", ("511", "511", "412", "412", "313", "313", "214", "214", "115", "115"), strict=True)
        )
        await keep_fifths(shop)
        assert await codes(api) == by_live
        await sell(shop, tmp_path / "more.csv", [("k", 0, 9, "2.00")])
        assert (await codes(api))["k"] == "555"  # by the fifths that are kept
        await keep_fifths(shop)
        after = await codes(api)
        assert after["j"][0] == "1"
        assert after["k"] == "555"
        assert after["a"] == "511"
