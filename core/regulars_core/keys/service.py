"""Making keys and revoking them. Each leaves a row in the audit, in which no secret stands."""

from collections.abc import Mapping, Sequence

from regulars_core import audit
from regulars_core.keys.administrators import demand_management, end_of, live_managers, locked_manager, refuse_last
from regulars_core.keys.authentication import forget_key
from regulars_core.keys.credentials import as_entity, is_key_id, new_credential
from regulars_core.keys.grants import Grant, granted
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop


async def create_key(
    shop: Shop, *, by: Actor, name: str, bindings: Sequence[Grant], expires_at: Instant | None = None
) -> str:
    """Make a key and answer its text, which is shown this once. Without an end of its own it ends when its maker's does.

    Raises Forbidden for whoever may not manage keys; Refused for unknown roles and stores, for an end that is over, and where
    the key could do more than its maker, or for longer.
    """
    demand_management(by)
    credential = new_credential()

    async def work() -> None:
        maker = await locked_manager(shop, by)
        own_end = await end_of(shop, maker)
        ends_at = own_end if expires_at is None else expires_at
        checks, present = Checks(), now()
        checked_name = checks.text(name, "name", 120, required=True)
        if expires_at is not None and expires_at <= present:
            checks.fail("INVALID_DATE", "A key cannot have ended before it is made.", "expiresAt")
        elif own_end is not None and ends_at is not None and ends_at > own_end:
            checks.fail("EXCEEDS_OWN_PERMISSIONS", "Nobody can give longer than their own key lasts.", "expiresAt")
        pairs = await granted(checks, shop, maker, bindings)
        checks.refuse()
        row = (credential.id, checked_name, credential.digest, present, ends_at)
        await insert(shop.database, "api_key", ("id", "name", "secret_sha256", "created_at", "expires_at"), [row])
        await insert(
            shop.database,
            "key_binding",
            ("id", "key_id", "role", "store_id"),
            [(new_id(), credential.id, role, store) for role, store in pairs],
        )
        roles = [f"{role} in {store or 'the whole shop'}" for role, store in pairs]
        told = {"key": (None, credential.id), "name": None, "bindings": (None, roles)}
        ends = {} if ends_at is None else {"expiresAt": (None, ends_at)}
        await write_audit(shop, by, "keyCreate", {**told, **ends}, credential.id)

    await shop.database.transaction(work)
    return credential.text


async def revoke_key(shop: Shop, *, by: Actor, key_id: str) -> None:
    """Make a key worthless, for ever: in this process at once.

    Raises Forbidden for whoever may not manage keys; Refused: NOT_FOUND where there is no live key of this id,
    LAST_ADMINISTRATOR where nobody would administer the whole shop any more, or not for so long.
    """
    demand_management(by)

    async def work() -> None:
        # Whoever revokes another of them at the same time waits here, and then finds one less.
        await locked_manager(shop, by, managers=True)
        before = await live_managers(shop)
        refuse_last(before, [one for one in before if one.key_id != key_id], "id")
        sql = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
        if not is_key_id(key_id) or not await shop.database.run(sql, key_id, now()):
            raise Refused(Problem("NOT_FOUND", "There is no live key with this id.", ("id",)))
        await write_audit(shop, by, "keyRevoke", {"key": (key_id, None)}, key_id)
        forget_key(shop, key_id)

    await shop.database.transaction(work)


async def write_audit(
    shop: Shop, by: Actor, action: str, changes: Mapping[str, audit.Change], key_id: str | None = None
) -> None:
    """Write down in the audit what was done to a key, or to a role, which has no id there. What a mutation does is written
    down with it."""
    if audit.is_collecting():
        audit.changed(changes)
        return
    entities = [] if key_id is None else [("key", as_entity(key_id))]
    written = audit.writing(key=(by.key_id, by.name), action=action, entities=entities, changes=changes)
    await shop.database.run_together([written])
