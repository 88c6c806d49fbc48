"""Segments that audiences name: what each asked at an instant, and what stands in the way of naming one.

A segment may be changed while audiences name it. An instant is judged by the conditions that the segment had then: so what was
decided stays decided, whoever asks for it again, and what is decided from the change on goes by the new ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from regulars_core.audiences.leaves import Audience, CustomerMoment
from regulars_core.audiences.registry import has_past
from regulars_core.audiences.trees import leaves_in
from regulars_core.database import Lookup
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop

SEGMENT = "segment"
"""The leaf that names segments: no leaf of its own, but what each of these asks."""
_PREFIX = f"{SEGMENT}_"
_HELD = ("id", "name", "conditions")


@lru_cache(maxsize=512)
def tree_of(text: str) -> Audience:
    """The conditions of a segment out of their column; shared, so that nobody may change them."""
    tree: Audience = orjson.loads(text)
    return tree


def keys_in(comparison: Any) -> Sequence[str]:
    """The keys of the segments that a comparison names."""
    return [text.removeprefix(_PREFIX) for text in comparison["in"]]


def segments_named(audiences: Iterable[Audience | None]) -> Sequence[str]:
    """The keys of the segments that these audiences name, each once."""
    leaves = (leaf for audience in audiences if audience is not None for leaf in leaves_in(audience))
    return sorted({key for _, name, comparison in leaves if name == SEGMENT for key in keys_in(comparison)})


def lookup_segments_then(shop: Shop, keys: Sequence[str], moments: Sequence[CustomerMoment]) -> Lookup:
    """What `SegmentsThen` tells by what these segments asked at these instants: mostly one row for each."""
    instants = [one.at for one in moments]
    among = shop.database.dialect.among("v.segment_id", 1)
    sql = (
        f"SELECT v.segment_id, v.since, v.conditions FROM segment_version v WHERE {among} AND v.since <= $3 AND v.since >="
        " (SELECT max(b.since) FROM segment_version b WHERE b.segment_id = v.segment_id AND b.since <= $2)"
        " ORDER BY v.segment_id, v.number"
    )
    return sql, [list(keys), min(instants), max(instants)]


class SegmentsThen:
    """What segments asked at instants, out of the rows of `lookup_segments_then`."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._versions: dict[str, list[tuple[Instant, str]]] = {}
        for key, since, text in rows:
            self._versions.setdefault(key, []).append((since, text))

    def at(self, key: str, instant: Instant) -> str | None:
        """The conditions of a segment at an instant, as their column has them; None where there is no such segment."""
        found = [text for since, text in self._versions.get(key, ()) if since <= instant]
        return found[-1] if found else None


def without_past(shop: Shop, tree: Audience) -> Sequence[str]:
    """The leaves of a segment by which it does not answer for a past instant, each once."""
    leaves = leaves_in(tree)
    return list(dict.fromkeys(name for _, name, comparison in leaves if not has_past(shop, name, comparison)))


Placed = Mapping[tuple[str, ...], Audience | None]
"""Audiences by their places in an input."""


async def check_segments(shop: Shop, audiences: Placed, checks: Checks) -> None:
    """Tell checks `INVALID_AUDIENCE`, at its place, of each segment that these audiences name and that there is not, or that does
    not answer for a past instant."""
    if keys := segments_named(audiences.values()):
        sql = f"SELECT {', '.join(_HELD)} FROM segment WHERE {shop.database.dialect.among('id', 1)}"
        _check(shop, audiences, await shop.database.read(sql, keys), checks, any_leaf=False)


async def hold_segments(shop: Shop, audiences: Placed, checks: Checks, *, any_leaf: bool = False) -> None:
    """The same in the transaction in which audiences are stored: the segments are held until its end, so that none is removed
    meanwhile. If `any_leaf` will do, they need not answer for a past instant."""
    if keys := segments_named(audiences.values()):
        _check(shop, audiences, await lock(shop.database, "segment", keys, _HELD), checks, any_leaf=any_leaf)


def _check(shop: Shop, audiences: Placed, rows: Sequence[Any], checks: Checks, *, any_leaf: bool) -> None:
    found = {row[0]: (row[1], row[2]) for row in rows}
    named = (
        ((*path, *place, "in", str(n)), key)
        for path, audience in audiences.items()
        for place, name, comparison in leaves_in(audience or {})
        if name == SEGMENT
        for n, key in enumerate(keys_in(comparison))
    )
    for place, key in named:
        if key not in found:
            checks.fail("INVALID_AUDIENCE", "There is no segment with this id.", *place)
            continue
        called, text = found[key]
        if leaves := [] if any_leaf else without_past(shop, tree_of(text)):
            listed = " and ".join(f"`{leaf}`" for leaf in leaves)
            message = f"The segment '{called}' compares {listed}: that does not answer for a past instant."
            checks.fail("INVALID_AUDIENCE", message, *place)


def no_longer_answering(shop: Shop, before: str, after: str) -> Sequence[str]:
    """The leaves of new conditions of a segment, as they are kept, by which it no longer answers for a past instant, if the old
    ones do."""
    return [] if without_past(shop, tree_of(before)) else without_past(shop, tree_of(after))
