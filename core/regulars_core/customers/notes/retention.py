"""Deleting notes that are older than the shop wants to keep them."""

import logging
from calendar import monthrange
from datetime import date

from regulars_core.primitives.clock import Instant, day_of, now, start_of
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import Shop

_BATCH = 500
log = logging.getLogger(__name__)


async def forget_old_notes(shop: Shop) -> None:
    """Delete notes that were written and last changed longer ago than the shop keeps them; but those about which something is
    still to be done."""
    months = shop.settings.retention_note_months
    if months is None:
        return
    zone = shop.settings.zone
    until = start_of(_months_before(day_of(now(), zone), months), zone)
    pace, deleted = Pace(shop.database, _BATCH), 0
    while count := await pace.step(lambda: _forget_some(shop, until)):
        deleted += count
    if deleted:
        log.info("Deleted %s notes that were older than %s months.", deleted, months)


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


async def _forget_some(shop: Shop, until: Instant) -> int:
    some = (
        "SELECT id FROM customer_note WHERE created_at < $1 AND updated_at < $1 AND is_open = $2"
        " ORDER BY created_at LIMIT $3"
    )
    return await shop.database.run(f"DELETE FROM customer_note WHERE id IN ({some})", until, False, _BATCH)
