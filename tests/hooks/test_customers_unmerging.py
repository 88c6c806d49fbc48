"""Plugins say whether a merge can still be undone, before anybody tries."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.customers.merge.undo import unmerge
from regulars_core.plugin import Plugins, Problem, StandingMerge, hookimpl, plugins_on
from regulars_core.shop.shop import CatchingUp
from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.hooks.test_customers_merged import people

MERGES = "query($id: ID!) { node(id: $id) { ... on Customer { merges { mergeId obstacles { code path message } } } } }"


class Keeps:
    """Has given something to survivors, of which it is known by merge what was spent since."""

    def __init__(self) -> None:
        self.spent: set[str] = set()
        self.asked: list[list[tuple[str, list[str], str]]] = []

    @hookimpl
    async def customers_unmerging(self, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
        told = [(one.survivor.first_name, [each.first_name for each in one.absorbed], one.id) for one in merges]
        self.asked.append(told)
        spent = Problem("LOT_CONSUMED", "It was spent since.", ("mergeId",))
        return [[spent] if one.id in self.spent else [] for one in merges]


async def merged(api: Api, survivor: str, *absorbed: str) -> str:
    asked = {"survivorId": survivor, "absorbedIds": list(absorbed)}
    made = await api.done("customersMerge", "customersMerge { mergeId }", asked)
    return str(made["customersMerge"]["mergeId"])


async def test_what_stands_against_an_undo(open_with: OpenWith) -> None:
    keeps = Keeps()
    api = Api.of(await open_with(plugins_on({"keeps": keeps})))
    ana, bo, cy, di = await people(api, "Ana", "Bo", "Cy", "Di")
    first, second, third = [await merged(api, ana, one) for one in (bo, cy, di)]
    assert keeps.asked == []  # nobody asked for obstacles
    await api.done("customersUnmerge", "customers { id }", {"mergeId": third})
    keeps.spent, keeps.asked = {first.removeprefix("merge_")}, []

    async def obstacles() -> dict[str, Any]:
        shown = (await api.data(MERGES, id=ana))["node"]["merges"]
        return {one["mergeId"]: one["obstacles"] for one in shown}

    spent = {"code": "LOT_CONSUMED", "path": ["input", "mergeId"], "message": "It was spent since."}
    shown = await obstacles()
    assert (shown[first], shown[second]) == ([spent], [])
    assert [one["code"] for one in shown[third]] == ["ALREADY_UNDONE"]
    keys = {one.removeprefix("merge_"): name for one, name in ((first, "Bo"), (second, "Cy"))}
    [asked] = keeps.asked[:1]
    assert {id_: absorbed for _, absorbed, id_ in asked} == {id_: [name] for id_, name in keys.items()}
    assert {survivor for survivor, _, _ in asked} == {"Ana"}
    assert await api.refused("customersUnmerge", {"mergeId": first}) == ["LOT_CONSUMED"]
    assert (await api.data("query($id: ID!) { customer(id: $id) { id } }", id=bo))["customer"] == {"id": ana}
    keeps.spent = set()
    await api.done("customersUnmerge", "customers { id }", {"mergeId": first})
    assert (await api.data("query($id: ID!) { customer(id: $id) { id } }", id=bo))["customer"] == {"id": bo}


@pytest.mark.one_executor
async def test_all_merges_are_asked_together(open_with: OpenWith) -> None:
    for plugins, number in (({}, 5), ({"keeps": Keeps()}, 8)):  # and the merges, whom they absorbed, and the customers
        shop = await open_with(plugins_on(plugins))
        api = Api.of(shop)
        ana, *others = await people(api, *"ABC")
        for one in others:
            await merged(api, ana, one)
            with statements(shop, number):
                await api.data(MERGES, id=ana)


@pytest.mark.parametrize("hook", ["customers_unmerging", "customers_unmerged"])
async def test_a_plugin_that_is_behind_is_waited_for(open_with: OpenWith, hook: str) -> None:
    class Late:
        @hookimpl
        async def customers_unmerging(self, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
            return [[]] * len(merges)

        @hookimpl
        async def customers_unmerged(self, merges: Sequence[Any]) -> None:
            pass

    for name in {"customers_unmerging", "customers_unmerged"} - {hook}:
        delattr(Late, name)
    plugins: Plugins = plugins_on({"late": Late()})
    shop = await open_with(plugins)
    api = Api.of(shop)
    ana, bo = await people(api, "Ana", "Bo")
    merge = await merged(api, ana, bo)
    shop.behind, shop.was_behind = frozenset({"late"}), True
    answer = await api.ask(MERGES, id=ana)
    assert answer.codes == (["UNAVAILABLE"] if hook == "customers_unmerging" else [])
    with pytest.raises(CatchingUp):
        await unmerge(shop, merge.removeprefix("merge_"))
    shop.behind = frozenset()
    await api.done("customersUnmerge", "customers { id }", {"mergeId": merge})
