"""Finding customers while somebody types: folded, partial, in any order of words.

A word of three letters or more is found anywhere inside a word; a shorter one only where a word begins. Both databases
answer from a trigram index over the same text (`CustomerText`), in which two spaces stand before every word, so that
`  j` and ` ju` are trigrams too.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.customers.contact import phone_words
from regulars_core.customers.search.typed import Part, Shape
from regulars_core.database import Engine
from regulars_core.primitives.text import folded_words

NAMES: Sequence[str] = ("names",)
NAMES_AND_CONTACT: Sequence[str] = ("names", "contact")
"""The columns of CustomerText to look into: what the caller may not see must not be found either."""

SEARCHED = frozenset({"first_name", "last_name", "company_name", "preferred_name", "email", "phone"})
"""The columns of a customer out of which its texts are made; its code, which never changes, is in them too."""


def texts_of(code: str, columns: Mapping[str, Any]) -> tuple[str, str]:
    """Names and contact of CustomerText, out of a customer's code and columns."""
    others = " ".join(columns[name] for name in ("preferred_name", "company_name") if columns[name])
    names = names_text(columns["first_name"], columns["last_name"], others, code)
    return names, contact_text(columns["email"], columns["phone"])


def names_text(first_name: str, last_name: str, others: str | None, code: str) -> str:
    """What a customer is found by for whoever may see names and codes: `others` are what one is called otherwise, and a company's
    name."""
    first, last = folded_words(first_name), folded_words(last_name)
    joined = ["".join([*first, *last])]
    if not joined[0].isascii():
        joined.append("".join([*last, *first]))  # many of those who write so put the family first, without a space
    code_words = folded_words(code)
    return _spaced(
        [*first, *last, *joined, *folded_words(others or ""), *code_words, "".join(code_words)],
    )


def contact_text(email: str | None, phone: str | None) -> str:
    """What a customer is found by for whoever may see contact details."""
    words = folded_words(email or "")
    return _spaced([*words, "".join(words), *(phone_words(phone) if phone else [])])


def _spaced(words: list[str]) -> str:
    return "".join(f"  {word}" for word in dict.fromkeys(words) if word)


def containing(shape: Shape, needles: Sequence[str], engine: Engine, columns: Sequence[str]) -> str:
    """The same as a condition on `customer_text t` that reads the text itself and never asks the index: for walks."""
    position = "instr" if engine == "sqlite" else "strpos"
    each = [_within(position, needle, columns) for needle in needles]
    return joined(shape).format(*each) if columns and shape else "1=0"


def _within(position: str, needle: str, columns: Sequence[str]) -> str:
    return _any(f"{position}(t.{column}, {needle}) > 0" for column in columns)


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def like(shape: Shape, needles: Sequence[str], columns: Sequence[str]) -> str:
    """The condition on a table of texts `t` of PostgreSQL's, by its index but for hosts."""
    hosts = [part.is_host for part in shape for count in part.counts for _ in range(count)]
    each = [
        _within("strpos", needle, columns)
        if is_host
        else _any(f"t.{column} LIKE '%' || {needle} || '%'" for column in columns)
        for needle, is_host in zip(needles, hosts, strict=True)
    ]
    return joined(shape).format(*each)


def phrase(shape: Shape, needles: Sequence[str], columns: Sequence[str]) -> str:
    """SQL for what a table of texts of SQLite's is to MATCH."""
    phrases = joined(shape).format(*(f""""' || {needle} || '\"""" for needle in needles))
    # Without a filter FTS5 looks into every column, and need not look up which one it has found.
    return f"'{phrases}'" if columns == NAMES_AND_CONTACT else f"'{{{' '.join(columns)}}} : ({phrases})'"


def matching(
    shape: Shape,
    needles: Sequence[str],
    engine: Engine,
    columns: Sequence[str],
    table: str = "customer_text",
    selected: str = "t.customer_id",
) -> str:
    """The SELECT of the customers in whose text what was typed is found, given the SQL that stands for each needle; none for no
    needles and no columns. Of a table of texts `t`, whose index on SQLite has its name and `_index` behind it."""
    select = f"SELECT {selected} FROM"
    if not (shape and columns):
        return f"{select} {table} t WHERE 1=0"
    if engine == "sqlite":
        wanted = phrase(shape, needles, columns)
        return f"{select} {table}_index i JOIN {table} t ON t.number = i.rowid WHERE {table}_index MATCH ({wanted})"
    return f"{select} {table} t WHERE {like(shape, needles, columns)}"


@lru_cache(maxsize=512)
def joined(shape: Shape) -> str:
    """All parts, of each one alternative, of that all needles, with a place for each needle: `{} AND ({} OR ({} AND {}))`."""
    return " AND ".join(_alternatives(part) for part in shape)


def _alternatives(part: Part) -> str:
    each = [" AND ".join("{}" for _ in range(count)) for count in part.counts]
    if len(each) == 1:
        return each[0]
    return _any(one if count == 1 else f"({one})" for one, count in zip(each, part.counts, strict=True))
