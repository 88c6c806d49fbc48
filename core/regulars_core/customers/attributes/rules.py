"""What an attribute of customers is, and what a value of it may be. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import day_written
from regulars_core.primitives.text import bounded, tidy

MAX_DEFINITIONS = 50
MAX_VALUE = 240
MAX_KEY = 300
_MAX_DIGITS, _PLACES = 12, 6
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
TEXT, NUMBER, DATE, BOOLEAN, CHOICE = TYPES = ("TEXT", "NUMBER", "DATE", "BOOLEAN", "CHOICE")
RANGED = (NUMBER, DATE)
"""Types whose values have an order."""
FIELD = "attributes"
"""What the API calls the values of a customer's attributes."""


@dataclass(slots=True)
class Definition:
    """An attribute that the shop has declared."""

    id: str
    name: str
    label: str
    description: str | None
    type: str
    choices: Sequence[str]
    is_sensitive: bool
    is_unique: bool
    is_required: bool


Declared = Mapping[str, Definition]
"""The attributes that the shop has declared, by name."""


@dataclass(frozen=True, slots=True)
class GivenAttribute:
    """A value as it is given, by the attribute's name; None takes it away."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class CheckedAttribute:
    """A value in the form in which it is shown, None for none; and at which place of what was given it stands."""

    definition: Definition
    value: str | None
    place: int = 0

    @property
    def path(self) -> tuple[str, ...]:
        """Where the value stands in the input."""
        return (FIELD, str(self.place), "value")


def checked_attributes(
    checks: Checks, declared: Declared, given: Sequence[GivenAttribute], *, complete: bool = False
) -> list[CheckedAttribute]:
    """Values in the form in which they are shown. Where they must be `complete`, all that the shop requires must be there;
    otherwise those that are named must not be taken away."""
    checked: dict[str, CheckedAttribute] = {}
    for n, one in enumerate(given[:MAX_DEFINITIONS]):
        inner, definition = checks.nested(FIELD, str(n)), declared.get(one.name)
        if definition is None:
            inner.fail("UNKNOWN_ATTRIBUTE", "The shop has declared no attribute of this name.", "name")
        elif one.name in checked:
            inner.fail("INVALID_ATTRIBUTE", "This attribute is named twice.", "name")
        else:
            before = len(inner.problems)
            value = _value(inner, definition, one.value)
            checked[one.name] = CheckedAttribute(definition, value, n)
            if value is None and definition.is_required and len(inner.problems) == before:
                inner.fail("REQUIRED", "This must not be empty.", "value")
    if len(given) > MAX_DEFINITIONS:
        checks.fail("TOO_MANY", f"A shop has at most {MAX_DEFINITIONS} attributes.", FIELD)
    elif complete:
        note_lacking(checks, [name for name, one in declared.items() if one.is_required and name not in checked])
    return list(checked.values())


def note_lacking(checks: Checks, names: Iterable[str]) -> None:
    """Note the attributes of these names, which the shop requires and which are not given."""
    for name in names:
        checks.fail("REQUIRED", f"The attribute {name} must not be empty.", FIELD)


def _value(checks: Checks, definition: Definition, given: str | None) -> str | None:
    text = checks.text(given, "value", MAX_VALUE)
    if text is None:
        return None
    value = canonical(definition, text)
    if value is None:
        checks.fail("INVALID_ATTRIBUTE", _WANTED[definition.type], "value")
    return value


_WANTED = {
    NUMBER: "This is no number of at most 12 digits, 6 of them behind the point.",
    DATE: "This is no day, such as 2026-01-31.",
    BOOLEAN: "This is neither true nor false.",
    CHOICE: "This is none of the attribute's choices.",
}


def canonical(definition: Definition, text: str) -> str | None:
    """A value in the form in which it is shown; None for what is none of this attribute's."""
    if definition.type == NUMBER:
        return number_written(text)
    if definition.type == DATE:
        day = day_written(text)
        return None if day is None else day.isoformat()
    if definition.type == BOOLEAN:
        return text.casefold() if text.casefold() in {"true", "false"} else None
    if definition.type == CHOICE:
        return {choice_key(choice): choice for choice in definition.choices}.get(choice_key(text))
    return text


def number_written(text: str) -> str | None:
    """A number as it is shown, `12.5` for `+012.50`; None for what is none, and for one with too many digits."""
    text = tidy(text)
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, places = text.lstrip("+-").partition(".")
    whole, places = whole.lstrip("0"), places.rstrip("0")
    if len(places) > _PLACES or len(whole) + len(places) > _MAX_DIGITS:
        return None
    number = (whole or "0") + (f".{places}" if places else "")
    return f"-{number}" if text.startswith("-") and number != "0" else number


def choice_key(text: str) -> str:
    """The form in which choices and other texts are compared: without case."""
    return bounded(tidy(text).casefold(), MAX_KEY)


def key_of(type: str, value: str) -> str:
    """The form in which values of a type are compared. A number is told apart from the text that looks so by a space in front,
    with which no text begins."""
    return f" {value}" if type == NUMBER else choice_key(value)


def keys_meant(text: str) -> list[str]:
    """The keys of all values that may be meant by a text, whatever type they are of."""
    number = number_written(text)
    return [choice_key(text), *([f" {number}"] if number is not None else [])]


def ordinal_of(type: str, value: str) -> int | None:
    """By what numbers and days are compared: millionths, and days since the beginning of the calendar."""
    if type == NUMBER:
        return int(Decimal(value).scaleb(_PLACES))
    return date.fromisoformat(value).toordinal() if type == DATE else None


def ordinal_meant(text: str) -> tuple[str, int] | None:
    """The type and the ordinal of a number or a day that a text says; None for what is neither."""
    number, day = number_written(text), day_written(tidy(text))
    if number is not None:
        return NUMBER, int(Decimal(number).scaleb(_PLACES))
    return None if day is None else (DATE, day.toordinal())
