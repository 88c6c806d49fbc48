"""By what tiers multiply points, and who has which, where that plugin is on: through its door, since neither plugin needs the
other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from regulars_core.plugin import Instant, Lookup, Sale, Shop

TIERS = "tiers"


def _door(shop: Shop) -> Any:
    """What the plugin lets others use; None where it is off. Found once."""
    if _door not in shop.memory:
        module: Any = dict(shop.plugins.modules).get(TIERS)
        shop.memory[_door] = None if module is None else import_module(f"{module.__name__}.plugin")
    return shop.memory[_door]


def lookup_multipliers(shop: Shop, who: Sequence[tuple[str, Instant]]) -> Sequence[Lookup]:
    """What `with_multipliers` will have to know of these customers at these instants; for the first half of an event."""
    door = _door(shop)
    lookups: Sequence[Lookup] = door.multiplier_lookups(shop, [door.Sale(*one) for one in who]) if door else []
    return lookups


async def with_multipliers(
    shop: Shop, sales: Sequence[Sale], found: Sequence[Sequence[Any]] = (), *, to_write: bool = False
) -> Sequence[Sale]:
    """The sales, each with the multiplier of the tier whose terms hold for it, 1 where there is none. `found` are the rows of
    `lookup_multipliers`; without them it is read here. What is decided by them `to_write` it in this transaction holds only if
    tiers are then still by the same policy."""
    door = _door(shop)
    if door is None:
        return sales
    asked = [door.Sale(sale.customer_id, sale.at, sale.fact) for sale in sales]
    try:
        found = found or await door.read_found(shop, asked)
        told = door.multipliers(shop, asked, found)
    except door.NotLookedUp:
        found = await door.read_found(shop, asked)
        told = door.multipliers(shop, asked, found)
    if to_write and found:
        await shop.database.defer([door.unchanged(found)])
    return [
        sale if not one or one == sale.tier_multiplier else replace(sale, tier_multiplier=one)
        for sale, one in zip(sales, told, strict=True)
    ]


async def tiers_before(shop: Shop, customer_ids: Sequence[str], until: Instant) -> Mapping[str, tuple[int, str]]:
    """The tier that each of these had just before an instant: its position among the others, and its code. Empty where the
    plugin is off."""
    door = _door(shop)
    if door is None:
        return {}
    at = Instant(until - 1)
    found = await door.tiers_of(shop, [(id_, at) for id_ in customer_ids])
    return {id_: (tier.position, tier.code) for (id_, _), tier in found.items()}
