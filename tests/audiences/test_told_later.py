"""A plugin that asks audiences of each purchase hears the same whether it was on or is told of them later."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import (
    Lookup,
    PurchaseOutline,
    RecordedPurchase,
    Shop,
    audience_answers,
    audience_lookups,
    hookimpl,
    plugins_on,
    printed,
)
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.testing import Databases, Engine, little_of_everything, opened_shop
from regulars_core.testing.shops import NEW_YEAR

AUDIENCES: Mapping[str, Any] = {
    **{f"spent {n}": {"totalSpent": {"gte": f"{n}.00"}} for n in range(1, 12)},
    **{f"bought {n}": {"purchaseCount": {"eq": n}} for n in range(5)},
    "began": {"firstPurchaseAt": {"withinDays": 3}},
    "early": {"firstPurchaseAt": {"before": printed(NEW_YEAR)}},
    "again": {"lastPurchaseAt": {"withinDays": 3}},
    "default": {"group": {"in": [f"group_{DEFAULT_GROUP_ID}"]}},
    "35": {"not": {"age": {"gte": 35}}},
    "May": {"birthday": {"inNextDays": 140}},
}


class Asker:
    """Asks all of them of each purchase, in both halves of the event."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {}

    @hookimpl
    def purchases_recorded_lookups(self, shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
        return audience_lookups(
            shop, AUDIENCES, [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
        )

    @hookimpl
    async def purchases_recorded(
        self, shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]
    ) -> None:
        who = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
        answers = audience_answers(shop, AUDIENCES, who, found)
        for one in purchases:
            moment: Any = (one.customer_id, one.purchased_at)
            self.heard[one.reference] = [name for name in AUDIENCES if answers.get((name, moment))]


async def test_the_same_is_heard_later(databases: Databases, engine: Engine) -> None:
    always, late = Asker(), Asker()
    on = plugins_on({"asker": always})
    url = await databases.migrated(engine, on.apps)
    async with opened_shop(url, on) as shop:
        await little_of_everything(shop)
    databases.drop(url)
    url = await databases.migrated(engine, on.apps)
    on = plugins_on({"asker": late})
    async with opened_shop(url, on):
        pass
    async with opened_shop(url, plugins_on()) as shop:
        await little_of_everything(shop)
    assert late.heard == {}
    async with opened_shop(url, on):
        pass
    databases.drop(url)
    assert late.heard == always.heard
    assert always.heard["a0"] == ["bought 0", "default", "May"]
    assert {"spent 1", "bought 1", "began", "again", "default"} <= set(always.heard["a3"])
    assert {"spent 5", "bought 2", "again"} <= set(always.heard["a6"])
    assert "began" not in always.heard["a6"]
