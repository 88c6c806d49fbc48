"""Rows of a file as baskets: the rows of one store, till, session and reference, which stand or fall together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from regulars_core.imports.files.columns import Header
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.values import store_code
from regulars_core.imports.scattered import BasketKey, Group, Scattered
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.text import tidy
from regulars_core.purchases.rules import MAX_LINES
from regulars_core.stores.service import MAIN

KEY = ("reference", "store", "register", "session")
"""The columns by which rows are one purchase."""
_MAX_ASTRAY = 100
_TOO_MANY = Problem("INVALID_LINES", f"A purchase has at most {MAX_LINES} lines.")
_Key = BasketKey | Group


@dataclass(slots=True)
class Basket:
    """The rows of one purchase, and why it cannot be one if it cannot. What is too long for a purchase comes in pieces, of
    which all but the first are `further`."""

    rows: list[Row] = field(default_factory=list)
    fault: Problem | None = None
    further: bool = False


class Keys:
    """Tells which rows are of one purchase: those with the same reference, store, till and session, however these are written.

    A row with the reference of the row before it that says neither when it was nor anything else where is of that purchase too,
    since many programs write what belongs to a purchase on its first row alone.
    """

    def __init__(self, header: Header) -> None:
        self._pick = header.cells_of((*KEY, "purchased_at"))
        self._width = len(header.names)
        self._before: BasketKey = ()
        self._ours = header.cells_of(sorted(header.places))

    def content(self, row: Row) -> Sequence[str]:
        """What a row tells in columns of ours."""
        return [cell.strip() for cell in self._ours(row.cells)] if row.fault is None else row.cells

    def of(self, row: Row) -> BasketKey:
        """The key of the next row of the file; that of one of broken form is what stands where it should."""
        cells = row.cells
        if len(cells) != self._width:
            cells = [*cells, *[""] * self._width][: self._width]
        reference, store, register, session, at = map(tidy, self._pick(cells))
        key: BasketKey = (reference, store_code(store) if store else MAIN, register, session)
        if reference and not (store or register or session or at) and reference == next(iter(self._before), None):
            key = self._before
        if row.fault is None:
            self._before = key
        return key

    def beginnings(self, rows: Iterable[Row]) -> Iterator[BasketKey]:
        """The key of each run of rows of one purchase, and of each row of broken form beside its own, which parts none; rows
        without a reference have none."""
        last: BasketKey = ()
        for row in rows:
            if (key := self.of(row)) != last:
                if key[0]:
                    yield key
                if row.fault is None:
                    last = key


class Grouping:
    """Gathers rows into baskets as they come, and those that are `scattered` behind all others.

    A row of broken form belongs to the basket whose store, till, session and reference it shows where those should stand. One
    that shows others is held back until the next row tells whether it stands in the middle of a basket, which is then broken too.
    """

    def __init__(self, header: Header, scattered: Scattered) -> None:
        self._keys, self._scattered = Keys(header), scattered
        self._basket: Basket | None = None
        self._key: _Key = ()
        self._astray: list[tuple[_Key, Row]] = []

    def baskets(self, rows: Iterable[Row]) -> Iterator[Basket]:
        """The baskets of these rows, in memory that does not depend on how many there are."""
        last: BasketKey = ()
        for row in rows:
            key = self._keys.of(row)
            if key in self._scattered:
                self._scattered.hold(key, row, self._keys.content(row), begins=key != last)
            else:
                yield from self._take(key, row)
            if row.fault is None or key in self._scattered:
                last = key
        for group, fault, row in self._scattered.rows():
            yield from self._take(group, row)
            if self._basket is not None:
                self._basket.fault = self._basket.fault or fault
        yield from self._finish(len(self._astray))

    def _take(self, key: _Key, row: Row) -> Iterator[Basket]:
        if self._basket is not None and key == self._key:
            yield from self._add(self._basket, row)
        elif row.fault is not None and self._basket is not None and len(self._astray) < _MAX_ASTRAY:
            self._astray.append((key, row))
        else:
            yield from self._begin(key, row)

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
