"""Who holds a key: the way from its text to an actor."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from regulars_core.keys.credentials import read_credential
from regulars_core.shop.actors import Actor, Binding
from regulars_core.shop.shop import Shop

_NOBODY = hashlib.sha256(b"").hexdigest()
REMEMBERED_SECONDS = 5.0
"""How long a key that was good is believed without asking again: the longest that a revocation, or a change of its role,
takes to be felt."""
_REMEMBERED_KEYS = 1_000


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Authenticator:
    """Tells from a key's text who asks; remembers a good answer for a few seconds."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._known: dict[bytes, tuple[float, Actor]] = {}

    def remembered(self, text: str) -> Actor | None:
        """The actor of a key that was good a few seconds ago; None for any other."""
        known = self._known.get(_digest(text))
        return known[1] if known and known[0] > time.monotonic() else None

    async def actor_of(self, text: str) -> Actor | None:
        """The actor of a live key; None for anything else. An unknown id costs what a wrong secret costs."""
        if actor := self.remembered(text):
            return actor
        self._known.pop(digest := _digest(text), None)
        actor = await self._look_up(text)
        if actor:
            if len(self._known) >= _REMEMBERED_KEYS:
                self._known.clear()
            self._known[digest] = (time.monotonic() + REMEMBERED_SECONDS, actor)
        return actor

    async def _look_up(self, text: str) -> Actor | None:
        credential = read_credential(text)
        if credential is None:
            return None
        rows = await self._shop.database.rows(
            "SELECT k.name, k.secret_sha256, b.role, b.store_id, r.permissions FROM api_key k"
            " LEFT JOIN key_binding b ON b.key_id = k.id LEFT JOIN role r ON r.name = b.role"
            " WHERE k.id = $1 AND k.revoked_at IS NULL ORDER BY b.id",
            credential.id,
        )
        digest = rows[0][1] if rows else _NOBODY
        if not hmac.compare_digest(digest, credential.digest) or not rows:
            return None
        return Actor(credential.id, rows[0][0], self._bindings([row[2:] for row in rows if row[2] is not None]))

    def _bindings(self, rows: Sequence[Any]) -> Sequence[Binding]:
        """One binding for each role and scope. A role of the shop's own goes before a later one of that name in the box."""
        stores: dict[tuple[str, bool], list[str]] = {}
        own: dict[str, Sequence[str] | None] = {}
        for role, store, permissions in rows:
            own[role] = None if permissions is None else json.loads(permissions)
            stores.setdefault((role, store is None), []).append(store)
        return tuple(
            Binding.of(self._shop.permissions, role, None if whole else ids, own[role])
            for (role, whole), ids in stores.items()
        )
