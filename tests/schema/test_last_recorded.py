"""When a store last told of a purchase: found by an index, and told to those who see purchases there."""

from typing import Any

import time_machine

from regulars_core.plugin import MAIN_STORE_ID, Shop
from regulars_core.shop.actors import Actor
from regulars_core.stores.reads import last_recorded
from regulars_schema.testing import Api
from tests.support.keys import bound, holding

STORES = "{ stores { nodes { code lastRecordedAt } } }"


async def told(api: Api) -> dict[str, Any]:
    return {one["code"]: one["lastRecordedAt"] for one in (await api.data(STORES))["stores"]["nodes"]}


async def test_by_when_it_was_recorded_whatever_day_the_purchase_says(shop: Shop) -> None:
    api = Api.of(shop)
    await api.done("storeCreate", "store { id }", {"code": "S2", "name": "Second"})
    assert await told(api) == {"MAIN": None, "S2": None}
    for reference, store, said, at in [
        ("R1", "MAIN", "2026-11-01T00:00:00Z", "2026-11-05T10:00:00Z"),
        ("R2", "MAIN", "2026-10-01T00:00:00Z", "2026-11-06T10:00:00Z"),
        ("R3", "S2", "2026-11-01T00:00:00Z", "2026-11-04T10:00:00Z"),
    ]:
        with time_machine.travel(at, tick=False):
            line = {"name": "Tea", "total": "1.00"}
            given = {"reference": reference, "storeCode": store, "purchasedAt": said, "lines": [line]}
            made = (await api.done("purchaseRecord", "purchase { id store { lastRecordedAt } }", given))["purchase"]
        assert made["store"]["lastRecordedAt"] == at.replace("Z", ".000Z")
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": made["id"]})  # its till is connected all the same
    latest = {"MAIN": "2026-11-06T10:00:00.000Z", "S2": "2026-11-04T10:00:00.000Z"}
    assert await told(api) == latest

    branch = Api(api.schema, shop, bound("cashier", MAIN_STORE_ID))
    assert await told(branch) == latest | {"S2": None}
    blind = await Api(api.schema, shop, Actor("blind", "blind", (holding("stores.view"),))).ask(STORES)
    assert blind.codes == ["FORBIDDEN"]
    assert [one["lastRecordedAt"] for one in blind.data["stores"]["nodes"]] == [None, None]


async def test_it_is_found_by_an_index(shop: Shop) -> None:
    database = shop.database
    with database.counting() as counted:
        assert await last_recorded(database, [MAIN_STORE_ID]) == {}
    [sql] = counted

    async def plan() -> str:
        if database.engine == "postgres":  # of an empty table it would read all
            await database.rows("SELECT set_config('enable_seqscan', 'off', true)")
        explain = "EXPLAIN QUERY PLAN" if database.engine == "sqlite" else "EXPLAIN"
        return "\n".join(str(tuple(row)) for row in await database.rows(f"{explain} {sql}", [MAIN_STORE_ID]))

    found = await database.transaction(plan)
    assert "purchase_of_store" in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found
