"""Posting what time has brought about: what has expired, holds that ran out, debt that can be settled.

Whoever moves anything on an account posts that first, and whoever shows one counts it; so this may run late, or never. It keeps
what is stored close to what is shown.
"""

from collections.abc import Sequence

from regulars_core.plugin import Instant, Pace, Shop, hold, now
from regulars_loyalty.ledger.storage import read_ledger, write_ledger

_MOST = 200
"""Customers whose accounts are brought up to date in one transaction, at most."""
_NEXT = "UPDATE loyalty_account SET next_at = $3 WHERE customer_id = $1 AND unit = $2"
_Place = tuple[int, str]


async def post_due(shop: Shop) -> int:
    """Post what is due by now on all accounts, and answer for how many customers there was something to look at. May be
    interrupted, and run again."""
    present, pace, after, done = now(), Pace(shop.database, _MOST, first=20), (-(2**63), "0" * 32), 0
    while accounts := await _due(shop, present, after, pace.size):
        customers = sorted({customer_id for _, _, customer_id in accounts})
        await pace.step(lambda customers=customers: _post(shop, customers))  # type: ignore[misc]
        done += len(customers)
        after = accounts[-1][:2]
    return done


async def _due(shop: Shop, present: Instant, after: _Place, most: int) -> Sequence[tuple[int, str, str]]:
    """The next accounts for which something is due: an account whose lots are all kept by holds stays so until these end, so
    each is looked at once."""
    rows = await shop.database.rows(
        "SELECT next_at, id, customer_id FROM loyalty_account WHERE next_at <= $1 AND (next_at, id) > ($2, $3)"
        " ORDER BY next_at, id LIMIT $4",
        present,
        *after,
        most,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def _post(shop: Shop, customers: Sequence[str]) -> None:
    await hold(shop.database, customers)
    ledger = await read_ledger(shop, customers)
    for account in ledger.accounts.values():
        account.post_due()
    changed = {(account.customer_id, account.unit) for account in ledger.changed}
    waiting = [one for key, one in ledger.accounts.items() if key not in changed and one.next_at != one.changes_at]
    await write_ledger(ledger)
    await shop.database.defer([(_NEXT, [one.customer_id, one.unit, one.changes_at]) for one in waiting])
