"""Rows of a file as baskets: consecutive rows of one store, till, session and reference, which stand or fall together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from regulars_core.imports.files.columns import Header
from regulars_core.imports.files.records import Row
from regulars_core.primitives.errors import Problem
from regulars_core.purchases.rules import MAX_LINES

KEY = ("reference", "store", "register", "session")
"""The columns by which rows are one purchase."""
_MAX_ASTRAY = 100
_TOO_MANY = Problem("INVALID_LINES", f"A purchase has at most {MAX_LINES} lines.")
_Key = tuple[str, ...]


@dataclass(slots=True)
class Basket:
    """The rows of one purchase, and why it cannot be one if it cannot. What is too long for a purchase comes in pieces, of
    which all but the first are `further`."""

    rows: list[Row] = field(default_factory=list)
    fault: Problem | None = None
    further: bool = False


class Grouping:
    """Gathers rows into baskets as they come.

    A row of broken form belongs to the basket whose store, till, session and reference it shows where those should stand. One
    that shows others is held back until the next row tells whether it stands in the middle of a basket, which is then broken too.
    """

    def __init__(self, header: Header) -> None:
        self._header, self._pick = header, header.picker(KEY)
        self._width = len(header.names)
        self._basket: Basket | None = None
        self._key: _Key = ()
        self._astray: list[tuple[_Key, Row]] = []

    def baskets(self, rows: Iterable[Row]) -> Iterator[Basket]:
        """The baskets of these rows, in order, in memory that does not depend on how many there are."""
        for row in rows:
            key = self._key_of(row)
            if self._basket is not None and key == self._key:
                yield from self._add(self._basket, row)
            elif row.fault is not None and self._basket is not None and len(self._astray) < _MAX_ASTRAY:
                self._astray.append((key, row))
            else:
                yield from self._begin(key, row)
        yield from self._finish(len(self._astray))

    def _add(self, basket: Basket, row: Row) -> Iterator[Basket]:
        if self._astray:
            basket.rows += [stray for _, stray in self._astray]
            self._astray = []
        basket.rows.append(row)
        if len(basket.rows) > MAX_LINES:
            basket.fault = _TOO_MANY
            yield basket
            self._basket = Basket(fault=_TOO_MANY, further=True)

    def _begin(self, key: _Key, row: Row) -> Iterator[Basket]:
        own = next((n for n, (stray, _) in enumerate(self._astray) if stray == key), len(self._astray))
        ours = [stray for _, stray in self._astray[own:]]
        yield from self._finish(own)
        self._basket, self._key = Basket([*ours, row]), key

    def _finish(self, strays: int) -> Iterator[Basket]:
        if self._basket is not None and self._basket.rows:
            yield self._basket
        for _, stray in self._astray[:strays]:
            yield Basket([stray])
        self._astray = []

    def _key_of(self, row: Row) -> _Key:
        cells = row.cells
        if len(cells) != self._width:
            cells = [*cells, *[""] * self._width][: self._width]
        return tuple(cell.strip() for cell in self._pick(self._header.padded(cells)))
