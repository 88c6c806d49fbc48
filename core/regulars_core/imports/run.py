"""One file on its way in: opened, understood, read in batches, and counted."""

import os
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, TypeVar

from regulars_core.imports.files.aside import Aside
from regulars_core.imports.files.columns import Header, Layout, read_header
from regulars_core.imports.files.encodings import as_utf8, encoding_of
from regulars_core.imports.files.numbers import decimal_sign
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.files.records import MAX_LINE_BYTES, Records, Row
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.rejects import Rejects
from regulars_core.imports.files.selection import Selection
from regulars_core.imports.foreseen import Foreseen
from regulars_core.imports.options import MAX_BATCH, ImportOptions, ImportReport, Progress, Sample
from regulars_core.primitives.cells import unescaped
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.garbage import seldom_collected
from regulars_core.primitives.money import is_currency
from regulars_core.shop.shop import Shop

T = TypeVar("T")

_MAX_REASONS = 3
_MAX_SAMPLES = 3
"""How many rejects of each code are told in the report."""


class Running:
    """An import that is under way: what it has counted and rejected so far, and what it has `foreseen` where nothing is
    written."""

    def __init__(
        self, shop: Shop, options: ImportOptions, header: Header, rejects: Rejects, path: Path, aside: Aside
    ) -> None:
        self.shop = shop
        self.options = options
        self.header = header
        self.aside = aside
        self.report = ImportReport()
        self.foreseen = Foreseen() if options.check else None
        self._rejects = rejects
        self._path = path

    def rows_again(self) -> Iterator[Row]:
        """The rows of the file that are wanted, for another look at them, which counts none."""
        with self._path.open("rb") as file:
            for row, is_wanted in self.selected(_records(file, self.header)):
                if is_wanted:
                    yield row

    def selected(self, records: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
        """All rows, as they were before anything was escaped in them, each with whether it is wanted."""
        header, profile = self.header, self.options.profile
        pick = header.cells_of(("reference", "store"))
        selection = Selection(profile.only if profile else {}, header.names)
        for row in self.aside.watched(records):
            row.cells[:] = map(unescaped, row.cells)
            is_looked_at = selection.is_needed and row.fault is None
            yield row, not is_looked_at or selection.takes(row.cells, pick(row.cells))

    def close(self) -> None:
        """Forget what was foreseen."""
        if self.foreseen is not None:
            self.foreseen.close()

    def tell(self, rows: Sequence[Row], problem: Problem) -> None:
        """Say that rows were taken although something in them that is not needed is wrong."""
        told, code = self.report.told, problem.code
        self.report.told_counts[code] = self.report.told_counts.get(code, 0) + 1
        if len(samples := told.setdefault(code, [])) < _MAX_SAMPLES:
            samples.append(Sample(rows[0].line, code, ": ".join((*problem.path, problem.message))))

    def reject(self, rows: Sequence[Row], problems: Sequence[Problem], *, counted: bool = True) -> None:
        """Put rows into the rejects file with the first few reasons. They are one purchase or customer, which is `counted`,
        or a further piece of one that was."""
        message, code = " ".join(problem.message for problem in problems[:_MAX_REASONS]), problems[0].code
        self._rejects.add(rows, Problem(code, message))
        report = self.report
        report.rejected += counted
        report.counts[code] = report.counts.get(code, 0) + counted
        if len(samples := report.samples.setdefault(code, [])) < _MAX_SAMPLES and rows:
            samples.append(Sample(rows[0].line, code, message))
        report.rejects = self._rejects.path if self._rejects.writes else None
        report.rejected_rows = self._rejects.rows


Batches = Callable[[Running, Iterator[Row]], Generator[T, None, None]]
Settle = Callable[[Running, T], Awaitable[None]]


async def run(
    shop: Shop,
    path: Path,
    options: ImportOptions,
    progress: Progress,
    layout: Layout,
    batches: Batches[T],
    settle: Settle[T],
) -> ImportReport:
    """Read a file batch by batch, each settled before the next is read, which is done aside.

    Raises ImportRefused before anything is written, OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    check_options(shop, options)
    if options.writes_rejects and not os.access(path.parent, os.W_OK):
        raise ImportRefused(f"The rejects would be written to {path.parent}, which cannot be written to.")
    aside = Aside()
    header = await aside.do(lambda: _opened_header(shop, path, layout, options, aside))
    with path.open("rb") as file:
        records = _records(file, header)
        size = os.fstat(file.fileno()).st_size
        with (
            seldom_collected(),
            Rejects(path, header, writes=options.writes_rejects) as rejects,
            closing(Running(shop, options, header, rejects, path, aside)) as running,
            closing(batches(running, _counted(running, records))) as read,
        ):
            running.report.passed_over = header.passed_over
            while (batch := await aside.do(lambda: next(read, None))) is not None:
                await settle(running, batch)
                done = min(records.bytes_read, size)
                progress(done, size)
                if options.after_batch is not None:
                    await options.after_batch(done, size, running.report)
    progress(size, size)
    running.report.seconds = time.perf_counter() - started
    return running.report


def _opened_header(shop: Shop, path: Path, layout: Layout, options: ImportOptions, aside: Aside) -> Header:
    """The header of a file, with how its numbers are written. Raises ImportRefused with everything that is wrong with it."""
    profile = options.profile or Profile()
    with path.open("rb") as file:
        encoding = encoding_of(file, profile.encoding)
        lines = as_utf8(file, encoding)
        header = read_header(lines, layout, profile, options.mapping, options.reference, encoding)
    style = header.style
    if profile.signs_of_shop:
        style = style.with_signs_of(shop.currency, shop.settings.country)
    places = [header.places[column] for column in layout.numbers if column in header.places]
    if style.decimal is None and header.delimiter != "," and places:
        with path.open("rb") as file:
            rows = (header.padded(row.cells) for row in aside.watched(_records(file, header)) if row.fault is None)
            found = decimal_sign(rows, places)
        style = replace(style, decimal=found, is_found=found is not None)
    return replace(header, style=style)


def _records(file: BinaryIO, header: Header) -> Records:
    """The rows behind the header of a file that is at its beginning."""
    form = header.form
    lines = as_utf8(file, form.encoding)
    for _ in range(form.first_line - 1):
        lines.readline(MAX_LINE_BYTES)
    return Records(lines, form.delimiter, len(header.names), form.first_line, form.encoding)


def check_options(shop: Shop, options: ImportOptions) -> None:
    """Raise ImportRefused for options that no file could be imported with."""
    if not 1 <= options.batch_size <= MAX_BATCH:
        raise ImportRefused(f"A batch has 1 to {MAX_BATCH} purchases or customers.")
    if options.currency is not None and not is_currency(options.currency):
        raise ImportRefused(f"{options.currency!r} is not the code of a currency, such as EUR.")
    if options.currency not in {None, shop.currency}:
        raise ImportRefused(
            f"The shop sells in {shop.currency}, the file is in {options.currency}; nothing is converted."
        )


def _counted(running: Running, records: Iterable[Row]) -> Iterator[Row]:
    """The rows that are wanted."""
    for row, is_wanted in running.selected(records):
        running.report.rows += 1
        running.report.left_out += not is_wanted
        if is_wanted:
            yield row
