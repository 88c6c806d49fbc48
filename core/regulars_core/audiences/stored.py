"""What is stored of conditions on customers anywhere in the shop: segments of core's, audiences of plugins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.audiences.trees import leaves_in
from regulars_core.events.events import look_up
from regulars_core.shop.shop import Shop

STORED, LOOKUPS = "audiences_stored", "audiences_stored_lookups"


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf of a stored tree: whose the tree is, core's or a plugin's, the leaf's name, and its comparison as plain JSON."""

    owner: str
    name: str
    comparison: Any


async def stored_leaves(shop: Shop, *names: str) -> Sequence[StoredLeaf]:
    """Every leaf of these names in every tree that is stored, of core and of the plugins that are on: whoever removes what a leaf
    names, such as a segment or an attribute, looks here first. A plugin that is off cannot be asked. One round."""
    facts = {"shop": shop, "leaves": names}
    named = {one: list(shop.plugins.ask(LOOKUPS, one, facts) or ()) for one in shop.plugins.implementing(STORED)}
    found, _ = await look_up(shop, named)
    trees = {owner: shop.plugins.ask(STORED, owner, facts | {"found": rows}) for owner, rows in found.items()}
    return [
        StoredLeaf(owner, name, comparison)
        for owner, own in trees.items()
        for tree in own
        for _, name, comparison in leaves_in(tree)
        if name in names
    ]
