"""Telling what expires soon, so that somebody can write to customers: 30, 7 and 1 days ahead, once each.

Each run looks at what ends between where the run before it looked last and where it looks now. So what is given with a shorter
life than 30 days is told 7 days ahead; what ends later after each activity is told again when its new end comes near.
"""

from collections.abc import Iterator, Sequence

from regulars_core.plugin import DAY_MS, LATEST, Instant, Pace, Shop, now
from regulars_loyalty.hookspecs import ExpiringLot
from regulars_loyalty.ledger.storage import Ledger, read_ledger

DAYS = (30, 7, 1)
"""How long ahead it is told."""
_EVERY_MS = 3_600_000
_MOST = 500
"""Customers who are told of in one transaction, at most."""
_LOWEST = "0" * 32
_ROW = "SELECT at, before, reached_id FROM loyalty_expiry_run WHERE id = 1"


async def tell_expiring(shop: Shop) -> int:
    """Tell plugins what expires soon and was not told yet, and answer how many lots that were. Each batch is told in one
    transaction with how far it is: whoever is interrupted goes on there."""
    await shop.database.transaction(lambda: _begin(shop))
    pace, told = Pace(shop.database, _MOST), 0
    while (some := await pace.step(lambda: _tell_some(shop, pace.size))) is not None:
        told += some
    return told


async def _begin(shop: Shop) -> None:
    """Look anew where the last run is through and an hour old. The first run of all looks back at nothing."""
    present, row = now(), await shop.database.row(f"{_ROW}{shop.database.dialect.lock_rows}")
    if row is None:
        await shop.database.run(
            "INSERT INTO loyalty_expiry_run (id, at, before, reached_id) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING",
            present,
            present - max(DAYS) * DAY_MS,
            _LOWEST,
        )
    elif row[2] is None and row[0] + _EVERY_MS <= present:
        await shop.database.run(
            "UPDATE loyalty_expiry_run SET at = $1, before = at, reached_id = $2 WHERE id = 1", present, _LOWEST
        )


async def _tell_some(shop: Shop, most: int) -> int | None:
    """Tell of the next customers; None if there are no more."""
    database = shop.database
    row = await database.row(f"{_ROW}{database.dialect.lock_rows}")
    if row is None or row[2] is None:
        return None
    at, before, after = row
    customers = [
        found[0]
        for found in await database.rows(
            "SELECT DISTINCT customer_id FROM loyalty_account WHERE customer_id > $1 AND next_at <= $2 AND amount > 0"
            " ORDER BY customer_id LIMIT $3",
            after,
            at + max(DAYS) * DAY_MS,
            most,
        )
    ]
    ledger = await read_ledger(shop, customers, Instant(at))
    lots = list(_ending(ledger, at, before))
    if lots:
        await shop.plugins.announce("loyalty_expiring", {"shop": shop, "lots": lots})
    await database.run(
        "UPDATE loyalty_expiry_run SET reached_id = $1 WHERE id = 1",
        customers[-1] if len(customers) == most else None,
    )
    return len(lots)


def _ending(ledger: Ledger, at: int, before: int) -> Iterator[ExpiringLot]:
    for account in ledger.accounts.values():
        for lot in account.in_order():
            ends = account.ends_at(lot)
            if at < ends < LATEST and (days := days_told(ends, at, before)):
                yield ExpiringLot(lot.id, account.customer_id, account.unit, lot.remaining, ends, days)


def days_told(ends: int, at: int, before: int, days: Sequence[int] = DAYS) -> int:
    """How many days ahead an end is told in this run, the fewest where it is several; 0 where it is not."""
    return min((one for one in days if before + one * DAY_MS < ends <= at + one * DAY_MS), default=0)
