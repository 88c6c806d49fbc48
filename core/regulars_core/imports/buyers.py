"""Who a file says its customers are: read, looked up for many at once, and made where they are new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from regulars_core.customers.contact import parse_email, parse_phone
from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.customers.registration import give_codes
from regulars_core.customers.requirements import NAMES_OF_PEOPLE
from regulars_core.customers.rules import CheckedCustomer, sort_name
from regulars_core.imports.recognition import Holders, Key, Records, believed, contact, marks_sought, sought
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import tidy
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop

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

    @property
    def name(self) -> str:
        """The name in the form in which names are sorted."""
        return sort_name(tidy(self.first_name), tidy(self.last_name))


class BuyerReader:
    """Reads the cells that name a customer; the few thousand last e-mails and phones are remembered."""

    def __init__(self, settings: Settings, *, may_be_nobody: bool = False) -> None:
        """`may_be_nobody`: cells that name nobody who could be recognised are none, and cost nothing."""
        self._may_be_nobody = may_be_nobody
        self._email = lru_cache(maxsize=4_096)(parse_email)
        self._phone = lru_cache(maxsize=4_096)(parse_phone)
        self._country = settings.country

    def read(
        self, code: str, email: str, phone: str, first_name: str, last_name: str, country: str = ""
    ) -> tuple[Buyer | None, Sequence[Problem]]:
        """The customer, or None if every cell is empty, and what could not be read and was not needed; the phone is read as in
        the `country`, the shop's own if empty. Raises Refused where nothing that can be read names somebody."""
        country = country.strip().upper() or self._country
        code, email, phone = tidy(code).upper(), email.strip(), phone.strip()
        parsed_email, parsed_phone = (
            self._email(email) if email else None,
            self._phone(phone, country) if phone else None,
        )
        unread = list[Problem]()
        if len(code) > MAX_CODE:
            unread.append(Problem("TOO_LONG", f"At most {MAX_CODE} characters.", ("customer_code",)))
            code = ""
        if email and parsed_email is None:
            unread.append(Problem("INVALID_EMAIL", "This is not an e-mail address.", ("email",)))
        if phone and parsed_phone is None:
            message = f"This is not a phone number, read as in {country}."
            unread.append(Problem("INVALID_PHONE", message, ("phone",)))
        if code or ((parsed_email or parsed_phone) and not any(one.code == "TOO_LONG" for one in unread)):
            return Buyer(code or None, parsed_email, parsed_phone, first_name, last_name), unread
        if not unread and (tidy(first_name) or tidy(last_name)):
            unread = [Problem("NO_IDENTITY", "A customer needs a code, an e-mail or a phone to be recognised by.")]
        if unread and not self._may_be_nobody:
            raise Refused(*unread)
        return None, unread


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
    def email(self) -> str | None:
        """The buyer's e-mail."""
        return self.buyer.email

    @property
    def name(self) -> str:
        """The buyer's name."""
        return self.buyer.name

    @property
    def all_keys(self) -> list[Key]:
        """What the newcomer is to be found by: the code, the e-mail and the phone."""
        return [*contact("code", self.buyer.code), *self.contacts]

    @property
    def contacts(self) -> list[Key]:
        """The e-mail and phone that a till may be registering at this very time."""
        return [*contact("email", self.buyer.email), *contact("phone", self.buyer.phone)]


@dataclass(slots=True)
class Directory:
    """The customers of one batch: those who are known, those who would be there if the file were not only looked at, and
    newcomers in the order in which they came."""

    known: Records
    needed: Sequence[str] = NAMES_OF_PEOPLE
    """Which of their names newcomers must have."""
    foreseen: Mapping[Key, str] = field(default_factory=dict)
    new: dict[Key, Holders[Newcomer]] = field(default_factory=dict)
    newcomers: list[Newcomer] = field(default_factory=list)

    def find(self, buyer: Buyer, at: Instant) -> str | Newcomer | None:
        """Who this is: an id, a newcomer, or nobody, if no name was given to make one from."""
        for key in buyer.keys:
            if one := believed(buyer, key, self.known):
                return one.customer_id
            if newcomer := believed(buyer, key, self.new):
                newcomer.since = min(newcomer.since, at)
                return newcomer
        if mark := next(filter(self.foreseen.get, marks_sought(buyer)), None):
            return self.foreseen[mark]
        if not all(tidy(getattr(buyer, name)) for name in self.needed):
            return None
        return self._introduce(buyer, at)

    def _introduce(self, buyer: Buyer, at: Instant) -> Newcomer:
        newcomer = Newcomer(buyer, at)
        self.newcomers.append(newcomer)
        for key in newcomer.all_keys:
            self.new.setdefault(key, Holders()).add(newcomer)
        return newcomer
