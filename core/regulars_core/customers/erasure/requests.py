"""Asking for an erasure, and cancelling one that was not yet done."""

from collections.abc import Sequence
from typing import Any

from regulars_core.audit import changed
from regulars_core.customers.aliases import ERASED
from regulars_core.customers.erasure.absorbed import absorbed_by, survivors_of
from regulars_core.customers.erasure.reads import CANCELLED, SCHEDULED, ErasureRow, erasures_by_ids, scheduled_erasures
from regulars_core.database import Overtaken
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import DAY_MS, LATEST, Instant, now, printed
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.queries.locks import lock
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

REQUESTED, RETENTION, OTHER = "REQUESTED", "RETENTION", "OTHER"
_LATE_MS = 60_000  # a request for this very moment takes a while to arrive
COLUMNS = (
    "id", "customer_id", "ground", "state", "is_open", "requested_at", "key_id", "requested_by", "scheduled_for", "erased",
)  # fmt: skip


async def request_erasure(
    shop: Shop, customer_id: str, by: Actor, ground: str = REQUESTED, scheduled_for: Instant | None = None
) -> ErasureRow:
    """Ask for a customer to be erased, all records of the person: after the shop's days of grace unless it is told when.

    Raises Refused: NOT_FOUND, CUSTOMER_ERASED, ERASURE_PENDING; and Malformed: INVALID_DATE, INVALID_CHOICE.
    """
    checks = Checks()
    checks.choice(ground, (REQUESTED, RETENTION, OTHER), "ground")
    if scheduled_for is not None and not now() - _LATE_MS <= scheduled_for <= LATEST:
        checks.fail("INVALID_DATE", "This must not lie in the past.", "scheduledFor")
    checks.refuse()

    async def work() -> ErasureRow:
        at = now()
        then = Instant(at + shop.settings.erase_after_days * DAY_MS) if scheduled_for is None else scheduled_for
        person = await locked_person(shop, customer_id)
        if await scheduled_erasures(shop.database, person):
            message = "An erasure of this customer is scheduled already; cancel it first."
            raise Refused(Problem("ERASURE_PENDING", message, ("customerId",)))
        survivor, erasure_id = next(iter(person)), new_id()
        row = (erasure_id, survivor, ground, SCHEDULED, True, at, by.key_id, by.name, then, "{}")
        await shop.database.defer([inserting("erasure", COLUMNS, [row])])
        changed({"customerId": (None, survivor), "ground": (None, ground), "scheduledFor": (None, printed(then))})
        return ErasureRow(erasure_id, survivor, ground, SCHEDULED, at, by.name, then, None, None, "{}")

    return await shop.database.transaction(work)


async def locked_person(shop: Shop, customer_id: str) -> dict[str, str]:
    """The records of a person, the survivor first, with the status of each; locked until the transaction ends. Raises Refused:
    NOT_FOUND, CUSTOMER_ERASED."""
    survivor = (await survivors_of(shop.database, [customer_id])).get(customer_id, customer_id)
    ids = [survivor, *(await absorbed_by(shop.database, [survivor])).get(survivor, ())]
    rows = await lock(shop.database, "customer", ids, ("id", "status", "merged_into_id"))
    refuse_moved(survivor, rows)
    found = {row[0]: row[1] for row in rows}
    if survivor not in found:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    if ERASED in found.values():
        raise Refused(Problem("CUSTOMER_ERASED", "The customer is erased.", ("customerId",)))
    return {id_: found[id_] for id_ in ids if id_ in found}


def refuse_moved(survivor: str, rows: Sequence[Any]) -> None:
    """Raise Overtaken where the records of a person, as (id, status, merged into), are not what they were before they were
    locked: one was merged meanwhile, or is a customer again."""
    if any(into != (None if id_ == survivor else survivor) for id_, _, into in rows):
        raise Overtaken("A customer was merged, or is one again, meanwhile.")


async def cancel_erasure(shop: Shop, erasure_id: str) -> ErasureRow:
    """Cancel an erasure that was not yet done. Raises Refused: NOT_FOUND, ERASURE_NOT_PENDING."""

    async def work() -> ErasureRow:
        rows = await lock(shop.database, "erasure", [erasure_id], ("state",))
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no erasure with this id.", ("erasureId",)))
        if rows[0][0] != SCHEDULED:
            done = "cancelled" if rows[0][0] == CANCELLED else "done"
            raise Refused(Problem("ERASURE_NOT_PENDING", f"The erasure is {done} already.", ("erasureId",)))
        await close(shop, erasure_id)
        changed({"state": (SCHEDULED, CANCELLED)})
        return (await erasures_by_ids(shop.database, [erasure_id]))[erasure_id]

    return await shop.database.transaction(work)


async def close(shop: Shop, erasure_id: str) -> None:
    """Note that an erasure is not to be done, in the caller's transaction, which has locked it."""
    await shop.database.run(
        "UPDATE erasure SET state = $2, is_open = $3, cancelled_at = $4 WHERE id = $1",
        erasure_id,
        CANCELLED,
        False,
        now(),
    )
