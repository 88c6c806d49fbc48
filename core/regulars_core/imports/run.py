"""One file on its way in: opened, understood, read in batches, and counted."""

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from regulars_core.imports.files.columns import Header, Layout, read_header
from regulars_core.imports.files.records import Records, Row
from regulars_core.imports.files.rejects import Rejects, unescaped
from regulars_core.imports.options import MAX_BATCH, ImportOptions, ImportRefused, ImportReport, Progress
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.money import is_currency
from regulars_core.shop.shop import Shop

T = TypeVar("T")

_MAX_REASONS = 3


class Running:
    """An import that is under way: what it has counted and rejected so far."""

    def __init__(self, shop: Shop, options: ImportOptions, header: Header, rejects: Rejects) -> None:
        self.shop = shop
        self.options = options
        self.header = header
        self.report = ImportReport()
        self._rejects = rejects

    def reject(self, rows: Sequence[Row], problems: Sequence[Problem], *, counted: bool = True) -> None:
        """Put rows into the rejects file with the first few reasons. They are one purchase or customer, which is `counted`,
        or a further piece of one that was."""
        message = " ".join(problem.message for problem in problems[:_MAX_REASONS])
        self._rejects.add(rows, Problem(problems[0].code, message))
        self.report.rejected += counted
        self.report.rejects = self._rejects.path
        self.report.rejected_rows = self._rejects.rows


Batches = Callable[[Running, Iterator[Row]], Iterable[T]]
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
    """Read a file batch by batch, each settled before the next is read.

    Raises ImportRefused before anything is written, OSError for a file that cannot be read.
    """
    started = time.perf_counter()
    check_options(shop, options)
    if not os.access(path.parent, os.W_OK):
        raise ImportRefused(f"The rejects would be written to {path.parent}, which cannot be written to.")
    with path.open("rb") as file:
        header = read_header(file, layout, options.mapping, options.reference)
        records = Records(file, header.delimiter, len(header.names))
        size = os.fstat(file.fileno()).st_size
        with Rejects(path, header) as rejects:
            running = Running(shop, options, header, rejects)
            for batch in batches(running, _counted(running, records)):
                await settle(running, batch)
                progress(min(records.bytes_read, size), size)
    progress(size, size)
    running.report.seconds = time.perf_counter() - started
    return running.report


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


def _counted(running: Running, records: Records) -> Iterator[Row]:
    """The rows, each with an empty cell behind those it has, for columns that the file lacks (see Header.picker)."""
    mended = running.header.is_of_rejects
    for row in records:
        running.report.rows += 1
        if mended:
            row.cells[:] = map(unescaped, row.cells)
        yield row
