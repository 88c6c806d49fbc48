"""Plugins say what a merge would do, and what stands against it."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import MergeEffect, MergeForecast, Moved, PlannedMerge, Problem, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith


class Foresees:
    """Has cups for the survivor, unless a customer is named Bar."""

    def __init__(self) -> None:
        self.cups, self.asked = 2, 0

    @hookimpl
    async def customers_merging(self, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
        self.asked += 1
        return [self._of(merge) for merge in merges]

    def _of(self, merge: PlannedMerge) -> MergeForecast:
        if any(one.first_name == "Bar" for one in merge.everybody):
            return MergeForecast([Problem("OPEN_TAB", "A tab is open.", ("absorbedIds", "0"))])
        effects = [MergeEffect("CUPS", f"{merge.survivor.code} will have {self.cups} cups.")]
        return MergeForecast(effects=effects, moved={"cups": Moved(self.cups, None)})


async def test_forecasts_obstacles_and_fingerprints(open_with: OpenWith) -> None:
    plugin = Foresees()
    api = Api.of(await open_with(plugins_on({"foresees": plugin})))
    ids: list[Any] = []
    for name in ("Ana", "Bo", "Bar"):
        made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        ids.append(made["customer"]["id"])
    document = """query($input: CustomersMergePreviewInput!) { customersMergePreview(input: $input) {
      fingerprint effects { kind message } moved { kind count } obstacles { code path } } }"""

    async def preview(absorbed: str) -> Any:
        asked = {"survivorId": ids[0], "absorbedIds": [absorbed]}
        return (await api.data(document, input=asked))["customersMergePreview"]

    told = await preview(ids[1])
    assert told["effects"][0] == {"kind": "CUPS", "message": "CUST-00001 will have 2 cups."}
    assert told["moved"] == [{"kind": "cups", "count": 2}]
    barred = await preview(ids[2])
    assert barred["obstacles"] == [{"code": "OPEN_TAB", "path": ["input", "absorbedIds", "0"]}]
    assert await api.refused("customersMerge", {"survivorId": ids[0], "absorbedIds": [ids[2]]}) == ["OPEN_TAB"]
    plugin.cups = 3
    given = {"survivorId": ids[0], "absorbedIds": [ids[1]], "fingerprint": told["fingerprint"]}
    assert await api.refused("customersMerge", given) == ["MERGE_CHANGED"]
    now = (await preview(ids[1]))["fingerprint"]
    done = await api.done("customersMerge", "customersMerge { moved { kind count } }", {**given, "fingerprint": now})
    assert done["customersMerge"]["moved"] == [{"kind": "cups", "count": 3}]
    assert plugin.asked == 6
