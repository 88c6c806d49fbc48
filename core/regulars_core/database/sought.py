"""Keys that nobody knows yet when it is named what else is looked up by them.

Who is named by a code has a key that only the database knows. What is looked up by that key can be asked in the same round: the
query that finds the key stands where the key would.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.database.dialect import PLACEHOLDERS, Lookup, renumbered


class Sought(str):
    """A key that is sought: what a query answers in one row, if in any. It stands for the key as a value of a look-up, or as the
    only element of an array there. Whatever else is made of it is about nobody."""

    __slots__ = ("query",)
    query: Lookup

    def __new__(cls, sql: str, values: Sequence[Any]) -> "Sought":
        """The key that this query answers."""
        key = super().__new__(cls, f"{sql} {values!r}")
        key.query = (sql, values)
        return key


def asked_with_keys(lookups: Sequence[Lookup]) -> tuple[Sequence[Lookup], Sequence[Sought]]:
    """The same look-ups, in which the query of each sought key stands where the key would; and these keys."""
    asked, keys = list[Lookup](), dict[Sought, None]()
    for lookup in lookups:
        own = sought_in(lookup[1])
        if not own:
            asked.append(lookup)
            continue
        keys.update(dict.fromkeys(own.values()))
        given, shape = list[Any](), list[_Part]()
        for n, value in enumerate(lookup[1]):
            if (key := own.get(n)) is None:
                given.append(value)
                shape.append(None)
            else:
                given += key.query[1]
                shape.append((key.query[0], len(key.query[1]), value is not key))
        asked.append((_with_queries(lookup[0], tuple(shape)), given))
    return asked, list(keys)


def by_key(lookup: Lookup, sought: Sought, found: str | None) -> Lookup:
    """The same look-up by the key that was found; by None where it is not there."""
    sql, values = lookup
    own = sought_in(values)
    if sought not in own.values():
        return lookup
    return sql, [
        value if own.get(n) != sought else found if value is sought else [found] for n, value in enumerate(values)
    ]


def sought_in(values: Sequence[Any]) -> Mapping[int, Sought]:
    """The sought keys among the values of a look-up, by their places."""
    found = {}
    for n, value in enumerate(values):
        kind = type(value)
        one = value[0] if (kind is list or kind is tuple) and len(value) == 1 else value
        if type(one) is Sought:
            found[n] = one
    return found


_Part = tuple[str, int, bool] | None
"""Of a value that is a query: its text, how many values it has, and whether it is the element of an array."""


@lru_cache(maxsize=256)
def _with_queries(sql: str, shape: tuple[_Part, ...]) -> str:
    """The text of a look-up, of whose values some are queries."""
    written, before = list[str](), 0
    for query in shape:
        if query is None:
            written.append(f"${before + 1}")
            before += 1
        else:
            text, values, element = query
            written.append(f"{'ARRAY' if element else ''}({renumbered(text, before)})")
            before += values
    return PLACEHOLDERS.sub(
        lambda match: (
            written[int(match["number"]) - 1] + match[0][len(match["number"]) + 1 :] if match["number"] else match[0]
        ),
        sql,
    )
