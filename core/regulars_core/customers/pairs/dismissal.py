"""Saying of two customers who may be the same that they are two, and taking that back."""

from typing import Any

from regulars_core.audit import changed
from regulars_core.customers.pairs.reads import PairRow, pairs_by_ids
from regulars_core.customers.pairs.records import people_of
from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop

_KEPT = (
    "INSERT INTO duplicate_dismissal (id, customer_id, other_id, dismissed_at, traits) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (id) DO UPDATE SET dismissed_at = excluded.dismissed_at, traits = excluded.traits"
)


async def dismiss(shop: Shop, pair_id: str, *, is_dismissed: bool) -> PairRow:
    """Say of the two customers of a pair that they are two, or take that back; the pair as it is then. They are not shown again
    as alike in what made them so, also when one of them is merged with somebody else. Said twice, it is as it was.

    Raises Refused: NOT_FOUND where there is no such pair, or not any more.
    """
    database = shop.database

    async def work() -> PairRow:
        columns = ("customer_id", "other_id", "traits", "dismissed_at")
        rows = await lock(database, "duplicate_pair", [pair_id], columns)
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no pair with this id, or not any more.", ("pairId",)))
        customer_id, other_id, traits, before = rows[0]
        if (before is not None) is not is_dismissed:
            at = now() if is_dismissed else None
            if at is None:
                await _take_back(shop, customer_id, other_id)
            else:
                await database.run(
                    _KEPT, pair_id, customer_id, other_id, at, await _with_earlier(shop, pair_id, traits)
                )
            sql = "UPDATE duplicate_pair SET is_dismissed = $2, dismissed_at = $3 WHERE id = $1"
            await database.run(sql, pair_id, is_dismissed, at)
            changed({"dismissedAt": (_told(before), _told(at))})
        else:
            changed({})
        return (await pairs_by_ids(database, [pair_id]))[pair_id]

    return await database.transaction(work)


def _told(at: Instant | None) -> Any:
    return None if at is None else printed(at)


async def _with_earlier(shop: Shop, pair_id: str, traits: str) -> str:
    """What the two are alike in, and what they were when it was said before: if they are so again it still holds."""
    row = await shop.database.row("SELECT traits FROM duplicate_dismissal WHERE id = $1", pair_id)
    return " ".join(sorted({*traits.split(), *(row[0].split() if row else ())}))


async def _take_back(shop: Shop, customer_id: str, other_id: str) -> None:
    """Nothing holds any more that was said of any record of the one and any of the other."""
    people = await people_of(shop.database, [customer_id, other_id])
    one, other = ([record.id for record in people.get(id_, ())] for id_ in (customer_id, other_id))
    among = shop.database.dialect.among
    both = f"({among('customer_id', 1)} AND {among('other_id', 2)} OR {among('customer_id', 2)} AND {among('other_id', 1)})"
    await shop.database.run(f"DELETE FROM duplicate_dismissal WHERE {both}", one, other)
