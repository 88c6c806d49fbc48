"""What is given of a customer, and the form in which it is kept. Pure: no database, only the shop's settings."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from babel.core import get_global

from regulars_core.customers.attributes.rules import CheckedAttribute, Declared, GivenAttribute, checked_attributes
from regulars_core.customers.columns import NAMES, ColumnChanges, NewColumns, checked_columns
from regulars_core.customers.consents.entries import CheckedConsent, ConsentEntry, checked_consents, refused_in
from regulars_core.customers.requirements import note_missing, said
from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.primitives.tax_ids import is_tax_id
from regulars_core.primitives.text import bounded, camel, folded, folded_words
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.settings import Settings

MAX_TAGS = 50
ADDRESSES = {"BILLING": "billing_address", "SHIPPING": "shipping_address"}
"""The kinds of addresses, each with the name under which a customer has it."""
CONTACT = ("email", "phone", *ADDRESSES.values())
"""Where a customer is reached: what `contact_checked_at` is about."""


def tag_key(tag: str) -> str:
    """The form in which tags are compared."""
    return bounded(folded(tag), 96)


def city_key(city: str) -> str:
    """The form in which cities are compared."""
    return bounded(folded(city), 160)


def region_key(region: str | None) -> str | None:
    """The form in which states and provinces are compared; None where there is none, and for one without a letter or digit."""
    return bounded(folded(region or ""), 160) or None


def postal_key(postal_code: str | None) -> str | None:
    """The form in which postal codes are compared: without case, spaces and punctuation. None as for `region_key`."""
    return bounded("".join(folded_words(postal_code or "")), 64) or None


def company_key(name: str | None) -> str | None:
    """The form in which the names of companies are compared; None where there is none, and for one without a letter or digit."""
    return bounded(folded(name or ""), 300) or None


def tax_key(tax_id: str | None) -> str | None:
    """The form in which tax ids are compared: without case, spaces and punctuation. None as for `company_key`."""
    return bounded("".join(folded_words(tax_id or "")), 96) or None


def sort_name(first_name: str, last_name: str, company_name: str | None = None) -> str:
    """What names are sorted by: last name, then first name, folded; that of a company where there is neither."""
    if not (first_name or last_name):
        return folded(company_name or "")[:300]
    return ", ".join(folded(part) for part in (last_name, first_name) if part)[:300]


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
class NewCustomer(NewColumns):
    """A customer to be registered, as given. Who is said to be nothing `is_company` where only a company's name is given.
    `extras` are for the plugins and nothing of the customer's own."""

    is_company: bool | None = None
    group_id: str | None = None
    origin_store_id: str | None = None
    tags: Sequence[str] = ()
    billing_address: Address | None = None
    shipping_address: Address | None = None
    code: str | None = None
    created_at: Instant | None = None
    attributes: Sequence[GivenAttribute] = ()
    consents: Sequence[ConsentEntry] = ()
    extras: Extras = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedCustomer:
    """A customer whose every value is in the form in which it is kept. `columns` are the plain ones, by name."""

    columns: Mapping[str, str | None]
    group_id: str
    origin_store_id: str | None
    tags: Sequence[tuple[str, str]]
    addresses: Mapping[str, Address]
    code: str | None
    created_at: Instant
    is_company: bool = False
    attributes: Sequence[CheckedAttribute] = ()
    consents: Sequence[CheckedConsent] = ()
    extras: Extras = field(default_factory=dict)

    @property
    def email(self) -> str | None:
        """The e-mail address, in lower case."""
        return self.columns["email"]

    @property
    def phone(self) -> str | None:
        """The phone number in E.164."""
        return self.columns["phone"]

    @property
    def contact_checked_at(self) -> Instant | None:
        """When the contact details were right: when they were given, if any were."""
        return self.created_at if self.email or self.phone or self.addresses else None


class CustomerChanges(ColumnChanges, total=False):
    """What to change of a customer: what is absent stays, None clears. `contact_checked`: e-mail, phone and addresses were found
    right, as they are after it. `extras` are for the plugins."""

    is_company: bool | None
    group_id: str | None
    tags: Sequence[str] | None
    billing_address: Address | None
    shipping_address: Address | None
    contact_checked: bool
    attributes: Sequence[GivenAttribute]
    extras: Extras


def checked(
    settings: Settings, new: NewCustomer, *prefix: str, declared: Declared | None = None, complete: bool = True
) -> CheckedCustomer:
    """The customer in the form in which it is kept, in a shop that has `declared` attributes. Where it need not be `complete`, as
    at a till, one of name, company, e-mail and phone is enough. Raises Refused with every mistake."""
    checks = Checks(*prefix)
    given = said({name: getattr(new, name) for name in NAMES})
    company = is_company(new)
    note_missing(checks, settings.required_fields if complete else (), given, is_company=company)
    columns = checked_columns(checks, settings, {name: getattr(new, name) for name in NAMES})
    if complete:
        note_tax_id(checks, settings, columns["tax_id"])
    tags = checked_tags(checks, new.tags)
    addresses = {
        kind: checked_address(checks, address, camel(name))
        for kind, name in ADDRESSES.items()
        if (address := getattr(new, name)) is not None
    }
    attributes = checked_attributes(checks, declared or {}, new.attributes, complete=complete)
    # At a till a refusal is taken whatever it is about: it stops no sale, and none is lost.
    taken = frozenset[str]() if complete else refused_in(new.consents)
    consents = checked_consents(settings, checks, new.consents, "consents", taken)
    code = checks.capitals(new.code, "code", 40)
    if new.created_at is not None:
        checks.not_after(new.created_at, latest_believed(settings), "createdAt")
    checks.refuse()
    return CheckedCustomer(
        columns=columns,
        group_id=new.group_id or DEFAULT_GROUP_ID,
        origin_store_id=new.origin_store_id,
        tags=tags,
        addresses={kind: address for kind, address in addresses.items() if address != Address()},
        code=code,
        created_at=now() if new.created_at is None else new.created_at,
        is_company=company,
        attributes=attributes,
        consents=consents,
        extras=new.extras,
    )


def note_tax_id(checks: Checks, settings: Settings, tax_id: str | None) -> None:
    """Note a tax id that cannot be one where the shop is, if the shop wants to know."""
    if settings.tax_id_check == "country" and tax_id is not None and not is_tax_id(tax_id, settings.country):
        checks.fail("INVALID_TAX_ID", f"This cannot be a tax id in {settings.country}.", "taxId")


def is_company(new: NewCustomer) -> bool:
    """Whether it is a company: as it is said, or else where only a company's name is given."""
    if new.is_company is not None:
        return new.is_company
    given = said({name: getattr(new, name) for name in NAMES})
    return "company_name" in given and given.isdisjoint({"first_name", "last_name"})


def derived(columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """What is kept beside a customer's columns, out of them: the forms in which they are sorted and compared."""
    first, last, company = columns["first_name"] or "", columns["last_name"] or "", columns["company_name"]
    return {
        "sort_name": sort_name(first, last, company),
        "company_key": company_key(company),
        "tax_key": tax_key(columns["tax_id"]),
    }


def checked_tags(
    checks: Checks, tags: Sequence[str], existing: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Tags as (as written, folded), after the existing ones; of two that fold alike the first is kept."""
    texts, inner = {key: tag for tag, key in existing}, checks.nested("tags")
    for n, tag in enumerate(tags):
        text = inner.text(tag, str(n), 64)
        if text and not folded(text):
            inner.fail("INVALID_TEXT", "A tag needs a letter or a digit.", str(n))
        elif text:
            texts.setdefault(tag_key(text), text)
    if len(texts) > MAX_TAGS:
        note = checks.unfit if existing else checks.fail
        note("TOO_MANY", f"A customer has at most {MAX_TAGS} tags.", "tags")
    return [(text, key) for key, text in texts.items()]


_ADDRESS_PARTS = {"recipient": 240, "line1": 240, "line2": 240, "city": 120, "region": 120, "postal_code": 32}
_CAMEL = {"postal_code": "postalCode"}


_NOWHERE = "ZZ"
"""CLDR's code for a place that nobody knows, which it lists among the others."""


@cache
def _countries() -> Set[str]:
    return {code for code in get_global("territory_languages") if len(code) == 2 and code != _NOWHERE}


NO_COUNTRY = "Use the two letters of ISO 3166, such as MX."


def is_country(text: str) -> bool:
    """Whether this is a country's code in ISO 3166, in either case, or another that CLDR has for a place, such as XK."""
    return text.upper() in _countries()


def checked_address(checks: Checks, address: Address, field: str) -> Address:
    """The address in the form in which it is kept."""
    inner = checks.nested(field)
    parts = {
        name: inner.text(getattr(address, name), _CAMEL.get(name, name), most) for name, most in _ADDRESS_PARTS.items()
    }
    country = inner.text(address.country, "country", 40)
    if country is not None and not is_country(country):
        inner.fail("INVALID_COUNTRY", NO_COUNTRY, "country")
    return Address(**parts, country=country.upper() if country else None)


def checked_changes(settings: Settings, checks: Checks, changes: CustomerChanges) -> dict[str, Any]:
    """The columns to change, in the form in which they are kept; tags and addresses apart."""
    columns: dict[str, Any] = checked_columns(checks, settings, changes)
    if "is_company" in changes:
        columns["is_company"] = bool(changes["is_company"])
    if "group_id" in changes:
        columns["group_id"] = changes["group_id"] or DEFAULT_GROUP_ID
    return columns
