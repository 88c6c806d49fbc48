"""Who is a regular: kept beside the statistics, whatever becomes of purchases, as time goes by, and as the shop decides anew."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import time_machine

from regulars_core.primitives.clock import DAY_MS, now, printed
from regulars_core.purchases.regulars.count import count_anew, differences
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.support.keys import holding

LIST = (
    "query($where: CustomerWhere) { customers(where: $where, orderBy: {field: CREATED_AT, direction: ASC})"
    " { totalCount nodes { firstName isRegular } } }"
)
SUM = {"lines": [{"name": "Tea", "total": "5.00"}]}


async def sold(api: Api, customer: str, days: float) -> str:
    at = printed(now() - int(days * DAY_MS))  # type: ignore[arg-type]
    given = {"reference": uuid4().hex, "customerId": customer, "purchasedAt": at, **SUM}
    made = await api.done("purchaseRecord", "purchase { id }", given)
    return str(made["purchase"]["id"])


async def regulars(api: Api) -> str:
    """The initials of the regulars: by the field and by the filter, which agree."""
    found = (await api.data(LIST))["customers"]["nodes"]
    by_filter = [(await api.data(LIST, where={"isRegular": wanted}))["customers"] for wanted in (True, False)]
    assert [one["nodes"] for one in by_filter] == [
        [node for node in found if node["isRegular"] is wanted] for wanted in (True, False)
    ]
    assert [one["totalCount"] for one in by_filter] == [len(one["nodes"]) for one in by_filter]
    return "".join(node["firstName"][0] for node in by_filter[0]["nodes"])


async def told(shop: Shop) -> list[str]:
    return [one async for one in differences(shop)]


async def test_whatever_becomes_of_purchases(open_shop: OpenShop) -> None:
    shop = await open_shop(regular_purchases=3, regular_days=90)
    api = Api.of(shop)
    people = [
        await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"}) for name in "AB"
    ]
    ana, bo = (one["customer"]["id"] for one in people)
    sales = [await sold(api, ana, days) for days in (100, 89.9, 10)]
    assert await regulars(api) == ""
    sales.append(await sold(api, ana, 20))
    assert await regulars(api) == "A"
    with time_machine.travel(datetime.fromtimestamp((now() + DAY_MS) / 1000, UTC), tick=True):
        assert await regulars(api) == ""  # and nothing was done
    later = await sold(api, ana, 1)
    with time_machine.travel(datetime.fromtimestamp((now() + DAY_MS) / 1000, UTC), tick=True):
        assert await regulars(api) == "A"
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": later})
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": sales[2], "amount": "5.00"})
    assert await regulars(api) == ""
    part = {"purchaseId": await sold(api, ana, 0), "amount": "4.99"}
    await api.done("purchaseRefund", "refund { id }", part)  # so that it counts
    assert await regulars(api) == "A"

    moved = {"purchaseIds": [sales[3]], "customerId": bo, "reason": "Twins."}
    await api.done("purchasesReassign", "movedCount", moved)
    assert await regulars(api) == ""
    merge = await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": bo, "absorbedIds": [ana]})
    assert await regulars(api) == "B"
    undone = {"mergeId": merge["customersMerge"]["mergeId"]}
    await api.done("customersUnmerge", "customers { id }", undone)
    assert await regulars(api) == ""
    assert await told(shop) == []

    await asyncio.gather(*(sold(api, bo, day) for day in (3, 2, 1)))  # at the same time
    assert await regulars(api) == "B"
    assert await told(shop) == []
    # One bit of all stores is told to a key of one store too.
    store = (await api.done("storeCreate", "store { id }", {"code": "S1", "name": "Harbour"}))["store"]["id"]
    binding = holding("customers.view", stores=[store.removeprefix("store_")])
    bound = Api(api.schema, shop, Actor("bound", "branch", (binding,)))
    assert await regulars(bound) == "B"


async def test_the_shop_decides_anew(open_shop: OpenShop) -> None:
    """The job counts from where it was stopped; until it is done, verification says so in one sentence."""
    before = Api.of(await open_shop(regular_purchases=3))
    people = [
        await before.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"}) for name in "AB"
    ]
    for one, often in zip(people, (2, 4), strict=True):
        for day in range(often):
            await sold(before, one["customer"]["id"], day)
    assert await regulars(before) == "B"
    assert await told(before.shop) == []
    await count_anew(before.shop)

    api = Api.of(await open_shop(regular_purchases=4))
    assert len(await told(api.shop)) == 1
    await count_anew(api.shop)
    await count_anew(api.shop)
    assert await regulars(api) == "B"
    assert await told(api.shop) == []
    fewer = Api.of(await open_shop(regular_purchases=2))
    start = await fewer.shop.database.row("SELECT customer_id FROM customer_stats ORDER BY customer_id LIMIT 1")
    assert start is not None

    async def half_way() -> None:
        await fewer.shop.database.run("UPDATE regular_count SET purchases = 2, reached = $1", start[0])

    await fewer.shop.database.transaction(half_way)
    assert len(await told(fewer.shop)) == 1
    await count_anew(fewer.shop)
    wrong = await told(fewer.shop)  # of whom nobody says that they are counted anew
    assert [line.partition("_")[0] for line in wrong] == ["customer"]
    await fewer.shop.database.transaction(lambda: fewer.shop.database.run("DELETE FROM regular_count"))
    await count_anew(fewer.shop)
    assert await regulars(fewer) == "AB"
    assert await told(fewer.shop) == []
