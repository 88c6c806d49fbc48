"""Writing the journal, in the transactions of what happens; and what an entry of it says."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Something that has happened: to which rows and, in the same order, whom each of them was about (None where that is nobody,
    or nobody is known); `position` grows in the order of commits, `at` is when it happened. `has_others` says whether it was
    noted at all whom they were about. Where rows were given to others, `others` are those before and then those since: twice as
    many."""

    position: int
    event: str
    ids: Sequence[str]
    others: Sequence[str | None]
    took_part: Sequence[str]
    at: Instant
    has_others: bool = False


_COLUMNS = ("id", "kind", "ids", "others", "took_part", "at")


async def write(
    shop: Shop,
    kind: str,
    ids: Sequence[str],
    others: Sequence[str | None] = (),
    took_part: Sequence[str] | None = None,
) -> None:
    """Note an event about these ids and, if `others` are given, whom each of them was about, None for nobody; `took_part` are the
    plugins that are told of it at once, None for all that are on. A shop in which no plugin was ever on has nobody to note it
    for, and notes nothing."""
    if shop.keeps_journal:
        about = orjson.dumps(list(others)).decode() if others else None
        told = shop.plugins.names if took_part is None else took_part
        row = (new_id(), kind, orjson.dumps(list(ids)).decode(), about, " ".join(told), now())
        await shop.database.defer([inserting("journal", _COLUMNS, [row])])
