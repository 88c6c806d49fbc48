"""Rows of a file as customers: cells become the values in which customers are kept."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from regulars_core.customers.attributes.rules import Declared, GivenAttribute
from regulars_core.customers.columns import COLUMNS
from regulars_core.customers.consents.columns import ConsentColumn, consent_columns, entries_in
from regulars_core.customers.consents.entries import ConsentEntry
from regulars_core.customers.contact import parse_phone
from regulars_core.customers.names import parted, proper
from regulars_core.customers.requirements import NAMES_OF_PEOPLE
from regulars_core.customers.rules import Address, CheckedCustomer, NewCustomer, checked, derived
from regulars_core.exports.customers import COUNTED
from regulars_core.exports.declared import attribute_column
from regulars_core.imports.files.columns import Header, Layout, plain_name
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.values import Unreadable, days, times, truth
from regulars_core.imports.options import ImportOptions
from regulars_core.imports.recognition import Key, contact, sought
from regulars_core.primitives.cells import parted as parted_cell
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import tidy
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop

IMPORTED = [column for column in COLUMNS if column.is_imported]
_DAYS = [column.name for column in IMPORTED if column.is_day]
_PLAIN = ("code", *(column.name for column in IMPORTED if not column.is_day), *_DAYS)
_OTHER = ("created_at", "group", "store", "tags", "is_company", "full_name", "phone_country", "time_zone")
_PARTS = tuple(part.name for part in fields(Address))
_CONSENT_AT = "consent_at"
_BILLING, _SHIPPING = (tuple(f"{kind}_{part}" for part in _PARTS) for kind in ("billing", "shipping"))

CUSTOMERS = Layout(
    (*_PLAIN, *_OTHER, *_BILLING, *_SHIPPING),
    one_of=(("code", "email", "phone"),),
    passed_over=COUNTED,
    also={"origin_store": "store"},
    own=(attribute_column(""), "consent.", _CONSENT_AT),
)
"""The columns that a file of customers may have in every shop: all that an export has are read, but for what is counted."""


def known_layout(settings: Settings, declared: Declared) -> Layout:
    """The columns of a file of customers in this shop: also what it has declared, and what it asks for consent to."""
    attributes = list(map(attribute_column, declared))
    consents = [column.name for column in consent_columns(settings)]
    own = (*attributes, *consents, _CONSENT_AT)
    shared = Counter(map(plain_name, own))  # marketing by e-mail, and marketing_email: who writes neither means none
    also = {**CUSTOMERS.also, **{plain: name for name in own if shared[plain := plain_name(name)] == 1}}
    return replace(CUSTOMERS, columns=(*CUSTOMERS.columns, *own), also=also, unlisted=frozenset(consents))


def layout_of(settings: Settings, options: ImportOptions, declared: Declared) -> Layout:
    """The same for an import: what the shop requires must be there, unless customers may be incomplete."""
    needed = [*settings.required_fields, *(attribute_column(name) for name, one in declared.items() if one.is_required)]
    return replace(
        known_layout(settings, declared),
        required=() if options.takes_incomplete else needed,
        instead=dict.fromkeys(NAMES_OF_PEOPLE, ("company_name", "full_name")),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be a customer. `group` and `store` are names, empty where the row has none; what is None or empty
    in `customer` is not in the row, and whether it is a company where `tells_kind`."""

    row: Row
    customer: CheckedCustomer
    group: str
    store: str
    tells_kind: bool = False

    @property
    def rows(self) -> Sequence[Row]:
        """The row alone."""
        return [self.row]

    @property
    def keys(self) -> Sequence[Key]:
        """What this customer is looked for by, in this order."""
        return sought(self.customer.code, self.customer.email, self.customer.phone)

    @property
    def email(self) -> str | None:
        """The e-mail."""
        return self.customer.email

    @property
    def name(self) -> str:
        """The name in the form in which names are sorted."""
        return derived(self.customer.columns)["sort_name"] or ""

    @property
    def all_keys(self) -> list[Key]:
        """What this customer is to be found by: the code, the e-mail and the phone."""
        return [*contact("code", self.customer.code), *self.contacts]

    @property
    def contacts(self) -> list[Key]:
        """The e-mail and the phone."""
        return [*contact("email", self.customer.email), *contact("phone", self.customer.phone)]


class EntryReader:
    """Reads the rows of one file."""

    def __init__(self, shop: Shop, options: ImportOptions, header: Header, declared: Declared) -> None:
        profile = options.profile or Profile()
        self._settings, self._header, self._complete = shop.settings, header, not options.takes_incomplete
        self._full_names, self._tag_separator = profile.full_names, profile.tag_separator
        self._proper = options.proper_case
        self._time = times(options.date_formats, profile.zone or shop.settings.zone)
        self._day = days(options.date_formats)
        self._pick_plain, self._pick_other = header.picker(_PLAIN), header.picker(_OTHER)
        self._declared, places = declared, header.places
        self._attributes = [
            (name, place) for name in declared if (place := places.get(attribute_column(name))) is not None
        ]
        columns = consent_columns(shop.settings)
        self._consents = [(one, place) for one in columns if (place := places.get(one.name)) is not None]
        self._said_at = places.get(_CONSENT_AT, len(header.names))
        self._pick_billing, self._pick_shipping = header.picker(_BILLING), header.picker(_SHIPPING)

    def read(self, row: Row) -> Entry:
        """The entry that a row is. Raises Refused."""
        if row.fault:
            raise Refused(row.fault)
        cells = self._header.padded(row.cells)
        plain: dict[str, Any] = dict(zip(_PLAIN, self._pick_plain(cells), strict=True))
        for name in _DAYS:
            plain[name] = self._day_of(name, plain[name])
        created_at, group, store, tags, kind, full_name, phone_country, zone = self._pick_other(cells)
        if full_name.strip() and not (plain["first_name"].strip() or plain["last_name"].strip()):
            parts = parted(full_name, self._full_names)
            plain |= {"first_name": parts.first_name, "last_name": parts.last_name}
        if self._proper:
            written = proper(tidy(plain["first_name"]), tidy(plain["last_name"]))
            plain |= {"first_name": written.first_name, "last_name": written.last_name}
        plain["phone"] = self._international(plain["phone"], phone_country)
        new = NewCustomer(
            **plain,
            is_company=self._is_company(kind),
            created_at=self._created_at(created_at, zone),
            tags=[tag for tag in parted_cell(tags, self._tag_separator) if tag.strip()],
            billing_address=Address(*self._pick_billing(cells)),
            shipping_address=Address(*self._pick_shipping(cells)),
            attributes=[GivenAttribute(name, cells[place]) for name, place in self._attributes if cells[place].strip()],
            consents=self._consents_in(cells, zone),
        )
        try:
            customer = checked(self._settings, new, declared=self._declared, complete=self._complete)
        except Refused as refused:
            raise Refused(*(_in_our_words(problem, new) for problem in refused.problems)) from None
        if not (customer.code or customer.email or customer.phone):
            raise Refused(Problem("NO_IDENTITY", "A customer needs a code, an e-mail or a phone to be recognised by."))
        if len(tidy(group)) > 120:
            raise Refused(Problem("TOO_LONG", "group: At most 120 characters."))
        return Entry(row, customer, tidy(group), tidy(store)[:120], new.is_company is not None)

    def _consents_in(self, cells: Sequence[str], zone: str) -> Sequence[ConsentEntry]:
        if not self._consents:
            return ()
        told = {column: cells[place] for column, place in self._consents}
        return entries_in(told, cells[self._said_at], lambda name, cell: self._instant(name, cell, zone))

    def _is_company(self, cell: str) -> bool | None:
        try:
            return truth(cell) if cell.strip() else None
        except Unreadable as error:
            raise Refused(Problem("INVALID_BOOLEAN", f"is_company: {error}")) from None

    def _day_of(self, column: str, cell: str) -> date | None:
        try:
            return self._day(cell) if cell.strip() else None
        except Unreadable as error:
            raise Refused(Problem("INVALID_DATE", f"{column}: {error}")) from None

    def _international(self, phone: str, country: str) -> str:
        """A phone that is written as in another country than the shop's, so that it can be read in this one."""
        country = country.strip().upper()
        if not phone.strip() or country in {"", self._settings.country}:
            return phone
        return parse_phone(phone, country) or phone

    def _created_at(self, cell: str, zone: str) -> Instant | None:
        return self._instant("created_at", cell, zone) if cell.strip() else None

    def _instant(self, column: str, cell: str, zone: str) -> Instant:
        try:
            return self._time(cell, zone.strip())
        except Unreadable as error:
            raise Refused(Problem("INVALID_DATE", f"{column}: {error}")) from None


def _in_our_words(problem: Problem, new: NewCustomer) -> Problem:
    """The problem under the name of the column: billingAddress, postalCode → billing_postal_code."""
    match problem.path:
        case ("attributes", place, *_):
            return Problem(problem.code, f"{attribute_column(new.attributes[int(place)].name)}: {problem.message}")
        case ("consents", place, *_):
            entry = new.consents[int(place)]
            name = ConsentColumn(entry.purpose or "", entry.channel).name
            return Problem(problem.code, f"{name}: {problem.message}")
    path = "_".join(problem.path).replace("Address", "").partition(".")[0]
    column = re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", path)
    return Problem(problem.code, f"{column}: {problem.message}" if column else problem.message)
