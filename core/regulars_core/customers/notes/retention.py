"""Deleting notes that are older than the shop wants to keep them."""

import logging

from regulars_core.customers.notes.heard import keep_heard
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pace import Pace
from regulars_core.shop.dates import months_ago
from regulars_core.shop.shop import Shop

_BATCH = 500
_OLD = "created_at < $1 AND updated_at < $1"
_IS_DONE = "is_open = $2"
log = logging.getLogger(__name__)


async def forget_old_notes(shop: Shop) -> None:
    """Delete notes that were written and last changed longer ago than the shop keeps them; but those about which something is
    still to be done."""
    if (until := _kept_since(shop)) is None:
        return
    pace, deleted = Pace(shop.database, _BATCH), 0
    while count := await pace.step(lambda: _forget_some(shop, until)):
        deleted += count
    if deleted:
        log.info("Deleted %s notes that were older than %s months.", deleted, shop.settings.retention_note_months)


async def old_notes(shop: Shop) -> int:
    """How many notes the next run deletes."""
    if (until := _kept_since(shop)) is None:
        return 0
    row = await shop.database.row(f"SELECT count(*) FROM customer_note WHERE {_OLD} AND {_IS_DONE}", until, False)
    return int(row[0]) if row else 0


def _kept_since(shop: Shop) -> Instant | None:
    """Since when notes are kept; None where they are for ever."""
    months = shop.settings.retention_note_months
    return None if months is None else months_ago(shop.settings, months)


async def _forget_some(shop: Shop, until: Instant) -> int:
    some = f"SELECT id FROM customer_note WHERE {_OLD} AND {_IS_DONE} ORDER BY created_at LIMIT $3"
    ids = [row[0] for row in await shop.database.rows(some, until, False, _BATCH)]
    await keep_heard(shop.database, ids)
    # By `_IS_DONE` SQLite would walk through all that are done.
    still = f"{_OLD} AND NOT is_open AND {shop.database.dialect.among('id', 2)}"
    return await shop.database.run(f"DELETE FROM customer_note WHERE {still}", until, ids)
