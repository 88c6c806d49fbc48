"""The header of a file: which of its columns is which of ours."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from regulars_core.imports.files.encodings import Lines
from regulars_core.imports.files.numbers import NumberStyle
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.selection import Holding
from regulars_core.imports.files.sources import Maker, Source, signed
from regulars_core.imports.files.templates import Template

DELIMITERS = (",", ";", "\t")
REJECT_COLUMNS = ("reject_line", "reject_code", "reject_reason")
"""What a rejects file has beside the columns of its original; never read, so that a mended one can be imported."""
_MAX_HEADER_BYTES = 1 << 16
_NOT_NAME = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"\"?sep=([,;\t])\"?", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """The columns that a kind of file may have, those that it must have, and groups of which it must have one. `instead` says
    which columns may stand in place of one that is required; `numbers` are those that hold numbers. `passed_over` are columns
    of our own exports that no file can set, and `also` are other names of ours. `unlisted` are those of the columns that are too
    many to be told of where one is not known. With what is in `own` begin those that a shop has of its own."""

    columns: Sequence[str]
    required: Sequence[str] = ()
    one_of: Sequence[Sequence[str]] = ()
    instead: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Sequence[str] = ()
    passed_over: Sequence[str] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()

    @property
    def listed(self) -> str:
        """The columns, for people."""
        return ", ".join(column for column in self.columns if column not in self.unlisted)

    def column_of(self, name: str) -> str:
        """The column of ours that a name in a header means, or the plain name where it means none: one that is ours to the letter
        is that one, whatever else may be called so."""
        exact = name.strip().casefold()
        if exact in self.columns:
            return exact
        plain = plain_name(name)
        return self.also.get(plain, plain)


@dataclass(frozen=True)
class Form:
    """How a file is written: its encoding, whether a mark of UTF-8 is at its beginning, what stands on the lines before the
    header, and what separates its cells."""

    encoding: str = "utf-8"
    has_bom: bool = False
    before: Sequence[str] = ()
    delimiter: str = ","

    @property
    def first_line(self) -> int:
        """The number of the line behind the header."""
        return len(self.before) + 2


@dataclass(frozen=True)
class Header:
    """The header of one file. `places` leads from a column of ours to its place in a row, as `padded` makes it: behind the
    cells of
    the file, and an empty one, stand those that are made of several or of nothing. `passed_over` are columns of which nothing
    becomes, `defaults` what columns of ours say where the file says nothing, `style` is how numbers are written."""

    names: Sequence[str]
    form: Form
    places: Mapping[str, int]
    makers: Sequence[Maker] = ()
    passed_over: Sequence[str] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    style: NumberStyle = field(default_factory=NumberStyle)

    @property
    def delimiter(self) -> str:
        """What separates the cells."""
        return self.form.delimiter

    @property
    def is_of_rejects(self) -> bool:
        """Whether the file is one that an import has written."""
        return all(name in self.names for name in REJECT_COLUMNS)

    def picker(self, columns: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...]]:
        """Picks the cells of two or more columns of ours out of a row that is `padded`."""
        return itemgetter(*(self.places.get(column, len(self.names)) for column in columns))

    def cells_of(self, columns: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...]]:
        """Picks or makes the cells of a few columns of ours out of a row as it stands in the file; an empty one for those that it
        does not have."""
        width = len(self.names)
        places = [self.places.get(column, width) for column in columns]
        makers = [self.makers[place - width - 1] if place > width else _at(place, width) for place in places]
        return lambda cells: tuple(make(cells) for make in makers)

    def padded(self, cells: Sequence[str]) -> list[str]:
        """A row with an empty cell at its end, which stands for every column that the file does not have, and with what is
        made of its cells."""
        return [*cells, "", *(make(cells) for make in self.makers)]


def read_header(
    file: Lines, layout: Layout, profile: Profile, mapping: Mapping[str, str], reference: str | None, encoding: str
) -> Header:
    """Read the first line, and those before it that are to be skipped, and see what it means. Raises ImportRefused with
    everything that is wrong."""
    before = [_line(file, encoding) for _ in range(profile.skip)]
    text, delimiter = _line(file, encoding), None
    if match := _SEPARATOR.fullmatch(text.removeprefix("\ufeff")):
        before, delimiter, text = [*before, text], match[1], _line(file, encoding)
    if not text.removeprefix("\ufeff").strip():
        raise ImportRefused("The first line is empty: it must name the columns.")
    has_bom = [*before, text][0].startswith("\ufeff")
    text, before = text.removeprefix("\ufeff"), [line.removeprefix("\ufeff") for line in before]
    form = Form(encoding, has_bom, before, delimiter or max(DELIMITERS, key=text.count))
    try:
        names = [name.strip() for name in next(csv.reader([text], delimiter=form.delimiter, strict=True))]
    except csv.Error as error:
        raise ImportRefused(f"The first line is not CSV: {error}.") from error
    places, makers, passed_over = _Columns(names, layout, profile, mapping, reference).places()
    defaults = {ours: source.otherwise for ours, source in profile.columns.items() if source.otherwise}
    return Header(names, form, places, makers, passed_over, defaults, profile.numbers)


def _line(file: Lines, encoding: str) -> str:
    raw = file.readline(_MAX_HEADER_BYTES)
    try:
        text = raw.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ImportRefused(
            f"The first line is not {encoding.upper()}: tell the encoding, or save the file as CSV UTF-8."
        ) from error
    if len(raw) == _MAX_HEADER_BYTES or "\r" in text or "\0" in text:
        raise ImportRefused("The first line is no header: it is too long, or its lines do not end with a newline.")
    return text


def recognised(names: Sequence[str], profile: Profile) -> bool:
    """Whether a file with these columns is one of those that the profile speaks of."""
    there = {name.strip().casefold() for name in names}
    return bool(profile.recognised_by) and all(name.casefold() in there for name in profile.recognised_by)


def names_of(file: Lines, encoding: str) -> Sequence[str]:
    """What the first line of a file says, taken apart as well as it goes."""
    try:
        text = _line(file, encoding).removeprefix("\ufeff")
        if _SEPARATOR.fullmatch(text):
            text = _line(file, encoding)
        return next(csv.reader([text], delimiter=max(DELIMITERS, key=text.count)), [])
    except (ImportRefused, csv.Error):
        return []


class _Columns:
    """Finds out which columns are which, by what was told and by their names."""

    def __init__(
        self,
        names: Sequence[str],
        layout: Layout,
        profile: Profile,
        mapping: Mapping[str, str],
        reference: str | None,
    ) -> None:
        self._names, self._layout, self._profile = names, layout, profile
        self._wanted = {theirs.strip().casefold(): ours.strip() for theirs, ours in mapping.items()}
        mapped = set(self._wanted.values())
        self._made = {
            ours: source
            for ours, source in profile.columns.items()
            if ours not in mapped and not (ours == "reference" and reference)
        }
        told_by = [*profile.only, *([profile.refunds.column] if profile.refunds else ())]
        sources = [*self._made.values(), Source(told_by)]
        if profile.refunds and profile.refunds.reference:
            sources.append(profile.refunds.reference)
        self._of_profile = {place for source in sources for place in source.columns(names)}
        self._places: dict[str, int] = {}
        self._makers: list[Maker] = []
        self._parts: frozenset[int] = frozenset()
        self._problems = _wrong_mapping(names, layout, mapping)
        self._problems += [f"Two columns are called {name!r}." for name, n in Counter(names).items() if n > 1 and name]
        if reference is not None:
            template = Template.of(reference, names)
            self._parts = template.places
            self._make("reference", template.of_row)

    def places(self) -> tuple[Mapping[str, int], Sequence[Maker], Sequence[str]]:
        """The place of each column of ours, what makes those that are made, and which of the file's are passed over."""
        self._of_the_profile()
        passed_over = self._by_name()
        layout, places = self._layout, self._places
        self._problems += [
            f"There is no column {column}{self._would_be(column)}."
            for column in layout.required
            if column not in places and not any(other in places for other in layout.instead.get(column, ()))
        ]
        for group in layout.one_of:
            if not any(column in places for column in group):
                self._problems.append(f"There must be one of the columns {', '.join(group)}.")
        if self._problems:
            raise ImportRefused("\n".join([*self._problems, f"Columns of ours: {layout.listed}."]))
        return places, self._makers, passed_over

    def _of_the_profile(self) -> None:
        profile, names, cleaning = self._profile, self._names, self._profile.cleaning
        refunds = profile.refunds
        is_refund = None if refunds is None else Holding(refunds.column, refunds.values, names)
        for ours, source in self._made.items():
            if ours not in self._layout.columns:
                self._problems.append(f"{ours} is told of, and is no column of ours.")
                continue
            turned = is_refund is not None and (ours in profile.below or ours == "reference")
            place = None if turned or cleaning != Profile().cleaning else source.place(names)
            if place is not None:
                self._places[ours] = place
            elif make := source.maker(ours, names, cleaning):
                if is_refund is not None and refunds is not None and ours == "reference" and refunds.reference:
                    make = _either(is_refund, refunds.reference.maker(ours, names, cleaning) or make, make)
                elif is_refund is not None and ours in profile.below:
                    make = _either(is_refund, _below(ours, make), make)
                self._make(ours, make)

    def _by_name(self) -> Sequence[str]:
        layout, wanted, profile = self._layout, self._wanted, self._profile
        passed = {name.strip().casefold() for name in profile.passed_over}
        unknown, passed_over = [], []
        for place, name in enumerate(self._names):
            is_wanted, ours = name.casefold() in wanted, self._ours(name)
            if place in self._parts and (ours == "reference" or ours not in layout.columns):
                continue  # it is a part of the reference, and nothing else
            if place in self._of_profile and not is_wanted:
                continue
            if not is_wanted and (profile.others_too or name.casefold() in passed):
                if name not in REJECT_COLUMNS:
                    passed_over.append(name)
            elif ours in self._places:
                taken = _named(self._names, self._places[ours])
                self._problems.append(f"Two columns are taken for {ours}: {taken} and {name!r}.")
            elif ours in layout.columns:
                self._places[ours] = place
            elif ours in layout.passed_over and not is_wanted:
                passed_over.append(name)
            elif name and name not in REJECT_COLUMNS and not is_wanted:
                unknown.append(repr(name))
        if unknown:
            self._problems.append(
                f"Not known: {', '.join(unknown)}. Map each to a column of ours (their=ours) or to nothing (their=)."
            )
        return passed_over

    def _ours(self, name: str) -> str:
        return self._wanted.get(name.casefold(), self._layout.column_of(name))

    def _make(self, ours: str, make: Maker) -> None:
        self._places[ours] = len(self._names) + 1 + len(self._makers)
        self._makers.append(make)

    def _would_be(self, column: str) -> str:
        source = self._profile.columns.get(column)
        return f", which is made of {' or '.join(map(repr, source.of))}" if source and source.of else ""


def _at(place: int, width: int) -> Maker:
    return (lambda cells: "") if place == width else itemgetter(place)


def _either(condition: Callable[[Sequence[str]], bool], one: Maker, other: Maker) -> Maker:
    return lambda cells: one(cells) if condition(cells) else other(cells)


def _below(ours: str, make: Maker) -> Maker:
    """Makes a number below 0; a quantity that is not told is one piece."""
    otherwise = "-1" if ours == "quantity" else ""
    return lambda cells: signed(make(cells), "BELOW") or otherwise


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


def plain_name(name: str) -> str:
    """`Customer Code` and `customer-code` mean customer_code."""
    return _NOT_NAME.sub("_", name.casefold()).strip("_")
