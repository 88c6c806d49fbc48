"""Plugins hear that a merge was undone, and may refuse it."""

from collections.abc import Sequence

from regulars_core.plugin import Merge, Problem, Refused, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.hooks.test_customers_merged import people


class Hears:
    """Notes what went back; refuses while something is spent."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, list[str], dict[str, str]]] = []
        self.is_spent = True

    @hookimpl
    async def customers_unmerged(self, merges: Sequence[Merge]) -> None:
        if self.is_spent:
            raise Refused(Problem("LOT_CONSUMED", "It is spent.", ("mergeId",)))
        for merge in merges:
            assert all(one.merged_into_id is None for one in merge.absorbed)
            absorbed = [one.first_name for one in merge.absorbed]
            self.heard.append((merge.survivor.first_name, absorbed, dict(merge.purchases)))


async def test_what_went_back(open_with: OpenWith) -> None:
    hears = Hears()
    api = Api.of(await open_with(plugins_on({"hears": hears})))
    ana, bo = await people(api, "Ana", "Bo")
    ids = [
        (await api.done("purchaseRecord", "purchase { id }", basket(f"R{n}", customerId=bo)))["purchase"]["id"]
        for n in range(2)
    ]
    merge = await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana, "absorbedIds": [bo]})
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": ids[:1], "toNobody": True})
    undo = {"mergeId": merge["customersMerge"]["mergeId"]}
    assert await api.refused("customersUnmerge", undo) == ["LOT_CONSUMED"]
    found = await api.data("query($id: ID!) { customer(id: $id) { id } }", id=bo)
    assert found["customer"] == {"id": ana}
    hears.is_spent = False
    await api.done("customersUnmerge", "customers { id }", undo)
    back = {ids[1].removeprefix("purchase_"): bo.removeprefix("customer_")}
    assert hears.heard == [("Ana", ["Bo"], back)]
