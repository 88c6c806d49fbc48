"""Kinds of rules with one mistake each, as an author could make it, and the law that must name it."""

import asyncio
import random
import socket
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from os import environ
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import LineFact, NoSettings, PurchaseFact, RuleKind
from regulars_loyalty.plugin import Given, PointsRuleKind, Sale
from regulars_rewards.plugin import (
    HistoryTrigger,
    Occasion,
    OccasionTrigger,
    Off,
    OfferBasket,
    OfferConditionKind,
    OfferDiscountKind,
    PurchaseTrigger,
)
from regulars_tiers.plugin import CriterionKind


class Planted(NamedTuple):
    """A kind with a mistake, and how the law begins that it breaks."""

    kind: RuleKind
    law: str
    settings: BaseModel = NoSettings()

    @property
    def name(self) -> str:
        """By what it is listed."""
        return f"{self.kind.use}-{self.kind.name}"


PLANTED: list[Planted] = []
_NONE = NoSettings()


def points(name: str, law: str, give: Any, settings: BaseModel = _NONE, **promises: Any) -> None:
    PLANTED.append(Planted(PointsRuleKind(name, type(settings), "Points", give, **promises), law, settings))


def by_sale(name: str, law: str, give: Any, **promises: Any) -> None:
    PLANTED.append(Planted(PurchaseTrigger(name, NoSettings, "Sales", give, **promises), law))


def by_history(name: str, law: str, total: Any, **promises: Any) -> None:
    PLANTED.append(Planted(HistoryTrigger(name, NoSettings, "Months", total, **promises), law))


def by_occasion(name: str, law: str, occasions: Any, **promises: Any) -> None:
    PLANTED.append(Planted(OccasionTrigger(name, NoSettings, "Days", occasions, **promises), law))


def condition(name: str, law: str, holds: Any, **promises: Any) -> None:
    PLANTED.append(Planted(OfferConditionKind(name, NoSettings, "Holds", holds, **promises), law))


def discount(name: str, law: str, take: Any, settings: BaseModel = _NONE, **promises: Any) -> None:
    PLANTED.append(Planted(OfferDiscountKind(name, type(settings), "Off", take, **promises), law, settings))


def criterion(name: str, law: str, measure: Any, settings: BaseModel = _NONE, **promises: Any) -> None:
    PLANTED.append(Planted(CriterionKind(name, type(settings), "Counts", measure, **promises), law, settings))


def _standing(facts: Sequence[PurchaseFact]) -> Sequence[LineFact]:
    return [line for fact in facts if fact.counted for line in fact.lines if line.stands]


# Figures that are none.
points("NEGATIVE", "it gives from 0 to", lambda _, sale: 10 - len(sale.lines) * 20)
by_history("NEGATIVE", "it answers a whole number from 0", lambda _, facts: -len(_standing(facts)), reads=("lines",))
discount("NEGATIVE", "it takes off 0 or more", lambda _, basket: -min(basket.left, 5))
criterion(
    "NEGATIVE", "it measures a whole number", lambda _, facts: sum(fact.net - 500 for fact in facts if fact.counted)
)
points("BOOL", "it answers a whole number", lambda _, sale: sale.net > 100)
by_sale("BOOL", "it answers a whole number", lambda _, sale: sale.weekday == 2)
criterion("BOOL", "it measures a whole number", lambda _, facts: any(fact.counted for fact in facts))
discount("BOOL", "it answers whole minor units", lambda _, basket: basket.left > 100)
condition("NUMBER", "it answers true or false", lambda _, basket: basket.left)
points("NAN", "it answers a number that is finite", lambda _, sale: Decimal("NaN") if sale.net else 0)
points("INFINITY", "it answers a number that is finite", lambda _, sale: Decimal("Infinity") if sale.net else 0)
discount("INFINITY", "it answers whole minor units", lambda _, basket: float("inf"))
by_sale("FRACTION", "it answers a whole number", lambda _, sale: Decimal("0.5"))
points("TOO_LARGE", "it gives from 0 to", lambda _, sale: sale.net**3)
criterion("TOO_LARGE", "it measures a whole number", lambda _, facts: sum(fact.net for fact in facts) ** 3)
by_sale("TOO_LARGE", "it answers a whole number from 0", lambda _, sale: sale.net)
criterion("NOTHING", "nothing measures 0", lambda _, facts: 1 + sum(fact.counted for fact in facts))
points("NONE", "it answers a whole number", lambda _, sale: 10 if sale.channel == "web" else None)

# Money that does not add up.
discount("TOO_MUCH", "it takes off no more than is left", lambda _, basket: 500)
discount(
    "TOO_MUCH_OF_A_LINE",
    "it takes off no more than is left of a line",
    lambda _, basket: Off({line.place: min(basket.left, 500) for line in basket.lines}),
)
discount(
    "LEAK",
    "what is left of the pieces",
    lambda _, basket: Off(
        {line.place: line.left // 3 for line in basket.lines if line.pieces},
        prices={
            line.place: [one._replace(price=one.price - one.price // 3) for one in line.prices]
            for line in basket.lines
            if line.pieces
        },
    ),
)
points("LEAK", "a line is worth 0 or more", lambda _, sale: Given(5, sale.lines, lambda line: line.net * 4 // 5 - 1))
points(
    "OTHER_LINES",
    "it is about lines of the sale",
    lambda _, sale: Given(5, [sale.lines[0]._replace(id="x")] if sale.lines else []),
)
points("FLOAT", "it answers a whole number", lambda _, sale: sale.net * 0.1)
points("FLOAT_ON_THE_WAY", "it calculates in whole numbers", lambda _, sale: int(sale.net * 0.1))
discount("FLOAT_ON_THE_WAY", "it calculates in whole numbers", lambda _, basket: round(basket.left / 10))
criterion(
    "FLOAT_ON_THE_WAY", "it calculates in whole numbers", lambda _, facts: round(sum(fact.net for fact in facts) / 100)
)

# What came back.
by_history("KEPT", "what is earned and then given back", lambda _, facts: len(facts))


# Twice for one thing.
_given: set[str] = set()


def _once(_: NoSettings, sale: Sale) -> int:
    if sale.id in _given:
        return 0
    _given.add(sale.id)
    return 1


by_sale("ONCE", "it is deterministic", _once)
by_occasion("TWICE", "it is deterministic", lambda _, customer, since, until: [Occasion(uuid.uuid4().hex, since)])
by_occasion("ASKED", "the occasions of some days", lambda _, customer, since, until: [Occasion(f"{since}", since)])
by_occasion("SAME", "no two have the same key", lambda _, customer, since, until: [Occasion("day", since)] * 2)
by_occasion("EARLY", "its occasions are on days", lambda _, customer, since, until: [Occasion("day", date(2020, 1, 1))])


# Order.
def _last_is_large(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    standing = [fact for fact in facts if fact.counted]
    return int(bool(standing) and standing[-1].net > 500)


by_history("LAST", "it is independent of the order", _last_is_large)
criterion("ORDER", "it is independent of the order", _last_is_large)
points(
    "ORDER",
    "it gives as much whatever the order",
    lambda _, sale: 5 if sale.lines and sale.lines[0].category == "Tea" else 0,
)
by_sale("ORDER", "it brings as much whatever the order", lambda _, sale: int(bool(sale.lines and sale.lines[-1].sku)))
condition(
    "ORDER", "it is independent of the order", lambda _, basket: bool(basket.lines) and basket.lines[0].left > 100
)
discount("ORDER", "it takes off as much whatever", lambda _, basket: basket.lines[0].left if basket.lines else 0)


# The world around.
def _this_year(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return sum(fact.counted and fact.date.year >= date.today().year - 5 for fact in facts)


def _mornings(_: NoSettings, sale: Sale) -> int:
    return 5 if datetime.fromtimestamp(sale.at // 1000).hour < 9 else 0


def _from_a_file(_: NoSettings, basket: OfferBasket) -> bool:
    with open("/dev/null", encoding="utf-8") as prices:
        return basket.left > len(prices.read())


def _from_a_socket(_: NoSettings, sale: Sale) -> int:
    with socket.socket() as asked:
        return int(asked.family > 0)


def _logged(_: NoSettings, sale: Sale) -> int:
    with open("/dev/null", "a", encoding="utf-8") as log:
        log.write(sale.id)
    return 1


criterion("CLOCK", "it is deterministic, and looks at no clock", _this_year)
points("CLOCK", "it is deterministic", lambda _, sale: time.perf_counter_ns() % 1_000_003)
discount("RANDOM", "it is deterministic", lambda _, basket: random.randint(0, basket.left))
condition("RANDOM", "it is deterministic", lambda _, basket: random.random() < 0.5)
points("ZONE", "it does not depend on the machine's time zone", _mornings)
condition("FILE", "no I/O, and this was open", _from_a_file)
by_sale("FILE", "no I/O, and this was open", _logged)
by_sale("SOCKET", "no I/O, and this was socket", _from_a_socket)
points("ENVIRONMENT", "no I/O, and this was os.environ", lambda _, sale: int(environ.get("BONUS", "5")))
condition("LOCALE", "it does not depend on the machine's locale", lambda _, basket: basket.date.strftime("%a") == "Tue")
points("IDS", "it does not depend on what ids", lambda _, sale: int(sale.id, 16) % 2)
criterion(
    "IDS",
    "it does not depend on what ids",
    lambda _, facts: sum(fact.counted and fact.id[-1] in "02468ace" for fact in facts),
)


# What it was asked before, and the order of sets.
_by_day: dict[int, int] = {}


def _remembered(_: NoSettings, basket: OfferBasket, known: dict[int, bool] = {}) -> bool:  # noqa: B006
    return known.setdefault(basket.left // 100, basket.weekday == 2)


def _of_the_day(_: NoSettings, sale: Sale) -> int:
    return _by_day.setdefault(sale.day, 2 * len(sale.lines) + 1)


def _first_of_a_set(_: NoSettings, sale: Sale) -> int:
    categories = {line.category for line in sale.lines if line.category}
    return 5 if next(iter(categories), None) in {"Tea", "Bread"} else 0


def _by_hash(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return sum(hash(line.category) % 2 for line in _standing(facts))


condition("DEFAULT_ARGUMENT", "it answers the same in another process", _remembered)
points("CACHE", "it answers the same in another process", _of_the_day)
points("SET", "it ", _first_of_a_set)
criterion("HASH", "it answers the same in another process", _by_hash, reads=("lines",))


# What it is given.
class Codes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    codes: list[str] = Field(["Tea"], description="Codes.")


def _adds_a_code(settings: Codes, facts: Sequence[PurchaseFact]) -> int:
    settings.codes.append("Cups")
    return sum(fact.counted for fact in facts)


def _takes_its_facts(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    if isinstance(facts, list):
        facts.sort(key=lambda fact: fact.net)
    return sum(fact.counted for fact in facts)


def _takes_worth(_: NoSettings, sale: Sale) -> int:
    for line in sale.lines:
        dict.clear(line.worths)  # type: ignore[arg-type]
    return len(sale.lines)


criterion("SETTINGS", "it leaves its settings as they are", _adds_a_code, Codes(codes=["Tea"]))
criterion("FACTS", "it leaves what it is given as it is", _takes_its_facts)
points("FACTS", "it ", _takes_worth)


# How it answers.
async def _later(_: NoSettings, sale: Sale) -> int:
    await asyncio.sleep(0)
    return 1


async def _later_and_later(_: NoSettings, basket: OfferBasket) -> AsyncIterator[int]:
    yield 1


def _bit_by_bit(_: NoSettings, facts: Sequence[PurchaseFact]) -> Iterator[int]:
    yield from (int(fact.counted) for fact in facts)


def _hangs(_: NoSettings, basket: OfferBasket) -> int:
    number = 0
    while True:
        try:
            number += 1
        except Exception:
            continue


def _sleeps(_: NoSettings, sale: Sale) -> int:
    time.sleep(1.2 if sale.lines else 0)
    return 1


points("ASYNC", "it is a plain function", _later)
discount("ASYNC", "it is a plain function", _later_and_later)
criterion("GENERATOR", "it answers by `return`", _bit_by_bit)
by_history("GENERATOR", "it answers a whole number", lambda _, facts: (fact.net for fact in facts))
discount("HANGS", "it answers in 1 second", _hangs)
by_sale("WAITS", "it answers, and does not wait", _sleeps)
criterion("RAISES", "it answers, and does not raise IndexError", lambda _, facts: int(facts[0].counted))
points("RAISES", "it answers, and does not raise ZeroDivisionError", lambda _, sale: 100 // sale.net)
condition("RAISES", "it answers, and does not raise StopIteration", lambda _, basket: next(iter(basket.lines)).left > 0)
by_sale("RAISES", "it answers, and does not raise AttributeError", lambda _, sale: int(sale.channel.isupper()))
discount(
    "RAISES",
    "it answers, and does not raise TypeError",
    lambda _, basket: min((line.unit_price for line in basket.lines), default=0) * 0,
)

# What it says of itself.
criterion(
    "READS",
    'it says what it looks at: reads=("lines",)',
    lambda _, facts: len({line.category for line in _standing(facts)}),
)
by_history(
    "READS_LINES",
    'it says what it looks at: reads=("lines",)',
    lambda _, facts: len({line.category for line in _standing(facts)}),
)
condition("READS", 'it says what it looks at: reads=("customer",)', lambda _, basket: basket.customer_id is not None)
by_occasion(
    "READS",
    "it says what its occasions are of",
    lambda _, customer, since, until: (
        [Occasion("day", since)] if customer.birth_date and since == customer.created_on else []
    ),
)
points("MONOTONE", "it is monotone in lines", lambda _, sale: 10 if len(sale.lines) == 1 else 0, is_monotone=True)
by_history(
    "MONOTONE",
    "it is monotone in purchases",
    lambda _, facts: int(sum(fact.counted for fact in facts) == 1),
    is_monotone=True,
)
criterion(
    "SUM",
    "it is the sum of what each weighs",
    lambda _, facts: sum(fact.counted for fact in facts) ** 2,
    weigh=lambda _, fact: int(fact.counted),
)


def regulars_rules() -> Sequence[RuleKind]:
    """All of them, as a plugin brings them."""
    return [one.kind for one in PLANTED]
