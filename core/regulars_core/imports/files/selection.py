"""Which rows of a file count, and which of them tell that goods came back."""

from collections.abc import Mapping, Sequence

from regulars_core.imports.files.refusal import ImportRefused


class Selection:
    """Lets those rows through that hold one of some values in each of some columns, in any case.

    Programs write what belongs to a purchase on its first row alone: a row that has nothing in such a column goes the way of the
    row before it, if that is of the same purchase.
    """

    def __init__(self, only: Mapping[str, Sequence[str]], names: Sequence[str]) -> None:
        self._wanted = [(_place(column, names), _folded(values)) for column, values in only.items()]
        self._before: Sequence[str] = ()
        self._last: list[bool] = [False] * len(self._wanted)

    @property
    def is_needed(self) -> bool:
        """Whether anything was said at all."""
        return bool(self._wanted)

    def takes(self, cells: Sequence[str], key: Sequence[str]) -> bool:
        """Whether a row counts, whose purchase goes by this key."""
        same, self._before = key == self._before and any(key), key
        for n, (place, values) in enumerate(self._wanted):
            cell = cells[place].strip().casefold()
            if cell or not same:
                self._last[n] = cell in values
        return all(self._last)


class Holding:
    """Tells the rows that hold one of some values in a column."""

    def __init__(self, column: str, values: Sequence[str], names: Sequence[str]) -> None:
        self._place, self._values = _place(column, names), _folded(values)

    def __call__(self, cells: Sequence[str]) -> bool:
        return cells[self._place].strip().casefold() in self._values


def _place(column: str, names: Sequence[str]) -> int:
    folded = [name.casefold() for name in names]
    try:
        return folded.index(column.strip().casefold())
    except ValueError:
        raise ImportRefused(f"Rows are told apart by {column!r}, which is no column of the file.") from None


def _folded(values: Sequence[str]) -> frozenset[str]:
    return frozenset(value.strip().casefold() for value in values)
