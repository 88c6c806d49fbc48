"""Cells as values: amounts, quantities, times, and store codes. Exact, and without a float anywhere."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.imports.options import ImportRefused
from regulars_core.primitives.clock import Instant, instant_of
from regulars_core.primitives.money import MAX_MINOR
from regulars_core.primitives.text import folded_words

_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?", re.ASCII)
_YES = frozenset({"1", "true", "yes", "y"})
_NO = frozenset({"", "0", "false", "no", "n"})
_PROBE = datetime(2003, 11, 25, 14, 15, 16, tzinfo=UTC)
_MAX_STORE_CODE = 16


class Unreadable(ValueError):
    """A cell is not what it should be; the message is a sentence for people."""


@lru_cache(maxsize=16_384)
def scaled(text: str, places: int, comma: bool = False) -> int | None:
    """A decimal number in units of 10^-places: ("12.5", 2) → 1250; None for an empty cell.

    With `comma` a decimal comma is understood as well. Raises Unreadable for what is no number, has more places than can
    be kept, or is beyond what can be kept.
    """
    cell = text.strip()
    if not cell:
        return None
    if comma and "." not in cell:
        cell = cell.replace(",", ".", 1)
    match = _NUMBER.fullmatch(cell)
    sign, whole, fraction = (match[1], match[2], match[3] or "") if match else ("", "", "")
    if not (whole or fraction):
        raise Unreadable("This is not a number.")
    decimals = fraction[:places]
    if fraction[places:].strip("0"):
        raise Unreadable(f"This has more than {places} decimals." if places else "This must be a whole number.")
    digits = (whole + decimals.ljust(places, "0")).lstrip("0") or "0"
    if len(digits) > len(str(MAX_MINOR)) or int(digits) > MAX_MINOR:
        raise Unreadable("This is beyond what can be kept.")
    return -int(digits) if sign == "-" else int(digits)


def truth(text: str) -> bool:
    """Whether a cell says yes; an empty one says no. Raises Unreadable."""
    said = text.strip().casefold()
    if said not in _YES | _NO:
        raise Unreadable("This is neither yes nor no.")
    return said in _YES


def times(date_format: str | None, zone: ZoneInfo) -> Callable[[str], Instant]:
    """Reads points in time; one without an offset is told by the shop's clock, a day alone is its first moment.

    What it answers raises Unreadable. Raises ImportRefused for a format that does not tell the day.
    """
    if date_format is not None:
        _check_format(date_format)
    parse = _parser(date_format)

    @lru_cache(maxsize=4_096)
    def read(text: str) -> Instant:
        moment = parse(text.strip())
        return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=zone))

    return read


def days(date_format: str | None) -> Callable[[str], date]:
    """Reads calendar days. Of a format that also tells the time of day, the part before the first space is enough."""
    whole, day_alone = _parser(date_format), _parser(date_format.split()[0] if date_format else None)

    def read(text: str) -> date:
        try:
            return day_alone(text.strip()).date()
        except Unreadable:
            return whole(text.strip()).date()

    return read


def _parser(date_format: str | None) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        try:
            moment = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)
        except ValueError:
            wanted = f"as {date_format} writes it" if date_format else "such as 2026-01-31 or 2026-01-31T09:30:00+01:00"
            raise Unreadable(f"This is not a date {wanted}.") from None
        if not 1850 <= moment.year < 3000:
            raise Unreadable("This year is too far away.")
        return moment

    return parse


def _check_format(date_format: str) -> None:
    try:
        parsed = datetime.strptime(_PROBE.strftime(date_format), date_format).date()
    except ValueError as error:
        raise ImportRefused(f"The date format {date_format!r} is none: {error}.") from error
    if parsed != _PROBE.date():
        raise ImportRefused(f"The date format {date_format!r} does not tell the day.")


@lru_cache(maxsize=4_096)
def store_code(cell: str) -> str:
    """The code of the store that a cell names: its letters and digits in capitals. What is too long for a code is cut and
    told apart by a digest, so that two long names never become one store."""
    plain = "".join(c for word in folded_words(cell) for c in word if c.isascii() and c.isalnum()).upper()
    if 0 < len(plain) <= _MAX_STORE_CODE:
        return plain
    digest = hashlib.sha256(" ".join(folded_words(cell) or [cell]).encode()).hexdigest()[:6].upper()
    return f"{plain[: _MAX_STORE_CODE - 6] or 'STORE'}{digest}"
