"""Who asks: API keys, and the actor that a valid one stands for.

A key is `rk_<12 id>_<43 secret><6 checksum>`, all letters and digits: 256 random bits, found by its id, of which the
database keeps a SHA-256 only. The checksum tells a mistyped key from a wrong one without asking the database.
"""

import hashlib
import hmac
import re
import secrets
import string
import time
import zlib
from dataclasses import dataclass

from tortoise import fields
from tortoise.models import Model

from regulars_core import permissions
from regulars_core.clock import now
from regulars_core.database import Database
from regulars_core.database.fields import InstantField, TextKeyField

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ROLES = ("administrator",)
"""The roles a key may have. An administrator may do everything."""

_KEY = re.compile(r"(rk_([0-9A-Za-z]{12})_([0-9A-Za-z]{43}))([0-9A-Za-z]{6})")
_ID_LENGTH, _SECRET_LENGTH = 12, 43
_NOBODY = hashlib.sha256(b"").hexdigest()
REMEMBERED_SECONDS = 5.0
"""How long a key that was good is believed without asking again: the longest that a revocation takes to be felt."""
_REMEMBERED_KEYS = 1_000


class ApiKey(Model):
    """A credential of a program; the secret itself is shown once and never kept."""

    id = TextKeyField(12, primary_key=True)
    name = fields.CharField(120)
    role = fields.CharField(40)
    secret_sha256 = fields.CharField(64)
    created_at = InstantField()
    revoked_at = InstantField(null=True)

    class Meta:
        table = "api_key"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever a request is made for."""

    key_id: str
    name: str
    role: str

    def may(self, permission: str) -> bool:
        """Whether the actor's role holds a permission."""
        return permissions.may(self.role, permission)


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), []
    for _ in range(6):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


async def create_key(database: Database, name: str, role: str) -> str:
    """Make a key and answer its text, which is shown this once. Raises ValueError for a role that does not exist."""
    if role not in ROLES:
        raise ValueError(f"there is no role '{role}'; there is: {', '.join(ROLES)}")
    key_id, secret = _random(_ID_LENGTH), _random(_SECRET_LENGTH)
    body = f"rk_{key_id}_{secret}"

    async def work() -> None:
        digest = hashlib.sha256(secret.encode()).hexdigest()
        await ApiKey.create(id=key_id, name=name, role=role, secret_sha256=digest, created_at=now())

    await database.transaction(work)
    return body + _checksum(body)


async def revoke_key(database: Database, key_id: str) -> bool:
    """Make a key worthless, for ever. Answers whether there was a live key of this id."""
    if len(key_id) != _ID_LENGTH:
        return False

    async def work() -> int:
        return await ApiKey.filter(id=key_id, revoked_at=None).update(revoked_at=now())

    return await database.transaction(work) > 0


async def list_keys(database: Database) -> list[ApiKey]:
    """All keys, the eldest first, revoked ones too."""
    with database.bound():
        return await ApiKey.all().order_by("created_at", "id")


class Doorkeeper:
    """Tells from a key's text who asks; remembers a good answer for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, Actor]] = {}

    async def actor_of(self, text: str) -> Actor | None:
        """The actor of a live key; None for anything else. An unknown id costs what a wrong secret costs."""
        remembered = self._known.get(digest := hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
        if remembered and remembered[0] > time.monotonic():
            return remembered[1]
        self._known.pop(digest, None)
        actor = await self._look_up(text)
        if actor:
            if len(self._known) >= _REMEMBERED_KEYS:
                self._known.clear()
            self._known[digest] = (time.monotonic() + REMEMBERED_SECONDS, actor)
        return actor

    async def _look_up(self, text: str) -> Actor | None:
        parts = _KEY.fullmatch(text)
        if parts is None or not hmac.compare_digest(_checksum(parts[1]), parts[4]):
            return None
        row = await self._database.row(
            "SELECT id, name, role, secret_sha256 FROM api_key WHERE id = $1 AND revoked_at IS NULL", parts[2]
        )
        kept = row[3] if row else _NOBODY
        given = hashlib.sha256(parts[3].encode()).hexdigest()
        return Actor(row[0], row[1], row[2]) if hmac.compare_digest(kept, given) and row else None
