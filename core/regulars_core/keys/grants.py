"""Nobody gives what they do not hold: the rule, and the bindings that are to be given."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.primitives.errors import Forbidden, Problem, Refused
from regulars_core.queries.locks import lock
from regulars_core.shop.actors import Actor, Binding
from regulars_core.shop.permissions import ADMINISTRATOR, BOX_ROLES
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import stores_by_codes

MANAGE = "keys.manage"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role to give, in the stores with these codes or, without any named, in the whole shop."""

    role: str
    stores: Sequence[str] | None = None


def demand_management(by: Actor) -> None:
    """Raise Forbidden for whoever may not manage keys and roles."""
    if not by.covers(MANAGE, None):
        raise Forbidden(MANAGE)


def refuse_more(by: Actor, known: Collection[str], permissions: Iterable[str], stores: Collection[str] | None) -> None:
    """Raise Refused: EXCEEDS_OWN_PERMISSIONS, where somebody would give permissions that they lack in one of the stores,
    or in the whole shop for None.

    A permission that no plugin declares at present is an administrator's to give.
    """
    lacking = sorted(
        name for name in permissions if not (by.covers(name, stores) if name in known else by.administers(stores))
    )
    if lacking:
        message = f"Nobody can give what they do not hold there: {', '.join(lacking)}."
        raise Refused(Problem("EXCEEDS_OWN_PERMISSIONS", message, ("permissions",)))


async def granted(shop: Shop, by: Actor, grants: Sequence[Grant]) -> list[tuple[str, str | None]]:
    """The grants as pairs of role and store id, to be written in the transaction at hand. Raises Refused."""
    if not grants:
        raise Refused(Problem("REQUIRED", "Name at least one role.", ("bindings",)))
    own = await locked_roles(shop, [grant.role for grant in grants])
    wanted: dict[tuple[str, str | None], None] = {}
    for n, grant in enumerate(grants):
        if grant.role not in own and grant.role not in BOX_ROLES:
            message = f"There is no role of this name; in the box are {', '.join(BOX_ROLES)}."
            raise Refused(Problem("NOT_FOUND", message, ("bindings", str(n), "role")))
        stores = await _store_ids(shop, grant, n)
        _refuse_role(shop, by, grant.role, own.get(grant.role), stores)
        scopes: Sequence[str | None] = stores or [None]
        wanted.update(dict.fromkeys((grant.role, store) for store in scopes))
    return list(wanted)


async def locked_roles(shop: Shop, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Those of the roles that are the shop's own, with their permissions, which stay so until the transaction ends."""
    rows = await lock(shop.database, "role", names, ("name", "permissions"), key="name", type="text")
    return {row[0]: json.loads(row[1]) for row in rows}


async def _store_ids(shop: Shop, grant: Grant, n: int) -> list[str] | None:
    if grant.stores is None:
        return None
    if not grant.stores:
        raise Refused(Problem("REQUIRED", "Name at least one store.", ("bindings", str(n), "stores")))
    codes = [code.strip().upper() for code in grant.stores]
    stores = await stores_by_codes(shop.database, codes)
    if any(code not in stores for code in codes):
        raise Refused(Problem("NOT_FOUND", "There is no store with this code.", ("bindings", str(n), "stores")))
    return [stores[code].id for code in codes]


def _refuse_role(shop: Shop, by: Actor, role: str, own: Sequence[str] | None, stores: list[str] | None) -> None:
    if role == ADMINISTRATOR and not by.administers(stores):
        # It holds what plugins will declare one day, too.
        message = "Only an administrator can make another one, and not for more stores."
        raise Refused(Problem("EXCEEDS_OWN_PERMISSIONS", message, ("bindings",)))
    known = shop.permissions.all
    permissions = set(Binding.of(shop.permissions, role, stores, own).permissions)
    permissions |= {name for name in own or () if name not in known}
    refuse_more(by, known, permissions, stores)
