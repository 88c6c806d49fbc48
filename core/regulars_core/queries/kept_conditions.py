"""Conditions that are kept for later: as the SQL that they are, with its values, in plain JSON."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.database import Dialect
from regulars_core.queries.where import Condition, Leaf, Values, Where

Kept = Mapping[str, Any]
_PLACE = re.compile(r"\$(\d+)")


def kept(where: Where, dialect: Dialect) -> Kept:
    """A tree as what it comes to now: who reads it later needs to know nothing of its leaves, nor of who has set them."""
    values = Values(dialect)
    sql = where.compile(values)
    return {"sql": sql, "values": values.all}


def read_kept(given: Kept) -> Where:
    """The tree that was kept, as one leaf, for the same tables."""
    text, known = given["sql"], given["values"]

    def sql(_: Sequence[Condition], values: Values) -> str:
        places: dict[str, str] = {}
        for number in dict.fromkeys(_PLACE.findall(text)):
            places[number] = values.bind(known[int(number) - 1])
        return _PLACE.sub(lambda match: places[match[1]], text)

    return Where("kept", leaf=Leaf("kept", sql))
