"""Charts, drawn as lines and areas: bars beside their names, and columns along the time."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import ceil, floor, log10
from typing import TYPE_CHECKING
from unicodedata import category

from regulars_analytics.reports.cells import written
from regulars_analytics.reports.directions import as_seen
from regulars_analytics.reports.tables import Cell, Chart, Column, Row, Shape
from regulars_core.plugin import CurrencyCode

if TYPE_CHECKING:
    from fpdf import FPDF

_FILL, _INK, _SOFT, _LINE = (27, 110, 140), (33, 37, 41), (108, 117, 125), (222, 226, 230)
_LEFT, _WIDTH, _MOST_NAMES, _GAP = 15.0, 180.0, 70.0, 2.0
_MOST_BARS, _BAR = 12, 5.6
_HEIGHT, _MOST_LABELS = 38.0, 12
_EXACT = 0.01  # widths are sums of fractions
_TITLE, _BELOW, _AXIS = 7.0, 2.0, 5.0

Say = Callable[[str], str]


def height_of(rows: Sequence[Row], chart: Chart) -> float:
    """How much room the chart of a table takes on a page, from its title to what follows; 0 where nothing is drawn."""
    if chart.shape is Shape.SHADES or not any(_size(row[chart.value]) for row in rows):
        return 0.0
    if chart.shape is Shape.BARS:
        return _TITLE + min(len(rows), _MOST_BARS) * _BAR + _BELOW
    return _TITLE + _HEIGHT + _AXIS + _BELOW if len(rows) > 1 else 0.0


def draw(
    pdf: "FPDF", columns: Sequence[Column], rows: Sequence[Row], chart: Chart, currency: CurrencyCode, say: Say
) -> None:
    """Draw the chart of a table where the page stands, and go on below it; the page must have room for it. What is below zero
    goes the other way."""
    height = height_of(rows, chart)
    if not height:
        return
    top, shown = pdf.get_y(), rows[:_MOST_BARS] if chart.shape is Shape.BARS else rows
    _title(
        pdf,
        columns[chart.value],
        currency,
        f", the first {len(shown)} of {len(rows)}" if len(shown) < len(rows) else "",
    )
    kind = columns[chart.value].kind
    names = [say(written(row[0], columns[0].kind, currency)) for row in shown]
    sizes = [_size(row[chart.value]) for row in shown]
    if chart.shape is Shape.BARS:
        _bars(pdf, names, sizes, [written(row[chart.value], kind, currency) for row in shown])
    else:
        whole = all(isinstance(row[chart.value], int) for row in shown)
        _columns(pdf, names, sizes, lambda at: written(round(at) if whole else Decimal(at), kind, currency))
    pdf.set_xy(_LEFT, top + height)


def _size(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | Decimal) else 0.0


def _bars(pdf: "FPDF", names: Sequence[str], sizes: Sequence[float], values: Sequence[str]) -> None:
    pdf.set_font(size=8, style="")
    beside = min(max(map(pdf.get_string_width, names)) + _GAP, _MOST_NAMES)
    behind = max(map(pdf.get_string_width, values)) + _GAP
    top, least = pdf.get_y(), min(0.0, *sizes)
    scale = (_WIDTH - beside - behind) / (max(0.0, *sizes) - least)
    zero = _LEFT + beside - least * scale
    for n, (name, size, value) in enumerate(zip(names, sizes, values, strict=True)):
        y, width = top + n * _BAR, abs(size) * scale
        pdf.set_text_color(*_INK)
        pdf.set_xy(_LEFT, y)
        pdf.cell(beside - _GAP / 2, _BAR - 1, as_seen(fitting(pdf, name, beside - _GAP)), align="R")
        pdf.set_fill_color(*_FILL)
        pdf.rect(zero if size >= 0 else zero - width, y + 0.4, max(width, 0.2), _BAR - 1.8, style="F")
        pdf.set_text_color(*_SOFT)
        pdf.set_xy(zero + max(size, 0.0) * scale + 0.5, y)
        pdf.cell(behind, _BAR - 1, value, align="L")


def _columns(pdf: "FPDF", names: Sequence[str], sizes: Sequence[float], say: Callable[[float], str]) -> None:
    pdf.set_font(size=7, style="")
    pdf.set_draw_color(*_LINE)
    pdf.set_line_width(0.15)
    step = _round_top(max(map(abs, sizes))) / 2
    up, down = ceil(max(0.0, *sizes) / step), ceil(-min(0.0, *sizes) / step)
    labels = [(at, say(at * step)) for at in range(-down, up + 1)]
    beside = max(pdf.get_string_width(label) for _, label in labels) + _GAP
    top, left, room = pdf.get_y(), _LEFT + beside, _WIDTH - beside
    scale = _HEIGHT / (up + down)
    zero = top + up * scale
    pdf.set_text_color(*_SOFT)
    for at, label in labels:
        pdf.line(left, zero - at * scale, left + room, zero - at * scale)
        pdf.set_xy(_LEFT, zero - at * scale - 2)
        pdf.cell(beside - _GAP / 2, 4, label, align="R")
    each, every = room / len(names), -(-len(names) // _MOST_LABELS)
    pdf.set_fill_color(*_FILL)
    for n, (name, size) in enumerate(zip(names, sizes, strict=True)):
        if size:
            height = abs(size) / step * scale
            pdf.rect(left + (n + 0.12) * each, zero - max(size / step * scale, 0.0), each * 0.76, height, style="F")
        if n % every == 0 and (n + every <= len(names) or n == 0):
            pdf.set_xy(left + n * each, top + _HEIGHT + 0.5)
            text = as_seen(fitting(pdf, name, max(each * every, 6)))
            pdf.cell(each * every, 4, text, align="C" if every == 1 else "L")


def _round_top(most: float) -> float:
    """A round number that is no less, and can be halved."""
    unit = 10.0 ** floor(log10(most))
    top = next(unit * step for step in (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * step >= most)
    return max(2.0, top + top % 2)


def _title(pdf: "FPDF", column: Column, currency: CurrencyCode, more: str) -> None:
    """What is drawn, and in what."""
    top = pdf.get_y()
    pdf.set_font(size=8, style="")
    pdf.set_text_color(*_SOFT)
    pdf.set_x(_LEFT)
    pdf.cell(_WIDTH, 5, column.heading(currency) + more)
    pdf.set_xy(_LEFT, top + _TITLE)


def fitting(pdf: "FPDF", text: str, width: float) -> str:
    """As much of a text as fits; signs that stand on a letter, or are joined to it, stay or go with it."""
    if pdf.get_string_width(text) <= width + _EXACT:
        return text
    while text and pdf.get_string_width(text + "…") > width:
        cut = len(text) - 1
        while cut > 0 and (category(text[cut])[0] == "M" or "\u200d" in text[cut - 1 : cut + 1]):
            cut -= 1
        text = text[:cut].rstrip()
    return text + "…"
