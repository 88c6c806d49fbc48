"""Two years of the demo's shop: every sale to everybody, what was given back, and what the team wrote down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from random import Random

from regulars_core.primitives.clock import DAY_MS, Instant
from regulars_core.purchases.rules import MILLION
from regulars_core.shop.settings import Settings
from regulars_server.demo.baskets import PHONE, TILL, WEB, Counter, Sale
from regulars_server.demo.catalogue import COFFEE, EQUIPMENT, GIFTS, PERISHABLE
from regulars_server.demo.people import ALLERGIC_TO_NUTS, STORES, WHOLESALE, Person, Registry
from regulars_server.demo.rhythm import DAYS, Calendar, Rhythm

AUTHORS = ("Inês Duarte", "Tomasz Zieliński", "Grace Okafor", "Miguel Ángel Santos")
"""Who works at the shop and writes notes."""
_MISTAKE = "Rung up twice by mistake."


@dataclass(frozen=True, slots=True)
class Return:
    """Money given back: quantities (millionths) of lines by their place on the receipt, or a share of the total in
    percent where `lines` is None."""

    sale: int
    at: Instant
    reason: str
    lines: Sequence[tuple[int, int]] | None
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody of the team wrote about a customer."""

    person: Person
    at: Instant
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class Story:
    """All that has happened, in the order in which it did; `returns` and `voids` name sales by their place."""

    people: Sequence[Person]
    sales: Sequence[Sale]
    returns: Sequence[Return]
    voids: Sequence[int]
    notes: Sequence[Note]


def story_of(rng: Random, calendar: Calendar, settings: Settings) -> Story:
    """What this source of chance makes up, until the calendar's today."""
    people = Registry(rng, calendar).everybody()
    counter = Counter(rng, calendar, settings)
    sales = [sale for person in people for sale in _sales_to(rng, calendar, counter, person)]
    sales += _strangers(rng, calendar, counter)
    sales += [_again(rng, sale) for sale in rng.sample([one for one in sales if one.purchase.channel == TILL], 9)]
    past = [sale for sale in sales if sale.purchase.purchased_at <= calendar.today]
    numbered = _numbered(sorted(past, key=lambda sale: sale.purchase.purchased_at))
    voids = [n for n, sale in enumerate(numbered) if sale.purchase.note == _MISTAKE]
    notes = sorted(_notes(rng, calendar, people), key=lambda note: note.at)
    return Story(people, numbered, list(_returns(rng, calendar, numbered)), voids, notes)


def _sales_to(rng: Random, calendar: Calendar, counter: Counter, person: Person) -> Iterator[Sale]:
    favourites = counter.favourites()
    online = 0.8 if person.online else 0.04
    for n, day in enumerate(person.visits):
        channel = WEB if rng.random() < online else TILL
        if channel == TILL and rng.random() < (0.5 if person.group == WHOLESALE else 0.03):
            channel = PHONE
        at = calendar.instant(rng, day, at_home=channel == WEB)
        if n == 0:
            channel, at = WEB if person.online else TILL, person.arrived
        store = "MAIN" if channel == WEB else _store(rng, calendar, person.home, day)
        yield counter.sale(person, at, store, channel, favourites)


def _store(rng: Random, calendar: Calendar, home: str, day: date) -> str:
    """Mostly the store one always goes to; it is open already, since one has registered there."""
    others = [code for code, (_, opened) in STORES.items() if day >= calendar.day(opened)]
    return rng.choice(others) if rng.random() < 0.16 else home


def _strangers(rng: Random, calendar: Calendar, counter: Counter) -> Iterator[Sale]:
    """Those who give no name. More of them come in the second year."""
    for number in range(1, DAYS + 1):
        day = calendar.day(number)
        if calendar.is_open(day):
            for _ in range(rng.choices((0, 1, 2), (52, 38, 10) if number < DAYS / 2 else (38, 42, 20))[0]):
                store = _store(rng, calendar, "S01" if rng.random() < 0.5 else "MAIN", day)
                yield counter.sale(None, calendar.instant(rng, day), store, TILL, ())


def _again(rng: Random, sale: Sale) -> Sale:
    at = Instant(sale.purchase.purchased_at + rng.randrange(20_000, 90_000))
    return replace(sale, purchase=replace(sale.purchase, purchased_at=at, note=_MISTAKE))


def _numbered(sales: Sequence[Sale]) -> list[Sale]:
    """Receipts count from one in every store, orders of the web shop by themselves."""
    receipts, orders = {code: count(1) for code in STORES}, count(10_001)
    return [
        replace(
            sale,
            purchase=replace(
                sale.purchase,
                reference=f"WEB-{next(orders)}"
                if sale.purchase.channel == WEB
                else f"{sale.store}-{next(receipts[sale.store]):06}",
            ),
        )
        for sale in sales
    ]


_REASONS = {
    COFFEE: ("Ground too fine", "Wrong beans sent", "Bag arrived torn"),
    EQUIPMENT: ("Arrived damaged", "Changed their mind", "Not as described"),
    GIFTS: ("Had one already", "Arrived broken", "Course was canceled"),
}
_OTHER_REASONS = ("Past its date", "Wrong price on the shelf", "Did not like it", "Jar was cracked")
_AT_ONCE = ("Wrong milk", "Yesterday's bread", "Spilled at the counter", "Not what was ordered")


def _returns(rng: Random, calendar: Calendar, sales: Sequence[Sale]) -> Iterator[Return]:
    for n, sale in enumerate(sales):
        if rng.random() >= 0.024 or sale.purchase.note == _MISTAKE or not sale.purchase.payments:
            continue
        at_once = all(line.category in PERISHABLE for line in sale.purchase.lines)
        at = _later(rng, calendar, sale.purchase.purchased_at, at_once)
        kind = rng.choices(("lines", "part", "all", "amount", "everything"), (42, 12, 16, 22, 8))[0]
        place = rng.randrange(len(sale.purchase.lines))
        line = sale.purchase.lines[place]
        reason = rng.choice(_AT_ONCE if at_once else _REASONS.get(line.category or "", _OTHER_REASONS))
        if kind == "lines":
            yield Return(n, at, reason, [(place, line.quantity)])
        elif kind == "part":
            some = MILLION if line.quantity % MILLION == 0 else line.quantity // 2
            yield Return(n, at, reason, [(place, some)])
            if line.quantity > some:
                yield Return(n, _later(rng, calendar, at, at_once), "The rest as well", [(place, line.quantity - some)])
        elif kind == "all":
            yield Return(n, at, reason, [(m, each.quantity) for m, each in enumerate(sale.purchase.lines)])
        elif kind == "amount":
            yield Return(n, at, f"Goodwill: {reason[0].lower()}{reason[1:]}", None, rng.choice((10, 15, 20, 25, 50)))
        else:
            yield Return(n, at, reason, None, 100)


def _later(rng: Random, calendar: Calendar, at: Instant, at_once: bool) -> Instant:
    if at_once:
        return Instant(min(at + rng.randrange(60_000, 900_000), calendar.today))
    later = at + int(rng.triangular(0.02, 18, 4) * DAY_MS)
    return Instant(min(later, calendar.today))


_REMARKS = (
    "Prefers the table by the window.",
    "Asked when the Kenya comes back; promised a call.",
    "Collects for the whole office on Fridays.",
    "Moved to another street; the address is the new one.",
    "Wants the receipt by e-mail, never on paper.",
    "Writes about food for the local paper.",
    "Brought back a jar with a cracked lid. Exchanged, no fuss.",
    "Plays the cello; has offered to play at the next cupping.",
    "Speaks Spanish rather than English on the phone.",
    "Dog is called Biscuit and may come in.",
    "Keeps bees. Could supply honey in the autumn?",
    "Getting married in June: asked for 40 tasting boxes.\nOffer sent, waiting for an answer.",
    "Comes with two small children; hold the door.",
    "Grinder lent until the repaired one is back.",
    "Liked the Guji very much, found the Huila too mild.",
    "Left an umbrella. It is in the office.",
)


def _notes(rng: Random, calendar: Calendar, people: Sequence[Person]) -> Iterator[Note]:
    for person in people:
        bodies = []
        if person.status == "SUSPENDED":
            bodies.append("Third chargeback on a web order. No orders until it is settled.")
        if ALLERGIC_TO_NUTS in person.new.tags:
            bodies.append("Severe nut allergy: no granola, no almond croissant, and a clean knife, please.")
        if person.group == WHOLESALE and rng.random() < 0.7:
            bodies.append("Pays by invoice within 14 days. Delivery before nine, back door.")
        chance = {Rhythm.DAILY: 0.9, Rhythm.WEEKLY: 0.7, Rhythm.FORTNIGHTLY: 0.5}.get(person.rhythm, 0.15)
        while rng.random() < chance:
            bodies.append(rng.choice([remark for remark in _REMARKS if remark not in bodies]))
            chance /= 2.5
        for body in bodies:
            span = (person.last_seen - person.joined).days
            at = calendar.instant(rng, person.joined + timedelta(days=rng.randrange(span + 1)))
            at = min(max(at, Instant(person.arrived + 60_000)), calendar.today)
            yield Note(person, at, rng.choice(AUTHORS), body)
