"""What tiers bring in a period."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars_analytics.hookspecs import Ladder
from regulars_analytics.selection import Selection, customers
from regulars_core.plugin import COUNTED, GONE, NEVER, SPENT, Instant, Shop, Values, now


@dataclass(frozen=True, slots=True)
class Performance:
    """Of one tier: how many have it at the end of the period, of whom so many bought, how often and for how much; and how many
    left it."""

    code: str
    name: str
    customers: int
    buyers: int
    purchases: int
    spent: int
    up: int
    down: int


def ladder_of(shop: Shop) -> Ladder | None:
    """The tiers, where a plugin has some. Raises CatchingUp while it is told what it missed."""
    for owner, ladder in shop.plugins.declared("analytics_tiers").items():
        shop.refuse_behind(owner)
        found: Ladder = ladder
        return found
    return None


async def performances(
    shop: Shop, ladder: Ladder, selection: Selection, first: Instant | None, before: Instant
) -> Sequence[Performance]:
    """The tiers at the end of the period, the highest first, by purchases of the period that are selected. Two statements beside
    those for the tiers."""
    at = min(Instant(before - 1), now())
    [ranks] = await ladder.ranks(shop, [at])
    figures = {rank.code: [0, 0, 0, 0] for rank in ranks}
    for code, *row in await _bought(shop, ladder, replace(selection, first=first, before=before), at):
        own = figures[code if code in figures else ranks[-1].code]
        own[:] = [had + more for had, more in zip(own, row, strict=True)]
    moved: dict[str, tuple[int, int]] = {
        code: (up, down) for code, up, down in await _moved(shop, ladder, selection, first, before)
    }
    answers = []
    for one in ranks:
        members, buyers, purchases, spent = figures[one.code]
        up, down = moved.get(one.code, (0, 0))
        answers.append(Performance(one.code, one.name, members, buyers, purchases, spent, up, down))
    return answers


async def _bought(shop: Shop, ladder: Ladder, selection: Selection, at: Instant) -> Sequence[Any]:
    """(tier, customers, buyers, purchases, spent) of who was registered by the instant and is not gone."""
    values = Values(shop.database.dialect, whole=True)
    theirs = (
        f"SELECT p.customer_id, sum(CASE WHEN {COUNTED} THEN 1 ELSE 0 END) AS times, sum({SPENT}) AS spent FROM purchase p"
        f" WHERE p.customer_id IS NOT NULL AND {selection.conditions(values)} GROUP BY p.customer_id"
    )
    inner = (
        f"SELECT {ladder.rank_at(at, values)} AS tier, t.times, t.spent FROM customer c LEFT JOIN ({theirs}) t"
        f" ON t.customer_id = c.id WHERE c.created_at <= {values.bind(at)} AND c.status NOT IN {GONE}{_chosen(selection, values)}"
    )
    sums = (f"CAST(coalesce(sum({one}), 0) AS BIGINT)" for one in ("i.times", "i.spent"))
    rows: Sequence[Any] = await shop.database.rows(
        f"SELECT i.tier, count(*), count(CASE WHEN i.times > 0 THEN 1 END), {', '.join(sums)} FROM ({inner}) i GROUP BY i.tier",
        *values.all,
    )
    return rows


def _chosen(selection: Selection, values: Values) -> str:
    """The condition that a customer `c` is one whose purchases are selected."""
    return "" if selection.where is None else f" AND c.id IN ({customers(selection.where, values)})"


async def _moved(
    shop: Shop, ladder: Ladder, selection: Selection, first: Instant | None, before: Instant
) -> Sequence[Any]:
    """(tier, up, down): how many customers left it for a higher and for a lower one."""
    values = Values(shop.database.dialect, whole=True)
    moves = ladder.moves(NEVER if first is None else first, min(before, Instant(now() + 1)), values)
    rows: Sequence[Any] = await shop.database.rows(
        "SELECT m.tier, count(DISTINCT CASE WHEN m.up = 1 THEN m.customer_id END),"
        f" count(DISTINCT CASE WHEN m.up = 0 THEN m.customer_id END) FROM ({moves}) m"
        f" JOIN customer c ON c.id = m.customer_id AND c.status NOT IN {GONE}{_chosen(selection, values)} GROUP BY m.tier",
        *values.all,
    )
    return rows
