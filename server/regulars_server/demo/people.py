"""The demo's customers: who they are, how often they come, and what the team knows about them."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from regulars_core.customers.rules import Address, NewCustomer
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.text import folded_words
from regulars_server.demo.names import BUSINESSES, LANDS, NICKNAMES, TWICE, Land
from regulars_server.demo.rhythm import DAYS, Calendar, Rhythm

CUSTOMERS = 400
"""How many customers are made beside the near-duplicates."""
FRIENDS, STAFF, WHOLESALE, STUDENTS = "Friends of the house", "Staff", "Wholesale", "Students"
GROUPS: Mapping[str, str] = {
    FRIENDS: "First to hear of new coffees, and welcome at every cupping.",
    STAFF: "People who work here: 30 % off drinks and bread.",
    WHOLESALE: "Cafés, offices and restaurants: 12 % off everything, by invoice.",
    STUDENTS: "10 % off drinks with a student card.",
}
STORES: Mapping[str, tuple[str, int]] = {
    "MAIN": ("Roastery", 0),
    "S01": ("Harbor Street", 0),
    "S02": ("Market Hall", 90),
    "S03": ("Station Kiosk", 300),
}
"""Code → name, and how many days after the first day it opened."""
ALLERGIC_TO_NUTS = "Allergic to nuts"
_TAGS = {
    "Newsletter": 30, "VIP": 7, ALLERGIC_TO_NUTS: 4, "Lactose-free": 6, "Vegan": 6, "Decaf only": 4, "Espresso at home": 10,
    "Brings own cup": 9, "Neighbor": 8, "Cupping club": 5, "Loves cheese": 7, "Gluten-free": 4, "Press": 1,
}  # fmt: skip
_DOMAINS = ("example.com", "example.org", "example.net")
_OFTEN = frozenset({Rhythm.DAILY, Rhythm.WEEKLY, Rhythm.FORTNIGHTLY})


@dataclass(slots=True, eq=False)
class Person:
    """A customer of the demo, and the life it leads there. `new` names no group and no store yet: they have no ids."""

    new: NewCustomer
    rhythm: Rhythm
    joined: date
    visits: Sequence[date]
    arrived: Instant
    """When the first visit was: a minute or so after the registration."""
    online: bool
    """Whether the first visit was one to the web shop."""
    home: str
    """The store most visited, by code."""
    origin: str | None
    """The store where the customer registered, by code; None for the web and the roastery."""
    group: str | None
    status: str = "ACTIVE"

    @property
    def last_seen(self) -> date:
        """The day of the last visit, or of the registration if there was none."""
        return max([self.joined, *self.visits])


class Registry:
    """Makes people, and sees to it that strangers share no e-mail address and no phone number."""

    def __init__(self, rng: Random, calendar: Calendar) -> None:
        self._rng = rng
        self._calendar = calendar
        self._taken: set[str] = set()

    def everybody(self) -> list[Person]:
        """All customers, the first to register first."""
        rhythms = [rhythm for rhythm in Rhythm for _ in range(rhythm.share * CUSTOMERS // 100)]
        people = [self._somebody(rhythm) for rhythm in rhythms]
        for land, first, second, common in TWICE:
            people += self._twice(next(each for each in LANDS if each.country == land), first, second, common)
        return sorted(people, key=lambda person: person.new.created_at or 0)

    def _somebody(self, rhythm: Rhythm) -> Person:
        rng = self._rng
        [land] = rng.choices(LANDS, [land.weight for land in LANDS])
        male = rng.random() < 0.48
        return self._person(land, *_name(rng, land, male), rhythm, male=male)

    def _twice(self, land: Land, first: tuple[str, str], second: tuple[str, str], common: str) -> tuple[Person, Person]:
        male = any(entry.partition("/")[0] == first[0] for entry in land.male)
        one = self._person(land, first, second, Rhythm.MONTHLY, male=male, plain=True)
        other = self._person(land, second, second, Rhythm.OCCASIONAL, male=male, plain=True)
        other.new = replace(
            other.new,
            gender=one.new.gender,
            email=one.new.email if common == "email" else None,
            phone=one.new.phone if common == "phone" else None,
            birth_date=one.new.birth_date if common == "birth_date" else None,
        )
        return one, other

    def _person(
        self,
        land: Land,
        name: tuple[str, str],
        latin: tuple[str, str],
        rhythm: Rhythm,
        *,
        male: bool,
        plain: bool = False,
    ) -> Person:
        """Somebody of this name; `plain` people have every means of contact, and no group and no nickname."""
        rng, calendar = self._rng, self._calendar
        joined, left = self._span()
        home = self._home(joined)
        online = home == "MAIN" and rhythm not in _OFTEN and rng.random() < 0.3
        arrived = calendar.instant(rng, joined, at_home=online)
        group = None if plain else self._group(rhythm)
        born = self._birth_date(group)
        address = None if rng.random() < 0.28 and group != WHOLESALE else self._address(land, group)
        new = NewCustomer(
            *name,
            preferred_name=None if plain else _preferred(rng, land, name, latin),
            email=self._email(latin, born) if plain or rng.random() < 0.82 else None,
            phone=self._phone(land) if plain or rng.random() < 0.76 else None,
            birth_date=born if plain or rng.random() < 0.62 else None,
            gender=_gender(rng, male),
            tax_id=_digits(rng, land.tax) if group == WHOLESALE or rng.random() < 0.04 else None,
            preferred_contact=rng.choices((None, "EMAIL", "PHONE", "SMS", "POST"), (45, 30, 10, 13, 2))[0],
            tags=self._tags(group),
            billing_address=address,
            shipping_address=self._address(land, None) if address and rng.random() < 0.12 else None,
            created_at=Instant(min(arrived - rng.randrange(40_000, 200_000), calendar.today)),
        )
        visits = [*calendar.visits(rng, rhythm, joined, left)]
        origin = home if home != "MAIN" and rng.random() < 0.8 else None
        status = self._status(visits[-1] if visits else joined, group)
        return Person(new, rhythm, joined, visits, arrived, online, home, origin, group, status)

    def _tags(self, group: str | None) -> list[str]:
        tags = [tag for tag, percent in _TAGS.items() if self._rng.random() * 100 < percent]
        return ["Wholesale", *tags] if group == WHOLESALE else tags

    def _span(self) -> tuple[date, date]:
        """The first day and the last possible one: many come in the weeks of the opening, one in six leaves some day."""
        rng, calendar = self._rng, self._calendar
        number = int(rng.triangular(0, 50, 0)) if rng.random() < 0.28 else rng.randrange(DAYS - 2)
        joined = calendar.near(rng, calendar.day(max(1, number)))
        while not calendar.is_open(joined):
            joined += timedelta(days=1)
        left = joined + timedelta(days=rng.randrange(20, 400)) if rng.random() < 0.17 else calendar.last
        return joined, min(left, calendar.last)

    def _home(self, joined: date) -> str:
        opened = [code for code, (_, day) in STORES.items() if joined >= self._calendar.day(day)]
        weights = {"MAIN": 40, "S01": 28, "S02": 30, "S03": 26}
        return self._rng.choices(opened, [weights[code] for code in opened])[0]

    def _group(self, rhythm: Rhythm) -> str | None:
        if rhythm in {Rhythm.NEVER, Rhythm.ONCE}:
            return None
        often = rhythm in _OFTEN
        names = (None, FRIENDS, STAFF, STUDENTS, WHOLESALE if rhythm is not Rhythm.DAILY else None)
        return self._rng.choices(names, (52, 20, 10, 11, 7) if often else (79, 5, 1, 10, 5))[0]

    def _birth_date(self, group: str | None) -> date:
        rng, last = self._rng, self._calendar.last
        years = rng.randrange(18, 27) if group == STUDENTS else int(rng.triangular(18, 88, 36))
        year = last.year - years - 1
        if year % 4 == 0 and year % 100 and rng.random() < 0.08:
            return date(year, 2, 29)
        return date(year, 1, 1) + timedelta(days=rng.randrange(365))

    def _email(self, latin: tuple[str, str], born: date) -> str:
        rng = self._rng
        first, last = (_ascii(part) for part in latin)
        local_part = rng.choice((f"{first}.{last}", f"{first}{last[:1]}", f"{first[:1]}.{last}", f"{last}.{first}"))
        candidate = local_part
        while f"{candidate}@" in self._taken:
            candidate = f"{local_part}{rng.choice((f'{born:%y}', rng.randrange(2, 99)))}"
        self._taken.add(f"{candidate}@")
        return f"{candidate}@{rng.choices(_DOMAINS, (5, 3, 2))[0]}"

    def _phone(self, land: Land) -> str:
        while True:
            number = _digits(self._rng, self._rng.choice(land.phones))
            if number not in self._taken:
                self._taken.add(number)
                return number

    def _address(self, land: Land, group: str | None) -> Address:
        rng = self._rng
        place = rng.choice(land.places)
        return Address(
            recipient=rng.choice(BUSINESSES) if group == WHOLESALE else None,
            line1=_digits(rng, rng.choice(land.streets)),
            line2=f"Apt. {rng.randrange(1, 40)}" if land.country == "US" and rng.random() < 0.4 else None,
            city=place.city,
            region=place.region,
            postal_code=_digits(rng, place.postal),
            country=land.country,
        )

    def _status(self, last_seen: date, group: str | None) -> str:
        gone = (self._calendar.last - last_seen).days
        draw = self._rng.random()
        if gone > 120 and draw < 0.22:
            return "INACTIVE"
        return "SUSPENDED" if draw > 0.982 and group is None else "ACTIVE"


def _name(rng: Random, land: Land, male: bool) -> tuple[tuple[str, str], tuple[str, str]]:
    """A first and a last name as their bearer writes them, and both in Latin letters."""
    native = rng.random() < land.native
    first, first_latin = _written(rng.choice(land.male if male else land.female), native)
    forms = rng.choice(land.last).split("|")
    last, last_latin = _written(forms[0] if male else forms[-1], native)
    if rng.random() < land.two_last_names:
        other = _written(rng.choice(land.last), native)[0]
        if other != last:
            last = f"{last} {other}"
    return (first, last), (first_latin, last_latin)


def _written(entry: str, native: bool) -> tuple[str, str]:
    own, _, latin = entry.partition("/")
    return (own if native or not latin else latin), latin or own


def _preferred(rng: Random, land: Land, name: tuple[str, str], latin: tuple[str, str]) -> str | None:
    first, last = name
    if land.family_first and rng.random() < 0.5:
        in_kanji = any(unicodedata.name(c, "").startswith("CJK") for c in last)
        return f"{last} {first}" if land.country == "VN" or in_kanji else None
    if name != latin and name[0] != latin[0] and rng.random() < 0.2:
        return f"{latin[0]} {latin[1]}"
    return NICKNAMES.get(first) if rng.random() < 0.5 else None


def _gender(rng: Random, male: bool) -> str | None:
    usual = "MALE" if male else "FEMALE"
    return rng.choices((usual, None, "UNDISCLOSED", "NON_BINARY"), (66, 24, 7, 3))[0]


def _digits(rng: Random, pattern: str) -> str:
    """The pattern with a digit for every `#`; a number does not begin with zero where it would look odd."""
    digits = ""
    for n, c in enumerate(pattern):
        starts = n == 0 or pattern[n - 1] in " /-"
        digits += (str(rng.randrange(1, 10)) if starts else str(rng.randrange(10))) if c == "#" else c
    return digits


def _ascii(text: str) -> str:
    """A name as it stands in an e-mail address."""
    plain = "".join(folded_words(text))
    return "".join(c for c in plain if c.isascii() and c.isalnum())
