"""Reports as documents: pages with headings, charts and tables, in letters of any script that a font here has."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from regulars_analytics.reports.cells import written
from regulars_analytics.reports.charts import draw
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
    """A report: what stands above it, and its parts."""

    title: str
    subtitle: str
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
        self._pdf = _pdf_of(document.title)
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
        self._line(document.subtitle, 10, colour=_SOFT, height=6)
        self._line(document.description, 10, colour=_SOFT, height=6)
        for part in document.parts:
            if len(document.parts) > 1 or document.parts[0].is_some:
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
            pdf.multi_cell(_WIDTH, height, self.text(text), new_x="LMARGIN", new_y="NEXT", align="L")

    def _section(self, section: Section) -> None:
        pdf = self._pdf
        if pdf.will_page_break(60 if section.chart else 30):
            pdf.add_page()
        pdf.ln(5)
        self._line(section.title, 12, bold=True, height=6)
        self._line(section.description, 9, colour=_SOFT)
        pdf.ln(1)
        if not section.rows:
            self._line("Nothing in these days.", 9)
        else:
            if section.chart is not None:
                draw(pdf, section.columns, section.rows, section.chart, self._document.currency, self.text)
            self._table(section)
        if section.more:
            self._line(f"And {section.more:,} more, which are in the CSV file.", 9, colour=_SOFT)
        if section.note:
            self._line(section.note, 8, colour=_SOFT, height=4)

    def _table(self, section: Section) -> None:
        from fpdf.fonts import FontFace

        pdf, columns = self._pdf, section.columns
        pdf.set_font(_LATIN, "", 8 if len(columns) < 10 else 6.5)
        pdf.set_draw_color(*_LINE)
        pdf.set_line_width(0.15)
        pdf.set_text_color(*_INK)
        pdf.set_fill_color(255, 255, 255)
        shades = section.chart is not None and section.chart.shape == "SHADES"
        currency = self._document.currency
        texts = [
            [self.text(written(cell, one.kind, currency)) for cell, one in zip(row, columns, strict=True)]
            for row in section.rows
        ]
        heads = [self.text(one.title) for one in columns]
        with pdf.table(
            width=_WIDTH,
            col_widths=_widths(pdf, heads, texts),
            text_align=tuple("LEFT" if one.kind in {Kind.TEXT, Kind.DAY} else "RIGHT" for one in columns),
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="", color=_INK, fill_color=_HEAD),
            line_height=4.2,
            padding=_PADDING,
        ) as table:
            head = table.row()
            for title in heads:
                head.cell(title)
            for row, cells in zip(section.rows, texts, strict=True):
                line = table.row()
                for cell, text, one in zip(row, cells, columns, strict=True):
                    style = _shaded(cell) if shades and one.kind is Kind.SHARE else None
                    line.cell(text, style=style)
        pdf.ln(1)

    def _tell_missing(self) -> None:
        self._pdf.ln(4)
        letters = ", ".join(f"U+{ord(letter):04X}" for letter, _ in self._missing.most_common(20))
        more = " …" if len(self._missing) > 20 else ""
        self._line(
            f"{_MISSING} stands for a letter that no font here has: {letters}{more}. docs/reports.md says which fonts have them.",
            8,
            colour=_SOFT,
        )


def _pdf_of(title: str) -> "FPDF":
    from fpdf import FPDF

    class Pages(FPDF):
        """With the number of each page below it."""

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


def _widths(pdf: "FPDF", heads: Sequence[str], texts: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """By the longest of the first rows of each column, words of names shared out."""
    some = texts[:60]
    longest = [
        max(pdf.get_string_width(text) for text in (head, *(row[n] for row in some))) + 3
        for n, head in enumerate(heads)
    ]
    return tuple(min(width, 75.0) for width in longest)


def _shaded(cell: Any) -> Any:
    """The darker behind a rate, the higher it is."""
    from fpdf.fonts import FontFace

    if cell is None:
        return None
    part = min(float(cell), 1.0)
    fill = tuple(round(255 - part * (255 - one)) for one in _SHADE)
    return FontFace(fill_color=fill, color=(255, 255, 255) if part > 0.75 else _INK)
