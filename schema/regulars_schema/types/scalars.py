"""Strict scalars: what is not exactly of the form is refused at the border, the same on both databases."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NewType

from graphql import GraphQLError
from graphql.language import IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from regulars_core.customers.contact import MAX_EMAIL, parse_email
from regulars_core.primitives.clock import EARLIEST, LATEST, Instant, day_written, instant_of, printed
from regulars_core.primitives.money import CurrencyCode, is_currency
from regulars_core.primitives.text import is_clean

EmailAddress = NewType("EmailAddress", str)
"""An e-mail address, as text."""
PhoneNumber = NewType("PhoneNumber", str)
"""A phone number in E.164, as text."""
BigInt = NewType("BigInt", int)
"""A whole number of up to 64 bits."""
CustomerFilter = NewType("CustomerFilter", dict[str, Any])
"""A stored tree of conditions on customers: JSON in the shape of CustomerWhere, as clients have given it."""

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that every client's numbers hold exactly, which are floats of 64 bits (ECMA-262)."""

_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)
_MAX_DECIMAL = 80  # characters; some databases print dozens of zeros behind the point
_WHOLE = re.compile(r"0|-?[1-9]\d{0,18}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def bad_value(message: str) -> GraphQLError:
    """A value that a scalar refuses."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise bad_value(f"{name} takes a string, not {type(value).__name__}.")
    if len(value) > longest:
        raise bad_value(f"{name} takes at most {longest} characters.")
    if not is_clean(value):
        raise bad_value(f"{name} takes neither NUL nor lone surrogates.")
    return value


def parse_decimal(value: object) -> Decimal:
    """A decimal in digits of any scale, with an exponent or without, as clients' decimal types print them; or a whole number that
    no client has rounded. A float has been rounded already."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) <= MAX_SAFE_INTEGER:
            return Decimal(value)
        raise bad_value("Decimal takes an integer of at most 53 bits; send a larger one as a string.")
    if isinstance(value, float):
        raise bad_value('Decimal takes a string such as "10.50" or a whole number, not a float, which is rounded.')
    text = _text("Decimal", value, _MAX_DECIMAL)
    if not _DECIMAL.fullmatch(text) or (text.startswith("-") and not Decimal(text)):
        raise bad_value('Decimal takes digits such as "10.50" or "1.05e+1", or a whole number.')
    digits = format(Decimal(text), "f")
    whole, _, behind = digits.partition(".")
    return Decimal(f"{whole}.{behind.rstrip('0')}" if len(behind) > 6 else digits)


def parse_instant(value: object) -> Instant:
    """An RFC 3339 time with an offset, cut to milliseconds."""
    text = _text("DateTime", value, 40)
    if not _INSTANT.fullmatch(text):
        raise bad_value('DateTime takes RFC 3339 with an offset, such as "2026-01-31T09:30:00+01:00".')
    try:
        instant = instant_of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise bad_value("DateTime takes an instant that exists.") from None
    if not EARLIEST <= instant <= LATEST:
        raise bad_value("DateTime takes an instant between 0001-01-02 and 9999-12-30.")
    return instant


def parse_date(value: object) -> date:
    """A calendar day."""
    day = day_written(_text("Date", value, 10))
    if day is not None:
        return day
    raise bad_value('Date takes a day that exists, such as "1990-02-28".')


def _parse_email(value: object) -> EmailAddress:
    email = parse_email(_text("EmailAddress", value, MAX_EMAIL))
    if email is None:
        raise bad_value("EmailAddress takes an e-mail address.")
    return EmailAddress(email)


def _parse_currency(value: object) -> CurrencyCode:
    text = _text("CurrencyCode", value, 3)
    if not is_currency(text):
        raise bad_value('CurrencyCode takes an ISO 4217 code, such as "EUR".')
    return CurrencyCode(text)


def _parse_phone(value: object) -> PhoneNumber:
    text = _text("PhoneNumber", value, 16)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", text, re.ASCII):
        raise bad_value('PhoneNumber takes E.164, such as "+525512345678".')
    return PhoneNumber(text)


def parse_big_int(value: object) -> BigInt:
    """A whole number of up to 64 bits: in plain digits, or as an integer that no client has rounded."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) <= MAX_SAFE_INTEGER:
            return BigInt(value)
        raise bad_value("BigInt takes an integer of at most 53 bits; send a larger one as a string.")
    text = _text("BigInt", value, 20)
    if not _WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise bad_value('BigInt takes plain digits of at most 64 bits, such as "12000".')
    return BigInt(int(text))


def _or_whole(name: str, parse: Callable[[object], Any]) -> Callable[..., Any]:
    """Reads a literal of a scalar that takes a string or a whole number."""

    def literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        if isinstance(node, IntValueNode):
            if node.value == "-0":
                raise bad_value(f"{name} takes no zero below 0.")
            return parse(int(node.value[:_MAX_DECIMAL]))
        if not isinstance(node, StringValueNode):
            raise bad_value(f"{name} takes a string or a whole number.")
        return parse(node.value)

    return literal


def _print_big_int(value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise TypeError(f"BigInt is a whole number of up to 64 bits, not {value!r}.")
    return str(value)


def _only_answered(*_: object) -> Any:
    raise bad_value("CustomerFilter is only answered; send what it answers as a CustomerWhere.")


def _strict(
    name: str, description: str, parse: Callable[[object], Any], serialize: Callable[[Any], str], url: str | None = None
) -> ScalarDefinition:
    def literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        if not isinstance(node, StringValueNode):
            raise bad_value(f"{name} takes a string.")
        return parse(node.value)

    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=url,
        serialize=serialize,
        parse_value=parse,
        parse_literal=literal,
    )


def _same(value: Any) -> str:
    return str(value)


SCALARS: Mapping[object, ScalarDefinition] = {
    Decimal: ScalarDefinition(
        name="Decimal",
        description="A decimal number. Printed as a string of plain digits such as `10.50`; taken as such a string, with an "
        "exponent or without, or as a whole number; never as a float.",
        specified_by_url=None,
        serialize=lambda value: format(value, "f") if isinstance(value, Decimal) else str(value),
        parse_value=parse_decimal,
        parse_literal=_or_whole("Decimal", parse_decimal),
    ),
    Instant: _strict(
        "DateTime",
        "An instant as RFC 3339. An offset is required on the way in; on the way out it is UTC with milliseconds.",
        parse_instant,
        printed,
        "https://scalars.graphql.org/andimarek/date-time",
    ),
    date: _strict(
        "Date",
        "A calendar day such as `1990-02-28`.",
        parse_date,
        lambda value: value.isoformat() if isinstance(value, date) else str(value),
    ),
    EmailAddress: _strict("EmailAddress", "An e-mail address, kept in lower case.", _parse_email, _same),
    PhoneNumber: _strict("PhoneNumber", "A phone number in E.164, such as `+525512345678`.", _parse_phone, _same),
    CurrencyCode: _strict("CurrencyCode", "An ISO 4217 currency code, such as `EUR`.", _parse_currency, _same),
    BigInt: ScalarDefinition(
        name="BigInt",
        description='A whole number of up to 64 bits. Printed as a string of plain digits such as `"12000"`; taken as such a '
        "string or as an integer, never as a float.",
        specified_by_url=None,
        serialize=_print_big_int,
        parse_value=parse_big_int,
        parse_literal=_or_whole("BigInt", parse_big_int),
    ),
    CustomerFilter: ScalarDefinition(
        name="CustomerFilter",
        description="A stored tree of conditions on customers: a JSON object in the shape of `CustomerWhere`. What it answers "
        "can be sent as a `CustomerWhere` again.",
        specified_by_url=None,
        serialize=lambda value: value,
        parse_value=_only_answered,
        parse_literal=_only_answered,
    ),
}
