"""What is given of a customer, and the form in which it is kept. Pure: no database, only the shop's settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypedDict

from regulars_core.customers.contact import MAX_EMAIL, parse_email, parse_phone
from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.primitives.text import folded
from regulars_core.shop.settings import Settings

MAX_TAGS = 50


def tag_key(tag: str) -> str:
    """The form in which tags are compared."""
    return folded(tag)[:96]


def city_key(city: str) -> str:
    """The form in which cities are compared."""
    return folded(city)[:160]


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as it is given; every part is optional. `country` is ISO 3166, two capitals."""

    recipient: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to be registered, as given. `phone` is read as the shop's country writes numbers; `extras` are for the
    plugins and nothing of the customer's own."""

    first_name: str
    last_name: str
    preferred_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    tax_id: str | None = None
    preferred_contact: str | None = None
    group_id: str | None = None
    origin_store_id: str | None = None
    tags: Sequence[str] = ()
    billing_address: Address | None = None
    shipping_address: Address | None = None
    code: str | None = None
    created_at: Instant | None = None
    extras: Extras = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedCustomer:
    """A customer whose every value is in the form in which it is kept."""

    first_name: str
    last_name: str
    preferred_name: str | None
    email: str | None
    phone: str | None
    birth_date: str | None
    gender: str | None
    tax_id: str | None
    preferred_contact: str | None
    group_id: str
    origin_store_id: str | None
    tags: Sequence[tuple[str, str]]
    addresses: Mapping[str, Address]
    code: str | None
    created_at: Instant
    extras: Extras = field(default_factory=dict)


class CustomerChanges(TypedDict, total=False):
    """What to change of a customer: what is absent stays, None clears. `extras` are for the plugins."""

    first_name: str | None
    last_name: str | None
    preferred_name: str | None
    email: str | None
    phone: str | None
    birth_date: date | None
    gender: str | None
    tax_id: str | None
    preferred_contact: str | None
    group_id: str | None
    tags: Sequence[str] | None
    billing_address: Address | None
    shipping_address: Address | None
    extras: Extras


def checked(settings: Settings, new: NewCustomer, *prefix: str) -> CheckedCustomer:
    """The customer in the form in which it is kept. Raises Refused with every mistake."""
    checks = Checks(*prefix)
    first = checks.text(new.first_name, "firstName", 120, required=True)
    last = checks.text(new.last_name, "lastName", 120, required=True)
    values = {name: check(settings, checks, getattr(new, name)) for name, check in OPTIONAL.items()}
    tags = checked_tags(checks, new.tags)
    addresses = {
        kind: checked_address(checks, address, field)
        for kind, field, address in (
            ("BILLING", "billingAddress", new.billing_address),
            ("SHIPPING", "shippingAddress", new.shipping_address),
        )
        if address is not None
    }
    code = checks.text(new.code, "code", 40)
    checks.refuse()
    return CheckedCustomer(
        first_name=first or "",
        last_name=last or "",
        **values,
        group_id=new.group_id or DEFAULT_GROUP_ID,
        origin_store_id=new.origin_store_id,
        tags=tags,
        addresses={kind: address for kind, address in addresses.items() if address != Address()},
        code=code.upper() if code else None,
        created_at=now() if new.created_at is None else new.created_at,
        extras=new.extras,
    )


def _checked_email(_: Settings, checks: Checks, value: str | None) -> str | None:
    text = checks.text(value, "email", MAX_EMAIL)
    if text is None:
        return None
    email = parse_email(text)
    if email is None:
        checks.fail("INVALID_EMAIL", "This is not an e-mail address.", "email")
    return email


def _checked_phone(settings: Settings, checks: Checks, value: str | None) -> str | None:
    text = checks.text(value, "phone", 40)
    if text is None:
        return None
    phone = parse_phone(text, settings.country)
    if phone is None:
        checks.fail("INVALID_PHONE", f"This is not a phone number, read as in {settings.country}.", "phone")
    return phone


OPTIONAL: Mapping[str, Callable[[Settings, Checks, Any], str | None]] = {
    "preferred_name": lambda _, checks, value: checks.text(value, "preferredName", 240),
    "email": _checked_email,
    "phone": _checked_phone,
    "birth_date": lambda _, checks, value: checks.past_day(value, "birthDate"),
    "gender": lambda _, checks, value: checks.text(value, "gender", 16),
    "tax_id": lambda _, checks, value: checks.text(value, "taxId", 64),
    "preferred_contact": lambda _, checks, value: checks.text(value, "preferredContact", 16),
}


def checked_tags(checks: Checks, tags: Sequence[str], had: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Tags as (as written, folded), after those the customer has; of two that fold alike the first is kept."""
    kept, inner = {key: tag for tag, key in had}, checks.nested("tags")
    for n, tag in enumerate(tags):
        text = inner.text(tag, str(n), 64)
        if text and not folded(text):
            inner.fail("INVALID_TEXT", "A tag needs a letter or a digit.", str(n))
        elif text:
            kept.setdefault(tag_key(text), text)
    if len(kept) > MAX_TAGS:
        checks.fail("TOO_MANY", f"A customer has at most {MAX_TAGS} tags.", "tags")
    return [(text, key) for key, text in kept.items()]


_ADDRESS_PARTS = {"recipient": 240, "line1": 240, "line2": 240, "city": 120, "region": 120, "postal_code": 32}
_CAMEL = {"postal_code": "postalCode"}


def checked_address(checks: Checks, address: Address, field: str) -> Address:
    """The address in the form in which it is kept."""
    inner = checks.nested(field)
    parts = {
        name: inner.text(getattr(address, name), _CAMEL.get(name, name), most) for name, most in _ADDRESS_PARTS.items()
    }
    country = inner.text(address.country, "country", 40)
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        inner.fail("INVALID_COUNTRY", "Use the two letters of ISO 3166, such as MX.", "country")
    return Address(**parts, country=country.upper() if country else None)


def checked_changes(settings: Settings, checks: Checks, changes: CustomerChanges) -> dict[str, str | None]:
    """The columns to change, in the form in which they are kept; tags and addresses apart."""
    columns: dict[str, str | None] = {}
    given: Mapping[str, Any] = {**changes}
    for name, place in (("first_name", "firstName"), ("last_name", "lastName")):
        if name in given:
            columns[name] = checks.text(given[name] or "", place, 120, required=True)
    for name, check in OPTIONAL.items():
        if name in given:
            columns[name] = check(settings, checks, given[name])
    if "group_id" in given:
        columns["group_id"] = given["group_id"] or DEFAULT_GROUP_ID
    return columns
