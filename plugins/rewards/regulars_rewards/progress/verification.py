"""Counting again what of progress is stored twice: the rows of progress out of earnings, grants and rewards, and entries beside
them; and whether what was earned stands with whose it is."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import NamedTuple

from regulars_core.plugin import Dialect, Lookup, Shop, told_progress
from regulars_rewards.progress.recounting import Recount, recounted

PART = 500
"""Customers that are looked at together."""
_ATTEMPTS = 5
_WITHOUT_PROGRESS = (
    "SELECT DISTINCT t.customer_id, t.system_id FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM rewards_progress p"
    " WHERE p.customer_id = t.customer_id AND p.system_id = t.system_id) ORDER BY t.customer_id, t.system_id"
)
_UNTOLD = (
    "SELECT g.id, g.taken_back_at IS NOT NULL FROM rewards_given g WHERE {theirs} AND (NOT EXISTS (SELECT 1 FROM"
    " rewards_entry e WHERE e.given_id = g.id AND e.cause = 'ISSUE') OR (g.taken_back_at IS NOT NULL) <> EXISTS"
    " (SELECT 1 FROM rewards_entry e WHERE e.given_id = g.id AND e.cause = 'REVOKE')) ORDER BY g.id"
)
_BROKEN = (
    "SELECT x.id, x.progress_after, x.before + x.delta FROM (SELECT e.id, e.delta, e.progress_after,"
    " coalesce(lag(e.progress_after) OVER (PARTITION BY e.customer_id, e.system_id ORDER BY e.id), 0) AS before"
    " FROM rewards_entry e WHERE {theirs}) x WHERE x.progress_after <> x.before + x.delta ORDER BY x.id"
)
_OF_OTHERS = (
    "SELECT t.id, t.source FROM rewards_earning t JOIN purchase p ON p.id = t.purchase_id WHERE {theirs}"
    " AND t.earned > t.reversed AND (p.customer_id IS NULL OR p.customer_id <> t.customer_id) ORDER BY t.id"
)
_LEFT_BEHIND = (
    "SELECT t.id, t.source FROM rewards_earning t JOIN customer_stats s ON s.customer_id = t.customer_id WHERE {theirs}"
    " AND t.purchase_id IS NULL AND t.earned > t.reversed AND s.merged_into_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
    " rewards_earning o WHERE o.customer_id = s.merged_into_id AND o.system_id = t.system_id AND o.source = t.source)"
    " ORDER BY t.id"
)


class _Row(NamedTuple):
    """Progress as it is stored, whether its customer was merged into another, and what its entries sum to."""

    customer_id: str
    system_id: str
    units: str
    progress: int
    issued: int
    is_alias: bool
    entries: int


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each thing that is not what the rest gives. What is changed meanwhile is looked at again."""
    for table in ("rewards_entry", "rewards_earning", "rewards_given"):
        for customer_id, system_id in await shop.database.rows(_WITHOUT_PROGRESS.format(table=table)):
            yield f"The customer {customer_id} has rows of {table} in the system {system_id}, and no progress."
    [(expected,)] = await shop.database.rows("SELECT count(DISTINCT customer_id) FROM rewards_progress")
    last, done = "0" * 32, 0
    while True:
        rows = await shop.database.rows(
            "SELECT DISTINCT customer_id FROM rewards_progress WHERE customer_id > $1 ORDER BY customer_id"
            f" LIMIT {PART}",
            last,
        )
        customers = [str(row[0]) for row in rows]
        for told in await _lasting(shop, customers):
            yield told
        done += len(customers)
        told_progress("reward-progress", done, expected)
        if len(customers) < PART:
            return
        last = customers[-1]


async def _lasting(shop: Shop, customers: Sequence[str]) -> Sequence[str]:
    """What is found again and again: anything else has changed while it was looked at."""
    found = await _found(shop, customers)
    for _ in range(_ATTEMPTS):
        if not found:
            break
        again = set(await _found(shop, customers))
        found = [one for one in found if one in again]
    return found


def _lookups(dialect: Dialect, customers: Sequence[str]) -> Sequence[Lookup]:
    ids = [list(customers)]
    own = "SELECT coalesce(sum(e.delta), 0) FROM rewards_entry e WHERE e.customer_id = p.customer_id"
    return [
        (
            "SELECT p.customer_id, p.system_id, p.units, p.progress, p.issued, s.merged_into_id IS NOT NULL AS is_alias,"
            f" CAST(({own} AND e.system_id = p.system_id) AS BIGINT) AS entries FROM rewards_progress p"
            f" LEFT JOIN customer_stats s ON s.customer_id = p.customer_id WHERE {dialect.among('p.customer_id', 1)}"
            " ORDER BY p.customer_id, p.system_id",
            ids,
        ),
        (_UNTOLD.format(theirs=dialect.among("g.customer_id", 1)), ids),
        (_BROKEN.format(theirs=dialect.among("e.customer_id", 1)), ids),
        (_OF_OTHERS.format(theirs=dialect.among("t.customer_id", 1)), ids),
        (_LEFT_BEHIND.format(theirs=dialect.among("t.customer_id", 1)), ids),
    ]


async def _found(shop: Shop, customers: Sequence[str]) -> Sequence[str]:
    if not customers:
        return []
    rows, untold, broken, of_others, left_behind = await shop.database.read_together(
        _lookups(shop.database.dialect, customers)
    )
    counted = await recounted(shop.database, customers)
    found = [text for row in rows for text in _differences_of(_Row(*row), counted)]
    for given_id, is_taken_back in untold:
        found.append(
            f"The reward {given_id} is {'taken back' if is_taken_back else 'given'}, and its entries do not say so."
        )
    for entry_id, after, expected in broken:
        found.append(f"The entry {entry_id} leaves {after} of progress, and {expected} by the entries before it.")
    for earning_id, source in of_others:
        found.append(f"The earning {earning_id} stands, and the purchase {source} is somebody else's.")
    for earning_id, source in left_behind:
        found.append(
            f"The earning {earning_id} of {source} stands with a customer who was merged, and the survivor has none."
        )
    return found


def _differences_of(row: _Row, counted: Mapping[tuple[str, str], Recount]) -> Iterator[str]:
    """What of a customer's progress in a system is not what it is made of. Who was merged into another has none."""
    whose = f"of the customer {row.customer_id} in the system {row.system_id}"
    made_of = Recount() if row.is_alias else counted.get((row.customer_id, row.system_id), Recount())
    if row.units != str(made_of.units):
        yield f"The units {whose} are {row.units} by their row, and {made_of.units} by what was earned."
    if row.progress != made_of.standing.progress:
        yield f"The progress {whose} is {row.progress} by its row, and {made_of.standing.progress} by what it is made of."
    if row.progress != row.entries:
        yield f"The progress {whose} is {row.progress} by its row, and {row.entries} by its entries."
    if row.issued != made_of.issued:
        yield f"The rewards {whose} are {row.issued} by their row, and {made_of.issued} that live."
