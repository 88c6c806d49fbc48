"""Reports as CSV: one table as a file, several as an archive of them, a piece at a time."""

import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from regulars_analytics.reports.cells import plain
from regulars_analytics.reports.tables import Row, Table
from regulars_core.plugin import CurrencyCode, rows_written


@dataclass(frozen=True, slots=True)
class Named:
    """A table and the name of its file, without an ending."""

    name: str
    table: Table


async def csv_of(table: Table, currency: CurrencyCode) -> AsyncIterator[bytes]:
    """A table as CSV in UTF-8, with a header."""
    yield rows_written([[one.name for one in table.columns]]).encode()
    async for rows in table.pages():
        if rows:
            yield rows_written([_plain(table, row, currency) for row in rows]).encode()


def _plain(table: Table, row: Row, currency: CurrencyCode) -> Sequence[object]:
    return [plain(cell, one.kind, currency) for cell, one in zip(row, table.columns, strict=True)]


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
