"""What a report consists of: tables, some with a chart, whose rows come page by page so that nobody ever holds a long one."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What is in a column: words, a day, a number, minor units of the shop's currency, a part of a whole from 0 to 1, or figures
    each of which says what it is."""

    TEXT = "TEXT"
    DAY = "DAY"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    SHARE = "SHARE"
    FIGURE = "FIGURE"


@dataclass(frozen=True, slots=True)
class Figure:
    """A single figure: how much, and what that is."""

    value: "str | int | Decimal | None"
    kind: Kind = Kind.NUMBER


Cell = str | int | Decimal | date | Figure | None
Row = Sequence[Cell]


class Shape(StrEnum):
    """How a chart is drawn: bars beside their names, columns along the time, or rates as shades behind them."""

    BARS = "BARS"
    COLUMNS = "COLUMNS"
    SHADES = "SHADES"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what programs call it, what people do, and what is in it."""

    name: str
    title: str
    kind: Kind = Kind.TEXT

    def heading(self, currency: str) -> str:
        """What people call it, and in what its amounts are."""
        return f"{self.title} ({currency})" if self.kind is Kind.MONEY else self.title


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn of a table: of each row, by the column of this place, what stands in the first one."""

    shape: Shape
    value: int


@dataclass(frozen=True)
class Table:
    """A table. Its rows are asked for anew by each file that they are written into. `needs` are permissions by which it was
    found, beside those of its metric."""

    columns: Sequence[Column]
    pages: Callable[[], AsyncIterator[Sequence[Row]]]
    chart: Chart | None = None
    note: str = ""
    needs: Sequence[str] = ()


def table_of(
    columns: Sequence[Column],
    rows: Sequence[Row],
    chart: Chart | None = None,
    note: str = "",
    needs: Sequence[str] = (),
) -> Table:
    """A table whose few rows are known."""

    async def pages() -> AsyncIterator[Sequence[Row]]:
        yield rows

    return Table(columns, pages, chart, note, needs)


def figures_of(figures: Sequence[tuple[str, Figure]], note: str = "") -> Table:
    """A table of single figures with their names."""
    columns = (Column("figure", "Figure"), Column("value", "Value", Kind.FIGURE))
    return table_of(columns, figures, note=note)
