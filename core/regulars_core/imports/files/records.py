"""The rows of a CSV file, one after another; a broken row costs itself and no other."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from regulars_core.imports.files.encodings import Lines
from regulars_core.primitives.errors import Problem

MAX_LINE_BYTES = 1 << 17
"""Bytes of one line at most; csv has the same limit for one cell."""
MAX_LINES_OF_A_ROW = 100
"""How many lines a quoted cell may run over before its quote counts as never closed."""

_NUL = Problem("INVALID_TEXT", "NUL is not text.")


class Row(NamedTuple):
    """A row: the number of its first line in the file, its cells, and what is wrong with its form if anything is."""

    line: int
    cells: list[str]
    fault: Problem | None = None

    @property
    def rows(self) -> "list[Row]":
        """Itself, for files in which each row stands alone."""
        return [self]

    @property
    def further(self) -> bool:
        """Never: it is whole."""
        return False


class _Line(NamedTuple):
    number: int
    text: str
    fault: Problem | None


class _Lines:
    """Decoded lines for csv.reader, which tells what the reader has taken and takes lines back."""

    def __init__(self, file: Lines, first_number: int, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._number = first_number - 1
        self._back: deque[_Line] = deque()
        self.taken: list[_Line] = []
        self.bytes_read = file.tell()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MAX_LINES_OF_A_ROW:
            raise StopIteration
        line = self._back.popleft() if self._back else self._read()
        self.taken.append(line)
        return line.text

    def give_back_all_but_first(self) -> None:
        """Let the lines that a broken row had swallowed be read again, as rows of their own."""
        self._back.extendleft(reversed(self.taken[1:]))

    def _read(self) -> _Line:
        raw = self._file.readline(MAX_LINE_BYTES)
        if not raw:
            raise StopIteration
        self._number += 1
        self.bytes_read += len(raw)
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            self._skip_rest()
            fault = Problem("TOO_LONG", f"A line has at most {MAX_LINE_BYTES} bytes.")
            return _Line(self._number, raw[:1_000].decode("utf-8", "backslashreplace") + "\n", fault)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("utf-8", "backslashreplace")
            return _Line(self._number, text, Problem("INVALID_ENCODING", f"This is not {self._encoding.upper()}."))
        return _Line(self._number, text, _NUL if "\0" in text else None)

    def _skip_rest(self) -> None:
        while rest := self._file.readline(MAX_LINE_BYTES):
            self.bytes_read += len(rest)
            if rest.endswith(b"\n"):
                return


class Records:
    """The rows below the header of a file that is open behind it. Lines that are empty, or nothing but separators, are no
    rows."""

    def __init__(self, file: Lines, delimiter: str, width: int, first_line: int = 2, encoding: str = "utf-8") -> None:
        self._lines = _Lines(file, first_line, encoding)
        self._delimiter = delimiter
        self._width = width

    @property
    def bytes_read(self) -> int:
        """How far into the file the reading has come."""
        return self._lines.bytes_read

    def __iter__(self) -> Iterator[Row]:
        lines, width = self._lines, self._width
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            lines.taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._broken(Problem("MALFORMED", f"This is not CSV: {error}."))
                continue
            if not any(cells):
                continue
            taken = lines.taken
            if len(cells) != width:
                fault = Problem("WRONG_NUMBER_OF_CELLS", f"The row has {len(cells)} cells, the header has {width}.")
                yield self._broken(fault, cells)
            else:
                fault_of_line = next((line.fault for line in taken if line.fault), None)
                yield Row(taken[0].number, cells, fault_of_line)

    def _broken(self, fault: Problem, cells: list[str] | None = None) -> Row:
        """What stands on the first line of the row, taken apart as well as it goes."""
        first = self._lines.taken[0]
        if cells is None or len(self._lines.taken) > 1:
            cells = first.text.rstrip("\r\n").split(self._delimiter)
            self._lines.give_back_all_but_first()
        return Row(first.number, cells, first.fault or fault)
