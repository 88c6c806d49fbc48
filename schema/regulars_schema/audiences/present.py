"""Asking audiences by any leaves, as of now: in the schema's own words, all of them in one statement.

    lookup = lookup_audiences_now(shop, audiences, customers)        names one query
    answers = audiences_now(rows)                                      pure, from its rows: `answers[customer][n]`

What segments these name is asked with it, since the statement follows from their conditions:

    segments = lookup_segments_now(shop, audiences)                   names one query, or None
    segments_as_remembered(shop, audiences, rows)                      False: they are others, so ask anew

What has to be asked as of a past instant is asked of the leaves that answer for one: `regulars_core.plugin.audience_answers`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from graphql import GraphQLError

from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.named import SEGMENT
from regulars_core.audiences.trees import TREE
from regulars_core.database import Lookup
from regulars_core.primitives.clock import now
from regulars_core.queries.where import Values, Where
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_schema.audiences.segments import UnknownSegment, names_segments, trees_named
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.where_trees import read_again
from regulars_schema.request.context import RequestContext
from regulars_schema.schema import schema_in

log = logging.getLogger(__name__)

_HOLDS, _FAILED = "1", "?"
_IN_ONE_COLUMN = 50  # a database has only so many columns, and only so long sums


def lookup_audiences_now(shop: Shop, audiences: Sequence[Audience], customers: Sequence[str]) -> Lookup:
    """What `audiences_now` tells by which of these customers, given by their keys, belong to which of these audiences. A key may
    be sought, if it is the only one."""
    values, read = Values(shop.database.dialect, list(dict.fromkeys(customers))), _reading(shop)
    conditions = []
    for audience in audiences:
        before = len(values.all)
        try:
            where = _with_segments(shop, audience, read) if names_segments(audience) else read(audience)
            sql, there = where.compile(values), where.all_there(values)
            gone = f" WHEN NOT ({there}) THEN '{_FAILED}'" if there else ""  # under `not` it would be for everybody
            conditions.append(f"CASE{gone} WHEN {sql} THEN '{_HOLDS}' ELSE '0' END")
        except Exception as error:  # a leaf may be a stranger's code; what it raises may quote customers
            del values.all[before:]
            _tell(shop, audience, error)
            conditions.append(f"'{_FAILED}'")
    columns = [" || ".join(conditions[n : n + _IN_ONE_COLUMN]) for n in range(0, len(conditions), _IN_ONE_COLUMN)]
    among = shop.database.dialect.among("c.id", 1)
    return (
        f"SELECT {', '.join(['c.id', *columns])} FROM customer c LEFT JOIN customer_stats s ON s.customer_id = c.id"
        f" WHERE {among}",
        values.all,
    )


def _with_segments(shop: Shop, audience: Audience, read: Callable[[Audience], Where]) -> Where:
    """An audience with what the segments ask that it names, however large that is. Raises UnknownSegment."""
    parts = []
    for name, inside in audience.items():
        if name == SEGMENT:
            trees = trees_named(shop, inside)
            if None in trees:
                raise UnknownSegment
            parts.append(Where("any", tuple(read(tree) for tree in trees if tree is not None)))
        elif name == "not":
            parts.append(Where("not", (_with_segments(shop, inside, read),)))
        elif name in TREE:
            parts.append(Where(name, tuple(_with_segments(shop, part, read) for part in inside)))
        else:
            parts.append(read({name: inside}))
    return parts[0] if len(parts) == 1 else Where("all", tuple(parts))


class _Read(dict[bytes, Where]):
    """Audiences as they were read in a minute: what their conditions make of the calendar holds as long, since days begin with
    one."""

    def __init__(self, minute: int) -> None:
        super().__init__()
        self.minute = minute
        self.told: set[bytes] = set()


def _tell(shop: Shop, audience: Audience, error: Exception) -> None:
    """Write into the log that a leaf has failed, once in a minute; a GraphQLError says that its plugin is off, and
    UnknownSegment that a segment is gone or will be known the next time."""
    known, key = shop.memory[_Read], orjson.dumps(audience)
    if key not in known.told and not isinstance(error, GraphQLError | UnknownSegment):
        known.told.add(key)
        log.error("an audience cannot be asked, so it is for nobody: %s", type(error).__name__)


def _reading(shop: Shop) -> Callable[[Audience], Where]:
    """What reads audiences, each once in a minute: a quote asks many of them, and again and again the same."""
    minute = now() // 60_000
    known: _Read | None = shop.memory.get(_Read)
    if known is None or known.minute != minute:
        known = shop.memory[_Read] = _Read(minute)
    context, schema = RequestContext(shop, operator(shop.permissions)), schema_in(shop)

    def read(audience: Audience) -> Where:
        key = orjson.dumps(audience)
        where = known.get(key)
        if where is None:
            where = known[key] = read_again(CustomerWhere, audience, schema, context)
        return where

    return read


def audiences_now(rows: Sequence[Any]) -> Mapping[str, Sequence[bool | None]]:
    """Whether each customer belongs to each audience, in the order in which they were named; None for an audience with a leaf
    that is off or has failed: it is for nobody. Unknown customers are missing."""
    return {
        row[0]: [None if each == _FAILED else each == _HOLDS for column in tuple(row)[1:] for each in column]
        for row in rows
    }
