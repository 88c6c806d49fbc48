"""Words that a shop uses, for filters and for completing what is typed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word: as filters take it, as people call it, and how many carry it."""

    value: str
    label: str
    count: int
