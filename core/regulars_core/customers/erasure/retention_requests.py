"""Asking for the erasure of who was kept long enough: some at a time, so that tills go on meanwhile.

Whoever is killed has asked for some, and whoever comes next asks for the others: it goes by who is due and not asked for yet.
"""

import logging
from collections.abc import Sequence
from functools import partial

from regulars_core import audit
from regulars_core.customers.erasure.reads import SCHEDULED
from regulars_core.customers.erasure.requests import COLUMNS, RETENTION
from regulars_core.customers.erasure.retention import BY, Policy, due_among, policy_of, slices
from regulars_core.primitives.clock import DAY_MS, Instant, now, printed
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import Shop

_LOOKED_AT, _AT_ONCE = 1_000, 200
log = logging.getLogger(__name__)


async def request_due(shop: Shop) -> None:
    """Ask for the erasure of everybody who is due by the shop's policy, after the days of grace. Raises PluginError for a plugin
    that cannot be asked, CatchingUp for one that does not have everything yet, and Unavailable."""
    policy = await policy_of(shop)
    if policy is None:
        return
    pace, asked = Pace(shop.database, _AT_ONCE), 0
    async for ids in slices(shop.database, policy, _LOOKED_AT):
        due = await due_among(shop.database, policy, ids)
        while due:
            some, due = due[: pace.size], due[pace.size :]
            asked += await pace.step(partial(_request, shop, policy, some))
    if asked:
        log.info("Asked for the erasure of %s customers who were kept long enough.", asked)


async def _request(shop: Shop, policy: Policy, customer_ids: Sequence[str]) -> int:
    """Ask for those of these who are due still, once nobody else changes them; how many that were."""
    database, at = shop.database, now()
    await lock(database, "customer", customer_ids)
    due = await due_among(database, policy, customer_ids)
    then = Instant(at + shop.settings.erase_after_days * DAY_MS)
    rows = [(new_id(), id_, RETENTION, SCHEDULED, True, at, *BY, then, "{}") for id_ in due]
    await insert(database, "erasure", COLUMNS, rows)
    if due:
        changes: dict[str, audit.Change] = {"ground": (None, RETENTION), "scheduledFor": (None, printed(then))}
        people = [("customer", id_) for id_ in due]
        await database.defer([audit.writing(key=BY, action="customerEraseRequest", entities=people, changes=changes)])
    return len(due)
