"""What an import is told and what it answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regulars_core.imports.files.profiles import Profile

MAX_BATCH = 2_000
"""Baskets or customers in one transaction at most: its locks must fit into PostgreSQL's table of locks."""

Progress = Callable[[int, int], None]
"""Told after each batch how many bytes of how many are done."""


@dataclass(frozen=True)
class ImportOptions:
    """How a file is to be read.

    `mapping` leads from the file's own names of columns to ours; an empty name of ours leaves a column out.
    `date_format` is one of strptime (`%d/%m/%Y %H:%M`), ISO 8601 without it. `currency` is what the amounts are in
    where the file has no column for it, the shop's own without it. `batch_size` is the number of baskets or customers
    written in one transaction. `reference` is what a purchase's reference is made of, where that takes several columns: text
    with the file's own names of columns in braces, `{Date}-{No}`. `allow_incomplete`: customers may lack what the shop requires
    of them. `profile` says how the program that wrote the file does it; what is told beside it goes before it. `check`:
    nothing is
    written, and the report tells what would be. `replace_voided`: purchases whose reference was voided are recorded anew.
    `proper_case`: names of people that are in capitals or small letters alone are written as people would.
    `compares`: whether a check tells who would be changed and who is as the file says, and a rejected row in what its customer
    is different; without it both are unchanged, and a row is not told that.
    `keeps_rejects`: a check writes the file of the rejected rows all the same.
    `may_be_nobody`: purchases whose buyer cannot be recognised, nor registered, are recorded as nobody's.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    currency: str | None = None
    batch_size: int = 1_000
    reference: str | None = None
    allow_incomplete: bool = False
    profile: Profile | None = None
    check: bool = False
    replace_voided: bool = False
    proper_case: bool = False
    may_be_nobody: bool = False
    compares: bool = True
    keeps_rejects: bool = False
    after_batch: "AfterBatch | None" = None
    """Told after each batch how many bytes of how many are done, and of what has become of them; by raising it ends the import,
    of which what was written stays."""

    @property
    def date_formats(self) -> Sequence[str]:
        """The formats of dates, first fitting first; none for ISO 8601."""
        if self.date_format is not None:
            return [self.date_format]
        return self.profile.date_formats if self.profile else ()

    @property
    def writes_rejects(self) -> bool:
        """Whether the rejected rows are written into a file beside the one that is read."""
        return self.keeps_rejects or not self.check

    @property
    def takes_incomplete(self) -> bool:
        """Whether customers may lack what the shop requires of them, by what was told or by the profile."""
        return self.allow_incomplete or (self.profile is not None and self.profile.allow_incomplete)


@dataclass(frozen=True)
class Sample:
    """One of the first that were rejected, or told of, for one reason: its line, the code, and why."""

    line: int
    code: str
    reason: str


@dataclass
class ImportReport:
    """What became of a file.

    `rows` and `rejected_rows` count rows of the file; `created`, `unchanged`, `updated` and `rejected` count purchases
    or customers. `left_out` are rows that were not wanted. `refunded` and `voided` count purchases of which something was
    given back,
    or which were undone, as the file says. `rejects` is the file of the rejected rows, if there are any; `samples` are the first
    few of them for each code, and `passed_over` the columns of which nothing becomes.
    """

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    updated: int = 0
    rejected: int = 0
    rejected_rows: int = 0
    customers_created: int = 0
    stores_created: int = 0
    rejects: Path | None = None
    seconds: float = 0.0
    left_out: int = 0
    refunded: int = 0
    voided: int = 0
    passed_over: Sequence[str] = ()
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """How many were rejected for each code."""
    told: dict[str, list[Sample]] = field(default_factory=dict)
    """The first few that were taken although a cell that was not needed could not be, by the code of what is wrong with it."""
    told_counts: dict[str, int] = field(default_factory=dict)


AfterBatch = Callable[[int, int, ImportReport], Awaitable[None]]
