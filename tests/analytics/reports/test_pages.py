"""How documents are laid out: what belongs together stands together, nothing runs over the margins, and words of any direction
are seen in their order."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

from regulars_analytics.reports import documents
from regulars_analytics.reports.charts import fitting
from regulars_analytics.reports.directions import as_seen
from regulars_analytics.reports.documents import Document, Part, Section, _Writer, document_of
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape
from regulars_core.plugin import CurrencyCode

LEFT, RIGHT, TOP, BOTTOM = 15, 195, 10, 279
USD = CurrencyCode("USD")
COLUMNS = (Column("name", "Name"), Column("spent", "Spent", Kind.MONEY), Column("share", "Share", Kind.SHARE))
LONG = "قهوة عربية أصلية من اليمن السعيد محمصة تحميصا متوسطا (250 g)"
FIRST = date(2026, 1, 1)


@dataclass
class Drawn:
    """What was put onto pages: texts of charts with the page, the left and the right end; lines and what stands in tables with
    the page; bars with the page and all sides."""

    texts: list[tuple[str, int, float, float]] = field(default_factory=list)
    lines: list[tuple[str, int]] = field(default_factory=list)
    bars: list[tuple[int, float, float, float, float]] = field(default_factory=list)

    def page_of(self, text: str) -> int:
        [page] = {one[1] for one in (*self.texts, *self.lines) if one[0] == text}
        return page


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What is drawn from now on."""
    kept, cell, multi, rect = Drawn(), FPDF.cell, FPDF.multi_cell, FPDF.rect

    def celled(pdf: FPDF, w: float, h: float, text: str = "", **more: Any) -> Any:
        wide, x = pdf.get_string_width(text), pdf.get_x()
        begin = {"R": x + w - wide, "C": x + (w - wide) / 2}.get(more.get("align", "L"), x)
        answer = cell(pdf, w, h, text, **more)
        kept.texts.append((text, pdf.page, begin, begin + wide))
        return answer

    def lined(pdf: FPDF, w: float, h: float, text: str = "", **more: Any) -> Any:
        if not more.get("dry_run"):
            kept.lines.append((text, pdf.page))
        return multi(pdf, w, h, text, **more)

    def barred(pdf: FPDF, x: float, y: float, w: float, h: float, **more: Any) -> Any:
        if more.get("style") == "F" and pdf.fill_color.colors255 == (27, 110, 140):  # type: ignore[union-attr]
            kept.bars.append((pdf.page, x, y, x + w, y + h))
        return rect(pdf, x, y, w, h, **more)

    monkeypatch.setattr(FPDF, "cell", celled)
    monkeypatch.setattr(FPDF, "multi_cell", lined)
    monkeypatch.setattr(FPDF, "rect", barred)
    return kept


def written(parts: Sequence[Part]) -> bytes:
    return document_of(Document("Title", ["Shop"], "What it is.", USD, parts))


def section(
    rows: Sequence[Row], chart: Chart | None, title: str = "Chart", columns: Sequence[Column] = COLUMNS
) -> Section:
    return Section(title, "By name.", columns, rows, 0, chart, "What it means.")


@pytest.mark.parametrize("shape", [Shape.BARS, Shape.COLUMNS])
def test_a_chart_stands_on_one_page(shape: Shape, drawn: Drawn) -> None:
    """Wherever the page stands: with its heading, its names, its axis, and the beginning of its table."""
    for before in range(28, 46):
        drawn.texts.clear()
        drawn.lines.clear()
        drawn.bars.clear()
        rows: list[Row] = [(f"{before}-{n}", 100 * n, None) for n in range(1, 13)]
        filler = Section("Before", "All.", COLUMNS, [("a", 1, None)] * before, 0, None, "")
        written([Part("All", [filler, section(rows, Chart(shape, 1))])])
        pages = {drawn.page_of(one) for one in ("Chart", "What it means.", f"{before}-1")}
        pages |= {one[1] for one in drawn.texts if one[0].startswith(f"{before}-")} | {one[0] for one in drawn.bars}
        assert (len(pages), len(drawn.bars)) == (1, 12), before
        assert max(one[4] for one in drawn.bars) < BOTTOM - 20


def test_a_heading_does_not_stay_behind(drawn: Drawn) -> None:
    """Neither that of a part nor that of a table is the last thing on a page."""
    for before in range(20, 46):
        drawn.lines.clear()
        filler = Section("Before", "All.", COLUMNS, [("a", 1, None)] * before, 0, None, "")
        table = section([("first", 5, None)] * 3, None, "Table")
        written([Part("One", [filler]), Part("Two", [table])])
        assert len({drawn.page_of(one) for one in ("Two", "Table", "What it means.")}) == 1, before


def test_pages_say_whose_they_are(drawn: Drawn) -> None:
    """Every page behind the first: the report, and the part that goes on there or begins."""
    rows: list[Row] = [("a", 1, None)] * 60
    document = Document("אבג 12", ["Shop"], "All.", USD, [Part(name, [section(rows, None)]) for name in ("One", "Two")])
    document_of(document)
    heads = {page: text.translate(ISOLATES) for text, page, *_ in drawn.texts if "·" in text}
    assert heads[2] == "12אבג  · One"
    assert heads[max(heads)] == "12אבג  · Two"


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
@pytest.mark.parametrize("shape", [Shape.BARS, Shape.COLUMNS])
def test_nothing_runs_over_the_margins(shape: Shape, currency: str, drawn: Drawn) -> None:
    rows: list[Row] = [(LONG, 10**15, None), ("Very long name " * 9, -(10**15), None), ("店" * 60, 1, None)]
    document_of(
        Document("Title", ["Shop"], "All.", CurrencyCode(currency), [Part("All", [section(rows, Chart(shape, 1))])])
    )
    beside = [one for one in drawn.texts if not one[0].endswith("{nb}")]
    assert len(beside) > 5
    for text, _, begin, end in beside:
        assert LEFT - 0.1 <= begin <= end <= RIGHT + 0.1, text
    for _, begin, _, end, _ in drawn.bars:
        assert LEFT <= begin <= end <= RIGHT


def test_figures_of_a_table_are_not_broken() -> None:
    """However large they are, names make room for them, and then letters become smaller."""
    columns = (Column("tier", "Tier"), *(Column(f"n{n}", "Customers", Kind.NUMBER) for n in range(6)), COLUMNS[1])
    for most in (1, 10**6, 10**9):
        with closing(_Writer(Document("Title", ["Shop"], "All.", USD, []), "")) as writer:
            writer._pdf.add_page()
            figures = [f"{most:,}"] * 6 + [f"{most * 10**6:,}.00"]
            texts = [["A tier with quite a long name " * 3, *figures]]
            widths = writer._widths(columns, [one.title for one in columns], texts)
            assert sum(widths) <= 180.1
            for text, width in zip(figures, widths[1:], strict=True):
                assert writer._pdf.get_string_width(text) + 1.2 < width, most


def test_only_what_is_long_is_broken() -> None:
    """A code beside a long name stands on one line; a name beside a bar is cut where it is longer than names may be."""
    columns = (Column("code", "Code"), Column("name", "Name"), Column("kind", "Kind"), *COLUMNS[1:] * 3)
    with closing(_Writer(Document("Title", ["Shop"], "All.", USD, []), "")) as writer:
        writer._pdf.add_page()
        texts = [["CUST-00001", LONG * 3, "Percent", *("1,234,567.00", "12.5 %") * 3]]
        widths = writer._widths(columns, [one.title for one in columns], texts)
        assert sum(widths) <= 180.1
        for n in (0, 2, 3):
            assert writer._pdf.get_string_width(texts[0][n]) + 1.2 < widths[n]


@pytest.mark.parametrize("name", ["not known", "Customers", "Dayton", "ÄÖÜ", "0.1"])
def test_the_longest_name_is_not_cut(name: str, drawn: Drawn) -> None:
    written([Part("All", [section([(name, 5, None)], Chart(Shape.BARS, 1))])])
    assert name in [one[0] for one in drawn.texts]


def test_what_is_below_zero_goes_the_other_way(drawn: Drawn) -> None:
    rows: list[Row] = [(FIRST + timedelta(days=n), amount, None) for n, amount in enumerate((5_000, -2_500, 0, -9_000))]
    columns = (Column("from", "From", Kind.DAY), *COLUMNS[1:])
    written([Part("All", [section(rows, Chart(Shape.COLUMNS, 1), columns=columns)])])
    up, down, deep = drawn.bars
    assert up[4] == pytest.approx(down[2])
    assert down[2] == deep[2]
    assert deep[4] - deep[2] == pytest.approx(3.6 * (down[4] - down[2]))
    assert {"50.00", "0.00", "-50.00", "-100.00"} <= {one[0] for one in drawn.texts}
    drawn.bars.clear()
    written([Part("All", [section(rows, Chart(Shape.BARS, 1), columns=columns)])])
    right, left, _, far = drawn.bars
    assert right[1] == pytest.approx(left[3])
    assert far[3] - far[1] == pytest.approx(3.6 * (left[3] - left[1]))


def test_a_chart_says_how_many_it_leaves_out(drawn: Drawn) -> None:
    written([Part("All", [section([(f"n{n}", 20 - n, None) for n in range(15)], Chart(Shape.BARS, 1))])])
    assert drawn.page_of("Spent (USD), the first 12 of 15") == 1
    assert len(drawn.bars) == 12


@pytest.mark.parametrize("text", ["กาแฟคั่วบดจากดอยช้างที่ปลูกแบบนี้", "अदरक वाली चाय कि की कु", "é" * 30, "👩\u200d🍳" * 12])
def test_what_is_cut_is_cut_between_letters(text: str) -> None:
    with closing(_Writer(Document("Title", ["Shop"], "All.", USD, []), "")) as writer:
        writer._pdf.set_font("Latin", "", 8)
        for width in range(4, 30, 2):
            cut = fitting(writer._pdf, text, width)
            if cut != text:
                kept = cut.removesuffix("…")
                assert text.startswith(kept)
                assert not kept.endswith("\u200d")
                after = text[len(kept) : len(kept) + 1]
                assert not after or after == " " or BidiParagraph(after).characters[0].original_bidi_class != "NSM"


ISOLATES = dict.fromkeys(range(0x2066, 0x206A))


def put_beside_each_other(text: str) -> str:
    """As fpdf2 puts the pieces of a line."""
    paragraph = BidiParagraph(text)
    assert paragraph.base_direction is TextDirection.LTR
    pieces = (
        "".join(reversed(piece)) if direction is TextDirection.RTL else piece
        for piece, direction in paragraph.get_bidi_fragments()
    )
    return "".join(pieces).translate(ISOLATES)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("VIP — אבג 2026 (A-1)", "VIP — 2026 גבא (A-1)"),
        ("VIP אבג (12)", "VIP )21( גבא".replace("21", "12")),
        ("x אבג 12 דהו 34 y", "x 34 והד 12 גבא y"),
        ("Ana", "Ana"),
        ("Ana אבג", "Ana גבא"),
    ],
)
def test_words_and_numbers_of_both_directions_are_seen_in_their_order(text: str, seen: str) -> None:
    """As the Unicode Bidirectional Algorithm has it, brackets as they are before they are mirrored."""
    assert put_beside_each_other(as_seen(text)) == seen


def test_a_name_within_a_line_disturbs_none_beside_it() -> None:
    line = " · ".join(as_seen(one, within=True) for one in ("Shop", "אבג (12)", "דהו 3", "2026"))
    assert put_beside_each_other(line) == "Shop · )12( גבא · 3 והד · 2026"
    assert as_seen("אבג (12)") == "אבג (12)"
    assert as_seen(line) == line


def test_what_only_joins_others_is_not_told_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "letters_of", lambda font: frozenset(range(128)))
    with closing(_Writer(Document("Title", ["Shop"], "All.", USD, []), "")) as writer:
        assert writer.text("A\ufe0f\u200d\u200fB") == "AB"
        assert writer.text("Ä") == "�"
