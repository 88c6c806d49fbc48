"""The demo's customers: who they are, how often they come, and what the team knows about them."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from regulars_core.clock import Instant
from regulars_core.customers.rules import Address, NewCustomer
from regulars_core.text import folded_words

from regulars_server.demo.names import LANDS, NICKNAMES, Land
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
    "S02": ("Market Hall", 150),
    "S03": ("Station Kiosk", 390),
}
"""Code → name, and how many days after the first day it opened."""
ALLERGIC_TO_NUTS = "Allergic to nuts"
_TAGS = {
    "Newsletter": 30, "VIP": 7, ALLERGIC_TO_NUTS: 4, "Lactose-free": 6, "Vegan": 6, "Decaf only": 4, "Espresso at home": 10,
    "Brings own cup": 9, "Neighbor": 8, "Cupping club": 5, "Loves cheese": 7, "Gluten-free": 4, "Press": 1,
}  # fmt: skip
_DOMAINS = ("example.com", "example.org", "example.net")
_LEAP_DAYS = 4


@dataclass(slots=True)
class Person:
    """A customer of the demo, and the life it leads there. `new` names no group and no store yet: they have no ids."""

    new: NewCustomer
    rhythm: Rhythm
    visits: Sequence[date]
    home: str
    group: str | None = None
    status: str = "ACTIVE"
    origin: str | None = None
    tags: Sequence[str] = ()
    favourites: Sequence[str] = field(default_factory=list)

    @property
    def joined(self) -> date:
        """The first day at the shop."""
        return self.visits[0]


# The same person written twice, as happens between two stores: (country, first, last), then what differs. Kept apart by
# whoever typed them; what both have in common (phone, e-mail or birthday) is the third part.
_TWICE: Sequence[tuple[str, tuple[str, str], tuple[str, str], str]] = (
    ("MX", ("José Luis", "Hernández Peña"), ("Jose Luis", "Hernandez"), "phone"),
    ("PH", ("Maria Cristina", "dela Cruz"), ("Ma. Cristina", "De La Cruz"), "birth_date"),
    ("DE", ("Jürgen", "Müller"), ("Juergen", "Mueller"), "email"),
    ("PL", ("Katarzyna", "Wójcik"), ("Kasia", "Wojcik"), "phone"),
    ("JP", ("健", "佐藤"), ("Ken", "Sato"), "email"),
    ("UA", ("Олена", "Шевченко"), ("Olena", "Shevchenko"), "phone"),
    ("VN", ("Thị Hoa", "Nguyễn"), ("Hoa", "Nguyen Thi"), "phone"),
    ("US", ("Kathleen", "O'Connor"), ("Kathy", "OConnor"), "email"),
    ("ES", ("Begoña", "Etxeberria Sáez"), ("Begonia", "Echeverria"), "phone"),
    ("TR", ("Çiğdem", "Yılmaz"), ("Cigdem", "Yilmaz"), "birth_date"),
    ("NG", ("Chukwuemeka", "Okonkwo"), ("Emeka", "Okonkwo"), "phone"),
    ("BR", ("Ana Luíza", "Gonçalves"), ("Ana Luiza", "Goncalves da Silva"), "email"),
)


class Registry:
    """Makes people, and sees to it that strangers share no e-mail address and no phone number."""

    def __init__(self, rng: Random, calendar: Calendar) -> None:
        self._rng = rng
        self._calendar = calendar
        self._taken: set[str] = set()

    def everybody(self) -> list[Person]:
        """All customers, the first to register first."""
        people = [self._somebody() for _ in range(CUSTOMERS)]
        for land, first, second, common in _TWICE:
            people += self._twice(next(each for each in LANDS if each.country == land), first, second, common)
        return sorted(people, key=lambda person: person.new.created_at or 0)

    def _somebody(self) -> Person:
        rng = self._rng
        [land] = rng.choices(LANDS, [land.weight for land in LANDS])
        male = rng.random() < 0.48
        return self._person(land, *_name(rng, land, male), male=male)

    def _twice(
        self, land: Land, first: tuple[str, str], second: tuple[str, str], common: str
    ) -> tuple[Person, Person]:
        one = self._person(land, first, second, male=False, rhythm=Rhythm.FORTNIGHTLY, plain=True)
        other = self._person(land, second, second, male=False, rhythm=Rhythm.OCCASIONAL, plain=True)
        shared = {"phone": one.new.phone, "email": one.new.email, "birth_date": one.new.birth_date}
        kept = {name: value if name == common else None for name, value in shared.items()}
        other.new = _changed(other.new, gender=one.new.gender, **kept)
        return one, other

    def _person(
        self, land: Land, name: tuple[str, str], latin: tuple[str, str], *,
        male: bool, rhythm: Rhythm | None = None, plain: bool = False,
    ) -> Person:  # fmt: skip
        rng, calendar = self._rng, self._calendar
        chosen = rhythm or rng.choices([*Rhythm], [each.share for each in Rhythm])[0]
        visits = self._visits(chosen)
        home = self._home(visits[0])
        group = None if plain else self._group(chosen)
        born = self._birth_date(group)
        at_home = home == "MAIN" and rng.random() < 0.2
        created = calendar.instant(rng, visits[0], at_home=at_home)
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
            billing_address=address,
            shipping_address=self._address(land, None) if address and rng.random() < 0.12 else None,
            created_at=min(created, calendar.today),
        )
        person = Person(new, chosen, visits if chosen is not Rhythm.NEVER else visits[:1], home, group)
        person.origin = home if home != "MAIN" and rng.random() < 0.8 else None
        person.tags = [tag for tag, percent in _TAGS.items() if rng.random() * 100 < percent]
        if group == WHOLESALE:
            person.tags = ["Wholesale", *person.tags]
        person.status = self._status(person)
        return person

    def _visits(self, rhythm: Rhythm) -> list[date]:
        """The first day first. Many come in the weeks of the opening; one in six stays away again, some day."""
        rng, calendar = self._rng, self._calendar
        number = int(rng.triangular(0, 50, 0)) if rng.random() < 0.28 else rng.randrange(DAYS - 2)
        joined = calendar.near(rng, calendar.day(max(1, number)))
        while not calendar.is_open(joined):
            joined += timedelta(days=1)
        left = calendar.last
        if rng.random() < 0.17:
            left = min(left, joined + timedelta(days=rng.randrange(20, 400)))
        return [*calendar.visits(rng, rhythm, joined, left)] or [joined]

    def _home(self, joined: date) -> str:
        opened = [code for code, (_, day) in STORES.items() if joined >= self._calendar.day(day)]
        weights = {"MAIN": 40, "S01": 28, "S02": 24, "S03": 18}
        return self._rng.choices(opened, [weights[code] for code in opened])[0]

    def _group(self, rhythm: Rhythm) -> str | None:
        if rhythm in {Rhythm.NEVER, Rhythm.ONCE}:
            return None
        often = rhythm in {Rhythm.DAILY, Rhythm.WEEKLY}
        names = (None, FRIENDS, STAFF, WHOLESALE, STUDENTS)
        return self._rng.choices(names, (62, 18, 7, 4, 9) if often else (80, 5, 0.5, 6, 8.5))[0]

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
        made = rng.choice((f"{first}.{last}", f"{first}{last[:1]}", f"{first[:1]}.{last}", f"{last}.{first}"))
        candidate = made
        while f"{candidate}@" in self._taken:
            candidate = f"{made}{rng.choice((f'{born:%y}', rng.randrange(2, 99)))}"
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
            recipient=rng.choice(_BUSINESSES) if group == WHOLESALE else None,
            line1=_digits(rng, rng.choice(land.streets)),
            line2=f"Apt. {rng.randrange(1, 40)}" if land.country == "US" and rng.random() < 0.4 else None,
            city=place.city,
            region=place.region,
            postal_code=_digits(rng, place.postal),
            country=land.country,
        )

    def _status(self, person: Person) -> str:
        gone = (self._calendar.last - person.visits[-1]).days
        draw = self._rng.random()
        if gone > 120 and draw < 0.22:
            return "INACTIVE"
        return "SUSPENDED" if draw > 0.982 and person.group is None else "ACTIVE"


_BUSINESSES = (
    "Café Sol de Otoño", "Hotel Lindenhof", "Blue Door Diner", "Bistro Zur Post", "Tres Esquinas", "Studio 14 Architects",
    "Lantern Noodle House", "The Quiet Office", "Kiosk am Markt", "Padaria Aurora", "Harbor Rowing Club", "Casa Nogal",
)  # fmt: skip


def _changed(new: NewCustomer, **values: object) -> NewCustomer:
    from dataclasses import replace

    return replace(new, **values)  # type: ignore[arg-type]


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
    told = "MALE" if male else "FEMALE"
    return rng.choices((told, None, "UNDISCLOSED", "NON_BINARY"), (66, 24, 7, 3))[0]


def _digits(rng: Random, pattern: str) -> str:
    """The pattern with a digit for every `#`; a number does not begin with zero where it would look odd."""
    made = ""
    for n, c in enumerate(pattern):
        starts = n == 0 or pattern[n - 1] in " /-"
        made += (str(rng.randrange(1, 10)) if starts else str(rng.randrange(10))) if c == "#" else c
    return made


def _ascii(text: str) -> str:
    """A name as it stands in an e-mail address."""
    plain = "".join(folded_words(text.replace("ı", "i")))
    return "".join(c for c in plain if c.isascii() and c.isalnum())
