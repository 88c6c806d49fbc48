"""Cells as values: yes and no, times, and store codes."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.primitives.clock import Instant, instant_of

_YES = frozenset({"1", "true", "yes", "y"})
_NO = frozenset({"", "0", "false", "no", "n"})
_PROBE = datetime(2003, 11, 25, 14, 15, 16, tzinfo=UTC)
_MAX_STORE_CODE = 16


class Unreadable(ValueError):
    """A cell is not what it should be; the message is a sentence for people."""


def truth(text: str) -> bool:
    """Whether a cell says yes; an empty one says no. Raises Unreadable."""
    said = text.strip().casefold()
    if said not in _YES | _NO:
        raise Unreadable("This is neither yes nor no.")
    return said in _YES


Times = Callable[[str, str], Instant]
"""Reads a point in time and the name of a zone, empty for that of the file. Raises Unreadable."""


def times(date_formats: Sequence[str], zone: ZoneInfo) -> Times:
    """Reads points in time, by the first of the formats that fits; one without an offset is told by the clock of `zone`, a day
    alone is its first moment.

    Raises ImportRefused for a format that does not tell the day.
    """
    for date_format in date_formats:
        _check_format(date_format)
    parse = _parser(date_formats)

    @lru_cache(maxsize=4_096)
    def read(text: str, named: str) -> Instant:
        moment = parse(_bare(text))
        return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=_zone(named) if named else zone))

    return read


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Unreadable("The time zone is none, such as Europe/Madrid.") from None


def days(date_formats: Sequence[str]) -> Callable[[str], date]:
    """Reads calendar days. Of a format that also tells the time of day, the part before the first space is enough."""
    whole, day_alone = _parser(date_formats), _parser([one.split()[0] for one in date_formats])

    def read(text: str) -> date:
        try:
            return day_alone(_bare(text)).date()
        except Unreadable:
            return whole(_bare(text)).date()

    return read


def _bare(text: str) -> str:
    """The cell without the apostrophe that a spreadsheet puts before what is not to be a number."""
    return text.strip().removeprefix("'")


def _parser(date_formats: Sequence[str]) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        moment = _first(text, date_formats)
        if moment is None:
            wanted = (
                f"as {' or '.join(date_formats)} writes it"
                if date_formats
                else "such as 2026-01-31 or 2026-01-31T09:30:00+01:00"
            )
            raise Unreadable(f"This is not a date {wanted}.") from None
        if not 1850 <= moment.year < 3000:
            raise Unreadable("This year is too far away.")
        return moment

    return parse


def _first(text: str, date_formats: Sequence[str]) -> datetime | None:
    for date_format in date_formats or [""]:
        try:
            return datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)
        except ValueError:
            continue
    return None


def _check_format(date_format: str) -> None:
    try:
        parsed = datetime.strptime(_PROBE.strftime(date_format), date_format).date()
    except ValueError as error:
        raise ImportRefused(f"The date format {date_format!r} is none: {error}.") from error
    if parsed != _PROBE.date():
        raise ImportRefused(f"The date format {date_format!r} does not tell the day.")


_NOT_WORD = re.compile(r"[\W_]+")
_APART = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l"}
)


def _words_of_stores(cell: str) -> list[str]:
    """The words of a store's name as they were folded when stores were first named so. A store with another code is another one,
    whose purchases are others: so this stays as it is, whatever searches learn."""
    plain = unicodedata.normalize("NFKD", cell.translate(_APART))
    return _NOT_WORD.sub(" ", "".join(c for c in plain if not unicodedata.combining(c)).casefold()).split(" ")


@lru_cache(maxsize=4_096)
def store_code(cell: str) -> str:
    """The code of the store that a cell names: its letters and digits in capitals. What is too long for a code is cut and
    told apart by a digest, so that two long names never become one store."""
    words = [word for word in _words_of_stores(cell) if word]
    plain = "".join(c for word in words for c in word if c.isascii() and c.isalnum()).upper()
    if 0 < len(plain) <= _MAX_STORE_CODE:
        return plain
    digest = hashlib.sha256(" ".join(words or [cell]).encode()).hexdigest()[:6].upper()
    return f"{plain[: _MAX_STORE_CODE - 6] or 'STORE'}{digest}"
