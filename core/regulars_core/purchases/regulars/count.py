"""Counting anew who is a regular: after the shop has decided by how many purchases, and to prove what is kept."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.purchases.regulars.latest import counted, regular_at, written
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop

_BATCH = 1_000
_START = "0" * 32


async def count_anew(shop: Shop) -> None:
    """Count by the number of purchases that the shop wants, on from where whoever was stopped has come to; nothing if that is
    done."""
    database, number = shop.database, shop.settings.regular_purchases
    row = await database.row("SELECT purchases, reached FROM regular_count")
    if row is not None and tuple(row) == (number, None):
        return

    async def begin() -> None:
        await database.run("DELETE FROM regular_count")
        await database.run("INSERT INTO regular_count (purchases, reached) VALUES ($1, $2)", number, _START)

    reached: str | None = row[1] if row is not None and row[0] == number else None
    if reached is None:
        reached = _START
        await database.transaction(begin)
    while reached is not None:
        reached = await database.transaction(lambda last=reached: _batch(database, number, last))  # type: ignore[misc]


async def _batch(database: Database, number: int, reached: str) -> str | None:
    """Count some customers; answers whom it has come to, None at the end."""
    found = await _compared(database, number, reached)
    if wrong := [one.customer_id for one in found if one.is_wrong]:
        await lock(database, "customer_stats", wrong, key="customer_id")
        among = database.dialect.among("customer_id", 1)
        await database.run(f"UPDATE customer_stats SET {counted(database.dialect, number)} WHERE {among}", wrong)
    then = found[-1].customer_id if len(found) == _BATCH else None
    await database.run("UPDATE regular_count SET reached = $1", then)
    return then


class _Compared(NamedTuple):
    customer_id: str
    latest: str
    regular_at: Instant
    is_wrong: bool


async def _compared(database: Database, number: int, reached: str) -> Sequence[_Compared]:
    """The next customers behind one, and whether what is kept of them is what their purchases give."""
    rows = await database.rows(
        f"SELECT s.customer_id, s.latest_at, s.regular_at, {written(database.dialect, number, 's')} FROM"
        " (SELECT customer_id, latest_at, regular_at FROM customer_stats WHERE customer_id > $1"
        f" ORDER BY customer_id LIMIT {_BATCH}) s ORDER BY s.customer_id",
        reached,
    )
    return [
        _Compared(id_, latest, at, (latest, at) != (right, regular_at(right, number)))
        for id_, latest, at, right in rows
    ]


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for everybody of whom something else is kept; one alone while all are being counted anew."""
    database, number = shop.database, shop.settings.regular_purchases
    row = await database.row("SELECT purchases, reached FROM regular_count")
    if row is not None and tuple(row) != (number, None):
        yield f"who is a regular by {number} purchases is not counted yet: `regulars jobs run count-regulars` does it"
        return
    last: str | None = _START
    while last is not None:
        found = await _compared(database, number, last)
        for one in found:
            if one.is_wrong:
                yield f"customer_{one.customer_id}: whether a regular is not what the purchases give"
        last = found[-1].customer_id if len(found) == _BATCH else None
