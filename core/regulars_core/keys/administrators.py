"""Who may manage keys: the manager at hand as it is now, and that the last one stays."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.keys.credentials import is_key_id
from regulars_core.keys.reads import bindings_by_keys
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Forbidden, Problem, Refused
from regulars_core.queries.locks import lock_where
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.shop import Shop

MANAGE = "keys.manage"
_MANAGING = (
    "store_id IS NULL AND (role = $1 OR role IN (SELECT name FROM role WHERE permissions LIKE '%\"" + MANAGE + "\"%'))"
)


@dataclass(frozen=True, slots=True)
class Manager:
    """A live key that manages keys in the whole shop by this role, until it ends by itself at `ends_at`."""

    key_id: str
    role: str
    ends_at: float


def demand_management(by: Actor) -> None:
    """Raise Forbidden for whoever may not manage keys and roles."""
    if not by.covers(MANAGE, None):
        raise Forbidden(MANAGE, shop_wide=by.may(MANAGE))


async def locked_manager(shop: Shop, by: Actor, *, managers: bool = False) -> Actor:
    """Whoever manages keys, as the database knows them in the transaction at hand, and as they stay until it ends: what a server
    remembers of them may be some seconds old, and somebody whose key was revoked shall not make another one. With `managers`
    all other keys that manage keys stay as they are, too. Raises Forbidden."""
    demand_management(by)
    known = is_key_id(by.key_id)  # the command line has no key
    if managers:
        condition = f"revoked_at IS NULL AND (id = $2 OR id IN (SELECT key_id FROM key_binding WHERE {_MANAGING}))"
        await lock_where(shop.database, "api_key", condition, [ADMINISTRATOR, by.key_id])
    elif known:
        await lock_where(shop.database, "api_key", "id = $1", [by.key_id])
    if not known:
        return by
    sql = "SELECT 1 FROM api_key WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
    if not await shop.database.rows(sql, by.key_id, now()):
        raise Forbidden(MANAGE)
    present = Actor(by.key_id, by.name, (await bindings_by_keys(shop, [by.key_id]))[by.key_id])
    demand_management(present)
    return present


async def end_of(shop: Shop, by: Actor) -> Instant | None:
    """When the key ends that `locked_manager` has locked; None for one that does not end by itself, and for the command line."""
    if not is_key_id(by.key_id):
        return None
    rows = await shop.database.rows("SELECT expires_at FROM api_key WHERE id = $1", by.key_id)
    return rows[0][0] if rows else None


async def live_managers(shop: Shop) -> Sequence[Manager]:
    """All that manage keys now, each by each of its roles that let it."""
    rows = await shop.database.rows(
        "SELECT k.id, b.role, k.expires_at FROM api_key k JOIN"
        f" (SELECT key_id, role FROM key_binding WHERE {_MANAGING}) b ON b.key_id = k.id"
        " WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)",
        ADMINISTRATOR,
        now(),
    )
    return [Manager(row[0], row[1], math.inf if row[2] is None else row[2]) for row in rows]


def refuse_last(before: Sequence[Manager], after: Sequence[Manager], *path: str) -> None:
    """Raise Refused: LAST_ADMINISTRATOR, where the shop would sooner be without a key that administers it or, if it has none
    anyway, without one that manages keys. A key that ends by itself counts until then."""
    administrators = [one for one in before if one.role == ADMINISTRATOR]
    if administrators:
        before, after = administrators, [one for one in after if one.role == ADMINISTRATOR]
    if _end(after) < _end(before):
        message = (
            "This is the last key that administers the whole shop, or that does so for so long; make another one first."
        )
        raise Refused(Problem("LAST_ADMINISTRATOR", message, path))


def _end(managers: Sequence[Manager]) -> float:
    return max((one.ends_at for one in managers), default=-math.inf)
