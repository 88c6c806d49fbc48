"""Who asks for an attribute, so that it cannot be taken away."""

from collections.abc import Sequence

from regulars_core.audiences.stored import stored_leaves
from regulars_core.plugins.owners import CORE
from regulars_core.shop.shop import Shop

LEAF = "attribute"
"""The condition on a declared attribute."""


async def users_of(shop: Shop, name: str) -> Sequence[str]:
    """Whose stored conditions compare the attribute of this name, as people call them: segments, and plugins that are on."""
    owners = {one.owner for one in await stored_leaves(shop, LEAF) if one.comparison.get("name") == name}
    return ["a segment" if one == CORE else f"an audience of {one}" for one in sorted(owners)]
