"""E-mail addresses and phone numbers: read as people write them, kept in one form."""

from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat

MAX_EMAIL = 254


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
    if len(text) > 40:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=10_000)
def formatted_phone(e164: str) -> str:
    """The number in the international form for people: `+52 55 1234 5678`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def phone_words(e164: str) -> list[str]:
    """The digits a number is looked up by: with the country's code, and as dialled inside the country."""
    number = phonenumbers.parse(e164)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return [e164.removeprefix("+"), "".join(c for c in national if c.isdigit())]
