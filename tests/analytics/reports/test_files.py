"""How reports are written: no more at a time than a page of rows, and in letters of any script."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from decimal import Decimal

from regulars_analytics.reports.csv_files import Named, archive_of
from regulars_analytics.reports.documents import Document, Part, Section, _Writer, document_of
from regulars_analytics.reports.fonts import fonts
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table
from regulars_core.plugin import CurrencyCode

USD = CurrencyCode("USD")
COLUMNS = (Column("name", "Name"), Column("spent", "Spent", Kind.MONEY), Column("share", "Share", Kind.SHARE))


async def test_an_archive_is_written_as_it_is_read() -> None:
    """Nobody holds more of it than a page, and a table may have very many."""
    read = 0

    async def pages() -> AsyncIterator[Sequence[Row]]:
        nonlocal read
        for n in range(50):
            read += 1
            yield [(f"{n} {'x' * 50}{number % 7}", number, None) for number in range(1_000)]

    async def tables() -> AsyncIterator[Named]:
        yield Named("one", Table(COLUMNS, pages))
        yield Named("two", Table(COLUMNS, pages))

    pieces, first = list[bytes](), 0
    async for piece in archive_of(tables(), USD):
        first = first or read
        pieces.append(piece)
    assert first < 20
    assert max(map(len, pieces)) < 200_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.namelist() == ["one.csv", "two.csv"]
        lines = archive.read("two.csv").decode().splitlines()
    assert len(lines) == 50_001
    assert lines[1].startswith("0 xxx")
    assert lines[1].endswith("0,0.00,,USD")


def test_letters_of_many_scripts_and_those_that_nobody_has() -> None:
    names = ["Ünal Çağlar", "Дмитрий Соколов", "Νίκος", "محمد الأحمد", "יעל כהן", "สมชาย ใจดี", "अमित शर्मा", "Nguyễn"]
    with closing(_Writer(Document("Names", ["All"], "All.", USD, []), "")) as writer:
        for name in names:
            assert writer.text(name) == name
        assert writer.text("A\U0001d49c") in {"A�", "A\U0001d49c"}
    rows: list[Row] = [(name, n * 1000, Decimal(n) / 10) for n, name in enumerate(names)]
    sections = [
        Section("Names", "By name.", COLUMNS, rows, 7, chart, "A note.")
        for chart in (None, Chart(Shape.BARS, 1), Chart(Shape.COLUMNS, 1), Chart(Shape.SHADES, 2))
    ]
    content = document_of(Document("Names", ["All"], "All.", USD, [Part("All", sections), Part("Some", sections[:1])]))
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Font\n") >= 5


def test_a_folder_of_the_shop_comes_behind_latin_letters(tmp_path) -> None:
    (tmp_path / "Own.ttf").write_bytes(b"")
    assert fonts(str(tmp_path))[1] == tmp_path / "Own.ttf"


def test_nothing_is_drawn_of_what_is_nothing() -> None:
    section = Section("None", "None.", COLUMNS, [("a", 0, None)], 0, Chart(Shape.BARS, 1), "")
    assert document_of(Document("None", ["All"], "All.", USD, [Part("All", [section])])).startswith(b"%PDF-")
