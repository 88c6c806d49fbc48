"""What plugins must know of purchases of the past is looked up for all of them together."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import Lookup, RecordedPurchase, Shop, hookimpl, plugins_on, read_details, recorded_by_ids
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api

LINES = [{"name": "Tea", "total": "9.00"}]


class Keeper:
    """A plugin that has kept by which receipts it knows purchases."""

    def __init__(self, *receipts: str) -> None:
        self._receipts = receipts

    @hookimpl
    def purchases_details_kept_lookups(self, shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
        among = shop.database.dialect.among("id", 1)
        sql = f"SELECT id FROM purchase WHERE {among} AND {shop.database.dialect.among('reference', 2, 'text')}"
        return [(sql, [[one.id for one in purchases], list(self._receipts)])]

    @hookimpl
    def purchases_details_kept(self, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
        known = {row[0] for row in found[0]}
        for purchase in purchases:
            purchase.details.offers |= {"known"} if purchase.id in known else set()


@pytest.mark.one_executor
async def test_together(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on({"one": Keeper("R1"), "more": Keeper("R2"), "none": Keeper()}))
    api, ids = Api.of(shop), []
    for n in range(3):
        made = await api.done("purchaseRecord", "purchase { id }", {"reference": f"R{n}", "lines": LINES})
        ids.append(made["purchase"]["id"].partition("_")[2])
    rows = await recorded_by_ids(shop.database, ids)
    with statements(shop, 1 if shop.database.engine == "postgres" else 3):
        await read_details(shop, [rows[id_] for id_ in ids])
    assert [rows[id_].details.offers for id_ in ids] == [set(), {"known"}, {"known"}]
    with statements(shop, 0):
        await read_details(shop, [])
    again = await recorded_by_ids(shop.database, ids)
    await read_details(shop, [again[id_] for id_ in ids], besides="one")
    assert [again[id_].details.offers for id_ in ids] == [set(), set(), {"known"}]
