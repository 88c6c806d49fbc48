"""E-mail addresses and phone numbers: read as people write them, kept in one form."""

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat

MAX_EMAIL = 254
_MAX_PHONE = 40
_ABROAD = re.compile(r"(?:00|011)[\s.()-]*(?=[1-9])")
"""What is dialled before a number abroad, in most countries and in North America."""
_MEXICO, _MEXICO_ONCE = 52, "521"
_DIALLED_ONCE = re.compile(r"(?:01|044|045|1)(?=\d{10}$)")
"""What was dialled before Mexican numbers until 2019, and stands before them in many an address book still."""
_TELLING = 7
"""So many digits and more tell whose number it is; of fewer most are part of some code or number."""


def parse_email(text: str) -> str | None:
    """The address in lower case, the whole of it; None for what is no address. Nothing is asked of the network."""
    try:
        email = validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None
    return email if len(email) <= MAX_EMAIL else None  # some capitals have lower-case forms of two letters


def parse_phone(text: str, country: str) -> str | None:
    """The number in E.164, read as people of the country write it; None for a number that cannot exist, and for one with
    an extension, which E.164 cannot keep."""
    if len(text) > _MAX_PHONE:
        return None
    return _parsed(text, country) or _parsed(_ABROAD.sub("+", text.strip(), count=1), country)


def _parsed(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code == _MEXICO and not phonenumbers.is_valid_number(number):
        dialled = str(phonenumbers.national_significant_number(number))
        number = PhoneNumber(_MEXICO, int(_DIALLED_ONCE.sub("", dialled)), extension=number.extension)
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def phones_typed(text: str, country: str) -> list[str]:
    """The numbers in E.164 that somebody may have typed: as people of the country write them, or with the code of another but no
    sign of that."""
    digits = "".join(c for c in text if c.isdigit())
    read = (parse_phone(text, country), parse_phone(f"+{digits}", country))
    return list(dict.fromkeys(phone for phone in read if phone))


def phone_part(typed: str) -> str | None:
    """The digits of a number that is typed up to here, where something is dialled before them that is no part of it. Given
    digits, and perhaps a plus in front."""
    digits = typed.removeprefix("+")
    part = digits
    if part == typed and (dialled := _ABROAD.match(part)) and len(part) - dialled.end() >= _TELLING:
        part = part[dialled.end() :]
    if part != typed and part.startswith(_MEXICO_ONCE):
        part = part.replace(_MEXICO_ONCE, str(_MEXICO), 1)
    return None if part == digits else part


@lru_cache(maxsize=10_000)
def formatted_phone(e164: str) -> str:
    """The number in the international form for people: `+52 55 1234 5678`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def phone_words(e164: str) -> list[str]:
    """The digits a number is looked up by: with the country's code, and as dialled inside the country."""
    number = phonenumbers.parse(e164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return [e164.removeprefix("+"), "".join(c for c in national if c.isdigit())]
