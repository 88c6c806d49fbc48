"""The kit for authors: laws that are broken are told, spans are where the shop is."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars_core.plugin import Given, NoSettings, PurchaseFact, Sale, day_and_minute, instant_of
from regulars_core.testing import LawBroken, try_laws
from regulars_rewards.plugin import CustomerDates, HistoryTrigger, Occasion, OccasionTrigger, PurchaseTrigger, Span
from tests.support.sales import line, sale


def broken(kind: Any) -> str:
    with pytest.raises(LawBroken) as raised:
        try_laws(kind)
    return raised.value.law


def by_sale(give: Callable[[Any, Sale], Any], **more: Any) -> PurchaseTrigger:
    return PurchaseTrigger("TEST", NoSettings, "Tests", give, **more)


@pytest.mark.parametrize(
    ("give", "law"),
    [
        (lambda _, one: -1, "it answers a whole number"),
        (lambda _, one: Fraction(1, 2), "it answers a whole number"),
        (lambda _, one: True, "it answers a whole number"),
        (lambda _, one: 1_000_001, "it answers a whole number"),
        (lambda _, one: Given(1, worth=lambda each: -1), "a line is worth 0 or more"),
        (lambda _, one: 1 // 0, "it answers, and does not raise ZeroDivisionError"),
    ],
)
def test_laws_of_a_sale(give: Callable[[Any, Sale], Any], law: str) -> None:
    assert law in broken(by_sale(lambda settings, one: give(settings, one) if one.lines else 0))


def test_always_the_same_and_monotone_as_it_says() -> None:
    seen: list[Sale] = []
    assert "deterministic" in broken(by_sale(lambda _, one: len(seen) if seen.append(one) is None else 0))
    assert "monotone" in broken(by_sale(lambda _, one: max(0, 3 - len(one.lines)), is_monotone=True))
    assert "1 or more" in broken(by_sale(lambda _, one: 1, per=lambda _: 0))


def test_what_comes_back_of_a_line_takes_its_part() -> None:
    made = sale(line("Tea", "10.00"), line("Cake", "5.00"))
    kind = by_sale(lambda _, one: Given(len(one.lines), one.lines[:1]))
    try_laws(kind)
    assert kind.answer(NoSettings(), made).shares(made) == {made.lines[0].id: 1_000}


def by_history(total: Callable[[Any, Sequence[PurchaseFact]], Any], **more: Any) -> HistoryTrigger:
    return HistoryTrigger("TEST", NoSettings, "Tests", total, **more)


def days_bought(_: Any, facts: Sequence[PurchaseFact]) -> int:
    return len({fact.day for fact in facts if fact.counted})


def test_laws_of_a_history() -> None:
    for span in Span:
        try_laws(by_history(days_bought, span=span, is_monotone=True))
    assert "no purchases bring nothing" in broken(by_history(lambda _, facts: 1))
    assert "whole number" in broken(by_history(lambda _, facts: -len(facts)))
    assert "given back is nothing" in broken(by_history(lambda _, facts: len(facts)))
    assert "order" in broken(by_history(lambda _, facts: int(bool(facts) and facts[0].net > facts[-1].net)))
    once = by_history(lambda _, facts: int(sum(fact.counted for fact in facts) == 1), is_monotone=True)
    assert "monotone" in broken(once)
    lines = by_history(lambda _, facts: sum(one.stands for fact in facts for one in fact.lines))
    assert 'reads=("lines",)' in broken(lines)
    try_laws(by_history(lines.total, reads=("lines",)))


def by_occasion(occasions: Callable[..., Any], *of: str) -> OccasionTrigger:
    return OccasionTrigger("TEST", NoSettings, "Tests", occasions, of=of)


def each_day(key: Callable[[date], str]) -> Callable[..., list[Occasion]]:
    def occasions(_: Any, __: CustomerDates, since: date, until: date) -> list[Occasion]:
        return [
            Occasion(key(one), one)
            for n in range(since.toordinal(), until.toordinal())
            for one in [date.fromordinal(n)]
        ]

    return occasions


def test_laws_of_occasions() -> None:
    try_laws(by_occasion(each_day(date.isoformat)), tries=5)
    assert "same key" in broken(by_occasion(each_day(lambda one: "day")))
    assert "at most 100 characters" in broken(by_occasion(each_day(lambda one: f"{one}\n")))
    assert "asked about" in broken(by_occasion(lambda _, __, since, until: [Occasion("a", until)]))
    assert "Occasions" in broken(by_occasion(lambda _, __, since, until: [("a", since)]))
    assert "each of them" in broken(by_occasion(lambda _, __, since, until: [Occasion("first", since)]))

    def born(_: Any, customer: CustomerDates, since: date, until: date) -> list[Occasion]:
        return [Occasion("born", since)] if customer.birth_date and since.day == 1 and since < until else []

    assert "what its occasions are of" in broken(by_occasion(born))
    with pytest.raises(ValueError, match="TEST is of weather; there are birth_date, purchases, tier"):
        by_occasion(born, "weather")


@pytest.mark.parametrize(
    ("span", "key", "first", "behind"),
    [
        (Span.DAY, "2026-12-31", "2026-12-31", "2027-01-01"),
        (Span.WEEK, "2026-W53", "2026-12-28", "2027-01-04"),
        (Span.MONTH, "2026-12", "2026-12-01", "2027-01-01"),
        (Span.QUARTER, "2026-Q4", "2026-10-01", "2027-01-01"),
        (Span.YEAR, "2026", "2026-01-01", "2027-01-01"),
        (Span.EVER, "ever", "0001-01-01", "9999-12-31"),
    ],
)
def test_spans(span: Span, key: str, first: str, behind: str) -> None:
    day = date(2026, 12, 31)
    assert span.key(day) == key
    assert span.around(day) == (date.fromisoformat(first), date.fromisoformat(behind))


@pytest.mark.parametrize("span", Span)
@pytest.mark.parametrize("year", [1999, 2000, 2020, 2024, 2026, 2027])
def test_all_days_of_a_span_have_its_key(span: Span, year: int) -> None:
    for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 2).toordinal()):
        day = date.fromordinal(n)
        first, behind = span.around(day)
        assert first <= day < behind
        assert span.key(first) == span.key(day)
        if span is not Span.EVER:
            assert span.key(date.fromordinal(behind.toordinal() - 1)) == span.key(day) != span.key(behind)
            assert span.key(date.fromordinal(first.toordinal() - 1)) != span.key(day)


def fact(at: str, zone: str) -> PurchaseFact:
    instant = instant_of(datetime.fromisoformat(at).replace(tzinfo=UTC))
    day, minute = day_and_minute(instant, ZoneInfo(zone))
    return PurchaseFact(at, instant, day, 100, True, "s", None, minute)


def test_days_are_those_of_the_shop_when_clocks_change() -> None:
    """In Berlin clocks go forward on 29 March 2026 at 01:00 UTC, and back on 25 October: a day of 23 hours, and one of 25."""
    kind = by_history(days_bought, span=Span.DAY)
    spring = [fact(f"2026-03-{at}", "Europe/Berlin") for at in ("28T22:59", "28T23:00", "29T21:59", "29T22:00")]
    autumn = [fact(f"2026-10-{at}", "Europe/Berlin") for at in ("24T21:59", "24T22:00", "25T22:59", "25T23:00")]
    assert {key: len(own) for key, own in kind.by_span(spring).items()} == {
        "2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1,
    }  # fmt: skip
    assert {key: len(own) for key, own in kind.by_span(autumn).items()} == {
        "2026-10-24": 1, "2026-10-25": 2, "2026-10-26": 1,
    }  # fmt: skip


def test_a_month_begins_where_the_shop_is() -> None:
    kind = by_history(days_bought, span=Span.MONTH)
    assert list(kind.by_span([fact("2026-10-31T23:30", "Europe/Berlin")])) == ["2026-11"]
    assert list(kind.by_span([fact("2026-10-31T23:30", "America/Mexico_City")])) == ["2026-10"]
