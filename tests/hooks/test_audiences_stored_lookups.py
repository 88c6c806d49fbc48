"""Where plugins keep conditions is looked up for all of them together."""

from collections.abc import Sequence
from typing import Any

from regulars_core.audiences.stored import stored_leaves
from regulars_core.plugin import Audience, Lookup, hookimpl, plugins_on
from regulars_core.testing import OpenShop, statements


class Keeper:
    """A plugin whose table answers this."""

    def __init__(self, *trees: str) -> None:
        self._trees = trees

    @hookimpl
    def audiences_stored_lookups(self) -> Sequence[Lookup]:
        return [("SELECT CAST($1 AS TEXT)", [tree]) for tree in self._trees]

    @hookimpl
    def audiences_stored(self, found: Sequence[Sequence[Any]]) -> Sequence[Audience]:
        return [{rows[0][0]: True} for rows in found]


async def test_together(open_shop: OpenShop) -> None:
    shop = await open_shop(
        plugins=plugins_on({"one": Keeper("hasEmail", "hasPhone"), "two": Keeper("hasEmail"), "none": Keeper()})
    )
    with statements(shop, 1 if shop.database.engine == "postgres" else 3):
        leaves = await stored_leaves(shop, "hasEmail", "hasPhone", "segment")
    assert [(one.owner, one.name) for one in leaves] == [("one", "hasEmail"), ("one", "hasPhone"), ("two", "hasEmail")]
