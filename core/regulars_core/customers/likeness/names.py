"""Whether two names may be one person's, or one company's. Pure; the names are folded, as `Traits.name` has them.

Words are compared with words: one is another if it is the same, sounds the same, is a nickname of the same name, or has one
letter wrong (two in long ones). Two given names that are both known are never each other's misspelling, nor are two that differ
in their ending as Daniel and Daniela: brothers and sisters are called so. Whoever has a word more than the other may be the
same; where each has a word that the other lacks they are two.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from regulars_core.customers.likeness.nicknames import NAMES_OF


class Called(IntEnum):
    """How two are called: the higher, the likelier it is one name."""

    OTHERWISE = 0
    """The names contradict each other."""
    BY_GIVEN_NAME = 1
    """The given names are the same, the families another: as when somebody has married."""
    UNCLEAR = 2
    """One is a part of the other and too little to know: an initial, a single word."""
    BY_ONE_FAMILY = 3
    """The given names and one of two family names are the same, the other family names are not."""
    ALIKE = 4
    """Similar: in another spelling or order, or with a word more."""
    THE_SAME = 5
    """The same words."""


_PARTICLES = frozenset(
    {"da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "e", "el", "la", "las", "los", "van", "von", "y"}
)
_GENERATIONS = frozenset({"jr", "junior", "sr", "senior", "ii", "iii", "iv", "hijo", "filho", "neto"})
_FORMS = frozenset(
    {
        "ab", "ag", "as", "asociados", "bv", "ca", "cia", "co", "company", "compania", "corp", "corporacion", "corporation", "cv",
        "eirl", "gmbh", "inc", "incorporated", "kg", "limitada", "limited", "llc", "llp", "lp", "ltd", "ltda", "nv", "oy", "plc",
        "pty", "rl", "sa", "sab", "sac", "sapi", "sarl", "sas", "sc", "sl", "slu", "spa", "srl", "the",
    }
)  # fmt: skip
"""Legal forms, which are left out as often as not."""
_JOINED_BY = frozenset({"and", "et", "und", "y", "e", "de", "del", "la", "las", "los", "el"})
_SOUNDS = (
    (re.compile("ph"), "f"), (re.compile("sch|sh"), "x"), (re.compile("ch"), "x"), (re.compile("qu(?=[ei])|ck|[kq]"), "k"),
    (re.compile("gu(?=[ei])"), "g"), (re.compile("c(?=[eiy])"), "s"), (re.compile("c"), "k"), (re.compile("z"), "s"),
    (re.compile("v"), "b"), (re.compile("g(?=[eiy])"), "j"), (re.compile("ll"), "y"), (re.compile("h"), ""),
    (re.compile("y"), "i"), (re.compile(r"(.)\1+"), r"\1"),
)  # fmt: skip
_ENDINGS = frozenset({("o", "a"), ("a", "o"), ("", "a"), ("a", ""), ("e", "a"), ("a", "e"), ("", "o"), ("o", "")})
_LEAST_MISSPELLED, _LONG = 4, 8
_LEAST_SHORTENED = 4
_MAX_WORDS = 8
"""Words of a name that are looked at."""
_CACHED = 65_536


@dataclass(frozen=True, slots=True)
class Name:
    """The words of a name: given ones and those of the family, or, of whom only one part is known, of neither kind."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    other: tuple[str, ...] = ()
    generation: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.given, *self.family, *self.other)


@lru_cache(maxsize=_CACHED)
def name_of(name: str) -> Name:
    """The words of a person's name, which has the family's part before a comma."""
    words = name.replace(",", "").split()
    generation = next((word for word in words if word in _GENERATIONS), None)
    family, comma, given = name.partition(",")
    if not comma:
        return Name((), (), _telling(family), generation)
    return Name(_telling(given), _telling(family), (), generation)


def _telling(part: str) -> tuple[str, ...]:
    words = tuple(part.split())
    return (tuple(word for word in words if word not in _PARTICLES and word not in _GENERATIONS) or words)[:_MAX_WORDS]


@lru_cache(maxsize=_CACHED)
def company_words(name: str) -> tuple[str, ...]:
    """The words of a company's name without legal forms: single letters in a row are one word, as in `s a`."""
    joined = re.sub(r"\b(\w) (?=\w\b)", r"\1", name)
    words = tuple(word for word in joined.split() if word not in _JOINED_BY)
    return (tuple(word for word in words if word not in _FORMS) or words)[:_MAX_WORDS]


@lru_cache(maxsize=_CACHED)
def sound(word: str) -> str:
    """How a word sounds, roughly and to those who speak Spanish first: b is v, s is z and soft c, h is nothing."""
    told = word
    for pattern, by in _SOUNDS:
        told = pattern.sub(by, told)
    return told or word


def common_name(word: str) -> str:
    """The name that a nickname stands for, the first by alphabet if it may be several; the word itself if it is none."""
    return min(NAMES_OF.get(word, (word,)))


def companies_called(one: str, other: str) -> Called:
    """How alike two names of companies are."""
    a, b = company_words(one), company_words(other)
    if sorted(a) == sorted(b) or "".join(a) == "".join(b):
        return Called.THE_SAME
    pairs, mine, theirs = _matched(a, b, _same_in_company)
    if (mine and theirs) or not pairs:
        return Called.OTHERWISE
    telling = sum(len(a[i]) for i, _, _ in pairs)
    return Called.ALIKE if telling >= 4 and (len(pairs) > 1 or not (mine or theirs)) else Called.UNCLEAR


def people_called(one: str, other: str) -> Called:
    """How alike two names of people are, in whatever order each is."""
    if one == other:
        return Called.THE_SAME
    a, b = name_of(one), name_of(other)
    if (a.generation is not None) != (b.generation is not None) or not (a.words and b.words):
        return Called.UNCLEAR if a.words == b.words else Called.OTHERWISE
    if sorted(a.words) == sorted(b.words):
        return Called.THE_SAME
    pairs, mine, theirs = _matched(a.words, b.words, _same_in_person)
    sure = sum(strength > 1 for _, _, strength in pairs)
    if not sure:
        return Called.OTHERWISE
    if a.other or b.other:
        if mine and theirs:
            return Called.OTHERWISE
        return Called.ALIKE if sure > 1 else Called.UNCLEAR
    return _by_parts(a, b, pairs, mine, theirs, sure)


def _by_parts(a: Name, b: Name, pairs: Sequence["_Match"], mine: set[int], theirs: set[int], sure: int) -> Called:
    """For two of whom both parts of the name are known."""
    given = {i for i, _, _ in pairs if i < len(a.given)}, {j for _, j, _ in pairs if j < len(b.given)}
    family = {i for i, _, _ in pairs if i >= len(a.given)}, {j for _, j, _ in pairs if j >= len(b.given)}
    if not (given[0] and given[1]):
        return Called.OTHERWISE
    if any(i < len(a.given) for i in mine) and any(j < len(b.given) for j in theirs):
        return Called.OTHERWISE  # Juan Carlos and Juan Luis
    if not (family[0] and family[1]):
        return Called.BY_GIVEN_NAME
    if mine and theirs:
        return Called.BY_ONE_FAMILY
    return Called.ALIKE if sure > 1 else Called.UNCLEAR


_Match = tuple[int, int, int]
"""A word of the one, a word of the other, and how sure it is that they are one: 3 the same, 2 similar, 1 an initial."""


def _matched(
    a: Sequence[str], b: Sequence[str], same: Callable[[str, str], int]
) -> tuple[list[_Match], set[int], set[int]]:
    """Which words are which, the surest first, each once; and those of both that are nobody's."""
    mine, theirs, pairs = set(range(len(a))), set(range(len(b))), list[_Match]()
    found = [(strength, i, j) for i in mine for j in theirs if (strength := same(a[i], b[j]))]
    for strength, i, j in sorted(found, key=lambda one: (-one[0], abs(one[1] - one[2]), one[1], one[2])):
        if i in mine and j in theirs:
            mine.discard(i)
            theirs.discard(j)
            pairs.append((i, j, strength))
    return pairs, mine, theirs


def _same_in_person(one: str, other: str) -> int:
    if one == other:
        return 3
    if len(one) == 1 or len(other) == 1:
        return 1 if one[0] == other[0] else 0
    return 2 if is_one_word(one, other) else 0


def _same_in_company(one: str, other: str) -> int:
    if one == other:
        return 3
    short, long = sorted((one, other), key=len)
    if (len(short) >= _LEAST_SHORTENED and long.startswith(short)) or sound(one) == sound(other):
        return 2
    return 2 if _is_misspelled(one, other) else 0


def is_one_word(one: str, other: str) -> bool:
    """Whether two words of people's names may be one."""
    names, others = NAMES_OF.get(one), NAMES_OF.get(other)
    if names and others:
        return not names.isdisjoint(others)
    return sound(one) == sound(other) or (_is_misspelled(one, other) and not _is_other_ending(one, other))


def _is_other_ending(one: str, other: str) -> bool:
    """Whether two differ as Daniel and Daniela do."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return (one[same:], other[same:]) in _ENDINGS


def _is_misspelled(one: str, other: str) -> bool:
    length = min(len(one), len(other))
    if length < _LEAST_MISSPELLED:
        return False
    return is_within(one, other, 2 if length >= _LONG else 1)


def is_within(one: str, other: str, most: int) -> bool:
    """Whether at most so many letters are wrong, missing, too many, or have changed places with the next one (optimal string
    alignment)."""
    if abs(len(one) - len(other)) > most:
        return False
    start, end = 0, min(len(one), len(other))
    while start < end and one[start] == other[start]:
        start += 1
    ends = 0
    while ends < end - start and one[-1 - ends] == other[-1 - ends]:
        ends += 1
    a, b = one[start : len(one) - ends], other[start : len(other) - ends]
    if max(len(a), len(b)) <= 1:
        return most >= max(len(a), len(b))
    if most == 1:
        return len(a) == len(b) == 2 and a == b[::-1]
    return _alignment(a, b) <= most


def _alignment(a: str, b: str) -> int:
    before, last = list[int](), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            least = min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, before[j - 2] + 1)
            row.append(least)
        before, last = last, row
    return last[-1]
