"""Triggers by what happens to a customer: a day that comes, or another tier."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from regulars_core.plugin import PurchaseFact
from regulars_rewards.triggers.kinds import RewardTriggerKind

OF = ("birth_date", "purchases", "tier")
"""What occasions may be of."""
MAX_KEY = 100
_STEP = timedelta(days=400)


class TierChange(NamedTuple):
    """Another tier, as it was shown: the codes, and whether it `is_up`; `id` is the same whenever it is told."""

    id: str
    on: date
    before: str
    after: str
    is_up: bool


class CustomerDates(NamedTuple):
    """What occasions of a customer are found from, as it is known by now; all days are those where the shop is. Whatever a kind
    does not say its occasions are `of` is None, or empty."""

    created_on: date
    birth_date: date | None = None
    first_purchase_on: date | None = None
    last_purchase_on: date | None = None
    last_purchase_id: str | None = None
    tier_changes: Sequence[TierChange] = ()

    def only(self, of: Collection[str]) -> "CustomerDates":
        """The same without what occasions are not of."""
        shown = self if "birth_date" in of else self._replace(birth_date=None)
        shown = shown if "tier" in of else shown._replace(tier_changes=())
        bought = "purchases" in of
        return shown if bought else shown._replace(first_purchase_on=None, last_purchase_on=None, last_purchase_id=None)


class Occasion(NamedTuple):
    """Something that is due on a day. Of one `key` a customer has one occasion of a system, however often it is found."""

    key: str
    day: date


@dataclass(frozen=True)
class OccasionTrigger(RewardTriggerKind):
    """A trigger by occasions, each of which brings one unit.

    `occasions(settings, customer, since, until)` answers which are due from a day on and before another one. `of` is what they
    are of: `birth_date`, `purchases`, or `tier`, whose changes are told as they come; nothing else is looked up. It must be pure:
    it looks at nothing but what it is given, so that days which nobody asked about in time are made up for later. The key makes
    an occasion the same when what it was found from is corrected, such as `birthday:2026`.
    """

    occasions: Callable[[Any, CustomerDates, date, date], Sequence[Occasion]]
    of: Collection[str] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if unknown := set(self.of) - set(OF):
            raise ValueError(f"{self.name} is of {', '.join(sorted(unknown))}; there are {', '.join(OF)}")
        object.__setattr__(self, "of", frozenset(self.of))

    def due(self, settings: BaseModel, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
        """The occasions that are due from a day on and before another one, by day and key. Raises what it raises, and ValueError
        for what is no occasion of these days."""
        found = list(self.occasions(settings, customer.only(self.of), since, until)) if since < until else []
        if wrong := _wrong(found, since, until):
            raise ValueError(wrong)
        return sorted(found, key=lambda one: (one.day, one.key))

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Sequence[Occasion]]:
        """What is due for customers who have bought this."""
        return [self.due(settings, one, *_tried_days(one)) for one in tried_customers(facts)]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Occasions of these days, each with a key of its own, always the same, and however the days are cut."""
        yield from self.per_laws(settings)
        for customer in tried_customers(facts):
            since, until = _tried_days(customer)
            shown = customer.only(self.of)
            found = list(self.occasions(settings, shown, since, until))
            wrong = _wrong(found, since, until)
            yield wrong or "it answers occasions", wrong is None
            if wrong:
                return
            whole = self.due(settings, customer, since, until)
            yield "it is deterministic", self.due(settings, customer, since, until) == whole
            yield (
                "it says what its occasions are of",
                sorted(self.occasions(settings, customer, since, until)) == sorted(found),
            )
            parts: list[Occasion] = []
            for n in range(3):
                start = since + n * _STEP
                parts += self.due(settings, customer, start, min(start + _STEP, until))
            yield "the occasions of some days are those of each of them", parts == whole


def _wrong(found: Sequence[Any], since: date, until: date) -> str | None:
    """Why these are no occasions of these days, as a law that is broken."""
    if not all(isinstance(one, Occasion) and type(one.day) is date for one in found):
        return "it answers Occasions, each on a date"
    if not all(since <= one.day < until for one in found):
        return "its occasions are on days that it is asked about"
    if not all(isinstance(one.key, str) and 0 < len(one.key) <= MAX_KEY and one.key.isprintable() for one in found):
        return f"each has a key of at most {MAX_KEY} characters"
    return None if len({one.key for one in found}) == len(found) else "no two have the same key"


def tried_customers(facts: Sequence[PurchaseFact]) -> Iterator[CustomerDates]:
    """Customers who have bought this, for laws to be tried on: one born on 29 February, one whose birth date is not known."""
    days = [fact.date for fact in facts]
    created = min(days, default=date(2026, 1, 1))
    changes = [
        TierChange(fact.id, fact.date, "SILVER" if n % 2 else "GOLD", "GOLD" if n % 2 else "SILVER", bool(n % 2))
        for n, fact in enumerate(facts)
    ]
    last = facts[-1].id if facts else None
    for born in (date(1992, 2, 29), date(1980, 12, 31), None):
        yield CustomerDates(created, born, min(days, default=None), max(days, default=None), last, changes)


def _tried_days(customer: CustomerDates) -> tuple[date, date]:
    return customer.created_on, customer.created_on + 3 * _STEP
