"""The header of a file: which of its columns is which of ours."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import BinaryIO

from regulars_core.imports.files.references import ReferenceTemplate
from regulars_core.imports.options import ImportRefused

DELIMITERS = (",", ";", "\t")
REJECT_COLUMNS = ("reject_line", "reject_code", "reject_reason")
"""What a rejects file has beside the columns of its original; never read, so that a mended one can be imported."""
_MAX_HEADER_BYTES = 1 << 16
_NOT_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Layout:
    """The columns that a kind of file may have, those that it must have, and groups of which it must have one. `instead` says
    which column may stand in place of one that is required."""

    columns: Sequence[str]
    required: Sequence[str] = ()
    one_of: Sequence[Sequence[str]] = ()
    instead: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """The header of one file. `places` leads from a column of ours to its place in a row, as `padded` makes it; the `reference`
    may be made of several columns."""

    names: Sequence[str]
    delimiter: str
    has_bom: bool
    places: Mapping[str, int]
    reference: ReferenceTemplate | None = None

    @property
    def is_of_rejects(self) -> bool:
        """Whether the file is one that an import has written."""
        return all(name in self.names for name in REJECT_COLUMNS)

    def picker(self, columns: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...]]:
        """Picks the cells of two or more columns of ours out of a row that is `padded`."""
        return itemgetter(*(self.places.get(column, len(self.names)) for column in columns))

    def padded(self, cells: Sequence[str]) -> list[str]:
        """A row with an empty cell at its end, which stands for every column that the file does not have, and with the reference
        where that is made of several."""
        made = [] if self.reference is None else [self.reference.of_row(cells)]
        return [*cells, "", *made]


def read_header(file: BinaryIO, layout: Layout, mapping: Mapping[str, str], reference: str | None = None) -> Header:
    """Read the first line and see what it means. Raises ImportRefused with everything that is wrong."""
    raw = file.readline(_MAX_HEADER_BYTES)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefused("The file is UTF-16: save it as CSV UTF-8.")
    if not raw.strip():
        raise ImportRefused("The first line is empty: it must name the columns.")
    has_bom = raw.startswith(codecs.BOM_UTF8)
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ImportRefused("The first line is not UTF-8: save the file as CSV UTF-8.") from error
    if len(raw) == _MAX_HEADER_BYTES or "\r" in text or "\0" in text:
        raise ImportRefused("The first line is no header: it is too long, or its lines do not end with a newline.")
    delimiter = max(DELIMITERS, key=text.count)
    try:
        names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise ImportRefused(f"The first line is not CSV: {error}.") from error
    template = None if reference is None else ReferenceTemplate.of(reference, names)
    return Header(names, delimiter, has_bom, _places(names, layout, mapping, template), template)


def _places(
    names: Sequence[str], layout: Layout, mapping: Mapping[str, str], reference: ReferenceTemplate | None
) -> Mapping[str, int]:
    wanted = {theirs.strip().casefold(): ours.strip() for theirs, ours in mapping.items()}
    problems = _wrong_mapping(names, layout, mapping)
    problems += [f"Two columns are called {name!r}." for name, n in Counter(names).items() if n > 1 and name]
    places: dict[str, int] = {} if reference is None else {"reference": len(names) + 1}
    unknown = []
    for place, name in enumerate(names):
        ours = wanted.get(name.casefold(), name if name in REJECT_COLUMNS else _plain(name))
        if reference is not None and place in reference.places and (ours == "reference" or ours not in layout.columns):
            continue  # it is a part of the reference, and nothing else
        if ours in places:
            problems.append(f"Two columns are taken for {ours}: {_named(names, places[ours])} and {name!r}.")
        elif ours in layout.columns:
            places[ours] = place
        elif name and name not in REJECT_COLUMNS and name.casefold() not in wanted:
            unknown.append(repr(name))
    if unknown:
        problems.append(
            f"Not known: {', '.join(unknown)}. Map each to a column of ours (their=ours) or to nothing (their=)."
        )
    problems += [
        f"There is no column {column}."
        for column in layout.required
        if column not in places and layout.instead.get(column) not in places
    ]
    for group in layout.one_of:
        if not any(column in places for column in group):
            problems.append(f"There must be one of the columns {', '.join(group)}.")
    if problems:
        raise ImportRefused("\n".join([*problems, f"Columns of ours: {', '.join(layout.columns)}."]))
    return places


def _named(names: Sequence[str], place: int) -> str:
    return repr(names[place]) if place < len(names) else "what it is made of"


def _wrong_mapping(names: Sequence[str], layout: Layout, mapping: Mapping[str, str]) -> list[str]:
    theirs = {name.casefold() for name in names}
    missing = [f"The file has no column {name!r}." for name in mapping if name.strip().casefold() not in theirs]
    foreign = [
        f"{name!r} is mapped to {ours!r}, which is no column of ours."
        for name, ours in mapping.items()
        if ours.strip() and ours.strip() not in layout.columns
    ]
    return missing + foreign


def _plain(name: str) -> str:
    """`Customer Code` and `customer-code` mean customer_code."""
    return _NOT_NAME.sub("_", name.casefold()).strip("_")
