"""What an import is told and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_BATCH = 2_000
"""Baskets or customers in one transaction at most: its locks must fit into PostgreSQL's table of locks."""

Progress = Callable[[int, int], None]
"""Told after each batch how many bytes of how many are done."""


class ImportRefused(Exception):
    """The file cannot be imported as it is, and nothing of it was written; the message has one line for each reason."""


@dataclass(frozen=True)
class ImportOptions:
    """How a file is to be read.

    `mapping` leads from the file's own names of columns to ours; an empty name of ours leaves a column out.
    `date_format` is one of strptime (`%d/%m/%Y %H:%M`), ISO 8601 without it. `currency` is what the amounts are in
    where the file has no column for it, the shop's own without it. `batch_size` is the number of baskets or customers
    written in one transaction. `reference` is what a purchase's reference is made of, where that takes several columns: text
    with the file's own names of columns in braces, `{Date}-{No}`. `allow_incomplete`: customers may lack what the shop requires
    of them.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    currency: str | None = None
    batch_size: int = 1_000
    reference: str | None = None
    allow_incomplete: bool = False


@dataclass
class ImportReport:
    """What became of a file.

    `rows` and `rejected_rows` count rows of the file; `created`, `unchanged`, `updated` and `rejected` count purchases
    or customers. `rejects` is the file of the rejected rows, if there are any.
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
