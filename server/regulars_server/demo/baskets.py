"""What the demo's customers buy: baskets that fit the hour, the season and the person, and how they pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from regulars_core.primitives.clock import Instant, datetime_of, day_of
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.primitives.money import divided_half_up
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase, line_total
from regulars_core.shop.settings import Settings
from regulars_server.demo.catalogue import (
    BAKERY,
    CATALOGUE,
    CHEESE,
    COFFEE,
    DELI,
    DRINKS,
    EQUIPMENT,
    GIFTS,
    PANTRY,
    Article,
    priced,
    raised,
)
from regulars_server.demo.people import STAFF, STUDENTS, WHOLESALE, Person
from regulars_server.demo.rhythm import Calendar

TILL, WEB, PHONE = "till", "web", "phone"
_BY_CATEGORY: Mapping[str, Sequence[Article]] = {
    category: [article for article in CATALOGUE if article.category == category]
    for category in dict.fromkeys(article.category for article in CATALOGUE)
}
# How often a line is of each category, by the occasion.
_OCCASIONS: Mapping[str, Mapping[str, float]] = {
    "morning": {DRINKS: 9, BAKERY: 6, COFFEE: 1.5, PANTRY: 0.5},
    "day": {DRINKS: 5, BAKERY: 5, COFFEE: 3, CHEESE: 2, DELI: 2, PANTRY: 2, EQUIPMENT: 0.3, GIFTS: 0.3},
    "weekend": {DRINKS: 3, BAKERY: 6, COFFEE: 3, CHEESE: 5, DELI: 4, PANTRY: 3, EQUIPMENT: 0.4, GIFTS: 0.5},
    "order": {COFFEE: 10, PANTRY: 4, EQUIPMENT: 1.5, GIFTS: 1.2, CHEESE: 0.8},
    "kiosk": {DRINKS: 10, BAKERY: 7, COFFEE: 0.6},
    "wholesale": {COFFEE: 12, PANTRY: 3, EQUIPMENT: 0.3, CHEESE: 1, DELI: 1},
}
_LINES: Mapping[str, Sequence[int]] = {  # weights of 1 to 6 lines
    "morning": (45, 38, 12, 4, 1, 0),
    "day": (30, 34, 19, 10, 5, 2),
    "weekend": (12, 25, 26, 19, 12, 6),
    "order": (25, 32, 22, 13, 6, 2),
    "kiosk": (52, 38, 8, 2, 0, 0),
    "wholesale": (15, 25, 25, 18, 11, 6),
}
_NOTES = (
    "Ground for filter.",
    "Ground for espresso.",
    "Bread sliced.",
    "Gift wrapped.",
    "Cheese in two pieces.",
    "Whole beans.",
)
_DELIVERY_NOTES = (
    "Leave with the neighbor.",
    "Please ring twice.",
    "Not before ten.",
    "It is a present: no invoice inside, please.",
)
_TAXED = frozenset({DRINKS, EQUIPMENT, GIFTS})
_TAX_ON_TOP = frozenset({"US", "CA"})


@dataclass(frozen=True, slots=True)
class Sale:
    """Somebody, or nobody known, buys something. `purchase` names no customer and no store yet: they have no ids."""

    purchase: NewPurchase
    store: str
    person: Person | None


class Counter:
    """Sells: the catalogue at the shop's prices, with its taxes."""

    def __init__(self, rng: Random, calendar: Calendar, settings: Settings) -> None:
        self._rng = rng
        self._calendar = calendar
        self._settings = settings
        self._on_top = settings.country in _TAX_ON_TOP
        self._second_year = calendar.day(365)

    def sale(self, person: Person | None, at: Instant, store: str, channel: str, favourites: Sequence[Article]) -> Sale:
        """One purchase. `favourites` are taken rather than anything else."""
        rng, day = self._rng, day_of(at, self._calendar.zone)
        group = person.group if person else None
        hour = datetime_of(at).astimezone(self._calendar.zone).hour
        occasion = _occasion(group, store, channel, day, hour)
        [count] = rng.choices(range(1, 7), _LINES[occasion])
        chosen = dict.fromkeys(self._article(occasion, day, favourites) for _ in range(count))
        lines = [self._line(article, day, hour, group) for article in chosen]
        if channel == TILL and len(lines) == 1 and lines[0].category == DRINKS and person and rng.random() < 0.03:
            lines = [replace(lines[0], discount=line_total(replace(lines[0], discount=0)))]  # the tenth cup is free
        subtotal = sum(line_total(line) for line in lines)
        shipping = self._price(490, day) if channel == WEB and subtotal < self._price(6000, day) else 0
        tax = self._tax(lines)
        total = subtotal + shipping + (tax if self._on_top else 0)
        purchase = NewPurchase(
            reference="",
            store_id=MAIN_STORE_ID,
            customer_id=None,
            purchased_at=at,
            currency=self._settings.currency,
            lines=lines,
            shipping=shipping,
            tax=tax,
            prices_include_tax=not self._on_top,
            payments=self._payments(total, channel, group, day),
            channel=channel,
            note=self._note(channel),
        )
        return Sale(purchase, store, person)

    def favourites(self) -> list[Article]:
        """What somebody takes again and again."""
        rng = self._rng
        categories = rng.choices([*_BY_CATEGORY], (8, 7, 8, 4, 3, 3, 0.6, 0.3), k=rng.randrange(3, 7))
        liked = [_liked(rng, category) for category in categories]
        return [article for article in liked if article.category not in {EQUIPMENT, GIFTS} or article.price < 1_500]

    def _article(self, occasion: str, day: date, favourites: Sequence[Article]) -> Article:
        rng, weights = self._rng, dict(_OCCASIONS[occasion])
        if day.month == 12 and occasion in {"day", "weekend", "order"}:
            weights[GIFTS] *= 5
            weights[EQUIPMENT] *= 2
        fitting = [article for article in favourites if weights.get(article.category, 0) >= 1]
        if fitting and rng.random() < 0.55:
            return rng.choice(fitting)
        while True:
            article = _liked(rng, rng.choices([*weights], [*weights.values()])[0])
            if article.sku != "GFT-ADV" or day.month == 11:
                return article

    def _line(self, article: Article, day: date, hour: int, group: str | None) -> NewLine:
        rng = self._rng
        line = NewLine(
            article.name,
            self._quantity(article, group),
            self._price(article.price, day),
            sku=article.sku,
            brand=article.brand,
            category=article.category,
        )
        percent = _percent_off(rng, article, hour, group)
        return replace(line, discount=divided_half_up(line_total(line) * percent, 100)) if percent else line

    def _quantity(self, article: Article, group: str | None) -> int:
        rng = self._rng
        if article.by_weight:
            grams = (
                rng.randrange(1_000, 4_000, 50) if group == WHOLESALE else int(rng.triangular(80, 620, 200)) // 5 * 5
            )
            return grams * (MILLION // 1_000)
        if group == WHOLESALE and article.category in {COFFEE, PANTRY}:
            return rng.choice((3, 4, 5, 6, 8, 10)) * MILLION
        often_more = article.category in {DRINKS, BAKERY}
        return rng.choices((1, 2, 3, 4), (68, 24, 5, 3) if often_more else (88, 10, 2, 0))[0] * MILLION

    def _price(self, hundredths: int, day: date) -> int:
        now = raised(hundredths) if day >= self._second_year else hundredths
        return priced(now, self._settings.currency)

    def _tax(self, lines: Sequence[NewLine]) -> int:
        """8 % on top of drinks, equipment and gifts where prices go without tax; else the tenth that prices contain."""
        if self._on_top:
            return divided_half_up(8 * sum(line_total(line) for line in lines if line.category in _TAXED), 100)
        return divided_half_up(sum(line_total(line) for line in lines), 11)

    def _payments(self, total: int, channel: str, group: str | None, day: date) -> list[NewPayment]:
        rng = self._rng
        if total == 0:
            return []
        if group == WHOLESALE:
            return [NewPayment("transfer", total, f"INV-{rng.randrange(10_000, 99_999)}")]
        methods = {TILL: (52, 26, 22), WEB: (70, 0, 30), PHONE: (90, 0, 10)}[channel]
        [method] = rng.choices(("card", "cash", "mobile"), methods)
        main = NewPayment(method, total, f"{rng.randrange(10**6):06}" if method == "card" else None)
        if rng.random() >= 0.05:
            return [main]
        worth = self._price(rng.choice((1_000, 2_000, 2_500, 5_000)), day)
        voucher = NewPayment("voucher", min(worth, total), f"V-{rng.randrange(10**5):05}")
        return [voucher] if worth >= total else [voucher, replace(main, amount=total - worth)]

    def _note(self, channel: str) -> str | None:
        if self._rng.random() >= (0.12 if channel == WEB else 0.02):
            return None
        return self._rng.choice(_DELIVERY_NOTES if channel == WEB else _NOTES)


def _occasion(group: str | None, store: str, channel: str, day: date, hour: int) -> str:
    if group == WHOLESALE:
        return "wholesale"
    if channel != TILL:
        return "order"
    if store == "S03":
        return "kiosk"
    if day.weekday() >= 5:
        return "weekend"
    return "morning" if hour < 11 else "day"


def _liked(rng: Random, category: str) -> Article:
    articles = _BY_CATEGORY[category]
    return rng.choices(articles, [article.liking for article in articles])[0]


def _percent_off(rng: Random, article: Article, hour: int, group: str | None) -> int:
    if group == WHOLESALE:
        return 12
    if group == STAFF and article.category in {DRINKS, BAKERY}:
        return 30
    if group == STUDENTS and article.category == DRINKS:
        return 10
    if article.category == BAKERY and hour >= 17:
        return 50
    return 10 if article.category not in {DRINKS, BAKERY} and rng.random() < 0.05 else 0
