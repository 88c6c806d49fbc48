"""Reports as documents: pages with headings, charts and tables, in letters of any script that a font here has."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from unicodedata import category

from regulars_analytics.reports.cells import written
from regulars_analytics.reports.charts import draw, fitting, height_of
from regulars_analytics.reports.directions import as_seen
from regulars_analytics.reports.fonts import fonts, letters_of
from regulars_analytics.reports.tables import Chart, Column, Kind, Row
from regulars_core.plugin import CurrencyCode, Problem, Refused

if TYPE_CHECKING:
    from fpdf import FPDF

MAX_ROWS = 1_000
"""So many rows of a table are in a document; all are in a CSV file."""
_MISSING = "�"
_INK, _SOFT, _LINE, _HEAD = (33, 37, 41), (108, 117, 125), (206, 212, 218), (233, 239, 243)
_SHADE = (27, 110, 140)
_WIDTH, _PADDING, _LATIN = 180, 0.6, "Latin"
_LINE_HEIGHT, _LEAST, _WIDEST = 4.2, 24.0, 75.0
_SIZES = (8.0, 7.0, 6.5, 6.0, 5.5, 5.0)


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its heading; `rows` are the first ones, and `more` how many are left out."""

    title: str
    description: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    more: int
    chart: Chart | None
    note: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a report says of some customers."""

    title: str
    sections: Sequence[Section]
    is_some: bool = False
    """Whether it is of some of the customers."""


@dataclass(frozen=True, slots=True)
class Document:
    """A report: what stands above it, and its parts. `about` says whose it is, the days, the stores, and when it was written."""

    title: str
    about: Sequence[str]
    description: str
    currency: CurrencyCode
    parts: Sequence[Part]


def unwritable(folder: str = "") -> str | None:
    """Why no document can be written here, in a sentence: what writes them is not installed, or no font is."""
    if find_spec("fpdf") is None or find_spec("uharfbuzz") is None:
        return "Documents need the extra `reports`: pip install 'regulars[reports]'."
    return None if fonts(folder) else "There is no font here: pip install 'regulars[reports]'."


def refuse_unwritable(folder: str) -> None:
    """Raise Refused where no document can be written."""
    if problem := unwritable(folder):
        raise Refused(Problem("UNAVAILABLE", problem))


def document_of(document: Document, folder: str = "") -> bytes:
    """The document as PDF. Raises Refused where none can be written."""
    refuse_unwritable(folder)
    with closing(_Writer(document, folder)) as writer:
        return writer.written()


class _Writer:
    """Writes one document."""

    def __init__(self, document: Document, folder: str) -> None:
        self._document = document
        self._missing: Counter[str] = Counter()
        self._above = ""
        self._pdf = _pdf_of(document.title, lambda: self._above)
        self._fonts = fonts(folder)
        self._known, self._used = {_MISSING}, {0}
        self._pdf.add_font(_LATIN, "", self._fonts[0])
        self._pdf.set_text_shaping(True)

    def text(self, text: str) -> str:
        """The text, with a sign in place of letters that no font here has. A font is taken in when a letter asks for it."""
        if text.isascii():
            return text
        for letter in dict.fromkeys(text):
            if ord(letter) < 128 or letter in self._known or letter.isspace():
                continue
            if self._found(ord(letter)):
                self._known.add(letter)
            elif _is_invisible(letter):
                text = text.replace(letter, "")
            else:
                self._missing[letter] += 1
                text = text.replace(letter, _MISSING)
        return text

    def _found(self, code: int) -> bool:
        """Whether some font has a letter; the first that has it is among those that are looked through."""
        for n, font in enumerate(self._fonts):
            if code in letters_of(font):
                if n not in self._used:
                    self._pdf.add_font(f"Other{n}", "", font)
                    self._used.add(n)
                    others = [f"Other{number}" for number in sorted(self._used) if number]
                    self._pdf.set_fallback_fonts(others, exact_match=False)
                return True
        return False

    def close(self) -> None:
        """Close the files of fonts, which fpdf2 leaves open."""
        for font in self._pdf.fonts.values():
            if (file := getattr(font, "ttfont", None)) is not None:
                file.close()

    def written(self) -> bytes:
        """The document."""
        pdf, document = self._pdf, self._document
        pdf.add_page()
        self._line(document.title, 20, bold=True, height=9)
        about = [as_seen(self.text(one), within=True) for one in document.about]
        self._line(" · ".join(about), 10, colour=_SOFT, height=6)
        self._line(document.description, 10, colour=_SOFT, height=6)
        for part in document.parts:
            is_named = len(document.parts) > 1 or document.parts[0].is_some
            self._run_on([document.title, *([part.title] if is_named else [])])
            if is_named:
                self._keep_together(16 + (self._least_of(part.sections[0]) if part.sections else 0))
                pdf.ln(4)
                self._line(part.title, 15, bold=True, height=8)
            for section in part.sections:
                self._section(section)
        if self._missing:
            self._tell_missing()
        return bytes(pdf.output())

    def _line(
        self, text: str, size: float, *, bold: bool = False, colour: Sequence[int] = _INK, height: float = 5
    ) -> None:
        """A line, or several; bold is drawn with a fine line around each letter, since fonts here have one weight."""
        pdf = self._pdf
        pdf.set_font(_LATIN, "", size)
        pdf.set_text_color(*colour)
        pdf.set_draw_color(*colour)
        with pdf.local_context(text_mode="FILL_STROKE" if bold else "FILL", line_width=size * 0.009):
            pdf.multi_cell(
                _WIDTH, height, self._seen(self.text(text), _WIDTH), new_x="LMARGIN", new_y="NEXT", align="L"
            )

    def _seen(self, text: str, width: float) -> str:
        """As it is seen, where it is one line."""
        return as_seen(text) if not text.isascii() and self._pdf.get_string_width(text) < width - 2 else text

    def _run_on(self, titles: Sequence[str]) -> None:
        """What stands above each page from the next one on."""
        self._pdf.set_font(_LATIN, "", 8)
        fitted = [fitting(self._pdf, self.text(one), _WIDTH / len(titles) - 4) for one in titles]
        self._above = " · ".join(as_seen(one, within=True) for one in fitted)

    def _keep_together(self, height: float) -> None:
        """Go to the next page where there is no room for as much as must not be torn apart."""
        if self._pdf.will_page_break(height):
            self._pdf.add_page()

    def _least_of(self, section: Section) -> float:
        """The room for a heading with what is said below it, the chart, and the first rows of the table."""
        self._pdf.set_font(_LATIN, "", 8)
        lines = 1 + self._pdf.get_string_width(self.text(section.note)) // (_WIDTH - 5) if section.note else 0
        height = height_of(section.rows, section.chart) if section.chart is not None else 0
        return 22 + 4 * lines + height + (min(len(section.rows), 3) + 1) * 2 * _LINE_HEIGHT

    def _section(self, section: Section) -> None:
        pdf = self._pdf
        self._keep_together(self._least_of(section))
        pdf.ln(5)
        self._line(section.title, 12, bold=True, height=6)
        self._line(section.description, 9, colour=_SOFT)
        if section.note:
            self._line(section.note, 8, colour=_SOFT, height=4)
        pdf.ln(1)
        if not section.rows:
            self._line("There is nothing to show.", 9)
        else:
            if section.chart is not None:
                draw(pdf, section.columns, section.rows, section.chart, self._document.currency, self.text)
            self._table(section)
        if section.more:
            self._line(f"And {section.more:,} more, which are in the CSV file.", 9, colour=_SOFT)

    def _table(self, section: Section) -> None:
        from fpdf.fonts import FontFace

        pdf, columns, currency = self._pdf, section.columns, self._document.currency
        pdf.set_draw_color(*_LINE)
        pdf.set_line_width(0.15)
        pdf.set_text_color(*_INK)
        pdf.set_fill_color(255, 255, 255)
        shades = section.chart is not None and section.chart.shape == "SHADES"
        texts = [
            [self.text(written(cell, one.kind, currency)) for cell, one in zip(row, columns, strict=True)]
            for row in section.rows
        ]
        heads = [self.text(one.heading(currency)) for one in columns]
        widths = self._widths(columns, heads, texts)
        with pdf.table(
            width=_WIDTH,
            col_widths=widths,
            text_align=tuple("LEFT" if one.kind in {Kind.TEXT, Kind.DAY} else "RIGHT" for one in columns),
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="", color=_INK, fill_color=_HEAD),
            line_height=_LINE_HEIGHT,
            padding=_PADDING,
        ) as table:
            head = table.row()
            for title in heads:
                head.cell(title)
            for row, cells in zip(section.rows, texts, strict=True):
                line = table.row()
                for cell, text, one, width in zip(row, cells, columns, widths, strict=True):
                    style = _shaded(cell) if shades and one.kind is Kind.SHARE else None
                    line.cell(self._seen(text, width), style=style)
        pdf.ln(1)

    def _widths(
        self, columns: Sequence[Column], heads: Sequence[str], texts: Sequence[Sequence[str]]
    ) -> Sequence[float]:
        """How wide columns are, in the largest letters in which every figure stands on one line; long names share what is left,
        and are broken. Sets the size."""
        words = [n for n, one in enumerate(columns) if one.kind is Kind.TEXT]
        for size in _SIZES:
            self._pdf.set_font(_LATIN, "", size)
            widths = [self._width(heads[n], [row[n] for row in texts], n in words) for n in range(len(columns))]
            left = _WIDTH - sum(width for n, width in enumerate(widths) if n not in words)
            if left >= sum(min(widths[n], _LEAST) for n in words):
                break
        for place, n in enumerate(sorted(words, key=lambda n: widths[n])):
            widths[n] = max(min(widths[n], left / (len(words) - place)), 1.0)
            left -= widths[n]
        return widths

    def _width(self, head: str, cells: Sequence[str], is_words: bool) -> float:
        """By the longest of the first names, and of all figures; a heading of several words may be broken."""
        measure = self._pdf.get_string_width
        some = cells[:60] if is_words else sorted(cells, key=len)[-3:]
        heading = measure(head) if len(head) < 16 else max(map(measure, head.split()))
        return min(max(heading, *map(measure, some)) + 3, _WIDEST if is_words else _WIDTH)

    def _tell_missing(self) -> None:
        self._pdf.ln(4)
        letters = ", ".join(f"U+{ord(letter):04X}" for letter, _ in self._missing.most_common(20))
        more = " …" if len(self._missing) > 20 else ""
        self._line(
            f"{_MISSING} stands for a letter that no font here has: {letters}{more}. docs/reports.md says which fonts have them.",
            8,
            colour=_SOFT,
        )


def _pdf_of(title: str, above: Callable[[], str]) -> "FPDF":
    from fpdf import FPDF

    class Pages(FPDF):
        """With the number of each page below it, and what it belongs to above all but the first."""

        def header(self) -> None:
            if self.page_no() > 1:
                self.set_y(8)
                self.set_font(_LATIN, "", 8)
                self.set_text_color(*_SOFT)
                self.cell(0, 5, above())
                self.set_y(self.t_margin)

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(_LATIN, "", 8)
            self.set_text_color(*_SOFT)
            self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    pdf = Pages(format="A4")
    pdf.set_margins(15, 15)
    pdf.c_margin = _PADDING  # words stand where those of tables do
    pdf.set_auto_page_break(True, 18)
    pdf.set_title(title)
    pdf.set_lang("en")
    pdf.set_creator("Regulars")
    return pdf


def _is_invisible(letter: str) -> bool:
    """Whether it only says how others are shown: joined, turned, or as which picture."""
    return category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f"


def _shaded(cell: Any) -> Any:
    """The darker behind a rate, the higher it is."""
    from fpdf.fonts import FontFace

    if cell is None:
        return None
    part = min(float(cell), 1.0)
    fill = tuple(round(255 - part * (255 - one)) for one in _SHADE)
    return FontFace(fill_color=fill, color=(255, 255, 255) if part > 0.8 else _INK)
