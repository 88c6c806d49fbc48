"""Rows as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from regulars_core.primitives.cells import escaped

CSV = "text/csv; charset=utf-8"
"""What such a file is."""


class Target(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> int:
        """Write some more."""


def safe_cell(value: Any) -> Any:
    """The cell, with an apostrophe before what a spreadsheet would run as a formula. Numbers stay as they are."""
    return escaped(value) if isinstance(value, str) else value


def rows_written(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as lines of CSV."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([safe_cell(cell) for cell in row] for row in rows)
    return target.getvalue()
