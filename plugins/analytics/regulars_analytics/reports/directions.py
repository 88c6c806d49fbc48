"""Texts that are written from left to right and have words in them that are written from right to left.

fpdf2 puts the pieces of such a line beside each other as they stand in memory, which parts a number or a bracket from the word it
belongs to. Here they are put in the order in which they are seen, by rule L2 of the Unicode Bidirectional Algorithm (UAX 9),
each isolated from the others.
"""

from collections.abc import Sequence
from itertools import groupby

_RIGHT, _LEFT, _END = "\u2067", "\u2066", "\u2069"
_CONTROLS = frozenset("\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e")


def as_seen(text: str, *, within: bool = False) -> str:
    """A text of one line in the order in which it is seen, where that takes several directions: by itself, or `within` a line
    that begins from left to right. What begins from right to left by itself, or says its directions, stays as it is."""
    if text.isascii() or not _CONTROLS.isdisjoint(text):
        return text
    from fpdf.bidi import BidiParagraph

    characters = BidiParagraph(text).characters
    runs = [
        (level, "".join(one.character for one in own))
        for level, own in groupby(characters, lambda one: one.embedding_level)
    ]
    if not within and min(level for level, _ in runs) > 0:
        return text
    for level in range(max(level for level, _ in runs), 0, -1):
        runs = _turned(runs, level)
    return "".join(f"{_RIGHT if level % 2 else _LEFT}{run}{_END}" if level else run for level, run in runs)


def _turned(runs: Sequence[tuple[int, str]], level: int) -> list[tuple[int, str]]:
    """With every sequence of runs of this level or a higher one the other way about."""
    found: list[tuple[int, str]] = []
    for is_turned, own in groupby(runs, lambda run: run[0] >= level):
        together = list(own)
        found += together[::-1] if is_turned else together
    return found
