"""Amounts and quantities: read strictly, by the signs that the file was told to use. Exact, without a float anywhere."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.languages import get_official_languages
from babel.numbers import get_currency_symbol

from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.values import Unreadable
from regulars_core.primitives.money import MAX_MINOR

THOUSANDS = {"": "", ",": ",", ".": r"\.", " ": "[ \u00a0\u202f]", "'": "['’]"}
"""Signs that may stand between thousands; a space is any that numbers are written with."""
DECIMALS = (".", ",")
_NUMBER = re.compile(r"([+-]?)(\d*)(?:[.,](\d*))?", re.ASCII)
_LIKE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_WITH_COMMA = re.compile(r"'?[+-]?[\d .']*,\d*", re.ASCII)


@dataclass(frozen=True)
class NumberStyle:
    """How a file writes numbers.

    `decimal` is the sign before decimals, None where nobody has told it. `thousands` is what stands between thousands, nothing
    if empty. `currency_signs` may stand before or after an amount. `accounting` says that what is in parentheses, or has a
    minus behind it, is below 0. `rounded` says that amounts may have more decimals than the currency, and are rounded half-up.
    `is_found`: nobody told the decimal sign, but other numbers of the file have it.
    """

    decimal: str | None = None
    thousands: str = ""
    currency_signs: frozenset[str] = field(default_factory=frozenset)
    accounting: bool = False
    rounded: bool = False
    is_found: bool = False

    def __post_init__(self) -> None:
        if self.decimal not in (None, *DECIMALS):
            raise ImportRefused(f"The decimal sign is a point or a comma, not {self.decimal!r}.")
        if self.thousands not in THOUSANDS:
            raise ImportRefused(f"Between thousands stands one of , . ' and space, not {self.thousands!r}.")
        if self.thousands and self.thousands == self.decimal:
            raise ImportRefused("Decimals and thousands cannot have the same sign.")
        if self.thousands and self.decimal is None and self.thousands in DECIMALS:
            raise ImportRefused("Whoever tells the sign between thousands tells the decimal sign as well.")

    def with_signs_of(self, currency: str, country: str) -> "NumberStyle":
        """The style, with the signs of a currency as people of a country and of English write it."""
        return replace(self, currency_signs=self.currency_signs | signs_of(currency, country))


@lru_cache(maxsize=64)
def signs_of(currency: str, country: str) -> frozenset[str]:
    """What stands for a currency: its code, and its signs in English and in the languages of a country."""
    signs = {currency, get_currency_symbol(currency, "en")}
    for language in get_official_languages(country):
        try:
            signs.add(get_currency_symbol(currency, Locale.parse(f"{language}_{country}")))
        except (UnknownLocaleError, ValueError):
            continue  # a language of which no signs are known
    return frozenset(signs)


Numbers = Callable[[str, int], int | None]
"""Reads a number in units of 10^-places: ("12.5", 2) → 1250; None for an empty cell. Raises Unreadable."""


def numbers(style: NumberStyle, delimiter: str, *, amounts: bool) -> Numbers:
    """Reads the numbers of a file, `amounts` with currency signs. Decimals beyond the places may only be noughts.

    Three digits behind one to three others could be thousands. They are decimals only where the decimal sign was told; or where
    there may be so many and the sign is known, since it was found or commas separate cells.
    """
    sign, told = style.decimal or ".", style.decimal is not None and not style.is_found
    is_known = style.is_found or delimiter == ","
    grouped = (
        re.compile(rf"([+-]?\d{{1,3}}(?:{THOUSANDS[style.thousands]}\d{{3}})+)(.*)", re.ASCII)
        if style.thousands
        else None
    )

    @lru_cache(maxsize=16_384)
    def read(text: str, places: int) -> int | None:
        cell = text.strip()
        if not cell:
            return None
        cell = _plain(cell, style, amounts=amounts)
        if grouped is not None and (match := grouped.fullmatch(cell)):
            cell = re.sub(r"[^\d+-]", "", match[1]) + match[2]
        match = _NUMBER.fullmatch(cell)
        before, whole, fraction = (match[1], match[2], match[3] or "") if match else ("", "", "")
        if not (whole or fraction):
            raise Unreadable("This is not a number.")
        other = "," if sign == "." else "."
        if other in cell:
            raise Unreadable(f"The decimal sign is {sign!r} here, not {other!r}.")
        if not told and (places < 3 or not is_known) and _LIKE_THOUSANDS.fullmatch(cell):
            raise Unreadable(f"The {sign!r} may stand before decimals or thousands; tell which, or leave it out.")
        if amounts and style.rounded:
            kept = _scaled("", whole, fraction[:places], places) + (fraction[places : places + 1] >= "5")
            return -kept if before == "-" else kept
        return _scaled(before, whole, fraction, places)

    return read


def _plain(cell: str, style: NumberStyle, *, amounts: bool) -> str:
    """The number without what a spreadsheet puts before it, and without the signs that were told: its sign is in front."""
    cell = cell.removeprefix("'").replace("\u2212", "-")
    signs = style.currency_signs if amounts else frozenset[str]()
    bare, is_below = _without_sign(cell, signs), False
    if style.accounting:
        signs = frozenset() if bare != cell else signs
        if bare.startswith("(") and bare.endswith(")"):
            bare, is_below = _without_sign(bare[1:-1].strip(), signs), True
        elif bare.endswith("-"):
            bare, is_below = _without_sign(bare[:-1].strip(), signs), True
        if is_below and any(sign in bare for sign in "-+("):
            raise Unreadable("This is not a number.")
    return f"-{bare}" if is_below else bare


def _without_sign(cell: str, signs: Iterable[str]) -> str:
    before, rest = (cell[0], cell[1:].strip()) if cell[:1] in ("+", "-") else ("", cell)
    for sign in sorted(signs, key=len, reverse=True):
        if rest.startswith(sign):
            rest = rest.removeprefix(sign).strip()
            break
        if rest.endswith(sign):
            rest = rest.removesuffix(sign).strip()
            break
    return before + rest


def _scaled(sign: str, whole: str, fraction: str, places: int) -> int:
    if fraction[places:].strip("0"):
        raise Unreadable(f"This has more than {places} decimals." if places else "This must be a whole number.")
    digits = (whole + fraction[:places].ljust(places, "0")).lstrip("0") or "0"
    if len(digits) > len(str(MAX_MINOR)) or int(digits) > MAX_MINOR:
        raise Unreadable("This is beyond what can be kept.")
    return -int(digits) if sign == "-" else int(digits)


def decimal_sign(rows: Iterable[Sequence[str]], picked: Sequence[int]) -> str | None:
    """The decimal sign of a file in which the comma need not separate cells: a comma if any number has one, else None, since a
    point may be one or may stand between thousands. `picked` are the places of the numbers."""
    for cells in rows:
        for place in picked:
            if "," in cells[place] and _WITH_COMMA.fullmatch(cells[place].strip()):
                return ","
    return None
