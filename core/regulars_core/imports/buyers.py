"""Who a file says its customers are: read, looked up for many at once, and made where they are new."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.contact import parse_email, parse_phone
from regulars_core.customers.registration import CUSTOMER_CODES, give_codes, lock_values
from regulars_core.customers.requirements import NAMES_OF_PEOPLE
from regulars_core.customers.rules import CheckedCustomer
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import tidy
from regulars_core.queries.rows import rows_by_text
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop

Key = tuple[str, str]
"""What somebody is recognised by: the column of ours and its value."""
MAX_CODE = 40


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as a file names one, with the code, e-mail and phone in the form in which they are kept."""

    code: str | None
    email: str | None
    phone: str | None
    first_name: str
    last_name: str

    @property
    def identifier(self) -> str:
        """What stands for this customer in a purchase's digest: the code, else the e-mail, else the phone."""
        return self.code or self.email or self.phone or ""

    @property
    def keys(self) -> Sequence[Key]:
        """What to look for, in this order: a code alone, else the e-mail, then the phone."""
        return sought(self.code, self.email, self.phone)


def sought(code: str | None, email: str | None, phone: str | None) -> Sequence[Key]:
    """What to look a customer up by, in this order: a code alone where there is one, else the e-mail, then the phone."""
    return contact("code", code) or [*contact("email", email), *contact("phone", phone)]


def contact(column: str, value: str | None) -> list[Key]:
    """The key that a value is, or none."""
    return [(column, value)] if value else []


class BuyerReader:
    """Reads the cells that name a customer; the few thousand last e-mails and phones are remembered."""

    def __init__(self, settings: Settings) -> None:
        self._email = lru_cache(maxsize=4_096)(parse_email)
        self._phone = lru_cache(maxsize=4_096)(lambda text: parse_phone(text, settings.country))
        self._country = settings.country

    def read(self, code: str, email: str, phone: str, first_name: str, last_name: str) -> Buyer | None:
        """The customer, or None if every cell is empty. Raises Refused."""
        code, email, phone = tidy(code).upper(), email.strip(), phone.strip()
        parsed_email, parsed_phone = self._email(email) if email else None, self._phone(phone) if phone else None
        if len(code) > MAX_CODE:
            raise Refused(Problem("TOO_LONG", f"At most {MAX_CODE} characters.", ("customer_code",)))
        if email and parsed_email is None:
            raise Refused(Problem("INVALID_EMAIL", "This is not an e-mail address.", ("email",)))
        if phone and parsed_phone is None:
            message = f"This is not a phone number, read as in {self._country}."
            raise Refused(Problem("INVALID_PHONE", message, ("phone",)))
        if code or parsed_email or parsed_phone:
            return Buyer(code or None, parsed_email, parsed_phone, first_name, last_name)
        if tidy(first_name) or tidy(last_name):
            raise Refused(Problem("NO_IDENTITY", "A customer needs a code, an e-mail or a phone to be recognised by."))
        return None


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a key is of: the record that has it, and the customer to whom that leads, another one where it was merged."""

    record_id: str
    customer_id: str

    @property
    def is_alias(self) -> bool:
        """Whether the record was merged into the customer."""
        return self.record_id != self.customer_id


async def known_customers(shop: Shop, keys: Iterable[Key]) -> dict[Key, str]:
    """The ids of the customers to whom these codes, e-mails and phones lead; see `known_records`."""
    return {key: one.customer_id for key, one in (await known_records(shop, keys)).items()}


async def known_records(shop: Shop, keys: Iterable[Key]) -> dict[Key, Known]:
    """Who has these codes, e-mails or phones; of several the eldest. Where only records have one that were merged into others,
    those, with whom they lead to. Who is erased is none: whoever brings the code again is told that it is taken."""
    values: dict[str, set[str]] = {"code": set(), "email": set(), "phone": set()}
    for column, value in keys:
        values[column].add(value)
    found: dict[Key, Known] = {}
    for column, texts in values.items():
        columns = (column, "id", "created_at", "merged_into_id", "status")
        rows = await rows_by_text(shop.database, "customer", columns, column, sorted(texts))
        for value, id_, _, survivor, status in sorted(rows, key=lambda row: (row[3] is not None, row[2], row[1])):
            if status != ERASED:
                found.setdefault((column, value), Known(id_, survivor or id_))
    return found


async def registered_meanwhile(shop: Shop, contacts: Iterable[Key], kept_apart: Iterable[Key] = ()) -> dict[Key, str]:
    """The ids of those who have these e-mails and phones by now. Until this transaction ends nobody else registers them, nor
    decides by what is `kept_apart`."""
    keys = list(contacts)
    await lock_values(shop, [*keys, *kept_apart])
    return await known_customers(shop, keys) if keys else {}


async def with_codes(shop: Shop, customers: Sequence[CheckedCustomer]) -> list[CheckedCustomer]:
    """The customers with a code each. Those codes that they brought along are never given out again."""
    await shop.codes.reserve_up_to(CUSTOMER_CODES, [customer.code for customer in customers if customer.code])
    return await give_codes(shop, customers)


@dataclass(slots=True)
class Newcomer:
    """A customer whom nobody knows yet, with the time of the earliest purchase seen."""

    buyer: Buyer
    since: Instant
    customer: CheckedCustomer | None = None

    @property
    def contacts(self) -> list[Key]:
        """The e-mail and phone that a till may be registering at this very time."""
        return [*contact("email", self.buyer.email), *contact("phone", self.buyer.phone)]


@dataclass(slots=True)
class Directory:
    """The customers of one batch: ids of those who are known, newcomers in the order in which they came."""

    known: dict[Key, str]
    needed: Sequence[str] = NAMES_OF_PEOPLE
    """Which of their names newcomers must have."""
    new: dict[Key, Newcomer] = field(default_factory=dict)
    newcomers: list[Newcomer] = field(default_factory=list)

    def find(self, buyer: Buyer, at: Instant) -> str | Newcomer | None:
        """Who this is: an id, a newcomer, or nobody, if no name was given to make one from."""
        for key in buyer.keys:
            if id_ := self.known.get(key):
                return id_
            if newcomer := self.new.get(key):
                newcomer.since = min(newcomer.since, at)
                return newcomer
        if not all(tidy(getattr(buyer, name)) for name in self.needed):
            return None
        return self._introduce(buyer, at)

    def _introduce(self, buyer: Buyer, at: Instant) -> Newcomer:
        newcomer = Newcomer(buyer, at)
        self.newcomers.append(newcomer)
        for key in (*contact("code", buyer.code), *newcomer.contacts):
            self.new.setdefault(key, newcomer)
        return newcomer
