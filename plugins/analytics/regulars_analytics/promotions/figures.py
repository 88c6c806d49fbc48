"""Who responds to promotions: by the purchases that were made with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_analytics.hookspecs import Ladder, Promotions, Rank, RanPromotion
from regulars_analytics.levels import Placed
from regulars_analytics.selection import Selection
from regulars_analytics.tiers_performance.figures import ladder_of
from regulars_core.plugin import COUNTED, GONE, SPENT, Shop, Values, Where

MAX_PROMOTIONS = 100
MAX_AUDIENCES = 20
"""Of so many audiences one statement asks: each goes through all customers, in the time that a statement may take."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A promotion that ran, where its uses are found, which purchases are looked at, and for whom it is; why that cannot be
    asked, if it cannot."""

    promotion: RanPromotion
    source: Promotions
    selection: Selection
    audience: Where | Exception


class RanRow(Placed[Ran]):
    """A promotion at its place of an answer."""


@dataclass(frozen=True, slots=True)
class Responses:
    """What was bought with a promotion: by how many customers, how often, for how much, and what was taken off."""

    customers: int = 0
    purchases: int = 0
    spent: int = 0
    discount: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """How many customers a promotion was for, and how many of them responded; of one tier, if it is of one."""

    audience: int
    responded: int
    rank: Rank | None = None


def source_of(shop: Shop) -> Promotions | None:
    """The promotions, where a plugin has some. Raises CatchingUp while it is told what it missed."""
    for owner, promotions in shop.plugins.declared("analytics_promotions").items():
        shop.refuse_behind(owner)
        found: Promotions = promotions
        return found
    return None


def _used(ran: Ran, ids: str) -> str:
    """Each purchase that was made with one of these promotions once, with what was taken off."""
    return (
        f"SELECT u.promotion_id, u.purchase_id, sum(u.amount) AS amount FROM ({ran.source.uses()}) u WHERE {ids}"
        " GROUP BY u.promotion_id, u.purchase_id"
    )


async def responses(shop: Shop, ran: Sequence[Ran]) -> Sequence[Responses]:
    """What was bought with each. One statement."""
    if not ran:
        return []
    values = Values(shop.database.dialect, whole=True)
    used = _used(ran[0], values.among("u.promotion_id", [one.promotion.id for one in ran], "uuid"))
    rows = await shop.database.rows(
        f"SELECT u.promotion_id, count(DISTINCT CASE WHEN {COUNTED} THEN p.customer_id END),"
        f" count(CASE WHEN {COUNTED} THEN 1 END), CAST(sum({SPENT}) AS BIGINT), CAST(sum(u.amount) AS BIGINT)"
        f" FROM ({used}) u JOIN purchase p ON p.id = u.purchase_id"
        f" WHERE {ran[0].selection.conditions(values)} GROUP BY u.promotion_id",
        *values.all,
    )
    found = {row[0]: Responses(*row[1:]) for row in rows}
    return [found.get(one.promotion.id, Responses()) for one in ran]


async def reached(shop: Shop, ran: Sequence[Ran]) -> Sequence[Reached | Exception]:
    """For how many each was, and how many of them responded. One statement for MAX_AUDIENCES of them."""
    found = await _reached(shop, ran, None)
    return [
        one.audience if isinstance(one.audience, Exception) else Reached(*(rows[0][1:] if rows else (0, 0)))
        for one, rows in zip(ran, found, strict=True)
    ]


async def reached_by_rank(shop: Shop, ran: Sequence[Ran]) -> Sequence[Sequence[Reached] | Exception]:
    """The same for each tier as it was when the promotion began, the highest first; nothing where there are no tiers. One
    statement for MAX_AUDIENCES of them beside those for the tiers."""
    ladder = ladder_of(shop)
    if ladder is None:
        return [[] for _ in ran]
    ranks = await ladder.ranks(shop, [one.promotion.starts_at for one in ran])
    found = await _reached(shop, ran, ladder)
    answers: list[Sequence[Reached] | Exception] = []
    for one, own, rows in zip(ran, ranks, found, strict=True):
        if isinstance(one.audience, Exception):
            answers.append(one.audience)
            continue
        sums = {rank.code: [0, 0] for rank in own}
        for code, audience, responded in rows:
            counts = sums[code if code in sums else own[-1].code]
            counts[:] = [counts[0] + audience, counts[1] + responded]
        answers.append([Reached(sums[rank.code][0], sums[rank.code][1], rank) for rank in own])
    return answers


async def _reached(shop: Shop, ran: Sequence[Ran], ladder: Ladder | None) -> Sequence[list[tuple[str, int, int]]]:
    """(tier, audience, responded) of each promotion: who responded belonged to those whom it was for, whatever they are now."""
    found: list[list[tuple[str, int, int]]] = [[] for _ in ran]
    asked = [(n, one, one.audience) for n, one in enumerate(ran) if not isinstance(one.audience, Exception)]
    for begin in range(0, len(asked), MAX_AUDIENCES):
        values = Values(shop.database.dialect, whole=True)
        selects = [_who_of(n, one, of, ladder, values) for n, one, of in asked[begin : begin + MAX_AUDIENCES]]
        for n, *row in await shop.database.rows(" UNION ALL ".join(selects), *values.all):
            found[n].append((row[0], row[1], row[2]))
    return found


def _who_of(n: int, one: Ran, audience: Where, ladder: Ladder | None, values: Values) -> str:
    """The SELECT of (n, tier, audience, responded) of a promotion."""
    used = _used(one, f"u.promotion_id = {values.bind(one.promotion.id)}")
    buyers = (
        f"SELECT DISTINCT p.customer_id FROM ({used}) u JOIN purchase p ON p.id = u.purchase_id"
        f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND {one.selection.conditions(values)}"
    )
    rank = "NULL" if ladder is None else ladder.rank_at(one.promotion.starts_at, values)
    chosen = "1=1" if one.selection.where is None else one.selection.where.compile(values)
    return (
        f"SELECT {n} AS n, i.tier, count(*), count(i.customer_id) FROM (SELECT CAST({rank} AS TEXT) AS tier, b.customer_id"
        " FROM customer c JOIN customer_stats s ON s.customer_id = c.id"
        f" LEFT JOIN ({buyers}) b ON b.customer_id = c.id WHERE c.status NOT IN {GONE} AND {chosen}"
        f" AND (b.customer_id IS NOT NULL OR {audience.compile(values)})) i GROUP BY i.tier"
    )
