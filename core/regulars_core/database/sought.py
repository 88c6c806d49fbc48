"""Keys that nobody knows yet when it is named what else is looked up by them.

Who is named by a code has a key that only the database knows. What is looked up by that key can be asked in the same round: the
query that finds the key stands where the key would.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.database.dialect import PLACEHOLDERS, Lookup, name_of


class Sought(str):
    """A key that is sought: what a query answers in one row, if in any. It stands for the key as a value of a look-up, or as
    every element of an array there. Whatever else is made of it is about nobody."""

    __slots__ = ("query",)
    query: Lookup

    def __new__(cls, sql: str, values: Sequence[Any]) -> "Sought":
        """The key that this query answers."""
        key = super().__new__(cls, f"{sql} {values!r}")
        key.query = (sql, values)
        return key


def asked_with_keys(lookups: Sequence[Lookup]) -> tuple[Sequence[Lookup], Sequence[Sought]]:
    """The same look-ups, in which each sought key is read from the query that finds it, and these keys; the queries are named by
    their places, as `side_by_side` names them."""
    asked, keys = list[Lookup](), dict[Sought, int]()
    for lookup in lookups:
        if own := sought_in(lookup[1]):
            sql, values = lookup
            shape = tuple(
                [
                    (keys.setdefault(own[n], len(keys)), 0 if value is own[n] else len(value)) if n in own else None
                    for n, value in enumerate(values)
                ]
            )
            asked.append((_with_keys(sql, shape), [value for n, value in enumerate(values) if n not in own]))
        else:
            asked.append(lookup)
    return asked, list(keys)


def by_key(lookup: Lookup, sought: Sought, found: str | None) -> Lookup:
    """The same look-up by the key that was found; by None where it is not there."""
    return by_keys(lookup, {sought: found})


def by_keys(lookup: Lookup, found: Mapping[Sought, str | None]) -> Lookup:
    """The same look-up by those keys that were found."""
    if not found or not (own := sought_in(lookup[1])):
        return lookup
    sql, values = lookup
    known = list(values)
    for n, key in own.items():
        if key in found:
            known[n] = found[key] if type(values[n]) is Sought else [found[key]] * len(values[n])
    return sql, known


def sought_in(values: Sequence[Any]) -> Mapping[int, Sought]:
    """The sought keys among the values of a look-up, by their places."""
    found = {}
    for n, value in enumerate(values):
        kind = type(value)
        if kind is Sought:
            found[n] = value
        elif (kind is list or kind is tuple) and value and type(value[0]) is Sought:
            one = value[0]
            if len(value) == 1 or all(each == one for each in value):
                found[n] = one
    return found


@lru_cache(maxsize=256)
def _with_keys(sql: str, shape: tuple[tuple[int, int] | None, ...]) -> str:
    """The text of a look-up, of whose values some are sought keys: the place of each, and how often it is in an array, 0 where it
    stands alone."""
    written, given = list[str](), 0
    for key in shape:
        if key is None:
            given += 1
            written.append(f"${given}")
        else:
            place, times = key
            often = f", generate_series(1, {times})" if times > 1 else ""
            written.append(f"{'ARRAY' if times else ''}(SELECT key FROM {name_of(place)}{often})")
    return PLACEHOLDERS.sub(
        lambda match: (
            written[int(match["number"]) - 1] + match[0][len(match["number"]) + 1 :] if match["number"] else match[0]
        ),
        sql,
    )
