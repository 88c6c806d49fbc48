"""The plain columns of a customer, each described once: what is checked, written, changed, imported and exported follows from it.

A column that is one line of text costs a line in each of the three forms here, and beside that what is written out for people:
the column of the model and its migration, an attribute of `reads.CustomerRow`, a field of the GraphQL type and of both inputs.
Columns that are more than a value (code, group, status, the times) stand where what they mean is decided.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypedDict

from regulars_core.customers.contact import MAX_EMAIL, parse_email, parse_phone
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import day_written
from regulars_core.primitives.text import camel, tidy
from regulars_core.shop.settings import Settings

Check = Callable[["Column", Checks, Settings, Any], str | None]
"""Answers a value in the form in which it is kept, and notes what is wrong with it."""


def _text(column: "Column", checks: Checks, _: Settings, value: str | None) -> str | None:
    return checks.text(value, column.field, column.max_length)


def _email(column: "Column", checks: Checks, settings: Settings, value: str) -> str | None:
    text = _text(column, checks, settings, value)
    if text is None:
        return None
    email = parse_email(text)
    if email is None:
        checks.fail("INVALID_EMAIL", "This is not an e-mail address.", column.field)
    return email


def _phone(column: "Column", checks: Checks, settings: Settings, value: str) -> str | None:
    text = _text(column, checks, settings, value)
    if text is None:
        return None
    phone = parse_phone(text, settings.country)
    if phone is None:
        checks.fail("INVALID_PHONE", f"This is not a phone number, read as in {settings.country}.", column.field)
    return phone


def _past_day(column: "Column", checks: Checks, _: Settings, value: date | str) -> str | None:
    if isinstance(value, date):
        return checks.past_day(value, column.field)
    text = tidy(value)
    day = day_written(text)
    if text and day is None:
        checks.fail("INVALID_DATE", "This is no day, such as 1990-02-28.", column.field)
    return checks.past_day(day, column.field)


def _member(column: "Column", checks: Checks, _: Settings, value: str) -> str | None:
    return checks.choice(value, column.members, column.field)


@dataclass(frozen=True)
class Column:
    """A column of text. `max_length` counts the characters of a value as it is given, which is one of the `members`, if there
    are any (`Checks.choice`).

    `blank` is what stands in the table where there is nothing. A day is given as a date, or as text in ISO 8601, in which it is
    kept. Of a personal column the audit tells that it changed, and never the values.
    """

    name: str
    max_length: int
    check: Check = _text
    blank: str | None = None
    members: Sequence[str] = ()
    is_day: bool = False
    is_personal: bool = True
    is_imported: bool = True
    is_exported: bool = True

    @cached_property
    def field(self) -> str:
        """The name in the API's spelling."""
        return camel(self.name)

    def checked(self, checks: Checks, settings: Settings, value: Any) -> str | None:
        """The value in the form in which it is kept; what is wrong with it goes to the checks."""
        return self.blank if value is None else self.check(self, checks, settings, value) or self.blank


GENDERS = ("FEMALE", "MALE", "NON_BINARY", "UNDISCLOSED")
CONTACT_METHODS = ("EMAIL", "PHONE", "SMS", "POST", "MESSENGER")
CONTACT_FREQUENCIES = ("WEEKLY", "MONTHLY", "QUARTERLY")
CONTACT_TIMES = ("MORNING", "AFTERNOON", "EVENING")

COLUMNS = (
    Column("first_name", 120, blank=""),
    Column("last_name", 120, blank=""),
    Column("company_name", 240),
    Column("preferred_name", 240),
    Column("email", MAX_EMAIL, _email),
    Column("phone", 40, _phone),
    Column("birth_date", 10, _past_day, is_day=True),
    Column("gender", 16, _member, members=GENDERS),
    Column("tax_id", 64),
    Column("preferred_contact", 16, _member, members=CONTACT_METHODS, is_personal=False),
    Column("contact_frequency", 16, _member, members=CONTACT_FREQUENCIES, is_personal=False),
    Column("contact_time", 16, _member, members=CONTACT_TIMES, is_personal=False),
)
"""In the order of a form, in which mistakes are reported too."""

NAMES = tuple(column.name for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class NewColumns:
    """The columns of a customer to be registered, as given. `phone` is read as the shop's country writes numbers."""

    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    preferred_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | str | None = None
    gender: str | None = None
    tax_id: str | None = None
    preferred_contact: str | None = None
    contact_frequency: str | None = None
    contact_time: str | None = None


class ColumnChanges(TypedDict, total=False):
    """What to change of a customer's columns: what is absent stays, None clears."""

    first_name: str | None
    last_name: str | None
    company_name: str | None
    preferred_name: str | None
    email: str | None
    phone: str | None
    birth_date: date | str | None
    gender: str | None
    tax_id: str | None
    preferred_contact: str | None
    contact_frequency: str | None
    contact_time: str | None


def checked_columns(checks: Checks, settings: Settings, values: Mapping[str, Any]) -> dict[str, str | None]:
    """Those columns for which there are values, by name, in the form in which they are kept."""
    return {
        column.name: column.checked(checks, settings, values[column.name])
        for column in COLUMNS
        if column.name in values
    }
