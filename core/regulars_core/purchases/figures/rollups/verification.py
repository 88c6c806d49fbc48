"""Counting again what is kept of days."""

from collections.abc import AsyncIterator
from typing import Any

from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import COLUMNS, Place
from regulars_core.purchases.figures.rollups.counts import counted
from regulars_core.purchases.figures.rollups.kept import DUE_COLUMNS, Due, days_due
from regulars_core.shop.shop import Shop

_DAYS = 16
_DUE = f"SELECT {DUE_COLUMNS} FROM rollup_due"


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for every place of which something else is kept than its purchases come to, apart from days of which it is noted
    that something has moved; nothing before the history was gone through."""
    database, zone = shop.database, shop.settings.zone
    state = await database.row("SELECT zone, until FROM rollup_state")
    if state is None or tuple(state) != (zone.key, None):
        return
    bounds = await database.row(
        "SELECT min(day), max(day) FROM (SELECT min(day) AS day FROM rollup UNION ALL SELECT max(day) FROM rollup) d"
    )
    made = await database.row("SELECT min(purchased_at), max(purchased_at) FROM purchase")
    ends = [*(bounds or ()), *(None if at is None else calendar.day_at(at, zone) for at in made or ())]
    known = [day for day in ends if day is not None]
    for first in range(min(known, default=0), max(known, default=-1) + 1, _DAYS):
        days = range(first, first + _DAYS)
        kept = await _kept(shop, days)
        cells = {place: tuple(cell.row()) for place, cell in (await counted(shop, days)).items()}
        due = [Due(*row) for row in await database.rows(_DUE)]
        stale = set[int]().union(*await days_due(database, zone, due))
        for place in sorted(kept.keys() | cells.keys()):
            if place.day not in stale and kept.get(place) != cells.get(place):
                yield f"{_named(place)}: kept {kept.get(place)}, counted {cells.get(place)}"


async def _kept(shop: Shop, days: range) -> dict[Place, tuple[Any, ...]]:
    rows = await shop.database.rows(
        f"SELECT {', '.join(COLUMNS)} FROM rollup WHERE day >= $1 AND day <= $2", days[0], days[-1]
    )
    width = len(Place._fields)
    return {Place(*row[:width]): tuple(row[width:]) for row in rows}


def _named(place: Place) -> str:
    what = f"{place.division} {place.part}" if place.division else "all"
    return f"day {place.day}, {f'store_{place.store}' if place.store else 'all stores'}, {what}"
