"""Stores by the codes that inputs name."""

from collections.abc import Sequence

from regulars_core.database import Lookup
from regulars_core.primitives.errors import BadInput, Forbidden, Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import StoreRow, query_by_codes, stores_by_codes, stores_by_ids
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of

IF_UNNAMED = "if absent, the only store of a key that is bound to one, and `MAIN` for a key of the whole shop."
"""What an input says that names a store where something is done that is always of a store."""

IF_HEADQUARTERS = (
    "if absent, the only store of a key that is bound to one, and headquarters for a key of the whole shop."
)
"""The same where what headquarters does is of no store."""


async def stores_there(context: RequestContext, ids: Sequence[str], *path: str) -> frozenset[str]:
    """The keys of the stores with these ids. Raises BadInput, at the place of the first that no store has."""
    keys = [key_of(text, "store", *path, str(n)) for n, text in enumerate(ids)]
    found = await stores_by_ids(context.database, keys)
    for n, key in enumerate(keys):
        if key not in found:
            raise BadInput("There is no store with this id.", (*path, str(n)), "NOT_FOUND")
    return frozenset(keys)


async def store_named(shop: Shop, code: str | None, *path: str) -> StoreRow | None:
    """The store with this code. Raises Refused for a code that no store has."""
    if code is None:
        return None
    upper = _key(code)
    found = await stores_by_codes(shop.database, [upper])
    if upper not in found:
        raise Refused(Problem("NOT_FOUND", "There is no store with this code.", path))
    return found[upper]


def lookup_store(shop: Shop, code: str) -> Lookup:
    """What `store_named` looks up."""
    return query_by_codes(shop.database.dialect, [_key(code)])


def _key(code: str) -> str:
    return code.strip().upper()


def store_unnamed(actor: Actor, permission: str, *path: str) -> str:
    """The id of the store where somebody does what this permission allows and names none: `MAIN` of who holds it there, or else
    the only one where it is held. Raises Refused where it might be one of several, and Forbidden where it is held nowhere."""
    stores = actor.stores(permission)
    if stores is None or MAIN_STORE_ID in stores:
        return MAIN_STORE_ID
    if not stores:
        raise Forbidden(permission)
    if len(stores) > 1:
        raise Refused(Problem("REQUIRED", "The key is bound to several stores: name one.", path))
    [only] = stores
    return only


async def store_done_in(context: RequestContext, permission: str, code: str | None, *path: str) -> StoreRow | None:
    """The store with this code or, where none is named, that of `store_unnamed`; None for `MAIN` unnamed. Raises Refused for a
    code that no store has, and Forbidden where the permission is not held."""
    store = await store_named(context.shop, code, *path)
    if code is None and (unnamed := store_unnamed(context.actor, permission, *path)) != MAIN_STORE_ID:
        store = (await stores_by_ids(context.database, [unnamed]))[unnamed]
    if store is not None and not context.actor.may(permission, store.id):
        raise Forbidden(permission, store=store.id)
    return store


async def store_acted_in(context: RequestContext, permission: str, code: str | None, *path: str) -> str | None:
    """The id of the store where the caller does what this permission allows: the store with this code or, where none is named,
    the only one of a caller who is bound to one; None, headquarters, for a caller of the whole shop who names none. Raises
    Refused for a code that no store has, and Forbidden where the permission is not held, or it might be one of several."""
    named = await store_named(context.shop, code, *path)
    if named is not None:
        acted_in = named.id
    elif context.actor.covers(permission, None):
        return None
    else:
        stores = context.actor.stores(permission) or ()
        if len(stores) != 1:
            raise Forbidden(permission, shop_wide=bool(stores))
        [acted_in] = stores
    if not context.actor.may(permission, acted_in):
        raise Forbidden(permission, store=acted_in)
    return acted_in
