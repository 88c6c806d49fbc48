"""Who holds a key: the way from its text to an actor."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.keys.credentials import read_credential
from regulars_core.keys.reads import bindings_of
from regulars_core.keys.usage import KeyUsage
from regulars_core.primitives.clock import now
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

_NOBODY = hashlib.sha256(b"").hexdigest()
REMEMBERED_SECONDS = 5.0
"""How long a key that was good is believed without asking again: the longest that a revocation, or a change of its role,
takes to be felt in another process than that which has made it."""
_REMEMBERED_KEYS = 1_000
_CHANGING_SECONDS = 30.0
"""For how long nothing is remembered of what was changed in this process: longer than a transaction lasts, so that nobody
remembers what a change that is not committed yet has not changed."""


@dataclass
class _Changing:
    """The keys that were changed in this process a moment ago, and until when; None stands for all of them."""

    until: dict[str | None, float] = field(default_factory=dict)

    @classmethod
    def of(cls, shop: Shop) -> "_Changing":
        changing = shop.memory.setdefault(cls, cls())
        assert isinstance(changing, cls)
        return changing

    def note(self, key_id: str | None) -> None:
        present = time.monotonic()
        self.until = {id_: until for id_, until in self.until.items() if until > present}
        self.until[key_id] = present + _CHANGING_SECONDS

    def __contains__(self, key_id: str) -> bool:
        present = time.monotonic()
        return self.until.get(key_id, 0) > present or self.until.get(None, 0) > present


def forget_key(shop: Shop, key_id: str) -> None:
    """Let nobody in this process believe what was known of a key, which is being changed."""
    _Changing.of(shop).note(key_id)


def forget_keys(shop: Shop) -> None:
    """As `forget_key`, of all keys."""
    _Changing.of(shop).note(None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class Authenticator:
    """Tells from a key's text who asks; remembers a good answer for a few seconds, and notes in `usage` who has asked."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._known: dict[bytes, tuple[float, Actor]] = {}
        self._changing = _Changing.of(shop)
        self.usage = KeyUsage(shop.database)

    def remembered(self, text: str) -> Actor | None:
        """The actor of a key that was good a few seconds ago; None for any other."""
        known = self._known.get(_digest(text))
        if not known or known[0] <= time.monotonic():
            return None
        return None if self._changing.until and known[1].key_id in self._changing else known[1]

    async def actor_of(self, text: str) -> Actor | None:
        """The actor of a live key; None for anything else. An unknown id costs what a wrong secret costs."""
        if actor := self.remembered(text):
            return actor
        self._known.pop(digest := _digest(text), None)
        found = await self._look_up(text)
        if found is None:
            return None
        actor, seconds = found
        if len(self._known) >= _REMEMBERED_KEYS:
            self._known.clear()
        self._known[digest] = (time.monotonic() + min(seconds, REMEMBERED_SECONDS), actor)
        self.usage.note(actor.key_id)
        return actor

    async def _look_up(self, text: str) -> tuple[Actor, float] | None:
        """The actor, and for how many seconds the key is good."""
        credential = read_credential(text)
        if credential is None:
            return None
        rows = await _live(self._shop, credential.id)
        digest = rows[0][1] if rows else _NOBODY
        if not hmac.compare_digest(digest, credential.digest) or not rows:
            return None
        return _actor(self._shop, credential.id, rows)


async def actor_of_key(shop: Shop, key_id: str) -> Actor | None:
    """Whom a live key stands for at this moment, for work that goes on behind its answer; None for one that was revoked, or has
    ended."""
    rows = await _live(shop, key_id)
    found = _actor(shop, key_id, rows) if rows else None
    return None if found is None else found[0]


async def _live(shop: Shop, key_id: str) -> Sequence[Any]:
    """Name, digest, end, and role, store and permissions of each binding of a key that is not revoked."""
    return await shop.database.rows(
        "SELECT k.name, k.secret_sha256, k.expires_at, b.role, b.store_id, r.permissions FROM api_key k"
        " LEFT JOIN key_binding b ON b.key_id = k.id LEFT JOIN role r ON r.name = b.role"
        " WHERE k.id = $1 AND k.revoked_at IS NULL ORDER BY b.id",
        key_id,
    )


def _actor(shop: Shop, key_id: str, rows: Sequence[Any]) -> tuple[Actor, float] | None:
    """The actor, and for how many seconds the key is good; None for one that has ended."""
    seconds = REMEMBERED_SECONDS if rows[0][2] is None else (rows[0][2] - now()) / 1_000
    if seconds <= 0:
        return None
    bindings = bindings_of(shop.permissions, [row[3:] for row in rows if row[3] is not None])
    return Actor(key_id, rows[0][0], bindings), seconds
