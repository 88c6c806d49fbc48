"""Profiles: how a program writes its files, as a table that people can read and write."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.imports.files.numbers import NumberStyle
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.sources import SIGNS, Cleaning, Source

NAME_ORDERS = ("given-first", "family-first", "latin-given-first", "whole")
"""How full names are written. Of the third those in the letters of East Asia are left whole, whose order nobody has told."""
OF_SHOP = "shop"
"""Stands for the signs of the shop's currency."""
_AMOUNTS_BELOW = ("quantity", "total", "line_tax", "tax", "purchase_subtotal", "purchase_total")


@dataclass(frozen=True)
class Refunds:
    """Which rows tell that goods came back: those with one of `values` in a column. They are purchases of their own, below 0;
    their `reference` is made otherwise than that of sales, where it is told."""

    column: str
    values: Sequence[str]
    reference: Source | None = None


@dataclass(frozen=True)
class Profile:
    """How a program writes its files.

    `recognised_by` are columns that only its files have, all of them. `columns` says what ours are made of. `passed_over` are
    columns that nothing becomes of; `others_too` says that those which are not named here are passed over as well, and not
    refused. `only` leaves rows out that hold none of these values in a column. `empty` are words that say nothing, `apostrophes`
    are taken away before numbers. `signs_of_shop` lets amounts have the signs of the shop's currency.
    """

    name: str = ""
    title: str = ""
    recognised_by: Sequence[str] = ()
    columns: Mapping[str, Source] = field(default_factory=dict)
    passed_over: Sequence[str] = ()
    others_too: bool = False
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refunds: Refunds | None = None
    encoding: str | None = None
    skip: int = 0
    numbers: NumberStyle = field(default_factory=NumberStyle)
    signs_of_shop: bool = False
    date_formats: Sequence[str] = ()
    zone: ZoneInfo | None = None
    full_names: str = "whole"
    tag_separator: str = "|"
    allow_incomplete: bool = False
    empty: Sequence[str] = ()
    apostrophes: bool = False

    @property
    def cleaning(self) -> Cleaning:
        """What is taken out of cells."""
        return Cleaning(frozenset(word.strip().casefold() for word in self.empty), self.apostrophes)

    @property
    def below(self) -> Sequence[str]:
        """Columns of ours that are below 0 in rows that tell of refunds."""
        return _AMOUNTS_BELOW if self.refunds else ()


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name. Raises ImportRefused."""
    try:
        return ZoneInfo(name.strip())
    except (ValueError, OSError, KeyError) as error:
        raise ImportRefused(f"{name!r} is no time zone, such as Europe/Madrid.") from error


def read_profile(path: Path, columns: Sequence[str], own: tuple[str, ...] = ()) -> Profile:
    """The profile in a TOML file, for files that have these columns of ours, and those that a shop has of its `own`, told by how
    they begin: which these are is seen when a file is read. Raises ImportRefused with everything that is wrong, OSError for a
    file that cannot be read."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path.name} is not TOML: {error}.") from error
    return _Reading(path.name, table).profile(path.name.partition(".")[0], columns, own)


class _Reading:
    """Takes a table apart, and gathers what is wrong with it."""

    def __init__(self, file: str, table: dict[str, Any]) -> None:
        self._file, self._table, self._problems = file, table, list[str]()

    def profile(self, name: str, columns: Sequence[str], own: tuple[str, ...]) -> Profile:
        tables = {key: self._take(key, dict, {}) for key in ("file", "numbers", "dates", "columns", "fixed", "only")}
        sources = {ours: self._source(ours, said) for ours, said in _named(tables["columns"], own)}
        for ours, value in _named(tables["fixed"], own):
            if ours in sources:
                self._problems.append(f"{ours} is both a column and fixed.")
            sources[ours] = Source((), otherwise=self._text(f"fixed.{ours}", value))
        self._problems += [
            f"{ours} is no column of ours." for ours in sources if ours not in columns and not ours.startswith(own)
        ]
        order = self._take("full_names", str, "whole")
        if order not in NAME_ORDERS:
            self._problems.append(f"full_names is one of {', '.join(NAME_ORDERS)}.")
        style, of_shop = self._style(tables["numbers"])
        profile = Profile(
            name=name,
            title=self._take("title", str, name),
            recognised_by=self._texts("recognised_by", self._take("recognised_by", list, [])),
            columns=sources,
            passed_over=self._texts("passed_over", self._take("passed_over", list, [])),
            others_too=self._take("others_too", bool, False),
            only={theirs: self._texts(f"only.{theirs}", values) for theirs, values in tables["only"].items()},
            refunds=self._refunds(self._take("refunds", dict, {})),
            encoding=self._of(tables["file"], "file", "encoding", str, None),
            skip=self._of(tables["file"], "file", "skip", int, 0),
            numbers=style,
            signs_of_shop=of_shop,
            date_formats=self._texts("dates.formats", self._of(tables["dates"], "dates", "formats", list, [])),
            zone=self._zone(self._of(tables["dates"], "dates", "zone", str, None)),
            full_names=order,
            tag_separator=self._take("tag_separator", str, "|"),
            allow_incomplete=self._take("allow_incomplete", bool, False),
            empty=self._texts("empty", self._take("empty", list, [])),
            apostrophes=self._take("apostrophes", bool, False),
        )
        rests = {"": self._table, **{key: tables[key] for key in ("file", "numbers", "dates")}}
        self._problems += [
            f"{key}{'.' if key else ''}{one} is not known." for key, left in rests.items() for one in left
        ]
        if self._problems:
            raise ImportRefused("\n".join(f"{self._file}: {problem}" for problem in self._problems))
        return profile

    def _style(self, table: dict[str, Any]) -> tuple[NumberStyle, bool]:
        signs = table.pop("currency_signs", [])
        of_shop = signs == OF_SHOP
        try:
            style = NumberStyle(
                self._of(table, "numbers", "decimal", str, None),
                self._of(table, "numbers", "thousands", str, ""),
                frozenset(() if of_shop else self._texts("numbers.currency_signs", signs)),
                self._of(table, "numbers", "accounting", bool, False),
                self._of(table, "numbers", "rounded", bool, False),
            )
        except ImportRefused as refused:
            self._problems.append(str(refused))
            style = NumberStyle()
        return style, of_shop

    def _refunds(self, table: dict[str, Any]) -> Refunds | None:
        if not table:
            return None
        reference = table.pop("reference", None)
        column = self._of(table, "refunds", "column", str, "")
        values = self._texts("refunds.values", self._of(table, "refunds", "values", list, []))
        self._problems += [f"refunds.{one} is not known." for one in table]
        if not column or not values:
            self._problems.append("refunds needs a column and values.")
        return Refunds(column, values, None if reference is None else self._source("refunds.reference", reference))

    def _source(self, ours: str, said: Any) -> Source:
        if not isinstance(said, dict):
            return Source(self._names(ours, said))
        table = dict(said)
        sign = self._of(table, ours, "sign", str, "").upper()
        if sign not in SIGNS:
            self._problems.append(f"{ours}.sign is above or below.")
        values = self._of(table, ours, "values", dict, {})
        source = Source(
            self._names(f"{ours}.of", table.pop("of", [])),
            {theirs: self._text(f"{ours}.values.{theirs}", value, empty=True) for theirs, value in values.items()},
            self._of(table, ours, "otherwise", str, ""),
            sign,
            self._of(table, ours, "has", str, ""),
            self._of(table, ours, "lacks", str, ""),
        )
        self._problems += [f"{ours}.{one} is not known." for one in table]
        return source

    def _zone(self, name: str | None) -> ZoneInfo | None:
        try:
            return None if name is None else zone_named(name)
        except ImportRefused as refused:
            self._problems.append(str(refused))
            return None

    def _names(self, where: str, said: Any) -> Sequence[str]:
        return [said] if isinstance(said, str) else self._texts(where, said)

    def _texts(self, where: str, said: Any) -> Sequence[str]:
        if not isinstance(said, list):
            self._problems.append(f"{where} is a list of texts.")
            return []
        return [self._text(where, one) for one in said]

    def _text(self, where: str, said: Any, *, empty: bool = False) -> str:
        if isinstance(said, str) and (said or empty):
            return said
        self._problems.append(f"{where} is text.")
        return ""

    def _take(self, key: str, kind: type, otherwise: Any) -> Any:
        return self._of(self._table, "", key, kind, otherwise)

    def _of(self, table: dict[str, Any], where: str, key: str, kind: type, otherwise: Any) -> Any:
        said: Any = table.pop(key, otherwise)
        is_number = isinstance(said, int) and not isinstance(said, bool) and said >= 0
        if said is otherwise or (is_number if kind is int else isinstance(said, kind)):
            return said
        self._problems.append(f"{where}{'.' if where else ''}{key} is not what it should be.")
        return otherwise


def _named(table: dict[str, Any], own: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The columns of a table: to TOML `attribute.size` is a table of its own where it stands without quotes."""
    for name, said in table.items():
        if isinstance(said, dict) and f"{name}." in own:
            yield from ((f"{name}.{one}", each) for one, each in said.items())
        else:
            yield name, said
