"""Doing the erasures that are due: one person after another, each in one transaction.

Whoever is killed has erased a person whole or not at all, and whoever comes next goes on. What was being written about somebody
at the very time, such as a sale that had found them a moment before, may be committed afterwards; so each is gone over once more
some time later. Last of all the disk is made to forget what was overwritten.
"""

import logging
from collections.abc import AsyncIterator
from functools import partial

import orjson

from regulars_core import audit
from regulars_core.customers.aliases import ERASED
from regulars_core.customers.erasure.absorbed import absorbed_by
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.erasure.reads import CANCELLED, DONE, SCHEDULED
from regulars_core.customers.erasure.requests import close, refuse_moved
from regulars_core.customers.erasure.retention import BY as BY_POLICY
from regulars_core.customers.erasure.retention import WITHDRAWN, is_silent, policy_of
from regulars_core.customers.search.leftovers import drop_leftovers
from regulars_core.database import Unavailable
from regulars_core.database.overwritten import drop_overwritten
from regulars_core.files.storage import sweep
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import logged
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import CatchingUp, Shop

SETTLED_AFTER_MS = 60_000
"""After so long everything is committed that was being written when somebody was erased: a request takes ten seconds at most."""
BY = ("job", "erase-customers")
"""Who has done it, for the audit: no key, but the job."""
_LISTED = 100
_STATEMENT_SECONDS = 600
"""What a statement may take: somebody may have bought hundreds of thousands of times, such as whoever gave no name."""

log = logging.getLogger(__name__)


async def erase_due(shop: Shop) -> None:
    """Erase who is due, and go over those who were erased lately. Whoever cannot be erased stays due, and the others are; then
    the first error is raised. Raises PluginError for a plugin that cannot be asked, and Unavailable."""
    holders, errors, swept = await Holders.of(shop), list[Exception](), list[str]()
    for state in (SCHEDULED, DONE):
        async for erasure_id in _open_ones(shop, state):
            try:
                await Pace(shop.database, 1).step(partial(erase, shop, holders, erasure_id))
            except CatchingUp as error:  # nobody knows yet what keeps the customer
                errors.append(error)
                continue
            except Unavailable:
                raise
            except Exception as error:
                errors.append(error)
                logged(error, f"the erasure {erasure_id}")
                continue
            if state == DONE:
                swept.append(erasure_id)
    if await shop.database.row("SELECT 1 FROM erasure WHERE is_open = $1 AND state = $2 LIMIT 1", True, DONE):
        await sweep(shop)
        await drop_leftovers(shop.database)
        await drop_overwritten(shop.database, _OVERWRITTEN)
        await shop.database.transaction(partial(_settle, shop, swept))
    if errors:
        raise errors[0]


_OVERWRITTEN = (
    "customer",
    "customer_text",
    "recent_text",
    "name_spelling",
    "customer_address",
    "customer_tag",
    "customer_note",
    "customer_attribute",
    "customer_verification",
    "customer_merge_snapshot",
    "duplicate_key",
    "duplicate_pair",
    "duplicate_dismissal",
    "segment",
    "segment_version",
    "purchase",
    "purchase_receipt",
    "purchase_reassignment",
    "payment",
    "refund",
    "file_piece",
)
"""The tables that are large, or hold most of what is personal."""


async def _open_ones(shop: Shop, state: str) -> AsyncIterator[str]:
    """The erasures that are due, or those that were done long enough ago to be gone over, in the order of their ids."""
    column, until = ("scheduled_for", now()) if state == SCHEDULED else ("done_at", now() - SETTLED_AFTER_MS)
    last = "0" * 32
    some = (
        f"SELECT id FROM erasure WHERE is_open = $1 AND state = $2 AND {column} <= $3 AND id > $4 ORDER BY id LIMIT $5"
    )
    while rows := await shop.database.rows(some, True, state, until, last, _LISTED):
        for row in rows:
            yield row[0]
        last = rows[-1][0]


async def erase(shop: Shop, holders: Holders, erasure_id: str) -> None:
    """Erase all records of a person, in the caller's transaction, and write down how much that was. Nothing is done where the
    erasure was cancelled meanwhile; and one that the shop's policy asked for is, where something was heard since."""
    database = shop.database
    await database.allow(_STATEMENT_SECONDS)
    columns = ("id", "customer_id", "state", "is_open", "erased", "key_id")
    rows = await lock(database, "erasure", [erasure_id], columns)
    if not rows or not rows[0][3]:
        return
    _, customer_id, state, _, before, key_id = rows[0]
    person = [customer_id, *(await absorbed_by(database, [customer_id])).get(customer_id, ())]
    locked = await lock(database, "customer", person, ("id", "status", "merged_into_id"))
    if not locked:
        await close(shop, erasure_id)
        return
    refuse_moved(customer_id, locked)
    if (state, key_id) == (SCHEDULED, BY_POLICY[0]) and not await _is_due_still(shop, holders, customer_id):
        await close(shop, erasure_id)
        await database.run("UPDATE erasure SET key_id = $2 WHERE id = $1", erasure_id, WITHDRAWN)
        changes: dict[str, audit.Change] = {"state": (SCHEDULED, CANCELLED)}
        about = [("erasure", erasure_id)]
        await database.defer([audit.writing(key=BY, action="customerEraseCancel", entities=about, changes=changes)])
        return
    found = [(id_, status) for id_, status, _ in locked]
    counts: dict[str, int] = orjson.loads(before)
    for kind, count in (await holders.erase(shop, [row[0] for row in found])).items():
        counts[kind] = counts.get(kind, 0) + count
    await database.run(
        "UPDATE erasure SET state = $2, erased = $3, done_at = coalesce(done_at, $4) WHERE id = $1",
        erasure_id,
        DONE,
        orjson.dumps(counts).decode(),
        now(),
    )
    if state == SCHEDULED:
        told = [
            audit.writing(
                key=BY, action="customerErase", entities=[("customer", id_)], changes={"status": (status, ERASED)}
            )
            for id_, status in found
        ]
        await database.defer(told)


async def _is_due_still(shop: Shop, holders: Holders, customer_id: str) -> bool:
    """Whether the policy, as it is by now, would have the customer erased."""
    policy = await policy_of(shop, holders)
    return policy is not None and await is_silent(shop.database, policy, customer_id)


async def _settle(shop: Shop, erasure_ids: list[str]) -> None:
    await shop.database.run(
        f"UPDATE erasure SET is_open = $2 WHERE {shop.database.dialect.among('id', 1)}", erasure_ids, False
    )
