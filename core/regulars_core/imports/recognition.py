"""Whom a row is of: the one who has its code, else its e-mail, else its phone. A phone is believed only where nothing contradicts
it, since households share one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.registration import lock_values
from regulars_core.queries.rows import rows_by_text
from regulars_core.shop.shop import Shop

Key = tuple[str, str]
"""What somebody is recognised by: the column of ours and its value."""


class Person(Protocol):
    """Somebody with an e-mail, and a name in the form in which names are sorted; None or empty where there is none."""

    @property
    def email(self) -> str | None:
        """The e-mail, in lower case."""

    @property
    def name(self) -> str:
        """The folded name."""


class Sought(Person, Protocol):
    """Whom a row names."""

    @property
    def keys(self) -> Sequence[Key]:
        """What to look for, in this order."""


PersonT = TypeVar("PersonT", bound=Person)


def sought(code: str | None, email: str | None, phone: str | None) -> Sequence[Key]:
    """What to look a customer up by, in this order: a code alone where there is one, else the e-mail, then the phone."""
    return contact("code", code) or [*contact("email", email), *contact("phone", phone)]


def contact(column: str, value: str | None) -> list[Key]:
    """The key that a value is, or none."""
    return [(column, value)] if value else []


@dataclass(slots=True)
class Holders(Generic[PersonT]):
    """Those who have one key, looked up by name; of several the one added first is answered, who is the eldest."""

    first: PersonT | None = None
    by_name: dict[str, PersonT] = field(default_factory=dict)
    without_email: "Holders[PersonT] | None" = None

    def add(self, one: PersonT) -> None:
        """Another who has the key."""
        self.first = self.first or one
        self.by_name.setdefault(one.name, one)
        if not one.email:
            self.without_email = self.without_email or Holders()
            self.without_email.first = self.without_email.first or one
            self.without_email.by_name.setdefault(one.name, one)

    def by_phone(self, who: Person) -> PersonT | None:
        """Who it is where the key is a phone: nobody with another e-mail; nor, where an e-mail is brought that nobody has,
        anybody of another name. Who has the same name comes before others."""
        if not who.email:
            return self.by_name.get(who.name, self.first)
        likely = self.without_email
        if likely is None:
            return None
        return likely.by_name.get(who.name) or (likely.by_name.get("") if who.name else likely.first)


def believed(who: Sought, key: Key, having: Mapping[Key, Holders[PersonT]]) -> PersonT | None:
    """Who it is by this key; None if nobody has it, or it can be none of those who do."""
    holders = having.get(key)
    if holders is None:
        return None
    return holders.by_phone(who) if key[0] == "phone" else holders.first


def recognised(who: Sought, having: Mapping[Key, Holders[PersonT]]) -> PersonT | None:
    """Who it is, by the first of the keys that is believed of anybody."""
    for key in who.keys:
        if one := believed(who, key, having):
            return one
    return None


def marks_left(who: Person, keys: Iterable[Key]) -> list[Key]:
    """By what somebody who is to have these keys will be recognised; see `marks_sought`."""
    marks = list[Key]()
    for column, value in keys:
        marks.append((column, value))
        if column == "phone" and not who.email:
            marks += [("phone without e-mail", value), ("phone without e-mail, and name", f"{value} {who.name}")]
    return marks


def marks_sought(who: Sought) -> list[Key]:
    """What of the marks that another has left tells that it is that one, as `recognised` would, once that one is there."""
    marks = list[Key]()
    for column, value in who.keys:
        if column != "phone" or not who.email:
            marks.append((column, value))
        elif who.name:
            marks += [("phone without e-mail, and name", f"{value} {name}") for name in (who.name, "")]
        else:
            marks.append(("phone without e-mail", value))
    return marks


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a key is of: the record that has it, and the customer to whom that leads, another one where it was merged. E-mail and
    name are the record's."""

    record_id: str
    customer_id: str
    email: str | None
    name: str

    @property
    def is_alias(self) -> bool:
        """Whether the record was merged into the customer."""
        return self.record_id != self.customer_id

    def is_by_phone_alone(self, who: Sought) -> bool:
        """Whether nothing but the phone says that it is this one: no code, no e-mail, and not the name either."""
        return not (who.keys[0][0] == "code" or (self.email and self.email == who.email)) and not (
            self.name and self.name == who.name
        )


Records = Mapping[Key, Holders[Known]]
"""Who has each key."""


async def known_records(shop: Shop, keys: Iterable[Key]) -> Records:
    """Who has these codes, e-mails or phones; the eldest first, those who were merged into others last. Who is erased is none:
    whoever brings the code again is told that it is taken."""
    values: dict[str, set[str]] = {"code": set(), "email": set(), "phone": set()}
    for column, value in keys:
        values[column].add(value)
    found: dict[Key, Holders[Known]] = {}
    for column, texts in values.items():
        columns = (column, "id", "created_at", "merged_into_id", "status", "email", "sort_name")
        rows = await rows_by_text(shop.database, "customer", columns, column, sorted(texts))
        for value, id_, _, survivor, status, email, name in sorted(
            rows, key=lambda row: (row[3] is not None, row[2], row[1])
        ):
            if status != ERASED:
                found.setdefault((column, value), Holders()).add(Known(id_, survivor or id_, email, name))
    return found


async def registered_meanwhile(shop: Shop, contacts: Iterable[Key], kept_apart: Iterable[Key] = ()) -> Records:
    """Who has these e-mails and phones by now. Until this transaction ends nobody else registers them, nor decides by what is
    `kept_apart`."""
    keys = list(contacts)
    await lock_values(shop, [*keys, *kept_apart])
    return await known_records(shop, keys) if keys else {}
