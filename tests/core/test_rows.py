"""Rows read by their ids."""

from regulars_core.groups.reads import groups_by_ids
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID, new_id
from regulars_core.purchases.reads import purchases_by_ids
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.queries.rows import load_one
from regulars_core.queries.where import Where
from regulars_core.shop.shop import Shop
from regulars_core.testing import statements

EVERYTHING, NOTHING = Where("all"), Where("any")


async def test_one_row_is_read_as_many_are(shop: Shop):
    with statements(shop, 2):
        group = await load_one(groups_by_ids, shop.database, DEFAULT_GROUP_ID)
        assert await load_one(groups_by_ids, shop.database, new_id()) is None
    assert group is not None
    assert group.id == DEFAULT_GROUP_ID


async def test_one_row_is_narrowed_as_many_are(shop: Shop):
    purchase = NewPurchase("A", MAIN_STORE_ID, None, now(), shop.currency, [NewLine("Tea", 1, total=5)])
    [recorded] = await record(shop, [checked(purchase, shop.currency)])
    assert recorded.id is not None
    assert await load_one(purchases_by_ids, shop.database, recorded.id, EVERYTHING) == recorded.row
    assert await load_one(purchases_by_ids, shop.database, recorded.id, NOTHING) is None
