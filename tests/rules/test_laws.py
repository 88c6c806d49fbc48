"""Laws of kinds: kept by one that keeps them, and the smallest purchases are shown that break one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from pydantic import BaseModel, ConfigDict

from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import NoSettings, RuleKind
from regulars_core.rules.laws import LawBroken, broken_law, try_laws
from regulars_core.rules.tried_purchases import random_purchases


@dataclass(frozen=True)
class Counter(RuleKind):
    use = "TEST"
    count: Callable[[Sequence[PurchaseFact]], int] = len

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int:
        return self.count(facts)

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        whole = self.count(facts)
        yield "it is never negative", whole >= 0
        yield "it does not depend on the order", self.count(list(reversed(facts))) == whole


def kind(count: Callable[[Sequence[PurchaseFact]], int]) -> Counter:
    return Counter("COUNT", NoSettings, "Counts", count)


def test_a_kind_that_keeps_them() -> None:
    try_laws(kind(len))
    assert broken_law(kind(len), NoSettings(), random_purchases(Random(1))) is None


def test_the_smallest_counterexample_is_shown() -> None:
    with pytest.raises(LawBroken, match="TEST COUNT breaks a law: it is never negative") as raised:
        try_laws(kind(lambda facts: 2 - len(facts)))
    assert len(raised.value.facts) == 3
    assert all(not fact.lines for fact in raised.value.facts)


def test_one_in_a_thousand_is_found_by_its_example() -> None:
    def odd(facts: Sequence[PurchaseFact]) -> int:
        return -1 if any(fact.net == 777 for fact in facts) else 0

    try_laws(kind(odd))
    rare = [random_purchases(Random(5), 8)[0]._replace(net=777)]
    with pytest.raises(LawBroken, match="net=777"):
        try_laws(kind(odd), examples=[rare * 3])


def test_what_raises_breaks_a_law() -> None:
    def first(facts: Sequence[PurchaseFact]) -> int:
        return int(facts[0].counted)

    with pytest.raises(LawBroken, match="does not raise IndexError"):
        try_laws(kind(first))


def test_purchases_made_at_random_are_whole() -> None:
    for seed in range(200):
        facts = random_purchases(Random(seed))
        assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
        assert all(1 <= fact.weekday <= 7 and 0 <= fact.minute < 1_440 and fact.date.year >= 2026 for fact in facts)
        assert all(
            line.returned <= line.quantity and line.refunded <= line.total for fact in facts for line in fact.lines
        )
    assert random_purchases(Random(3)) == random_purchases(Random(3))
    assert {fact.date.isoweekday() == fact.weekday for n in range(50) for fact in random_purchases(Random(n))} == {True}


class Wanted(BaseModel):
    model_config = ConfigDict(frozen=True)

    times: int
    of: int
    double: bool = False


def test_settings_without_a_default_must_be_given() -> None:
    asks = Counter("COUNT", Wanted, "Counts")
    with pytest.raises(
        TypeError, match=r"TEST COUNT has no default for times, of: .* try_laws\(kind, Wanted\(times=…\)\)"
    ):
        try_laws(asks)
    try_laws(asks, Wanted(times=1, of=2))


def test_what_broke_it_is_small_enough_to_read() -> None:
    """One purchase with one line, of which nothing is said that does not matter; with settings where there are some."""

    def tea(facts: Sequence[PurchaseFact]) -> int:
        return -1 if any(line.category == "Tea" and line.stands for fact in facts for line in fact.lines) else 0

    teas = Counter("TEAS", NoSettings, "Teas", tea, reads=("lines",))
    with pytest.raises(LawBroken) as raised:
        try_laws(teas)
    message = str(raised.value)
    assert message.splitlines()[:2] == ["TEST TEAS breaks a law: it is never negative", "on:"]
    assert len(message) < 300
    [fact] = raised.value.facts
    [line] = fact.lines
    assert (line.category, line.sku, line.brand, line.returned, fact.channel, fact.customer) == (
        "Tea",
        *[None] * 2,
        0,
        None,
        None,
    )
    assert fact.net == line.net
    with pytest.raises(LawBroken, match=r"with Wanted\(times=1, of=2, double=False\), on:"):
        try_laws(Counter("TEAS", Wanted, "Teas", tea, reads=("lines",)), Wanted(times=1, of=2))


def test_a_long_history_is_made_small_too() -> None:
    long = [random_purchases(Random(5), 8)[0]._replace(net=n) for n in range(2_000)]
    with pytest.raises(LawBroken) as raised:
        try_laws(kind(lambda facts: -sum(fact.net == 1_777 for fact in facts)), examples=[long], tries=0)
    assert [fact.net for fact in raised.value.facts] == [1_777]


def test_what_is_raised_is_not_told_at_length() -> None:
    def fails(facts: Sequence[PurchaseFact]) -> int:
        raise ValueError("much " * 10_000)

    with pytest.raises(LawBroken) as raised:
        try_laws(kind(fails))
    assert len(str(raised.value)) < 400
