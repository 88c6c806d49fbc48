"""The tier that a customer has, which is kept with a use: asked of the plugin tiers where that is on."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from regulars_core.plugin import Instant, Lookup, Shop

TIERS = "tiers"


def _door(shop: Shop) -> Any:
    """What the plugin lets others use; None where it is off."""
    module: Any = dict(shop.plugins.modules).get(TIERS)
    return None if module is None else import_module(f"{module.__name__}.plugin")


def lookup_shown_tiers(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Lookup]:
    """What has to be looked up; nothing without the plugin or customers. The ids may be Sought. Read by `shown_tiers_from`."""
    door = _door(shop)
    return [door.lookup_shown_tiers(shop, customer_ids)] if door and customer_ids else []


async def shown_tiers_from(shop: Shop, found: Sequence[Sequence[Any]]) -> Mapping[str, str]:
    """The code of the tier of each customer, out of the rows of what `lookup_shown_tiers` named."""
    door = _door(shop)
    tiers: Mapping[str, str] = await door.shown_tiers_from(shop, found[0]) if door and found else {}
    return tiers


async def tiers_before(shop: Shop, customer_ids: Sequence[str], until: Instant) -> Mapping[str, tuple[int, str]]:
    """The tier that each of these had just before an instant: its position among the others, and its code. Empty where the
    plugin is off."""
    door = _door(shop)
    if door is None:
        return {}
    at = Instant(until - 1)
    found = await door.tiers_of(shop, [(id_, at) for id_ in customer_ids])
    return {id_: (tier.position, tier.code) for (id_, _), tier in found.items()}
