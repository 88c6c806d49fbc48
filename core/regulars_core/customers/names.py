"""Names as they might be written, where somebody has typed them in capitals or small letters alone. Pure."""

import re
from dataclasses import dataclass

_PARTICLES = frozenset(
    {
        "af", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "e", "la", "las", "los", "ten", "ter", "van",
        "von", "y", "zu",
    }
)  # fmt: skip
"""Small inside of a name."""
_BETWEEN = frozenset({"e", "y"})
"""Between the two names of a family."""
_EAST_ASIAN = re.compile(
    "[\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u1100-\u11ff\uff66-\uff9f]"
)
_NUMBERS = frozenset({"ii", "iii", "iv"})
_PARTS = re.compile(r"[^\W_]+(?:\u0307[^\W_]*)*")


@dataclass(frozen=True, slots=True)
class NameSuggestion:
    """A first and a last name as they might be written."""

    first_name: str
    last_name: str


def suggested(first_name: str, last_name: str) -> NameSuggestion | None:
    """How a person's name might be written: `Juan Pérez` for `JUAN PÉREZ`. Each of the two is looked at by itself, and left as it
    is where it has letters of both kinds, or is an initial. None where both are fine."""
    first, last = _suggested(first_name, is_first=True), _suggested(last_name, is_first=False)
    return None if (first, last) == (first_name, last_name) else NameSuggestion(first, last)


def proper(first_name: str, last_name: str) -> NameSuggestion:
    """A person's name as it might be written, which is as it is where nothing is to be suggested."""
    return suggested(first_name, last_name) or NameSuggestion(first_name, last_name)


def _suggested(name: str, *, is_first: bool) -> str:
    if not (name.isupper() or name.islower()) or sum(map(str.isalpha, name)) < 2:
        return name
    words = name.split(" ")
    return " ".join(
        _small(word)
        if _small(word) in _PARTICLES and n < len(words) - 1 and (n or not is_first)
        else _small(word).upper()
        if _small(word) in _NUMBERS and n
        else _PARTS.sub(lambda part: _written(part.group()), word)
        for n, word in enumerate(words)
    )


def _written(part: str) -> str:
    """A part between hyphens and apostrophes, with a capital in front, and two where it begins as McDonald."""
    small = _small(part)
    if small.startswith("mc") and len(small) > 4:
        return f"Mc{small[2].upper()}{small[3:]}"
    return small[:1].title() + small[1:] if part.islower() else part[:1] + _small(part[1:])


def _small(text: str) -> str:
    return text.lower().replace("i\u0307", "i")  # what `İ` becomes, which is one letter in no name


def parted(full_name: str, order: str) -> NameSuggestion:
    """The first and the last name in a full one whose order was told; particles of the family stay with it, and a single word
    is a first name.

    `given-first` and `family-first` are obeyed. `latin-given-first` leaves whole, as a first name, what is written in the
    letters of
    East Asia; `whole` leaves every name so, and so is one with a comma, which is in no such order. Romanised names cannot be
    told from others: who has many of them tells the order.
    """
    words = full_name.split()
    east_asian = order == "latin-given-first" and _EAST_ASIAN.search(full_name)
    if order == "whole" or east_asian or len(words) < 2 or "," in full_name:
        return NameSuggestion(" ".join(words), "")
    if order == "family-first":
        end = next((n for n, word in enumerate(words) if word.lower() not in _PARTICLES), 0) + 1
        end = min(end, len(words) - 1)
        return NameSuggestion(" ".join(words[end:]), " ".join(words[:end]))
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].lower() in _PARTICLES:
        begin -= 1
        if words[begin].lower() in _BETWEEN and begin > 1:
            begin -= 1  # Pérez y Gómez
    return NameSuggestion(" ".join(words[:begin]), " ".join(words[begin:]))
