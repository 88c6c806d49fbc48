"""Figures of any range of days out of what is kept of each: as whole numbers. Each is None where the purchases have to be looked
at, because it is not kept, or too much has moved."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import orjson

from regulars_core.customers.reads import GONE
from regulars_core.primitives.clock import Instant
from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import NO_MORE, again_within, spent_within
from regulars_core.purchases.figures.rollups.counts import HOUR, PAYMENT_METHOD, STORE
from regulars_core.purchases.figures.rollups.kept import Kept, told_by_kept
from regulars_core.purchases.figures.spans import Span
from regulars_core.purchases.figures.sums import NOT_VOIDED
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


class RangeSums(NamedTuple):
    """What the purchases of a range come to. `buyers` are the customers who bought, of whom `twice` did so two times or more;
    `theirs` are their purchases, and `days` adds up for how many each of them has been a customer by a day, and at least as many
    as were asked for."""

    purchases: int
    spent: int
    buyers: int
    twice: int
    theirs: int
    days: int


async def range_sums(shop: Shop, span: Span, until: date, least: int) -> RangeSums | None:
    """What the purchases of a span come to; customers are so since the day of their first purchase in it, until another day."""
    end = until.toordinal() - calendar.EPOCH

    async def tell(kept: Kept) -> RangeSums:
        sums = [0] * len(RangeSums._fields)
        columns = ("day", "purchases", "total", "theirs", "firsts", "first_two", "again")
        for day, purchases, spent, theirs, firsts, first_two, again in await kept.rows(columns):
            new, twice = firsts, first_two - firsts
            if kept.first is not None:
                within, within_two = again_within(again, day - kept.first)
                new, twice = theirs - within, within - within_two
            own = (purchases, spent, new, twice, theirs, new * max(end - day, least))
            sums = [a + b for a, b in zip(sums, own, strict=True)]
        return RangeSums(*sums)

    return await told_by_kept(shop, span, tell)


class RangeTakenOff(NamedTuple):
    """Of purchases that count: how many they are, how many of them are `discounted`, what was taken off them, what all would have
    come to without, and how many millionths of pieces they hold."""

    purchases: int
    discounted: int
    discount: int
    undiscounted: int
    pieces: int


async def range_taken_off(shop: Shop, span: Span) -> RangeTakenOff | None:
    """What was taken off the purchases of a span, and how much they hold."""

    async def tell(kept: Kept) -> RangeTakenOff:
        return RangeTakenOff(*await kept.sum(*RangeTakenOff._fields))

    return await told_by_kept(shop, span, tell)


async def range_buyers(shop: Shop, span: Span) -> int | None:
    """How many customers bought in a span."""

    async def tell(kept: Kept) -> int:
        if kept.first is None:
            return (await kept.sum("firsts"))[0]
        rows = await kept.rows(("day", "theirs", "again"))
        return sum(theirs - again_within(again, day - kept.first)[0] for day, theirs, again in rows)

    return await told_by_kept(shop, span, tell)


async def range_newcomers(shop: Shop, span: Span) -> tuple[int, int, int, int] | None:
    """How many customers bought for the first time in a span that has a beginning, what those spent in it, how many had bought
    before, and what those spent."""

    async def tell(kept: Kept) -> tuple[int, int, int, int]:
        assert kept.first is not None
        new = buyers = spent = new_spent = 0
        odd = Counter[str]()
        columns = ("day", "theirs", "firsts", "again", "their_total", "ages", "odd")
        for day, theirs, firsts, again, total, ages, ids in await kept.rows(columns):
            within = day - kept.first
            new += firsts
            buyers += theirs - again_within(again, within)[0]
            spent += total
            new_spent += spent_within(ages, within)
            for id_ in orjson.loads(ids) if ids else ():
                odd[id_.removeprefix(NO_MORE)] += -1 if id_.startswith(NO_MORE) else 1
        by_new, by_others = await _of_no_buyers(kept, span, [id_ for id_, n in odd.items() if n > 0])
        new_spent -= by_new
        return new, new_spent, buyers - new, spent - by_new - by_others - new_spent

    return None if span.first is None else await told_by_kept(shop, span, tell)


async def _of_no_buyers(kept: Kept, span: Span, odd: Sequence[str]) -> tuple[int, int]:
    """What those of these purchases came to whose customers have none in the span that counts: by those who had none before it
    either, and by the others."""
    if not odd:
        return 0, 0
    values = Values(kept.shop.database.dialect)
    among = values.among("p.id", sorted(odd), "uuid")

    def theirs(bounds: Sequence[str]) -> str:
        own = " AND ".join([COUNTED, "p.customer_id = o.customer_id", *span.places(values), *bounds])
        return f"SELECT 1 FROM purchase p WHERE {own}"

    within = theirs(span.bounds(values))
    had = theirs([f"p.purchased_at < {values.bind(span.first)}"])
    rows = await kept.shop.database.rows(
        f"SELECT had, CAST(sum(spent) AS BIGINT) FROM (SELECT CASE WHEN EXISTS ({had}) THEN 1 ELSE 0 END AS had, o.spent FROM"
        f" (SELECT p.customer_id, p.total - p.refunded AS spent FROM purchase p WHERE {among} AND {NOT_VOIDED}) o"
        f" WHERE NOT EXISTS ({within})) t GROUP BY had",
        *values.all,
    )
    found = {bool(had): spent for had, spent in rows}
    return found.get(False, 0), found.get(True, 0)


async def range_registered(shop: Shop, before: Instant) -> int | None:
    """How many customers were registered before an instant, and are not gone."""
    day = calendar.day_at(before, shop.settings.zone)
    span = Span(None, calendar.start(day, shop.settings.zone), None)

    async def tell(kept: Kept) -> int:
        begun = await shop.database.row(
            f"SELECT count(*) FROM customer c WHERE c.created_at >= $1 AND c.created_at < $2 AND c.status NOT IN {GONE}",
            span.before,
            before,
        )
        return (await kept.sum("registered"))[0] + int(begun[0] if begun else 0)

    return await told_by_kept(shop, span, tell)


class RangePart(NamedTuple):
    """A part of what purchases divide into: its value, who bought, how many purchases, and what it came to."""

    value: str | None
    buyers: int
    purchases: int
    total: int


async def range_parts(shop: Shop, span: Span, division: str) -> Sequence[RangePart] | None:
    """What purchases of a span divide into, in no order: by one of the divisions that are kept."""

    async def tell(kept: Kept) -> Sequence[RangePart]:
        by, everywhere = ("store", not kept.store) if division == STORE else ("part", False)
        of = "" if division == STORE else division
        if kept.first is None:
            sums = await kept.sums(("firsts", "purchases", "total"), by, of, every_store=everywhere)
        else:
            sums, columns = {}, (by, "day", "theirs", "again", "purchases", "total")
            for part, day, theirs, again, purchases, total in await kept.rows(columns, of, every_store=everywhere):
                own = sums.setdefault(part, [0, 0, 0])
                buyers = theirs - again_within(again, day - kept.first)[0]
                own[:] = own[0] + buyers, own[1] + purchases, own[2] + total
        return [RangePart(part.removeprefix("=") if part else None, *row) for part, row in sums.items()]

    return await told_by_kept(shop, span, tell)


async def range_methods(shop: Shop, span: Span) -> Sequence[tuple[str, int, int]] | None:
    """The ways of paying, how many purchases were paid so that were not voided, and how much."""

    async def tell(kept: Kept) -> Sequence[tuple[str, int, int]]:
        sums = await kept.sums(("noted", "total"), "part", PAYMENT_METHOD)
        return [(part.removeprefix("="), noted, total) for part, (noted, total) in sums.items() if noted]

    return await told_by_kept(shop, span, tell)


async def range_hours(shop: Shop, span: Span) -> dict[tuple[int, int], list[int]] | None:
    """How many purchases that count were made in an hour of the week, and what they came to, by weekday and hour."""

    async def tell(kept: Kept) -> dict[tuple[int, int], list[int]]:
        found: dict[tuple[int, int], list[int]] = {}

        for day, part, purchases, total in await kept.rows(("day", "part", "purchases", "counted_total"), HOUR):
            sums = found.setdefault((calendar.weekday(day), int(part[1:])), [0, 0])
            sums[:] = sums[0] + purchases, sums[1] + total
        return {hour: sums for hour, sums in found.items() if sums[0]}

    return await told_by_kept(shop, span, tell)


async def range_series(shop: Shop, span: Span, begins: Sequence[Instant]) -> Sequence[tuple[int, int, int, int]] | None:
    """Of each period from one of these instants to before the next one: who bought, who for the first time ever, how many
    purchases, and what was spent. They are whole days, and go on beyond the ends of the span."""

    async def tell(kept: Kept) -> Sequence[tuple[int, int, int, int]]:
        zone = shop.settings.zone
        bounds = [calendar.day_at(at, zone) for at in begins]
        figures = [[0, 0, 0, 0] for _ in bounds[1:]]
        columns = ("day", "theirs", "firsts", "again", "purchases", "total")
        reach = max(after - first for first, after in pairwise(bounds))
        for day, theirs, firsts, again, purchases, total in await kept.rows(columns, reach=reach):
            n = bisect_right(bounds, day) - 1
            if 0 <= n < len(figures):
                own, begin = figures[n], bounds[n] if kept.first is None else max(bounds[n], kept.first)
                buyers = theirs - again_within(again, day - begin)[0]
                own[:] = own[0] + buyers, own[1] + firsts, own[2] + purchases, own[3] + total
        return [(a, b, c, d) for a, b, c, d in figures]

    return await told_by_kept(shop, span, tell)
