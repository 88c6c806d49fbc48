"""Reports as CSV: one table as a file, several as an archive of them, a piece at a time."""

import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from regulars_analytics.reports.cells import plain
from regulars_analytics.reports.tables import Figure, Kind, Row, Table
from regulars_core.plugin import CurrencyCode, rows_written


@dataclass(frozen=True, slots=True)
class Named:
    """A table and the name of its file, without an ending."""

    name: str
    table: Table


async def csv_of(table: Table, currency: CurrencyCode) -> AsyncIterator[bytes]:
    """A table as CSV in UTF-8, with a header. Where it has amounts its last column says of which currency they are."""
    has_amounts = any(one.kind in {Kind.MONEY, Kind.FIGURE} for one in table.columns)
    names = [*(one.name for one in table.columns), *(["currency"] if has_amounts else [])]
    yield rows_written([names]).encode()
    async for rows in table.pages():
        if rows:
            yield rows_written([_plain(table, row, currency, has_amounts) for row in rows]).encode()


def _plain(table: Table, row: Row, currency: CurrencyCode, has_amounts: bool) -> Sequence[object]:
    cells = [plain(cell, one.kind, currency) for cell, one in zip(row, table.columns, strict=True)]
    is_amount = all(cell.kind is Kind.MONEY for cell in row if isinstance(cell, Figure))
    return [*cells, *([currency if is_amount else ""] if has_amounts else [])]


async def archive_of(tables: AsyncIterator[Named], currency: CurrencyCode) -> AsyncIterator[bytes]:
    """Tables as an archive of CSV files, which holds no more of it at a time than is written at once."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        async for one in tables:
            with archive.open(f"{one.name}.csv", "w", force_zip64=True) as file:
                async for piece in csv_of(one.table, currency):
                    file.write(piece)
                    if content := sink.taken():
                        yield content
            if content := sink.taken():
                yield content
    yield sink.taken()


class _Sink:
    """Where an archive is written to, and taken from piece by piece. It cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces = list[bytes]()

    def write(self, content: bytes) -> int:
        self._pieces.append(bytes(content))
        return len(content)

    def flush(self) -> None: ...

    def taken(self) -> bytes:
        """What was written since this was asked last."""
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content
