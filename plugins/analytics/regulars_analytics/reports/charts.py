"""Charts, drawn as lines and areas: bars beside their names, and columns along the time."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import floor, log10
from typing import TYPE_CHECKING

from regulars_analytics.reports.cells import written
from regulars_analytics.reports.tables import Cell, Chart, Column, Row, Shape
from regulars_core.plugin import CurrencyCode

if TYPE_CHECKING:
    from fpdf import FPDF

_FILL, _INK, _SOFT, _LINE = (27, 110, 140), (33, 37, 41), (108, 117, 125), (222, 226, 230)
_LEFT, _WIDTH, _NAMES, _VALUES = 15.0, 180.0, 48.0, 26.0
_MOST_BARS, _BAR = 12, 5.6
_HEIGHT, _MOST_NAMES = 38.0, 12

Say = Callable[[str], str]


def draw(
    pdf: "FPDF", columns: Sequence[Column], rows: Sequence[Row], chart: Chart, currency: CurrencyCode, say: Say
) -> None:
    """Draw the chart of a table where the page stands, and go on below it. What is below zero is drawn as nothing."""
    if chart.shape is Shape.SHADES or not any(_size(row[chart.value]) > 0 for row in rows):
        return
    if chart.shape is Shape.BARS:
        _bars(pdf, columns, rows[:_MOST_BARS], chart.value, currency, say)
    elif len(rows) > 1:
        _columns(pdf, columns, rows, chart.value, currency, say)
    pdf.ln(2)


def _size(cell: Cell) -> float:
    return max(float(cell), 0.0) if isinstance(cell, int | Decimal) else 0.0


def _bars(
    pdf: "FPDF", columns: Sequence[Column], rows: Sequence[Row], value: int, currency: CurrencyCode, say: Say
) -> None:
    top, most = pdf.get_y(), max(_size(row[value]) for row in rows)
    room = _WIDTH - _NAMES - _VALUES
    _title(pdf, columns[value], currency)
    top = pdf.get_y()
    for n, row in enumerate(rows):
        y = top + n * _BAR
        pdf.set_font(size=8, style="")
        pdf.set_text_color(*_INK)
        pdf.set_xy(_LEFT, y)
        name = _fitting(pdf, say(written(row[0], columns[0].kind, currency)), _NAMES - 2)
        pdf.cell(_NAMES - 2, _BAR - 1, name, align="R")
        width = room * _size(row[value]) / most
        pdf.set_fill_color(*_FILL)
        pdf.rect(_LEFT + _NAMES, y + 0.4, max(width, 0.2), _BAR - 1.8, style="F")
        pdf.set_text_color(*_SOFT)
        pdf.set_xy(_LEFT + _NAMES + width + 0.5, y)
        pdf.cell(_VALUES, _BAR - 1, written(row[value], columns[value].kind, currency), align="L")
    pdf.set_xy(_LEFT, top + len(rows) * _BAR)


def _columns(
    pdf: "FPDF", columns: Sequence[Column], rows: Sequence[Row], value: int, currency: CurrencyCode, say: Say
) -> None:
    _title(pdf, columns[value], currency)
    top, most = pdf.get_y(), _round_top(max(_size(row[value]) for row in rows))
    left, room = _LEFT + 22, _WIDTH - 22
    pdf.set_font(size=7, style="")
    pdf.set_draw_color(*_LINE)
    pdf.set_line_width(0.15)
    for part in (0.0, 0.5, 1.0):
        y = top + _HEIGHT * (1 - part)
        pdf.line(left, y, left + room, y)
        pdf.set_text_color(*_SOFT)
        pdf.set_xy(_LEFT, y - 2)
        at: Cell = Decimal(most * part) if any(isinstance(row[value], Decimal) for row in rows) else round(most * part)
        pdf.cell(20, 4, written(at, columns[value].kind, currency), align="R")
    step = room / len(rows)
    every = -(-len(rows) // _MOST_NAMES)
    pdf.set_fill_color(*_FILL)
    for n, row in enumerate(rows):
        height = _HEIGHT * _size(row[value]) / most
        if height > 0:
            pdf.rect(left + n * step + step * 0.12, top + _HEIGHT - height, step * 0.76, height, style="F")
        if n % every == 0 and (n + every <= len(rows) or n == 0):
            pdf.set_xy(left + n * step, top + _HEIGHT + 0.5)
            name = say(written(row[0], columns[0].kind, currency))
            pdf.cell(step * every, 4, _fitting(pdf, name, max(step * every, 6)), align="C" if every == 1 else "L")
    pdf.set_xy(_LEFT, top + _HEIGHT + 5)


def _round_top(most: float) -> float:
    """A round number that is no less, and can be halved."""
    unit = 10.0 ** floor(log10(most))
    top = next(unit * step for step in (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * step >= most)
    return max(2.0, top + top % 2)


def _title(pdf: "FPDF", column: Column, currency: CurrencyCode) -> None:
    """What is drawn, and in what."""
    pdf.set_font(size=8, style="")
    pdf.set_text_color(*_SOFT)
    unit = f" ({currency})" if column.kind == "MONEY" else ""
    pdf.set_x(_LEFT)
    pdf.cell(_WIDTH, 5, column.title + unit, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(1)


def _fitting(pdf: "FPDF", text: str, width: float) -> str:
    """As much of a text as fits."""
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(text + "…") > width:
        text = text[:-1]
    return text + "…"
