"""The file of what could not be imported, in the form in which it came and with the reasons."""

import csv
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from regulars_core.imports.files.columns import REJECT_COLUMNS, Header
from regulars_core.imports.files.records import Row
from regulars_core.primitives.cells import escaped
from regulars_core.primitives.errors import Problem


def rejects_path(source: Path) -> Path:
    """Where the rejects of a file are written: purchases.csv → purchases.rejects.csv."""
    return source.with_name(f"{source.stem}.rejects.csv")


class Rejects:
    """Writes the file beside the source when the first row is rejected; one of an earlier run is removed at the start. Where
    nothing is to be written rows are only counted."""

    def __init__(self, source: Path, header: Header, *, writes: bool = True) -> None:
        self.path = rejects_path(source)
        self.rows = 0
        self.writes = writes
        self._header = header
        self._file: IO[str] | None = None
        self._writer: Any = None
        if writes:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rows: Iterable[Row], problem: Problem) -> None:
        """Write rows down with the reason for all of them."""
        if not self.writes:
            self.rows += sum(1 for _ in rows)
            return
        if self._file is None:
            self._begin()
        width = len(self._header.names)
        skipped = {n for n, name in enumerate(self._header.names) if name in REJECT_COLUMNS}
        for row in rows:
            cells = [cell for n, cell in enumerate(self._fitted(row.cells, width)) if n not in skipped]
            self._writer.writerow(
                [*(escaped(cell, as_it_came=True) for cell in cells), row.line, problem.code, problem.message]
            )
            self.rows += 1

    def _begin(self) -> None:
        """In the form of the source, so that the file is read by what the source is read by."""
        form = self._header.form
        encoding = "utf-8-sig" if form.has_bom and form.encoding == "utf-8" else form.encoding
        self._file = self.path.open("w", encoding=encoding, errors="backslashreplace", newline="")
        self._file.writelines(f"{line}\n" for line in form.before)
        self._writer = csv.writer(self._file, delimiter=form.delimiter, lineterminator="\n")
        self._writer.writerow([*(name for name in self._header.names if name not in REJECT_COLUMNS), *REJECT_COLUMNS])

    def _fitted(self, cells: list[str], width: int) -> list[str]:
        """As many cells as the header has; what is too much stays in the last one."""
        if len(cells) > width:
            return [*cells[: width - 1], self._header.delimiter.join(cells[width - 1 :])]
        return [*cells, *[""] * (width - len(cells))]
