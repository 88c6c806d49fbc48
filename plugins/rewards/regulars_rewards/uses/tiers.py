"""The tier that a customer has, which is kept with a use: asked of the plugin tiers where that is on."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from regulars_core.plugin import Shop

TIERS = "tiers"


async def shown_tiers(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, str]:
    """The code of the tier of each customer; empty without the plugin."""
    module: Any = dict(shop.plugins.modules).get(TIERS)
    if module is None:
        return {}
    door: Any = import_module(f"{module.__name__}.plugin")
    found: Mapping[str, str] = await door.shown_tiers(shop, customer_ids)
    return found
