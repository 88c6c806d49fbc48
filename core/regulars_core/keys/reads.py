"""Reading keys and roles."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.database import Database
from regulars_core.keys.credentials import as_entity, is_key_id
from regulars_core.primitives.clock import Instant
from regulars_core.shop.actors import Binding
from regulars_core.shop.permissions import ADMINISTRATOR, Permissions
from regulars_core.shop.shop import Shop


@dataclass(slots=True)
class KeyRow:
    """A key as it is shown. `bindings` are pairs of a role and a store's code, None for the whole shop."""

    id: str
    name: str
    created_at: Instant
    revoked_at: Instant | None
    expires_at: Instant | None
    last_used_at: Instant | None
    bindings: list[tuple[str, str | None]] = field(default_factory=list)

    def is_live(self, at: Instant) -> bool:
        """Whether somebody can ask with it at an instant."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)

    @property
    def is_administrator(self) -> bool:
        """Whether it administers the whole shop, unless it was revoked or has ended."""
        return self.revoked_at is None and (ADMINISTRATOR, None) in self.bindings

    @property
    def audited(self) -> Sequence[tuple[str, str]]:
        """What the audit knows it by."""
        return [("key", as_entity(self.id))]


_KEYS = (
    "SELECT k.id, k.name, k.created_at, k.revoked_at, k.expires_at, k.last_used_at, b.role, st.code FROM api_key k"
    " LEFT JOIN key_binding b ON b.key_id = k.id LEFT JOIN store st ON st.id = b.store_id"
)
_IN_ORDER = " ORDER BY k.created_at, k.id, b.role, coalesce(st.code, '')"


async def list_keys(database: Database) -> Sequence[KeyRow]:
    """All keys, the oldest first, revoked ones too."""
    return _key_rows(await database.rows(_KEYS + _IN_ORDER))


async def keys_by_ids(database: Database, ids: Collection[str]) -> Mapping[str, KeyRow]:
    """Keys by id; unknown ones, and what is no id of a key, are missing."""
    wanted = sorted({id_ for id_ in ids if is_key_id(id_)})
    if not wanted:
        return {}
    among = database.dialect.among("k.id", 1, "text")
    return {key.id: key for key in _key_rows(await database.rows(f"{_KEYS} WHERE {among}{_IN_ORDER}", wanted))}


def _key_rows(rows: Sequence[Any]) -> Sequence[KeyRow]:
    keys: dict[str, KeyRow] = {}
    for row in rows:
        key = keys.setdefault(row[0], KeyRow(*row[:6]))
        if row[6] is not None:
            key.bindings.append((row[6], row[7]))
    return list(keys.values())


async def bindings_by_keys(shop: Shop, ids: Collection[str]) -> Mapping[str, Sequence[Binding]]:
    """What the roles of each of these keys allow, and where."""
    database, wanted = shop.database, sorted(set(ids))
    if not wanted:
        return {}
    rows = await database.rows(
        "SELECT b.key_id, b.role, b.store_id, r.permissions FROM key_binding b LEFT JOIN role r ON r.name = b.role"
        f" WHERE {database.dialect.among('b.key_id', 1, 'text')} ORDER BY b.id",
        wanted,
    )
    of_keys: dict[str, list[Sequence[Any]]] = {key: [] for key in wanted}
    for row in rows:
        of_keys[row[0]].append((row[1], row[2], row[3]))
    return {key: bindings_of(shop.permissions, each) for key, each in of_keys.items()}


def bindings_of(known: Permissions, rows: Sequence[Sequence[Any]]) -> Sequence[Binding]:
    """One binding for each role and scope, out of rows of a role, a store's id and what an own role holds. A role of the shop's
    own goes before a later one of that name in the box."""
    stores: dict[tuple[str, bool], list[str]] = {}
    own: dict[str, Sequence[str] | None] = {}
    for role, store, permissions in rows:
        own[role] = None if permissions is None else json.loads(permissions)
        stores.setdefault((role, store is None), []).append(store)
    return tuple(Binding.of(known, role, None if whole else ids, own[role]) for (role, whole), ids in stores.items())


@dataclass(slots=True)
class RoleRow:
    """A role as it is shown: one in the box, or the shop's own with what it was given."""

    name: str
    permissions: Sequence[str]
    is_built_in: bool


async def own_roles(database: Database) -> Mapping[str, Sequence[str]]:
    """The roles that the shop has made itself, by name, and the permissions that each was given."""
    rows = await database.rows("SELECT name, permissions FROM role ORDER BY name")
    return {row[0]: json.loads(row[1]) for row in rows}


async def list_roles(shop: Shop) -> Sequence[RoleRow]:
    """The roles in the box, and then the shop's own by name. An own one that has the name of a later one in the box goes before
    it, as it does for who holds it."""
    own = await own_roles(shop.database)
    box = [RoleRow(name, sorted(held), True) for name, held in shop.permissions.roles.items() if name not in own]
    return [*box, *(RoleRow(name, sorted(held), False) for name, held in own.items())]
