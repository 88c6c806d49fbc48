"""Reading keys and the shop's own roles."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.shop.permissions import ADMINISTRATOR


@dataclass(slots=True)
class KeyRow:
    """A key as it is shown. `bindings` are pairs of a role and a store's code, None for the whole shop."""

    id: str
    name: str
    created_at: Instant
    revoked_at: Instant | None
    bindings: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def is_administrator(self) -> bool:
        """Whether it is live and administers the whole shop."""
        return self.revoked_at is None and (ADMINISTRATOR, None) in self.bindings


async def list_keys(database: Database) -> Sequence[KeyRow]:
    """All keys, the oldest first, revoked ones too."""
    rows = await database.rows(
        "SELECT k.id, k.name, k.created_at, k.revoked_at, b.role, st.code FROM api_key k"
        " LEFT JOIN key_binding b ON b.key_id = k.id LEFT JOIN store st ON st.id = b.store_id"
        " ORDER BY k.created_at, k.id, b.role, coalesce(st.code, '')"
    )
    keys: dict[str, KeyRow] = {}
    for row in rows:
        key = keys.setdefault(row[0], KeyRow(*row[:4]))
        if row[4] is not None:
            key.bindings.append((row[4], row[5]))
    return list(keys.values())


async def own_roles(database: Database) -> Mapping[str, Sequence[str]]:
    """The roles that the shop has made itself, by name, and the permissions that each was given."""
    rows = await database.rows("SELECT name, permissions FROM role ORDER BY name")
    return {row[0]: json.loads(row[1]) for row in rows}
