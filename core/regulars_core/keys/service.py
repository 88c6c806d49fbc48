"""Making keys and revoking them. Each leaves a row in the audit, in which no secret stands."""

from collections.abc import Sequence

from regulars_core import audit
from regulars_core.keys.credentials import is_key_id, new_credential
from regulars_core.keys.grants import Grant, demand_management, granted
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.shop import Shop


async def create_key(shop: Shop, *, by: Actor, name: str, bindings: Sequence[Grant]) -> str:
    """Make a key and answer its text, which is shown this once.

    Raises Forbidden for whoever may not manage keys; Refused for unknown roles and stores, and where the key could do
    more than its maker.
    """
    demand_management(by)
    checks = Checks()
    checked_name = checks.text(name, "name", 120, required=True)
    checks.refuse()
    credential = new_credential()

    async def work() -> None:
        pairs = await granted(shop, by, bindings)
        await insert(
            shop.database,
            "api_key",
            ("id", "name", "secret_sha256", "created_at"),
            [(credential.id, checked_name, credential.digest, now())],
        )
        await insert(
            shop.database,
            "key_binding",
            ("id", "key_id", "role", "store_id"),
            [(new_id(), credential.id, role, store) for role, store in pairs],
        )
        roles = [f"{role} in {store or 'the whole shop'}" for role, store in pairs]
        await write_audit(
            shop, by, "keyCreate", {"key": (None, credential.id), "name": None, "bindings": (None, roles)}
        )

    await shop.database.transaction(work)
    return credential.text


async def revoke_key(shop: Shop, *, by: Actor, key_id: str) -> None:
    """Make a key worthless, for ever.

    Raises Forbidden for whoever may not manage keys; Refused: NOT_FOUND where there is no live key of this id,
    LAST_ADMINISTRATOR for the only live one that administers the whole shop.
    """
    demand_management(by)

    async def work() -> None:
        # Whoever revokes another of them at the same time waits here, and then finds one less.
        administrators = await lock_where(
            shop.database,
            "api_key",
            "revoked_at IS NULL AND id IN (SELECT key_id FROM key_binding WHERE role = $1 AND store_id IS NULL)",
            [ADMINISTRATOR],
        )
        if [row[0] for row in administrators] == [key_id]:
            message = "This is the last key that administers the whole shop; make another one first."
            raise Refused(Problem("LAST_ADMINISTRATOR", message, ("id",)))
        sql = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
        if not is_key_id(key_id) or not await shop.database.run(sql, key_id, now()):
            raise Refused(Problem("NOT_FOUND", "There is no live key with this id.", ("id",)))
        await write_audit(shop, by, "keyRevoke", {"key": (key_id, None)})

    await shop.database.transaction(work)


async def write_audit(shop: Shop, by: Actor, action: str, changes: dict[str, audit.Change]) -> None:
    """Write down in the audit what was done to keys and roles, which have no ids of their own there."""
    await shop.database.run_together(
        [audit.writing(key=(by.key_id, by.name), action=action, entities=[], changes=changes)]
    )
