"""Where a column of ours comes from: one column of a file, the first of several that is not empty, or several put together."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.imports.files.templates import Template

Maker = Callable[[Sequence[str]], str]
"""Makes a cell of ours out of the cells of a row."""
SIGNS = ("", "ABOVE", "BELOW")
_NUMBER = re.compile(r"'?\(?[+-]?(.*?)\)?-?")
_SEVERAL = re.compile("[,;\n]")
_KEPT_AS_TEXT = re.compile(r"'[+-]?\d[\d .,:/()+-]*", re.ASCII)


@dataclass(frozen=True)
class Cleaning:
    """What is taken out of cells before they are looked at: `empty` are words, in small letters, that say nothing;
    `apostrophes`, those before numbers, with which spreadsheets keep them as text."""

    empty: frozenset[str] = frozenset()
    apostrophes: bool = False

    def of(self, cell: str) -> str:
        """What is left of a cell."""
        cell = cell.strip()
        if self.apostrophes and cell[:1] == "'" and _KEPT_AS_TEXT.fullmatch(cell):
            cell = cell[1:]
        return "" if self.empty and cell.casefold() in self.empty else cell


AS_IT_STANDS = Cleaning()


@dataclass(frozen=True)
class Source:
    """What a column of ours is made of.

    `of` are names of the file's own columns, or text with such names in braces; the first that the row does not leave empty
    counts,
    and those that the file does not have are none. `values` says what the file's words are in ours, in any case; others stay
    as they are. `otherwise` stands where nothing else does. `sign` turns a number: ABOVE leaves its sign out, BELOW puts a minus
    there. Of several things in one cell, which commas or semicolons separate, the first counts that `has` this text and
    `lacks` that."""

    of: Sequence[str]
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    sign: str = ""
    has: str = ""
    lacks: str = ""

    def maker(self, what: str, names: Sequence[str], cleaning: Cleaning = AS_IT_STANDS) -> Maker | None:
        """What makes the cell of a column of ours in a file with these columns; None if it has none of them and nothing stands
        instead. Raises ImportRefused for a template that is none."""
        places = {name.casefold(): place for place, name in reversed(list(enumerate(names)))}
        makers = [made for one in self.of if (made := _piece(one, what, names, places, cleaning))]
        if not makers:
            return (lambda cells: self.otherwise) if self.otherwise else None
        values = {theirs.strip().casefold(): ours for theirs, ours in self.values.items()}
        sign, otherwise = self.sign, self.otherwise

        def make(cells: Sequence[str]) -> str:
            for one in makers:
                if cell := self._part(one(cells)):
                    if values:
                        cell = values.get(cell.casefold(), cell)
                    return signed(cell, sign) if sign else cell
            return otherwise

        return make

    def _part(self, cell: str) -> str:
        if not (self.has or self.lacks):
            return cell
        parts = (part.strip() for part in _SEVERAL.split(cell))
        return next((one for one in parts if one and self.has in one and not (self.lacks and self.lacks in one)), "")

    def columns(self, names: Sequence[str]) -> set[int]:
        """The places of the columns that it is made of."""
        folded = [name.casefold() for name in names]
        said = [name for one in self.of for name in (Template.columns(one) if "{" in one else [one.strip()])]
        return {folded.index(name.casefold()) for name in said if name.casefold() in folded}

    def place(self, names: Sequence[str]) -> int | None:
        """The place of the column that it is as it stands, if it is that."""
        if self.values or self.otherwise or self.sign or self.has or self.lacks or any("{" in one for one in self.of):
            return None
        places = self.columns(names)
        return places.pop() if len(places) == 1 else None


def _piece(text: str, what: str, names: Sequence[str], places: Mapping[str, int], cleaning: Cleaning) -> Maker | None:
    if "{" in text:
        parts = Template.columns(text)
        if parts and not all(name.casefold() in places for name in parts):
            return None
        template = Template.of(text, names, what)
        return (
            template.of_row if cleaning == AS_IT_STANDS else lambda cells: template.of_row([*map(cleaning.of, cells)])
        )
    place = places.get(text.strip().casefold())
    return None if place is None else lambda cells: cleaning.of(cells[place])


def signed(cell: str, sign: str) -> str:
    """A number without its sign, however that is written, or with a minus instead; what is no number fails later."""
    match = _NUMBER.fullmatch(cell)
    plain = match[1].replace("-", "") if match else cell
    return f"-{plain}" if sign == "BELOW" and plain.strip(" 0.,") else plain
