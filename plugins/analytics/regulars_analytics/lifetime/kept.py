"""What is kept of each customer: what they are expected to spend in 365 days, so that it is an order and a condition.

Whatever moves a customer's purchases notes that it is to be found anew, in its own transaction; a job does that within a minute,
and once a day for everybody, since time alone moves it, too. What is kept tells by which fit and as of which day it is, so it can
be found again.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial

from regulars_analytics.lifetime.fits import Fit, current_fit, fit_if_due, wants_fits
from regulars_analytics.lifetime.lives import day_number, lives_of
from regulars_analytics.lifetime.values import amounts
from regulars_core.plugin import (
    AMOUNT,
    GONE,
    INNER,
    KEPT,
    Condition,
    Holding,
    Pace,
    Shop,
    SortKey,
    Values,
    compared,
    inserting,
    now,
    told_progress,
)

_COLUMNS = ("customer_id", "projected", "fit", "as_of", "moves")
_DUE, _START = -1, "0" * 32
_BATCH, _VERIFIED = 1_000, 500
_ANEW = " ON CONFLICT (customer_id) DO UPDATE SET as_of = excluded.as_of, moves = analytics_lifetime.moves + 1"
_STALE = (
    ("as_of < $1 AND $2 >= 0", "as_of, customer_id"),
    ("fit > $2 AND as_of >= $1", "fit"),
    ("fit < $2 AND as_of >= $1", "fit"),
)
"""What is not as of today, or by another fit: one after the other, since an index finds each and none finds all."""
WORTH = "(s.total_spent + coalesce((SELECT l.projected FROM analytics_lifetime l WHERE l.customer_id = c.id), 0))"
"""What a customer `c` with statistics `s` is worth in all, in minor units."""


HOLDINGS = (
    Holding(
        "analytics_lifetime",
        {"customer_id": KEPT, "projected": AMOUNT, "fit": KEPT, "as_of": INNER, "moves": INNER},
        key="customer_id",
        is_removed=True,
        kind="lifetimeValues",
    ),
)
"""Column by column: what is projected of somebody is told to them on request, and is removed when they are erased."""
ORDER = SortKey("LIFETIME_VALUE", WORTH, "s.customer_id", int)


def worth_leaf(conditions: Sequence[Condition], values: Values) -> str:
    """A condition on what customers are worth."""
    return compared(WORTH)(conditions, values)


async def worth_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """What these customers are worth in all by what is kept, in minor units, by id."""
    among = shop.database.dialect.among("c.id", 1)
    sql = f"SELECT c.id, {WORTH} FROM customer c JOIN customer_stats s ON s.customer_id = c.id WHERE {among}"
    return {row[0]: row[1] for row in await shop.database.read(sql, list(customer_ids))}


async def note_moved(shop: Shop, customer_ids: Collection[str | None]) -> None:
    """Note, in the caller's transaction, that purchases of these customers have moved; None is nobody."""
    rows = [(id_, 0, 0, _DUE, 0) for id_ in sorted({id_ for id_ in customer_ids if id_})]
    if rows:
        statement, values = inserting("analytics_lifetime", _COLUMNS, rows)
        await shop.database.defer([(statement + _ANEW, values)])


async def find_anew(shop: Shop) -> None:
    """The job: fits anew if that is due, keeps a row of everybody who has bought, and finds anew whatever is not as of today or
    not by the fit that counts."""
    if wants_fits(shop):
        await fit_if_due(shop)
    today, fit = day_number(shop, now()), await current_fit(shop)
    if shop.memory.get(_Filled) != today:
        await _fill(shop)
        shop.memory[_Filled] = today
    pace = Pace(shop.database, _BATCH)
    for condition, order in _STALE:
        step = partial(_step, shop, condition, order, fit, today)
        size = pace.size
        while await pace.step(partial(step, size)) == size:
            size = pace.size


class _Filled:
    """On which day this process has last looked whether everybody is there."""


async def _fill(shop: Shop) -> None:
    """A row for everybody who has bought and has none: of what was bought before the plugin was there nothing was told."""
    pace = Pace(shop.database, 10_000)
    last: str | None = _START
    while last is not None:
        last = await pace.step(partial(_fill_some, shop, last, pace.size))


async def _fill_some(shop: Shop, last: str, most: int) -> str | None:
    """The same for the next customers behind one, in the caller's transaction; answers whom that has come to."""
    following = "SELECT customer_id FROM customer_stats WHERE customer_id > $1 ORDER BY customer_id LIMIT $2"
    rows = await shop.database.rows(following, last, most)
    if not rows:
        return None
    await shop.database.run(
        "INSERT INTO analytics_lifetime (customer_id, projected, fit, as_of, moves)"
        f" SELECT s.customer_id, 0, 0, {_DUE}, 0 FROM customer_stats s JOIN customer c ON c.id = s.customer_id"
        " WHERE s.customer_id > $1 AND s.customer_id <= $2 AND s.purchase_count > 0"
        f" AND NOT ({shop.database.dialect.any_of('c.status', 3)}) AND NOT EXISTS"
        " (SELECT 1 FROM analytics_lifetime l WHERE l.customer_id = s.customer_id) ON CONFLICT (customer_id) DO NOTHING",
        last,
        rows[-1][0],
        list(GONE),
    )
    return str(rows[-1][0])


async def _step(shop: Shop, condition: str, order: str, fit: Fit | None, today: int, most: int) -> int:
    """Find some anew, in the caller's transaction; of how many. What was moved meanwhile stays to be found anew, and of who is
    gone nothing is kept."""
    number = fit.number if fit else 0
    rows = await shop.database.rows(
        f"SELECT customer_id, moves FROM analytics_lifetime WHERE {condition} ORDER BY {order} LIMIT $3",
        today,
        number,
        most,
    )
    if not rows:
        return 0
    lives = await lives_of(shop, [row[0] for row in rows])
    expected = await amounts(shop, list(lives.values()), fit, today)
    await shop.database.run_many(
        "UPDATE analytics_lifetime SET projected = $3, fit = $4, as_of = $5 WHERE customer_id = $1 AND moves = $2",
        [(id_, moves, expected[id_], number, today) for id_, moves in rows if id_ in expected],
    )
    if gone := [id_ for id_, _ in rows if id_ not in expected]:
        await forget(shop, gone)
    return len(rows)


async def forget(shop: Shop, customer_ids: Sequence[str]) -> int:
    """Keep nothing of these customers any more, in the caller's transaction; of how many."""
    among = shop.database.dialect.among("customer_id", 1)
    return await shop.database.run(f"DELETE FROM analytics_lifetime WHERE {among}", list(customer_ids))


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for everybody of whom something else is kept than is found by the same fit as of the same day, apart from
    those who are to be found anew anyhow."""
    today, fit = day_number(shop, now()), await current_fit(shop)
    number, last, done = fit.number if fit else 0, _START, 0
    total = await shop.database.row("SELECT count(*) FROM analytics_lifetime")
    while True:
        rows = await shop.database.rows(
            "SELECT customer_id, projected, fit, as_of FROM analytics_lifetime WHERE customer_id > $1"
            f" ORDER BY customer_id LIMIT {_VERIFIED}",
            last,
        )
        kept = {row[0]: row[1] for row in rows if row[2] == number and row[3] == today}
        lives = await lives_of(shop, list(kept))
        expected = await amounts(shop, list(lives.values()), fit, today)
        for id_, projected in kept.items():
            if projected != expected.get(id_, 0):
                yield f"customer_{id_}: {projected} is kept as projected, and {expected.get(id_, 0)} is found"
        done += len(rows)
        told_progress("lifetime-values", done, total[0] if total else 0)
        if len(rows) < _VERIFIED:
            return
        last = rows[-1][0]
