"""Segments that audiences name and that are asked as of now: each process remembers their conditions.

    lookup = lookup_segments_now(shop, audiences)            names one query; None where none names a segment
    segments_as_remembered(shop, audiences, rows)             whether they are still those by which the statement was named

The look-up stands beside what is named by what is remembered. Where a segment was changed meanwhile, it is remembered as it is,
and who asks anew asks rightly.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.named import SEGMENT, keys_in, segments_named, tree_of
from regulars_core.audiences.trees import leaves_in
from regulars_core.database import Lookup
from regulars_core.shop.shop import Shop


class UnknownSegment(Exception):
    """A segment is not there, or not remembered yet."""


_MAX_REMEMBERED = 2_000


class _Remembered(dict[str, str | None]):
    """The conditions of segments by their keys, as they are kept; None for one that is not there."""


def lookup_segments_now(shop: Shop, audiences: Sequence[Audience]) -> Lookup | None:
    """What `segments_as_remembered` tells by. It brings what was remembered when it was named, too: others may have remembered
    something else by the time it is answered."""
    if not (keys := segments_named(audiences)):
        return None
    sql = (
        "SELECT r.digest, g.id, g.conditions FROM (SELECT CAST($2 AS TEXT) AS digest) r LEFT JOIN segment g ON"
        f" {shop.database.dialect.among('g.id', 1)}"
    )
    return sql, [keys, _digest(keys, _remembered(shop))]


def segments_as_remembered(shop: Shop, audiences: Sequence[Audience], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether the segments that these audiences name are as they were remembered when `lookup_segments_now` was named. If not,
    they are from now on."""
    keys, known = segments_named(audiences), _remembered(shop)
    found: dict[str, str | None] = {**dict.fromkeys(keys), **{row[1]: row[2] for row in rows if row[1] is not None}}
    if len(known) > _MAX_REMEMBERED:
        known.clear()
    known.update(found)
    return bool(rows[0][0] == _digest(keys, found))


def names_segments(audience: Audience) -> bool:
    """Whether an audience names a segment."""
    return any(name == SEGMENT for _, name, _ in leaves_in(audience))


def trees_named(shop: Shop, comparison: Any) -> Sequence[Audience | None]:
    """The conditions of the segments that a leaf names, as they are remembered; None where one is not there, or not yet known."""
    known = _remembered(shop)
    return [None if (text := known.get(key)) is None else tree_of(text) for key in keys_in(comparison)]


def _remembered(shop: Shop) -> _Remembered:
    remembered: _Remembered = shop.memory.setdefault(_Remembered, _Remembered())
    return remembered


def _digest(keys: Sequence[str], conditions: Mapping[str, str | None]) -> str:
    return sha256(orjson.dumps([[key, conditions.get(key)] for key in keys])).hexdigest()
