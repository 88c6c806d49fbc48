"""What the conditions of a plugin name is not removed."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import Audience, hookimpl, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api


class Keeper:
    """A plugin that has stored these audiences."""

    def __init__(self) -> None:
        self.audiences: list[Any] = []

    @hookimpl
    def audiences_stored(self) -> Sequence[Audience]:
        return self.audiences


async def test_a_segment_in_use_stays(open_shop: OpenShop) -> None:
    keeper = Keeper()
    api = Api.of(await open_shop(plugins=plugins_on({"keeper": keeper, "other": Keeper()})))
    ids = []
    for name in ("Friends", "Others"):
        given = {"name": name, "where": {"tag": {"in": ["friend"]}}}
        ids.append((await api.done("segmentCreate", "segment { id }", given))["segment"]["id"])
    keeper.audiences.append({"any": [{"tag": {"in": ["x"]}}, {"not": {"segment": {"in": [ids[0]]}}}]})
    refused = await api.do("segmentDelete", "deletedSegmentId", {"id": ids[0]})
    assert [(one["code"], one["path"]) for one in refused["userErrors"]] == [("SEGMENT_IN_USE", ["input", "id"])]
    assert "keeper" in refused["userErrors"][0]["message"]
    assert await api.refused("segmentDelete", {"id": ids[1]}) == []
    keeper.audiences.clear()
    assert await api.refused("segmentDelete", {"id": ids[0]}) == []
