"""Stores by the codes that inputs name."""

from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import StoreRow, stores_by_codes


async def store_named(shop: Shop, code: str | None, *path: str) -> StoreRow | None:
    """The store with this code. Raises Refused for a code that no store has."""
    if code is None:
        return None
    upper = code.strip().upper()
    found = await stores_by_codes(shop.database, [upper])
    if upper not in found:
        raise Refused(Problem("NOT_FOUND", "There is no store with this code.", path))
    return found[upper]


async def store_id(shop: Shop, code: str | None, *path: str) -> str | None:
    """The id of the store with this code. Raises Refused for a code that no store has."""
    store = await store_named(shop, code, *path)
    return None if store is None else store.id
