"""What the shop owes its customers, and what has become of what was given out, by the month of giving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from regulars_core.plugin import LATEST, BadInput, Database, Instant, Shop, now, start_of
from regulars_loyalty.chain.current import Current, by_end, by_month, current, moving_ends
from regulars_loyalty.chain.figures import ENDS_WITH_ACTIVITY, Figure, first_day, month_of
from regulars_loyalty.ledger.book import DEBT, LOTS, POINTS
from regulars_loyalty.ledger.lives import ending_of

_MONTHS = 12
_MAX_MONTHS = 60
_RECOUNT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Liability:
    """What the shop owes in one unit at an instant: points, or minor units of a currency. `expiring` has the first day of each of
    the next twelve months, beginning with that of the instant."""

    at: Instant
    unit: str
    outstanding: int
    pending: int
    held: int
    debt: int
    count: int
    expiring: Sequence[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Cohort:
    """What has become of all that was given out in one month, in one unit."""

    unit: str
    month: date
    figure: Figure


async def liabilities(shop: Shop, at: Instant | None) -> Sequence[Liability]:
    """What the shop owes in each unit, the shop's currency and points at least. Of the present it is told from kept figures; of a
    past instant every entry until then is counted."""
    present = now()
    if at is None or at >= present:
        return await _now(shop)
    return await _then(shop, at)


async def cohorts(shop: Shop, first: date, last: date) -> Sequence[Cohort]:
    """What has become of what was given in these months. Raises BadInput for more than 60 months."""
    begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    if not 0 <= end - begin < _MAX_MONTHS:
        raise BadInput(f"From `from` to `to` are 1 to {_MAX_MONTHS} months.", ("to",))
    found = by_month((await current(shop)).figures)
    return [
        Cohort(unit, first_day(month), figure)
        for (unit, month), figure in sorted(found.items(), key=lambda one: (one[0][1], one[0][0]))
        if begin <= month <= end
    ]


def _units(shop: Shop, *others: str) -> list[str]:
    return sorted({shop.currency, POINTS, *others})


async def _now(shop: Shop) -> Sequence[Liability]:
    known: Current = await current(shop)
    ends = dict(by_end(known.figures))
    if any(month == ENDS_WITH_ACTIVITY and left for (_, month), left in ends.items()):
        for key, left in (await _moving(shop, known.at)).items():
            ends[key] = ends.get(key, 0) + left
    month = month_of(known.at, shop.settings.zone)
    outstanding = dict[str, int]()
    for (unit, _, _), figure in known.figures.cells.items():
        outstanding[unit] = outstanding.get(unit, 0) + figure.open
    return [
        Liability(
            known.at, unit, outstanding.get(unit, 0), known.of(unit).pending, known.of(unit).held, known.of(unit).debt,
            known.of(unit).count, [(first_day(n), ends.get((unit, n), 0)) for n in range(month, month + _MONTHS)],
        )
        for unit in _units(shop, *outstanding, *known.sums)
    ]  # fmt: skip


async def _moving(shop: Shop, at: Instant) -> Mapping[tuple[str, int], int]:
    """What is left and ends after the last activity, by unit and month of the end as it is now."""
    found, zone, ending = dict[tuple[str, int], int](), shop.settings.zone, ending_of(shop)
    for (unit, life, begins), left in (await moving_ends(shop.database)).items():
        ends = ending(life, Instant(begins))
        if at < ends < LATEST:
            key = unit, month_of(ends, zone)
            found[key] = found.get(key, 0) + left
    return found


# --- at a past instant

_LEFT = (
    "SELECT l.customer_id, l.unit, l.available_at, l.expires_at, l.life, l.amount - coalesce((SELECT sum(u.amount)"
    " FROM loyalty_lot_use u JOIN loyalty_transfer t ON t.id = u.transfer_id WHERE u.lot_id = l.id AND t.at <= $1), 0) AS remains"
    " FROM loyalty_lot l JOIN loyalty_transfer o ON o.id = l.transfer_id WHERE o.at <= $1"
)
_OWED = (
    "SELECT t.customer_id, t.unit, sum(CASE WHEN t.source = 'DEBT' THEN t.amount ELSE -t.amount END) AS owed"
    " FROM loyalty_transfer t WHERE t.at <= $1 AND (t.source = 'DEBT' OR t.target = 'DEBT') GROUP BY t.customer_id, t.unit"
)
assert (LOTS, DEBT) == ("LOTS", "DEBT")  # as the statements say
_HELD = (
    "SELECT h.unit, CAST(sum(h.amount) AS BIGINT) FROM loyalty_hold h WHERE h.created_at <= $1 AND h.held_until > $1"
    " AND (h.closed_at IS NULL OR h.closed_at > $1) GROUP BY h.unit"
)


async def _then(shop: Shop, at: Instant) -> Sequence[Liability]:
    """By what is known now: entries count from when they say, also those that were recorded later."""
    database, zone = shop.database, shop.settings.zone
    month = month_of(at, zone)
    edges = [at, *(start_of(first_day(n), zone) for n in range(month + 1, month + _MONTHS + 1))]
    is_left = "expires_at > $1 OR life IS NOT NULL"
    sums = ", ".join(
        "CAST(coalesce(sum(CASE WHEN life IS NULL AND expires_at >= "
        f"${n + 1} AND expires_at < ${n + 2} THEN remains ELSE 0 END), 0) AS BIGINT)"
        for n in range(_MONTHS)
    )
    lots = (
        "SELECT unit, CAST(coalesce(sum(remains), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN available_at > $1 THEN remains"
        f" ELSE 0 END), 0) AS BIGINT), {sums} FROM ({_LEFT}) x WHERE {is_left} GROUP BY unit"
    )
    count = (
        f"SELECT unit, count(*) FROM (SELECT customer_id, unit FROM ({_LEFT}) x WHERE remains > 0 AND ({is_left})"
        f" UNION SELECT customer_id, unit FROM ({_OWED}) y WHERE owed > 0) z GROUP BY unit"
    )
    owed = f"SELECT unit, CAST(sum(owed) AS BIGINT) FROM ({_OWED}) y GROUP BY unit"

    async def work(database: Database = database) -> Sequence[Mapping[str, Sequence[int]]]:
        await database.allow(_RECOUNT_SECONDS)
        found = []
        for sql, values in ((lots, edges), (owed, [at]), (_HELD, [at]), (count, [at])):
            found.append(
                {row[0]: [int(value) for value in tuple(row)[1:]] for row in await database.rows(sql, *values)}
            )
        return found

    left, debts, holds, counts = await database.transaction(work)
    rows = []
    for unit in _units(shop, *left, *debts):
        outstanding, pending, *months = left.get(unit, [0] * (_MONTHS + 2))
        expiring = [(first_day(month + n), amount) for n, amount in enumerate(months)]
        debt, held, number = (one.get(unit, [0])[0] for one in (debts, holds, counts))
        rows.append(Liability(at, unit, outstanding, pending, held, debt, number, expiring))
    return rows
