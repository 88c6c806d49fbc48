"""Nobody gives what they do not hold: the rule, and the bindings that are to be given."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import is_clean
from regulars_core.queries.locks import lock
from regulars_core.shop.actors import Actor, Binding
from regulars_core.shop.permissions import ADMINISTRATOR, BOX_ROLES
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import stores_by_codes

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role to give, in the stores with these codes or, without any named, in the whole shop."""

    role: str
    stores: Sequence[str] | None = None


def is_role_name(name: str) -> bool:
    """Whether a role can have this name."""
    return _NAME.fullmatch(name) is not None


def refuse_more(
    by: Actor, known: Collection[str], permissions: Iterable[str], stores: Collection[str] | None, *path: str
) -> None:
    """Raise Refused: EXCEEDS_OWN_PERMISSIONS, where somebody would give permissions that they lack in one of the stores,
    or in the whole shop for None.

    A permission that no plugin declares at present is an administrator's to give.
    """
    lacking = sorted(
        name for name in permissions if not (by.covers(name, stores) if name in known else by.administers(stores))
    )
    if lacking:
        message = f"Nobody can give what they do not hold there: {', '.join(lacking)}."
        raise Refused(Problem("EXCEEDS_OWN_PERMISSIONS", message, path))


async def granted(checks: Checks, shop: Shop, by: Actor, grants: Sequence[Grant]) -> list[tuple[str, str | None]]:
    """The grants as pairs of role and store id, to be written in the transaction at hand. What is wrong with them is noted in
    `checks`, each at its place."""
    if not grants:
        checks.fail("REQUIRED", "Name at least one role.", "bindings")
    own = await locked_roles(shop, [grant.role for grant in grants])
    asked = sorted({code for grant in grants for code in _codes(grant)})
    ids = {code: store.id for code, store in (await stores_by_codes(shop.database, asked)).items()} if asked else {}
    wanted: dict[tuple[str, str | None], None] = {}
    for n, grant in enumerate(grants):
        inner = checks.nested("bindings", str(n))
        if grant.stores is not None and not grant.stores:
            inner.fail("REQUIRED", "Name at least one store, or leave them out for the whole shop.", "storeCodes")
            continue
        pairs = await inner.looked_up(_binding(shop, by, grant, own, ids))
        wanted.update(dict.fromkeys(pairs or ()))
    return list(wanted)


async def _binding(
    shop: Shop, by: Actor, grant: Grant, own: Mapping[str, Sequence[str]], ids: Mapping[str, str]
) -> Sequence[tuple[str, str | None]]:
    problems = list[Problem]()
    if grant.role not in own and grant.role not in BOX_ROLES:
        message = f"There is no role of this name; in the box are {', '.join(BOX_ROLES)}."
        problems.append(Problem("UNKNOWN_ROLE", message, ("role",)))
    if grant.stores is not None:
        problems += [
            Problem("NOT_FOUND", "There is no store with this code.", ("storeCodes", str(n)))
            for n, code in enumerate(_codes(grant, every=True))
            if code not in ids
        ]
    if problems:
        raise Refused(*problems)
    if grant.stores is None:
        _refuse_role(shop, by, grant.role, own.get(grant.role), None)
        return [(grant.role, None)]
    stores = [ids[code] for code in _codes(grant)]
    _refuse_role(shop, by, grant.role, own.get(grant.role), stores)
    return [(grant.role, store) for store in stores]


def _codes(grant: Grant, *, every: bool = False) -> Sequence[str]:
    """The codes of stores as they are kept; `every` one, those too that no database could be asked for."""
    codes = [code.strip().upper() for code in grant.stores or ()]
    return [code for code in codes if every or is_clean(code)]


async def locked_roles(shop: Shop, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Those of the roles that are the shop's own, with their permissions, which stay so until the transaction ends."""
    asked = [name for name in names if is_role_name(name)]
    rows = await lock(shop.database, "role", asked, ("name", "permissions"), key="name", type="text")
    return {row[0]: json.loads(row[1]) for row in rows}


def _refuse_role(shop: Shop, by: Actor, role: str, own: Sequence[str] | None, stores: list[str] | None) -> None:
    if role == ADMINISTRATOR and not by.administers(stores):
        # It holds what plugins will declare one day, too.
        message = "Only an administrator can make another one, and not for more stores."
        raise Refused(Problem("EXCEEDS_OWN_PERMISSIONS", message))
    known = shop.permissions.all
    permissions = set(Binding.of(shop.permissions, role, stores, own).permissions)
    permissions |= {name for name in own or () if name not in known}
    refuse_more(by, known, permissions, stores)
