"""Cells that a file spreads over several of its columns: a reference such as `{Date}-{No}`, a date and a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from regulars_core.imports.files.refusal import ImportRefused

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")


@dataclass(frozen=True)
class Template:
    """Text with names of the file's own columns in braces; `{{` and `}}` are braces themselves.

    Pieces are text, or the place of a column.
    """

    pieces: Sequence[str | int]

    @classmethod
    def of(cls, text: str, names: Sequence[str], what: str = "reference") -> Self:
        """The template over the columns of a file, for a column of ours. Raises ImportRefused for one that is none, with every
        reason."""
        places = {name.casefold(): place for place, name in enumerate(names)}
        pieces: list[str | int] = []
        problems: list[str] = []
        for match in _PIECE.finditer(text):
            piece, name = match[0], match[1]
            if name is not None:
                place = places.get(name.strip().casefold()) if name.strip() else None
                if place is None:
                    problems.append(f"The {what} is made of {name.strip()!r}, which is no column of the file.")
                pieces.append(place or 0)
            elif piece in "{}":
                problems.append(
                    f"The {what} has a brace without its other one; write {{{{ or }}}} for the brace itself."
                )
            else:
                pieces.append(piece[0] if piece in ("{{", "}}") else piece)
        if not problems and not any(isinstance(piece, int) for piece in pieces):
            problems.append(f"The {what} is made of no column: name some in braces, such as {{Date}}-{{No}}.")
        if problems:
            raise ImportRefused("\n".join(dict.fromkeys(problems)))
        return cls(pieces)

    def of_row(self, cells: Sequence[str]) -> str:
        """The cell of a row; empty where one of its columns is, since then a reference would be that of other rows too."""
        made = [piece if isinstance(piece, str) else cells[piece].strip() for piece in self.pieces]
        return "".join(made) if all(made) else ""

    @staticmethod
    def columns(text: str) -> Sequence[str]:
        """The names that stand in braces."""
        return [name.strip() for name in (match[1] for match in _PIECE.finditer(text)) if name is not None]

    @property
    def places(self) -> frozenset[int]:
        """The places of the columns that it is made of."""
        return frozenset(piece for piece in self.pieces if isinstance(piece, int))
