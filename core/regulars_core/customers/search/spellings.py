"""Names that somebody mistyped: who is called almost as a word of a query, where hardly anybody is found otherwise.

Every word of the names of customers stands once in `name_spelling`, under some keys: itself, and itself with one letter covered.
So `garcia` is there under `garcia`, `*arcia`, `g*rcia` and four more. Of a word with one letter wrong, missing or too many, or
with two that have changed places, a few dozen keys can be told, and whatever stands under one of these is as near: nothing need
be compared. How many customers there are does not matter, and for who is called as others are nothing is written. Triggers
keep it true.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from regulars_core.customers.search import texts
from regulars_core.customers.search.typed import Part, Shape, Typed
from regulars_core.database import Database
from regulars_core.queries.where import Values

LEAST_TYPED = 4
"""Letters of a query from which on an error in it is tolerated."""
LEAST_FOUND = 3
"""If so many are found as it was typed, a single word is taken for right; of several words one suffices: a whole name."""
_LEAST_WORD, _MOST_WORD = 3, 32
_MOST_GUESSES = 6
_MOST_SPELLINGS = 50
_COVER = "*"
_DIGITS = re.compile("[0-9]*")
_LOOKED_AT = 5_000
_ALL = 1_000_000_000
_SOUNDS = (("ph", "f"), ("qu", "k"), ("ch", "k"), ("ll", "y"), ("x", "ks"), ("x", "cs"), ("w", "hu"), ("w", "gu"))
"""Of which one is written for the other, and more than one letter is different."""


@dataclass(frozen=True)
class Guess:
    """That a word was to be another one: which parts of what was typed it stands for, and under which keys that is found."""

    parts: tuple[int, ...]
    word: str
    keys: str
    """With spaces between them: an array of a few dozen takes a driver as long as all else that is bound."""


def guesses_of(typed: Typed) -> Sequence[Guess]:
    """Which words of what was typed may be mistyped, the longest if there are many. None of an address."""
    words = {n: part[0][0] for n, part in enumerate(typed.parts) if len(part) == 1 and part[0][0].isalpha()}
    if "@" in typed.text or sum(map(len, words.values())) < LEAST_TYPED:
        return ()
    likely = [n for n, word in words.items() if _LEAST_WORD <= len(word) <= _MOST_WORD]
    likely = sorted(sorted(likely, key=lambda n: -len(words[n]))[:_MOST_GUESSES])
    guesses = [Guess((n,), words[n], " ".join(keys_near(words[n]))) for n in likely]
    for n in likely:
        # A space inside of a word; whatever is longer behind it is found as it stands.
        if 0 < len(words.get(n + 1, "")) < _LEAST_WORD and len(guesses) < _MOST_GUESSES:
            guesses.append(Guess((n, n + 1), "", words[n] + words[n + 1]))
    return guesses


def keys_near(word: str) -> Iterable[str]:
    """The keys of all words that are one error away."""
    near = [word + _COVER]
    for n, letter in enumerate(word):
        before, after = word[:n], word[n + 1 :]
        near += before + _COVER + after, before + _COVER + letter + after, before + after
        if after:
            near.append(before + after[0] + letter + after[1:])
    for sounds in _SOUNDS:
        for one, other in (sounds, sounds[::-1]):
            if one in word:
                near.append(word.replace(one, other))
    return dict.fromkeys(near)


def spelled(
    values: Values,
    typed_shape: Shape,
    needles: Sequence[str],
    parts: Sequence[int],
    word: str,
    keys: str,
    columns: Sequence[str],
) -> str:
    """The SELECT of the customers who are called by a word under one of these keys, and of whom all other parts of what was typed
    are found; given the SQL that stands for each value."""
    shape, others = _without(typed_shape, needles, parts)
    if values.dialect.engine == "sqlite":
        near = f"""IN (SELECT value FROM json_each('["' || replace({keys}, ' ', '","') || '"]'))"""
    else:
        near = f"= ANY(string_to_array((SELECT {keys}::text), ' '))"
    spellings = (
        f"SELECT DISTINCT s.word FROM name_spelling s WHERE s.key {near} AND s.word <> {word} LIMIT {_MOST_SPELLINGS}"
    )
    if values.dialect.engine == "sqlite":
        wanted = """'{names} : "  ' || w.word || '"'"""
        if shape:
            wanted += f" || ' AND ' || {texts.phrase(shape, others, columns)}"
        return (
            f"SELECT t.customer_id FROM ({spellings}) w CROSS JOIN customer_text_index i CROSS JOIN customer_text t"
            f" WHERE customer_text_index MATCH ({wanted}) AND t.number = i.rowid"
            " AND instr(t.names || ' ', '  ' || w.word || ' ') > 0"
        )
    more = f" AND {texts.like(shape, others, columns)}" if shape else ""
    # Words have the collation "C", with which the index of texts cannot be asked. And each step is planned by itself: a planner
    # that puts them together, and expects that few of the rows are wanted, reads everybody's text with all words beside it.
    called = (
        f"""SELECT t.customer_id FROM customer_text t WHERE t.names LIKE '%  ' || w.word COLLATE "default" || '%'{more}"""
        f" AND strpos(t.names || ' ', '  ' || w.word || ' ') > 0 LIMIT {_ALL}"
    )
    return (
        f"SELECT x.customer_id FROM (WITH w AS MATERIALIZED ({spellings}) SELECT t.customer_id"
        f" FROM w CROSS JOIN LATERAL ({called}) t) x"
    )


def _without(shape: Shape, needles: Sequence[str], parts: Sequence[int]) -> tuple[Shape, Sequence[str]]:
    rest, kept, others = iter(needles), list[Part](), list[str]()
    for n, part in enumerate(shape):
        own = [next(rest) for count in part.counts for _ in range(count)]
        if n not in parts:
            kept.append(part)
            others += own
    return tuple(kept), others


async def differences(database: Database) -> AsyncIterator[str]:
    """What is wrong with the words: the customers whose names have one that is not there under all its keys, and the rows with
    one that no name has. Some thousands are looked at in one statement, and nobody's name is told."""
    known, last = set[str](), "0" * 32
    some = "SELECT id, sort_name, company_key FROM customer WHERE id > $1 ORDER BY id LIMIT $2"
    among = database.dialect.among("word", 1, "text")
    stored = f"SELECT word, count(DISTINCT key) FROM name_spelling WHERE {among} GROUP BY word"
    while rows := await database.rows(some, last, _LOOKED_AT):
        called = {row[0]: _words_of(row[1], row[2]) for row in rows}
        words = sorted(set[str]().union(*called.values()))
        keys = {row[0]: row[1] for row in await database.rows(stored, words)}
        wrong = {word for word in words if keys.get(word) != len({word, *_covered(word)})}
        for id_, own in called.items():
            if own & wrong:
                yield f"customer_{id_}: a word of the name is not there for who mistypes it"
        known.update(words)
        last = rows[-1][0]
    number, some = 0, "SELECT number, word FROM name_spelling WHERE number > $1 ORDER BY number LIMIT $2"
    while rows := await database.rows(some, number, _LOOKED_AT):
        for number_, word in rows:
            if word not in known and not await _is_somewhere(database, word):
                yield f"name_spelling {number_}: nobody is called so"
        number = rows[-1][0]


async def _is_somewhere(database: Database, word: str) -> bool:
    """Whether a text has a word, such as what somebody prefers to be called."""
    hits = texts.matching((Part((1,)),), ["$1"], database.engine, texts.NAMES, selected="t.names")
    rows = await database.rows(hits, f"  {word}")
    return any(f"  {word} " in f"{row[0]} " for row in rows)


def _words_of(sort_name: str, company_key: str | None) -> set[str]:
    words = f"{sort_name.replace(',', '')} {company_key or ''}".split(" ")
    return {word for word in words if 2 <= len(word) <= _MOST_WORD and not _DIGITS.fullmatch(word)}


def _covered(word: str) -> list[str]:
    return [word[:n] + _COVER + word[n + 1 :] for n in range(len(word))]
