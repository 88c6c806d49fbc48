"""Kinds of criteria, the box's and others': the laws they keep, and a plugin that brings one."""

import random
import socket
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars_core.plugin import NoSettings, PluginError, PurchaseFact, hookimpl, plugins_on
from regulars_core.testing import LawBroken, try_laws
from regulars_tiers.registry import criterion_kinds
from regulars_tiers.rules.criteria import BOX, NET_SPEND, CriterionKind
from regulars_tiers.testing import purchases
from tests.hooks.test_plugins import plugin
from tests.support.tier_rules import at
from tests.tiers.conftest import OpenTiers, Owner

BOUGHT = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 100_000)), max_size=8)


def on_weekends(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return len({fact.day for fact in facts if fact.counted and date.fromordinal(fact.day).weekday() >= 5})


WEEKEND_DAYS = CriterionKind("WEEKEND_DAYS", NoSettings, "Weekend days with a purchase", on_weekends, is_monotone=True)


@pytest.mark.parametrize("kind", [*BOX, WEEKEND_DAYS], ids=lambda kind: kind.name)
@settings(deadline=None)
@given(amounts=BOUGHT)
def test_the_laws_hold(kind: CriterionKind, amounts: list[tuple[int, int]]) -> None:
    try_laws(kind, examples=[purchases(amounts, at("2025-01-01"))], tries=0)


def _opens(_: Any, facts: Sequence[PurchaseFact]) -> int:
    with open(__file__) as file:
        return len(file.readline()) * len(facts)


def _reads(_: Any, facts: Sequence[PurchaseFact]) -> int:
    return len(Path(__file__).read_text()) * len(facts)


def _lists(_: Any, facts: Sequence[PurchaseFact]) -> int:
    return len(list(Path(__file__).parent.iterdir())) * len(facts)


def _asks_around(_: Any, facts: Sequence[PurchaseFact]) -> int:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", 9)) * len(facts)


def _recent(_: Any, facts: Sequence[PurchaseFact]) -> int:
    return sum(fact.day > date.today().toordinal() - 3_650 for fact in facts)


def _count(_: Any, facts: Sequence[PurchaseFact]) -> int:
    return len(facts)


@pytest.mark.parametrize(
    ("measure", "more", "law"),
    [
        (lambda _, facts: random.randint(1, 10**9) * len(facts), {}, "deterministic"),
        (_recent, {}, "looks at no clock"),
        (lambda _, facts: 1, {}, "nothing measures 0"),
        (lambda _, facts: facts[0].net if facts else 0, {}, "independent of the order"),
        (lambda _, facts: facts[len(facts) // 2].net if facts else 0, {}, "independent of the order"),
        (lambda _, facts: len(facts) ** 2, {"weigh": lambda _, fact: 1}, "the sum of what each weighs"),
        (lambda _, facts: max(0, 5 - len(facts)) if facts else 0, {"is_monotone": True}, "monotone"),
        (_count, {"weigh": lambda _, fact: 1, "lifetime": lambda known: known.spent}, "tells from sums"),
        (_count, {"lifetime": lambda known: known.count}, "it is a sum where"),
        (lambda _, facts: 1.5 * len(facts), {}, "whole number"),
        (lambda _, facts: -len(facts), {}, "whole number, 0 or more"),
        (_opens, {}, "no I/O"),
        (_reads, {}, "no I/O"),
        (_lists, {}, "no I/O"),
        (_asks_around, {}, "no I/O"),
    ],
)
def test_who_breaks_a_law_is_told(measure: Any, more: Any, law: str) -> None:
    broken = CriterionKind("BROKEN", NoSettings, "Broken", measure, **more)
    with pytest.raises(LawBroken, match=law):
        try_laws(broken, examples=[purchases([(1, 100), (1, 200), (1, 300)], at("2025-01-01"))])


class Weekends:
    """A plugin that brings a criterion and hears of changes."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, bool]] = []

    @hookimpl
    def regulars_rules(self) -> Sequence[CriterionKind]:
        return [WEEKEND_DAYS]

    @hookimpl(optionalhook=True)
    async def tiers_changed(self, changes: Any) -> None:
        self.heard += [(one.before, one.after, one.upgrade) for one in changes]


POLICY = {
    "graceDays": 0,
    "tiers": [
        {"code": "W", "name": "Weekender", "anyOf": [
            {"allOf": [{"metric": "WEEKEND_DAYS", "window": "CALENDAR_MONTH", "threshold": "2"}]}
        ]},
        {"code": "C", "name": "Standard"},
    ],
}  # fmt: skip


async def test_a_plugin_brings_a_criterion_and_hears_of_changes(open_tiers: OpenTiers, calendar: Any) -> None:
    weekends = Weekends()
    owner = Owner(await open_tiers({"weekends": weekends}))
    with calendar("2026-01-01"):
        await owner.api.done("tierPolicyUpdate", "tierPolicy { number tiers { code } }", {"policy": POLICY})
        ana = await owner.customer()
    with calendar("2026-01-31"):
        for day in ("2026-01-03", "2026-01-03T18:00:00Z", "2026-01-06", "2026-01-11"):
            await owner.sells(ana, "1.00", day)
        assert await owner.tier(ana) == "W"
        assert [await owner.tier(ana, day) for day in ("2026-01-10", "2026-01-12", "2026-02-01")] == ["C", "W", "C"]
    with calendar("2026-02-02"):
        assert await owner.job() == 1
    assert weekends.heard == [("C", "W", True), ("W", "C", False)]
    assert await owner.wrong() == []
    off = owner.over(await open_tiers())
    found = await off.api.data("{ tierPolicy { number } }")
    assert found["tierPolicy"]["number"] == 1
    assert await off.tier(ana) == "C"
    with calendar("2026-02-03"):  # what no plugin measures now lifts nobody, and lowers nobody either
        await off.sells(ana, "1.00", "2026-02-03")
    assert await off.tier(ana) == "C"


def test_who_does_not_say_that_it_is_monotone_need_not_be() -> None:
    few = CriterionKind("FEW", NoSettings, "Few", lambda _, facts: max(0, 5 - len(facts)) if facts else 0)
    try_laws(few, examples=[purchases([(1, 100), (1, 200), (1, 300)], at("2025-01-01"))])


async def test_what_is_not_monotone_may_lower(open_tiers: OpenTiers, calendar: Any) -> None:
    """Tier A for who has bought exactly once in a month: another purchase takes it away, at once and as recomputed."""

    def once(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        return int(len(facts) == 1)

    kinds = [CriterionKind("ONCE", NoSettings, "Bought once", once)]
    owner = Owner(await open_tiers({"once": plugin(regulars_rules=lambda: kinds)}))
    a_month = {"metric": "ONCE", "window": "CALENDAR_MONTH", "threshold": "1"}
    rules = {
        "graceDays": 0,
        "tiers": [{"code": "A", "name": "A", "anyOf": [{"allOf": [a_month]}]}, {"code": "C", "name": "C"}],
    }
    with calendar("2026-01-20"):
        given = {"policy": rules, "effectiveAt": "2020-01-01T00:00:00Z"}
        await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
        ana = await owner.customer()
        await owner.sells(ana, "1.00", "2026-01-19")
        assert await owner.tier(ana) == "A"
        await owner.sells(ana, "1.00", "2026-01-18")
        assert await owner.wrong() == []
        assert [await owner.tier(ana, day) for day in ("2026-01-17", "2026-01-18", "2026-01-19")] == ["C", "A", "A"]
        assert await owner.tier(ana) == "C"


def test_two_of_one_name_are_refused() -> None:
    import regulars_tiers

    twin = plugin(regulars_rules=lambda: [NET_SPEND])
    with pytest.raises(PluginError, match="The rule kind TIER_CRITERION NET_SPEND is defined by 'tiers' and by 'twin'"):
        criterion_kinds(plugins_on({"tiers": regulars_tiers, "twin": twin}))


def test_without_tiers_nobody_minds_the_hooks() -> None:
    assert plugins_on({"weekends": Weekends()}).names == ("weekends",)
