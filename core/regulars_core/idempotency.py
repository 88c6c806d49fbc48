"""Requests that are sent again: what became of each is kept under the key that its sender gave it.

The row is written in the transaction of the effect itself, so there is an effect with its row or neither, and nothing is
ever "in progress". It is written whole, once the outcome is known. Of two who come with one key at the same time both may
try: the key is unique, so the effect of the later one is undone with its row, and it finds the outcome of the first. No
personal data is kept: of the input a SHA-256, of the outcome ids, figures and the problems' codes, paths and messages,
which quote nothing that was typed.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from regulars_core.database import Database, Lookup, Write
from regulars_core.database.fields import InstantField, TextKeyField
from regulars_core.primitives.clock import DAY_MS, Instant, now
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.inserts import inserting

MAX_KEY = 128
KEPT_DAYS = 45
_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")
_BATCH = 5_000


class IdempotencyKey(Model):
    """What became of the first request that a client sent under a key. `client` is the id of the API key."""

    number = fields.BigIntField(primary_key=True, generated=True)
    client = TextKeyField(120)
    key = TextKeyField(MAX_KEY)
    digest = fields.CharField(64)
    outcome = fields.TextField(null=True)
    created_at = InstantField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("client", "key"),)
        indexes: ClassVar = [Index(fields=("created_at",), name="idempotency_key_age")]


@dataclass(frozen=True, slots=True)
class Claim:
    """A key with the digest of what came under it; `outcome` is what became of the first request, None if this is it."""

    client: str
    key: str
    digest: str
    first_at: Instant
    outcome: str | None = None


def checked_key(key: str, *path: str) -> str:
    """The key. Raises BadInput for one that is too long, empty, or has more than visible ASCII in it."""
    if not _KEY.fullmatch(key):
        raise BadInput(f"A key is 1 to {MAX_KEY} visible ASCII characters without spaces, such as a UUID.", path)
    return key


def digest_of(mutation: str, canonical: Any) -> str:
    """SHA-256 of a mutation's name and its input in canonical form."""
    return hashlib.sha256(orjson.dumps([mutation, canonical], option=orjson.OPT_SORT_KEYS)).hexdigest()


async def claim(database: Database, client: str, key: str, digest: str) -> Claim:
    """What became of a key, in the transaction of the effect, or a claim to it that holds if it is kept. Raises BadInput with
    reason IDEMPOTENCY_KEY_REUSED where the key was used with other input."""
    sql, values = lookup(client, key)
    rows = await database.read(sql, *values)
    if not rows:
        return Claim(client, key, digest, now())
    [(first_digest, first_at, outcome)] = rows
    if first_digest != digest:
        message = "This key was used with other input; nothing was done. Give every request a key of its own."
        raise BadInput(message, ("idempotencyKey",), reason="IDEMPOTENCY_KEY_REUSED")
    return Claim(client, key, digest, Instant(first_at), outcome)


def lookup(client: str, key: str) -> Lookup:
    """What `claim` looks up."""
    return "SELECT digest, created_at, outcome FROM idempotency_key WHERE client = $1 AND key = $2", [client, key]


_COLUMNS = ("client", "key", "digest", "created_at", "outcome")


def keeping(claimed: Claim, outcome: str) -> Write:
    """What writes down what became of a request. It waits for whoever is writing down the same key, and collides with it."""
    row = (claimed.client, claimed.key, claimed.digest, claimed.first_at, outcome)
    return inserting("idempotency_key", _COLUMNS, [row])


async def forget_old(database: Database) -> int:
    """Remove the keys that are older than 45 days, some thousands at a time, and answer how many there were."""
    before, removed = now() - KEPT_DAYS * DAY_MS, 0

    async def work() -> int:
        return await database.run(
            "DELETE FROM idempotency_key WHERE number IN"
            f" (SELECT number FROM idempotency_key WHERE created_at < $1 ORDER BY created_at LIMIT {_BATCH})",
            before,
        )

    while gone := await database.transaction(work):
        removed += gone
    return removed
