"""Plugins hear of customers who were made one, now or later, and may refuse it."""

from collections.abc import Sequence
from typing import Any

from regulars_core.events.replay import switch_on
from regulars_core.plugin import Merge, Problem, Refused, Shop, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket


class Hears:
    """Notes who became whom, with the references of what went over; refuses to lose anybody named Stays."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, list[str], dict[str, str]]] = []

    @hookimpl
    async def customers_merged(self, shop: Shop, merges: Sequence[Merge]) -> None:
        for merge in merges:
            if any(one.first_name == "Stays" for one in merge.absorbed):
                raise Refused(Problem("STAYS", "Not this one.", ("absorbedIds",)))
            rows = await shop.database.rows("SELECT id, customer_id FROM purchase")
            assert {row[1] for row in rows if row[0] in merge.purchases} <= {merge.survivor.id}
            assert all(one.merged_into_id == merge.survivor.id for one in merge.absorbed)
            absorbed = [one.first_name for one in merge.absorbed]
            self.heard.append((merge.survivor.first_name, absorbed, dict(merge.purchases)))


async def people(api: Api, *names: str) -> list[Any]:
    made = [
        await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"}) for name in names
    ]
    return [one["customer"]["id"] for one in made]


async def test_now_and_later(open_with: OpenWith) -> None:
    hears = Hears()
    plugins = plugins_on({"hears": hears})
    api = Api.of(await open_with(plugins))
    await switch_on(api.shop)
    ana, bo, cy, stays = await people(api, "Ana", "Bo", "Cy", "Stays")
    sold = await api.done("purchaseRecord", "purchase { id }", basket("R1", customerId=bo))
    purchase = sold["purchase"]["id"].removeprefix("purchase_")
    await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana, "absorbedIds": [bo, cy]})
    expected = ("Ana", ["Bo", "Cy"], {purchase: bo.removeprefix("customer_")})
    assert hears.heard == [expected]
    assert await api.refused("customersMerge", {"survivorId": ana, "absorbedIds": [stays]}) == ["STAYS"]
    found = await api.data("query($id: ID!) { customer(id: $id) { firstName status } }", id=stays)
    assert found["customer"] == {"firstName": "Stays", "status": "ACTIVE"}
    off = Api.of(await open_with(plugins_on({})))
    await switch_on(off.shop)
    dee, eve = await people(off, "Dee", "Eve")
    await off.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana, "absorbedIds": [dee]})
    await off.done("customersMerge", "customersMerge { mergeId }", {"survivorId": eve, "absorbedIds": [ana]})
    late = plugins_on({"hears": hears})
    hears.heard.clear()
    await switch_on(await open_with(late))
    assert [(survivor, absorbed) for survivor, absorbed, _ in hears.heard] == [("Ana", ["Dee"]), ("Eve", ["Ana"])]
    assert hears.heard[1][2] == {purchase: ana.removeprefix("customer_")}
