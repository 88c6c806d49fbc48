"""What a criterion may answer, raise and change, and what plugins become of that a policy in force asks for."""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from regulars_core.plugin import (
    CustomerFact,
    Lifetime,
    LineFact,
    MinorUnits,
    NoSettings,
    PurchaseFact,
    RuleKind,
)
from regulars_core.rules import patience
from regulars_core.rules.laws import broken_law
from regulars_tiers.plugin import CriterionKind, Unit
from regulars_tiers.rules.criteria import Window, WindowKind
from regulars_tiers.rules.policy import Criterion
from regulars_tiers.rules.timeline import CriterionFailed, History, steps
from regulars_tiers.testing import purchases
from tests.hooks.test_plugins import plugin
from tests.support.moody import Moody, counted, moody_policy
from tests.support.tier_rules import at
from tests.tiers.conftest import OpenTiers, Owner
from tests.tiers.test_failing_criteria import criterion, in_force, tiers_of, told


def endless(facts: Sequence[PurchaseFact]) -> int:
    return endless(facts) + 1


def clearing(facts: Any) -> int:
    facts.clear()
    return 0


class DumbError(Exception):
    """What cannot even be shown."""

    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


def dumb(facts: Sequence[PurchaseFact]) -> int:
    raise DumbError


UNRULY: dict[str, Callable[[Any], Any]] = {
    "negative": lambda facts: -len(facts),
    "float": lambda facts: 1.5 * len(facts),
    "nan": lambda facts: float("nan"),
    "none": lambda facts: None,
    "bool": bool,
    "text": lambda facts: "9" * len(facts),
    "beyond 64 bits": lambda facts: 2**70 * len(facts),
    "thousands of digits": lambda facts: 10**5_000 * len(facts),
    "recursion": endless,
    "changes its facts": clearing,
    "an error that says nothing": dumb,
    "no more": lambda facts: next(iter(())),
    "awaitable": lambda facts: Forgotten(),
}


class Forgotten:
    """What is awaited somewhere else, if at all."""

    def __await__(self) -> Any:
        yield


@pytest.mark.parametrize("answer", UNRULY.values(), ids=UNRULY)
async def test_what_is_no_figure_is_refused_and_later_contained(
    open_tiers: OpenTiers, calendar: Any, answer: Callable[[Any], Any]
) -> None:
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    with calendar("2026-01-20"):
        moody.answer = answer
        assert await owner.api.refused("tierPolicyUpdate", {"policy": moody_policy()}) == ["INVALID_POLICY"]
        moody.answer = counted
        await in_force(owner)
        everybody = ana, bo = await owner.customer(), await owner.customer()
        for one in (ana, ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
        moody.answer = answer
        for one in everybody:
            await owner.sells(one, "1.00", "2026-01-20T10:00:00Z")
        assert await tiers_of(owner, everybody) == ["M", "C"]
        assert (await owner.standing(ana, "failedMetric"))["failedMetric"] == "MOODY"
        law, failed = await told(owner)
        assert "breaks a law" in law
        assert "could not be measured for 2 customers" in failed
        moody.answer = counted
        await owner.job()
        assert await tiers_of(owner, everybody) == ["M", "M"]


def spinning(facts: Sequence[PurchaseFact]) -> int:
    while True:
        pass


async def test_that_one_takes_too_long_is_not_remembered(
    open_tiers: OpenTiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sends it again under the same key, once it is quick, is not told that it is slow."""
    monkeypatch.setattr(patience, "PER_CALL", 0.1)
    moody = Moody()
    owner = Owner(await open_tiers({"moody": moody}))
    given = {"policy": moody_policy(), "idempotencyKey": "ONE"}
    moody.answer = spinning
    assert await owner.api.refused("tierPolicyUpdate", given) == ["INVALID_POLICY"]
    moody.answer = counted
    assert await owner.api.refused("tierPolicyUpdate", given) == []


FACTS = purchases([(1, 100), (1, 200)], at("2025-01-01"))


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt])
def test_what_ends_the_process_passes_through(end: type[BaseException]) -> None:
    def ends(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        raise end

    kind = CriterionKind("ENDS", NoSettings, "Ends", ends)
    with pytest.raises(end):
        broken_law(kind, NoSettings(), FACTS)
    one = Criterion(kind, NoSettings(), Window(WindowKind.LIFETIME), 1)
    with pytest.raises(end):
        steps(one, History(FACTS, Lifetime()), ZoneInfo("UTC"))


@pytest.mark.parametrize("weight", [-1, 0.5, None, True, 2**64])
def test_weights_are_figures_too(weight: Any) -> None:
    kind = CriterionKind("HEAVY", NoSettings, "Heavy", lambda _, facts: 1, weigh=lambda _, fact: weight)
    one = Criterion(kind, NoSettings(), Window(WindowKind.LIFETIME), 1)
    with pytest.raises(CriterionFailed, match="HEAVY"):
        steps(one, History(FACTS, Lifetime()), ZoneInfo("UTC"))
    assert broken_law(kind, NoSettings(), FACTS)


class Categories(BaseModel):
    """Settings that something of can be changed, frozen or not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wanted: list[str] = Field(["Tea"], description="Which.")


def test_settings_are_left_as_they_are() -> None:
    def forgetting(settings: Categories, facts: Sequence[PurchaseFact]) -> int:
        settings.wanted.append("Coffee")
        return 0

    kind = CriterionKind("FORGETS", Categories, "Forgets", forgetting)
    assert broken_law(kind, Categories(), FACTS) == "it leaves its settings as they are"


def test_what_it_looks_at_it_must_say_it_reads() -> None:
    def lines(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        return sum(len(fact.lines) for fact in facts)

    def customers(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        return sum(fact.customer.group_id > "" for fact in facts if fact.customer)

    line = LineFact("1" * 32, None, "Tea", None, None, 1_000_000, 0, 100, 0)
    ana = CustomerFact("1" * 32, "2" * 32, at("2025-01-01"), None, None)
    facts = [fact._replace(lines=(line,), customer=ana) for fact in FACTS]
    for measure, part in ((lines, "lines"), (customers, "customer")):
        silent = CriterionKind("SILENT", NoSettings, "Silent", measure)
        assert broken_law(silent, NoSettings(), facts) == f'it says what it looks at: reads=("{part}",)'
        told_so = CriterionKind("SILENT", NoSettings, "Silent", measure, reads=(part,))  # type: ignore[arg-type]
        assert broken_law(told_so, NoSettings(), facts) is None


class Share(BaseModel):
    """What a plugin wants to be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: int = Field(1, ge=0, le=100, description="Of how many one counts.")
    spent: MinorUnits = Field(0, ge=0, description="From which amount on.")
    days: tuple[int, ...] = Field((), description="On which weekdays alone, 1 to 7.")

    @field_validator("of")
    @classmethod
    def _not_thirteen(cls, value: int) -> int:
        return 13 // (13 - value) and value


def share(settings: Share, facts: Sequence[PurchaseFact]) -> int:
    counted = [fact for fact in facts if fact.counted and fact.net >= settings.spent]
    wanted = [fact for fact in counted if not settings.days or fact.weekday in settings.days]
    return len(wanted) // settings.of


def asking(*settings: tuple[str, str], threshold: str = "1") -> dict[str, Any]:
    policy = moody_policy(threshold, "SHARE")
    policy["tiers"][0]["anyOf"][0]["allOf"][0]["settings"] = [
        {"name": name, "value": value} for name, value in settings
    ]
    return policy


def shares(settings: type[BaseModel] = Share, **more: Any) -> dict[str, object]:
    kinds: Sequence[RuleKind] = [CriterionKind("SHARE", settings, "A share of purchases", share, **more)]
    return {"shares": plugin(regulars_rules=lambda: kinds)}


async def test_settings_are_text_in_the_form_of_their_types(open_tiers: OpenTiers, calendar: Any) -> None:
    owner = Owner(await open_tiers(shares()))
    with calendar("2026-01-20"):
        await in_force(owner, asking(("spent", "1.50"), ("days", "1"), ("days", "2")))
        ana, bo = await owner.customer(), await owner.customer()
        await owner.sells(ana, "1.50", "2026-01-19")  # a Monday
        await owner.sells(bo, "1.49", "2026-01-19")
        await owner.sells(bo, "1.50", "2026-01-18")
        assert await tiers_of(owner, [ana, bo]) == ["M", "C"]
        shown = await owner.api.data("{ tierPolicy { tiers { anyOf { allOf { settings { name value } } } } } }")
        assert shown["tierPolicy"]["tiers"][0]["anyOf"][0]["allOf"][0]["settings"] == [
            {"name": "spent", "value": "1.50"}, {"name": "days", "value": "1"}, {"name": "days", "value": "2"},
        ]  # fmt: skip
        assert await owner.wrong() == []


@pytest.mark.parametrize(
    ("settings", "place", "why"),
    [
        ([("of", "1"), ("spent", "1.005")], ["settings", "1", "value"], "no amount in USD"),
        ([("of", "101")], ["settings", "0", "value"], "at most 100"),
        ([("of", "1"), ("colour", "red")], ["settings", "1", "name"], "There is no setting of this name"),
        ([("of", "13")], ["settings"], "The plugin fails to read its settings: ZeroDivisionError"),
        (
            [("of", "0")],
            ["metric"],
            "SHARE of the plugin 'shares' cannot be used: it answers, and does not raise ZeroDiv",
        ),
    ],
)
async def test_what_breaks_only_by_its_settings_is_refused_there(
    open_tiers: OpenTiers, settings: list[tuple[str, str]], place: list[str], why: str
) -> None:
    owner = Owner(await open_tiers(shares()))
    made = await owner.api.do("tierPolicyUpdate", "tierPolicy { number }", {"policy": asking(*settings)})
    [error] = made["userErrors"]
    assert (error["code"], error["path"]) == (
        "INVALID_POLICY",
        ["input", "policy", "tiers", "0", "anyOf", "0", "allOf", "0", *place],
    )
    assert why in error["message"]
    await in_force(owner, asking(("of", "2")))


class OtherShare(Share):
    """What another version of the plugin wants to be told."""

    kind: str = Field(description="What nobody said before.")


@pytest.mark.parametrize("later", [OtherShare, NoSettings])
async def test_a_plugin_that_wants_to_be_told_something_else_moves_nobody(
    open_tiers: OpenTiers, calendar: Any, later: type[BaseModel]
) -> None:
    """It would be no criterion, and everybody would have met what is left of the set."""
    owner = Owner(await open_tiers(shares()))
    with calendar("2026-01-20"):
        await in_force(owner, asking(("of", "2")))
        everybody = ana, bo = await owner.customer(), await owner.customer()
        for one in (ana, ana, bo):
            await owner.sells(one, "1.00", "2026-01-19")
        assert await tiers_of(owner, everybody) == ["M", "C"]
        other = owner.over(await open_tiers(shares(later)))
        await other.sells(bo, "1.00", "2026-01-20T10:00:00Z")
        await other.api.done("tiersReassess", "queuedCount", {"all": True})
        await other.job()
        assert await tiers_of(other, everybody) == ["M", "C"]
        shown, why = await criterion(other), "the plugin 'shares' no longer takes what it is told as settings"
        assert (shown["isAvailable"], shown["failure"]) == (False, f"SHARE cannot be measured: {why}.")
        assert why in (await told(other))[0]
        again = owner.over(await open_tiers(shares()))
        await again.job()
        assert await tiers_of(again, everybody) == ["M", "M"]
        assert (await told(again), await again.wrong()) == ([], [])


async def test_a_threshold_that_is_no_count_any_more_moves_nobody(open_tiers: OpenTiers, calendar: Any) -> None:
    owner = Owner(await open_tiers(shares(unit=Unit.MONEY)))
    with calendar("2026-01-20"):
        await in_force(owner, asking(threshold="0.01"))
        ana = await owner.customer()
        await owner.sells(ana, "1.00", "2026-01-19")
        other = owner.over(await open_tiers(shares()))
        await other.sells(ana, "1.00", "2026-01-20T10:00:00Z")
        assert await other.tier(ana) == "M"
        assert "no longer takes what it is told as threshold" in (await criterion(other))["failure"]
