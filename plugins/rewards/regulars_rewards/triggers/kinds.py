"""What brings progress: kinds of triggers, a kit for the box and for others alike.

A kind is a name, a typed settings class, and a pure function that answers units: of one sale, of all purchases of a span, or on a
day. For whom a system counts, from when on, how many units give a reward, and which, belong to the system.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from regulars_core.plugin import (
    EarnOn,
    Given,
    PurchaseFact,
    RuleKind,
    Sale,
    left_after_returns,
    sale_like,
    with_fewer_lines,
)
from regulars_rewards.triggers.bands import Bands

MAX_UNITS = 1_000_000
"""What one source brings at most: a sale, a span, or a day."""
MAX_AMOUNT = 10**15
_MOST_KEPT = 2**63 - 1
Sentence = Callable[[Any, str], str]


class Undone(StrEnum):
    """What takes back what a trigger has brought."""

    BY_REFUNDS = "BY_REFUNDS"
    """What is given back of purchases."""
    BY_OCCASIONS = "BY_OCCASIONS"
    """That the occasion is undone, such as a tier that a refund takes."""
    NEVER = "NEVER"


@dataclass(frozen=True)
class RewardTriggerKind(RuleKind):
    """One kind of trigger; `description` says what brings progress, in a few words.

    It is one of three forms: a PurchaseTrigger, a HistoryTrigger or an OccasionTrigger. `undone` says what takes back what it has
    brought. `per(settings)` is how many units are one of progress, 1 or more, and `sentence` says a trigger with its settings in
    words, given the currency.
    """

    use = "REWARD_TRIGGER"

    undone: Undone = field(default=Undone.NEVER, kw_only=True)
    per: Callable[[Any], int] = field(default=lambda settings: 1, kw_only=True)
    sentence: Sentence | None = field(default=None, kw_only=True)

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A trigger of this kind in words."""
        return self.sentence(settings, currency) if self.sentence else None

    def is_countable(self, settings: BaseModel) -> bool:
        """Whether it says how many units are one of progress."""
        try:
            per = self.per(settings)
        except Exception:  # a plugin's own
            return False
        return is_whole(per) and 1 <= per <= MAX_UNITS

    def per_laws(self, settings: BaseModel) -> Iterator[tuple[str, bool]]:
        """The laws of how many units are one of progress."""
        per = self.per(settings)
        yield "a whole number of units, 1 or more, is one of progress", is_whole(per) and 1 <= per <= MAX_UNITS
        yield "it is deterministic", self.per(settings) == per


def is_whole(number: object) -> bool:
    """Whether something is a whole number."""
    return type(number) is int


def has_goods(sale: Sale) -> bool:
    """Whether anything was bought: not where goods only came back, or credit was sold."""
    return any(line.quantity or line.worth(EarnOn.GROSS) for line in sale.lines)


@dataclass(frozen=True)
class PurchaseTrigger(RewardTriggerKind):
    """A trigger by each sale, which is looked at by itself.

    `give(settings, sale)` answers how many units a sale brings, a whole number, 0 or more: the number, or a Given that says
    about which lines it is, too. What is given back of these takes units back in its part. It must be pure: it looks at nothing
    but what it is given. Where it `has_bands` it answers an amount in minor units instead, of which the bands of the system tell
    the units: without bands any amount brings one. `is_monotone` promises that another line never lessens what it answers.
    """

    give: Callable[[Any, Sale], int | Given]
    undone: Undone = field(default=Undone.BY_REFUNDS, kw_only=True)
    has_bands: bool = field(default=False, kw_only=True)
    is_monotone: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "reads", frozenset({*self.reads, "lines"}))  # there are always lines

    def answer(self, settings: BaseModel, sale: Sale, bands: Bands | None = None) -> Given:
        """How many units a sale brings. Raises what it raises, and ValueError for what is no number of units."""
        given = self._answered(settings, sale)
        return self._by_bands(given, sale, bands) if self.has_bands else given

    def _answered(self, settings: BaseModel, sale: Sale) -> Given:
        given = Given.of(self.give(settings, sale))
        if wrong := self._wrong(given, sale):
            raise ValueError(wrong)
        return given

    def _wrong(self, given: Given, sale: Sale) -> str | None:
        most = MAX_AMOUNT if self.has_bands else MAX_UNITS
        if not is_whole(given.value) or not 0 <= given.value <= most:
            return f"it answers a whole number from 0 to {most}"
        shares = given.shares(sale)
        if wrong := given.wrong_shares(sale, shares):
            return wrong
        return None if sum(shares.values()) <= _MOST_KEPT else f"lines are worth {_MOST_KEPT} at most"

    def _by_bands(self, given: Given, sale: Sale, bands: Bands | None) -> Given:
        amount = int(given.value)
        figures = {"BASE": Decimal(sale.amount(amount)), **given.figures}
        text = sale.amount(amount)
        if bands is None:
            units = int(amount > 0)
        else:
            units = bands.units(amount) if has_goods(sale) else 0
            named = " and ".join(f"in {band.words(sale.currency)}" for band in bands.matching(amount))
            text = f"{text} is {named or 'in no band'}"
        return Given(units, given.lines, given.worth, figures, text)

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Any]:
        """What each of these purchases brings."""
        sales = [sale_like(fact) for fact in facts]
        return [(one.value, one.shares(sale)) for sale in sales for one in [self.answer(settings, sale)]]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Whole, never negative, deterministic, whatever the order of purchases; earn and give back is nothing; monotone where it
        says so."""
        yield from self.per_laws(settings)
        sales = [sale_like(fact) for fact in facts]
        answers = []
        for sale in sales:
            given = Given.of(self.give(settings, sale))
            wrong = self._wrong(given, sale)
            yield wrong or "it answers a whole number, 0 or more", wrong is None
            answers.append(given)
        again = [self._answered(settings, sale).value for sale in sales]
        yield "it is deterministic", again == [one.value for one in answers]
        backwards = [self._answered(settings, sale).value for sale in reversed(sales)]
        yield "it is independent of the order of purchases", backwards[::-1] == again
        as_much = [self._answered(settings, sale.turned).value for sale in sales] == again
        yield "it brings as much whatever the order of lines", as_much
        yield (
            "what is earned and then given back line by line is nothing",
            all(left_after_returns(given, sale) == 0 for given, sale in zip(answers, sales, strict=True)),
        )
        if self.is_monotone:
            yield (
                "it is monotone in lines, as it says",
                all(
                    self._answered(settings, fewer).value <= given.value
                    for given, sale in zip(answers, sales, strict=True)
                    for fewer in with_fewer_lines(sale)
                ),
            )
