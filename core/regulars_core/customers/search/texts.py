"""Finding customers while somebody types: folded, partial, in any order of words.

A word of three letters or more is found anywhere inside a word; a shorter one only where a word begins. Both databases
answer from a trigram index over the same text (`CustomerText`), in which two spaces stand before every word, so that
`  j` and ` ju` are trigrams too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regulars_core.customers.contact import phone_words
from regulars_core.database import Engine
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import folded_words, is_clean

NAMES: Sequence[str] = ("names",)
NAMES_AND_CONTACT: Sequence[str] = ("names", "contact")
"""The columns of CustomerText to look into: what the caller may not see must not be found either."""

SEARCHED = frozenset({"first_name", "last_name", "company_name", "preferred_name", "email", "phone"})
"""The columns of a customer out of which its texts are made; its code, which never changes, is in them too."""

MAX_QUERY = 200
MAX_WORDS = 8


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


def words_of(query: str, argument: str = "search") -> list[str]:
    """The folded words of a query. Raises BadInput for one that is too long or no text."""
    if len(query) > MAX_QUERY or not is_clean(query):
        raise BadInput(f"A search is text of at most {MAX_QUERY} characters.", (argument,))
    words = list(dict.fromkeys(_numbers_whole(folded_words(query.replace("(0)", " ")))))
    if len(words) > MAX_WORDS:
        raise BadInput(f"A search has at most {MAX_WORDS} words.", (argument,))
    return words


def _numbers_whole(words: list[str]) -> list[str]:
    """Groups of digits in a row are one number: `06 12 34 56 78`, however it is grouped, is 0612345678."""
    joined: list[str] = []
    for word in words:
        if joined and word.isdigit() and joined[-1].isdigit():
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def needles_of(words: Iterable[str]) -> list[str]:
    """What is looked for in the texts: the words, the short ones behind a space, so that a word begins there."""
    return [word if len(word) > 2 else word.rjust(3) for word in words]


def containing(needles: Sequence[str], engine: Engine, columns: Sequence[str]) -> str:
    """The same as a condition on `customer_text t` that reads the text itself and never asks the index: for walks."""
    position = "instr" if engine == "sqlite" else "strpos"
    conditions = (_any(f"{position}(t.{column}, {needle}) > 0" for column in columns) for needle in needles)
    return " AND ".join(conditions) or "1=0"


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(conditions)})"


def matching(
    needles: Sequence[str],
    engine: Engine,
    columns: Sequence[str],
    table: str = "customer_text",
    selected: str = "t.customer_id",
) -> str:
    """The SELECT of the customers in whose text all needles are found, given the SQL that stands for each; none for no needles
    and no columns. Of a table of texts `t`, whose index on SQLite has its name and `_index` behind it."""
    select = f"SELECT {selected} FROM"
    if not (needles and columns):
        return f"{select} {table} t WHERE 1=0"
    if engine == "sqlite":
        phrases = """ || ' AND ' || """.join(f"""'"' || {needle} || '"'""" for needle in needles)
        # Without a filter FTS5 looks into every column, and need not look up which one it has found.
        phrase = phrases if columns == NAMES_AND_CONTACT else f"'{{{' '.join(columns)}}} : (' || {phrases} || ')'"
        return f"{select} {table}_index i JOIN {table} t ON t.number = i.rowid WHERE {table}_index MATCH ({phrase})"
    likes = (_any(f"t.{column} LIKE '%' || {needle} || '%'" for column in columns) for needle in needles)
    return f"{select} {table} t WHERE {' AND '.join(likes)}"
