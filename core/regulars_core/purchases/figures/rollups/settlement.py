"""Keeping what purchases of days come to: the whole history once, some days at a time, and then whatever moves.

Whatever moves a purchase is noted in the same transaction; here its days are counted anew, and what was noted is taken away with
it. Whoever is killed between two steps has done the earlier ones.
"""

import logging
import time
from collections.abc import Sequence
from functools import partial

from regulars_core.primitives.clock import now
from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import COLUMNS
from regulars_core.purchases.figures.rollups.counts import counted
from regulars_core.purchases.figures.rollups.kept import DUE_COLUMNS, LAYOUT, Due, days_due
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import Shop

log = logging.getLogger(__name__)

_TELL_SECONDS = 30.0
_MOVES, _DAYS, _SECONDS = 1_000, 64, 120
"""Moves and days of one step, at most, and how long one of its statements may take."""
_LEAST_DAYS = {"postgres": 12, "sqlite": 1}
"""Days of a step at least: what their customers bought before is read once for all of them. On SQLite everybody waits for it."""
_STEP = "steps = steps + 1, anew_to = coalesce((SELECT max(number) FROM rollup_due), 0)"
"""What is noted still may be in what was counted."""
_LAST = (
    "SELECT min(at), max(at) FROM (SELECT min(purchased_at) AS at FROM purchase UNION ALL SELECT max(purchased_at) FROM purchase"
    " UNION ALL SELECT min(created_at) FROM customer UNION ALL SELECT max(created_at) FROM customer) a"
)


async def settle(shop: Shop) -> None:
    """The job: goes on with the history, and then with what has moved."""
    if not calendar.in_order(shop.settings.zone):
        await shop.database.transaction(partial(_forget, shop))
        return
    zone = shop.settings.zone.key
    row = await shop.database.row("SELECT zone, layout, until FROM rollup_state")
    is_new = row is None or tuple(row[:2]) != (zone, LAYOUT)
    if is_new:
        await shop.database.transaction(partial(_begin, shop))
    if is_new or (row is not None and row[2] is not None):
        await _go_through(shop)
    if await shop.database.row("SELECT 1 FROM rollup_due LIMIT 1"):
        pace = Pace(shop.database, _DAYS, first=4)
        while await pace.step(lambda: _keep_up(shop, pace.size)):
            pass


async def _go_through(shop: Shop) -> None:
    """Keep the history, and say from time to time how much of it is left."""
    pace = Pace(shop.database, _DAYS, first=12, least=_LEAST_DAYS[shop.database.engine])
    told = time.monotonic()
    while (left := await pace.step(lambda: _go_on(shop, pace.size))) > 0:
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            log.info("what the purchases of each day come to is found out of the history; %d days are left", left)


async def _forget(shop: Shop) -> None:
    """Keep nothing."""
    await shop.database.allow(_SECONDS * 5)
    for table in ("rollup", "rollup_state", "rollup_due"):
        await shop.database.run(f"DELETE FROM {table}")


async def _begin(shop: Shop) -> None:
    """Forget what is kept by another calendar, and begin with the first day."""
    database, zone = shop.database, shop.settings.zone
    before = await database.row("SELECT steps FROM rollup_state")
    await _forget(shop)
    [(first, last)] = await database.rows(_LAST)
    first, last = (now() if at is None else at for at in (first, last))
    await database.run(
        "INSERT INTO rollup_state (id, zone, layout, reached, until, steps, anew_to) VALUES (1, $1, $2, $3, $4, $5, 0)",
        zone.key,
        LAYOUT,
        calendar.day_at(first, zone) - 1,
        calendar.day_at(last, zone),
        before[0] + 1 if before else 0,
    )


async def _go_on(shop: Shop, size: int) -> int:
    """Keep the next days of the history; how many are left."""
    reached, until = await _held(shop)
    if until is None:
        return 0
    then = min(reached + size, until)
    await _count(shop, range(reached + 1, then + 1))
    await shop.database.run(
        f"UPDATE rollup_state SET reached = $1, until = $2, {_STEP}", then, None if then == until else until
    )
    return until - then


async def _keep_up(shop: Shop, size: int) -> bool:
    """Count days anew of which something has moved; whether there may be more."""
    database, zone = shop.database, shop.settings.zone
    await _held(shop)
    rows = await database.rows(f"SELECT {DUE_COLUMNS} FROM rollup_due ORDER BY number LIMIT {_MOVES}")
    moves = [Due(*row) for row in rows]
    if not moves:
        return False
    days, done = set[int](), list[int]()
    for move, own in zip(moves, await days_due(database, zone, moves), strict=True):
        if done and len(days | own) > size:
            break
        days |= own
        done.append(move.number)
    await database.run(f"DELETE FROM rollup_due WHERE {database.dialect.among('number', 1, 'bigint')}", done)
    await _count(shop, sorted(days))
    await database.run(f"UPDATE rollup_state SET {_STEP}")
    return len(done) < len(moves) or len(moves) == _MOVES


async def _held(shop: Shop) -> tuple[int, int | None]:
    """How far it is, which nobody else changes until the transaction ends. That sees one state of the shop: whatever moves
    meanwhile, neither it nor its note."""
    if shop.database.engine == "postgres":
        await shop.database.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    await shop.database.allow(_SECONDS)
    if shop.database.engine == "postgres":
        await shop.database.run("SET LOCAL work_mem = '64MB'")
    [row] = await lock_where(shop.database, "rollup_state", "TRUE", [], ("reached", "until"))
    return row[0], row[1]


async def _count(shop: Shop, days: Sequence[int]) -> None:
    """Count these days anew, in the caller's transaction. What is read together is written together."""
    await shop.database.run(f"DELETE FROM rollup WHERE {shop.database.dialect.among('day', 1, 'int')}", list(days))
    cells = await counted(shop, days)
    await insert(shop.database, "rollup", COLUMNS, [(*place, *cells[place].row()) for place in sorted(cells)])
