"""Keys and actors for tests: made by the operator, as on the command line."""

from collections.abc import Sequence

from regulars_core.database import Database
from regulars_core.keys import service
from regulars_core.keys.grants import Grant
from regulars_core.shop.actors import Actor, Binding, operator
from regulars_core.shop.permissions import CORE_ALONE
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on


async def make_key(
    database: Database, name: str = "till", role: str = "administrator", stores: Sequence[str] | None = None
) -> str:
    """The text of a new key with one role, in the stores with these codes or in the whole shop."""
    shop = Shop(database, Settings(), plugins_on())
    by = operator(shop.permissions)
    return await service.create_key(shop, by=by, name=name, bindings=[Grant(role, stores)])


async def revoke(database: Database, key: str) -> None:
    """Revoke a key, given as its text or its id."""
    shop = Shop(database, Settings(), plugins_on())
    await service.revoke_key(shop, by=operator(shop.permissions), key_id=key.split("_")[1] if "_" in key else key)


def bound(role: str, *stores: str, key_id: str = "bound") -> Actor:
    """Somebody with a role of the box in the stores with these ids alone."""
    return Actor(key_id, "branch", (Binding.of(CORE_ALONE, role, stores),))


def holding(*permissions: str, stores: Sequence[str] | None = None) -> Binding:
    """A binding of these permissions, in the stores with these ids or in the whole shop."""
    return Binding.of(CORE_ALONE, "own", stores, permissions)
