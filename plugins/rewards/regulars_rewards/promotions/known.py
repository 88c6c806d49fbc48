"""The promotions that have not ended, remembered by each process for as long as the revision is the one that it has read.

    lookup_promotions(shop, at)           names one look-up, reads nothing
    known_promotions(shop, rows)          pure, from its rows: reads the definitions in them, where there are any
    await read_promotions(shop, at)       both

The look-up asks the revision, and brings definitions only where the remembered ones are of another revision, or do not reach back
to the instant: so as long as nobody changes a promotion, none is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars_core.plugin import DAY_MS, LATEST, Instant, Lookup, Shop, now
from regulars_rewards.offers.menu import Menu
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.stored import APPLIED, applicable
from regulars_rewards.revisions import UNKNOWN, Revisions

PAST_DAYS = 400
"""How far back it is known what had ended: whatever is asked, no more than that is read and remembered."""


@dataclass(frozen=True)
class KnownPromotions:
    """The promotions of a revision that had not ended at `since`, in the order in which they apply: what is found of their menu
    stays found for as long as they are remembered.

    `is_as_looked_up` says whether they are those that were remembered as the look-up was named: only then does what was looked up
    beside it by these promotions fit them. Who finds that it does not asks again, and finds them remembered.
    """

    revision: int
    since: Instant
    menu: Menu
    is_as_looked_up: bool = field(default=True, compare=False)

    @property
    def promotions(self) -> Sequence[Promotion]:
        """All of them."""
        return self.menu.promotions

    def at(self, instant: Instant) -> Menu:
        """Those that had not ended at an instant, those that begin later among them. Raises ValueError for one before `since`."""
        if instant < self.since:
            raise ValueError("what had ended by then is not known")
        return self.menu.at(instant)


class _Memory(Revisions[KnownPromotions]):
    """What is known of the last few revisions."""


def remembered_promotions(shop: Shop) -> KnownPromotions | None:
    """What this process has read last; None if it has not yet. It may be out of date: it says what to look up, no more."""
    memory: _Memory = shop.memory.get(_Memory, _Memory())
    return memory.newest


def earliest_known(present: Instant) -> Instant:
    """The earliest instant of which it is known at present what had not ended."""
    return Instant(present - PAST_DAYS * DAY_MS)


def lookup_promotions(shop: Shop, at: Instant | None = None) -> Lookup:
    """What `known_promotions` tells by which promotions there are that have not ended at an instant, now if it is None, or have
    ended no earlier than is known where it is before that."""
    present = now()
    wanted = present if at is None else max(min(at, present), earliest_known(present))
    remembered = remembered_promotions(shop)
    revision, since = (UNKNOWN, present) if remembered is None else (remembered.revision, remembered.since)
    columns = ", ".join(f"p.{name}" for name in APPLIED)
    # One range of the index: of another revision all that had not ended, and else what had ended since, mostly nothing.
    lower = "CASE WHEN r.revision <> $1 THEN $3::bigint ELSE $4::bigint END"
    upper = "CASE WHEN r.revision <> $1 THEN $5::bigint ELSE $2::bigint END"
    sql = (
        f"SELECT r.revision, CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), {columns} FROM rewards_revision r"
        f" LEFT JOIN rewards_promotion p ON p.ends_at > {lower} AND p.ends_at <= {upper} WHERE r.id = 1 ORDER BY p.rank, p.id"
    )
    return sql, [revision, since, wanted, min(wanted, since), LATEST]


def known_promotions(shop: Shop, rows: Sequence[Any]) -> KnownPromotions:
    """The promotions that held when `lookup_promotions` was read. Raises LookupError where they were changed more often meanwhile
    than is remembered."""
    revision, assumed, since, wanted = rows[0][:4]
    memory: _Memory = shop.memory.setdefault(_Memory, _Memory())
    read = [applicable(shop, *row[4:]) for row in rows if row[4] is not None]
    if revision < assumed:  # the database is an older one now
        memory.clear()
    if revision != assumed:
        known = KnownPromotions(revision, wanted, Menu(tuple(read)))
    else:
        before = memory.get(revision)
        if before is None:
            raise LookupError("promotions are being changed all the time; try again")
        known = _joined(before, wanted, since, read)
    _remember(memory, known)
    return replace(known, is_as_looked_up=revision == assumed and not read)


async def read_promotions(shop: Shop, at: Instant | None = None) -> KnownPromotions:
    """The promotions that have not ended at an instant, now if it is None: one look at the revision, where they are
    remembered."""
    sql, values = lookup_promotions(shop, at)
    return known_promotions(shop, await shop.database.read(sql, *values))


def _joined(before: KnownPromotions, wanted: Instant, since: Instant, read: Sequence[Promotion]) -> KnownPromotions:
    """What is remembered, and of the same revision what had ended by its `since` and not yet at `wanted`."""
    if wanted >= since:  # without what others have read of the past meanwhile
        return before if before.since == since else KnownPromotions(before.revision, since, before.at(since))
    promotions = {one.id: one for one in (*before.promotions, *read)}
    return KnownPromotions(
        before.revision,
        Instant(min(wanted, before.since)),
        Menu(sorted(promotions.values(), key=lambda one: one.order)),
    )


def _remember(memory: _Memory, known: KnownPromotions) -> None:
    before = memory.get(known.revision)
    if before is None or before.since > known.since:
        memory.keep(known.revision, known)
