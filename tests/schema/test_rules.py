"""Rules that plugins keep: checked as clients give them, shown as they are kept, and how what they gave came about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
import strawberry
from pydantic import BaseModel, ConfigDict, Field, field_validator

from regulars_core.plugin import (
    Checks,
    Instant,
    MinorUnits,
    Money,
    Plugins,
    PurchaseFact,
    RuleKind,
    Shop,
    ShownRule,
    SkipReason,
    StoredRule,
    UsableRule,
    plugins_on,
    shown_rule,
    usable_rule,
)
from regulars_core.rules import explanations, simulations
from regulars_core.testing import OpenShop, statements
from regulars_schema.plugin import (
    Contribution,
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    Query,
    RequestContext,
    Rule,
    RuleInput,
    RuleOutcome,
    RuleSimulation,
    mutation,
    root,
    rule_in,
)
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin

USE = "TEST_POINTS"


class PerAmount(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    points: int = Field(ge=-1, le=100, description="How many points.")
    per: MinorUnits = Field(1_000, gt=0, description="For each such amount.")
    sku: tuple[str, ...] = Field((), description="Of these articles.")

    @field_validator("sku")
    @classmethod
    def short(cls, skus: tuple[str, ...]) -> tuple[str, ...]:
        assert all(len(sku) < 10 for sku in skus)
        return skus


@dataclass(frozen=True)
class PointsKind(RuleKind):
    use = USE

    def words(self, settings: BaseModel, currency: str) -> str | None:
        assert isinstance(settings, PerAmount)
        return f"{settings.points} points per {settings.per} of {currency}" if settings.points != 13 else 1 / 0  # type: ignore[return-value]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        yield "it never gives less than nothing", self.apply(settings, facts) >= 0

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int:
        assert isinstance(settings, PerAmount)
        return sum(fact.net * settings.points // settings.per for fact in facts)


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class PlainKind(PointsKind):
    def words(self, settings: BaseModel, currency: str) -> str | None:
        return None

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int:
        return 0


PER_AMOUNT = PointsKind("PER_AMOUNT", PerAmount, "Points for each amount.")
WELCOME = PlainKind("WELCOME", Nothing, "Points for the first purchase.")


@strawberry.input(description="A rule to keep.")
class RuleKeepInput(IdempotentInput):
    rules: list[RuleInput] = strawberry.field(description="The rules.")


@strawberry.type(description="What ruleKeep answers.")
class RuleKeepPayload(Payload):
    is_kept: bool = strawberry.field(default=False, description="Whether they are kept.")


@mutation(name="ruleKeep", description="Keeps rules.")
async def keep(
    context: RequestContext, *, input: Annotated[RuleKeepInput, strawberry.argument(description="Which.")]
) -> RuleKeepPayload:
    checks = Checks()
    made = [await rule_in(context.shop, USE, one, checks, "rules", str(n)) for n, one in enumerate(input.rules)]
    checks.refuse()
    context.shop.memory[USE] = [one.stored(context.shop.currency).data for one in made if one]
    return RuleKeepPayload(is_kept=True)


@root(name="rules", returns=list[Rule] | None, description="The rules that are kept.")
async def kept_rules(context: RequestContext) -> list[ShownRule]:
    return [shown_rule(context.shop, USE, StoredRule.of(data)) for data in context.shop.memory[USE]]


def explained(shop: Shop, text: str) -> explanations.RuleExplanation:
    rule = shown_rule(shop, USE, StoredRule("WELCOME"))
    return explanations.RuleExplanation([explanations.RuleFigure("BASE", Decimal("20.00"))], text, rule)


@root(name="outcomes", returns=list[RuleOutcome] | None, description="What rules gave.")
async def outcomes(context: RequestContext) -> list[explanations.RuleOutcome]:
    nothing = explanations.RuleExplanation([], "Nobody is known.")
    return [
        explanations.RuleOutcome("Points", Decimal(4), explained(context.shop, "4 points")),
        *(explanations.RuleOutcome("Points", Decimal(0), nothing, reason) for reason in SkipReason),
    ]


@root(name="simulated", returns=RuleSimulation | None, description="What rules would give.")
async def simulated(context: RequestContext) -> simulations.RuleSimulation:
    rows = await context.database.read("SELECT id FROM customer ORDER BY code")
    steps = [explained(context.shop, f"step {n}") for n in range(25)]
    return simulations.RuleSimulation(
        Instant(0), Instant(1_000), "PTS", 3, 2, 1, 0, Decimal(30), Decimal(20), Money(150, context.shop.currency), None,
        [simulations.RuleSimulationShare("A", 2, Decimal(30), Decimal(20))],
        [simulations.RuleSimulationSample(row[0], Decimal(30), Decimal(20), steps) for row in rows],
        ["The audience is read as of now."],
    )  # fmt: skip


CONTRIBUTION = Contribution(
    "points", extensions=[Extension(Mutation, [keep]), Extension(Query, [kept_rules, outcomes, simulated])]
)
POINTS = {"points": plugin(regulars_schema=lambda: CONTRIBUTION, regulars_rules=lambda: [PER_AMOUNT, WELCOME])}
SHOWN = "{ rules { description isAvailable kind settings { name value } } }"


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on(POINTS)


def rule(kind: str, *settings: tuple[str, str]) -> dict[str, Any]:
    return {"kind": kind, "settings": [{"name": name, "value": value} for name, value in settings]}


async def kept(api: Api, *rules: dict[str, Any]) -> list[dict[str, Any]]:
    await api.done("ruleKeep", "isKept", {"rules": rules})
    found: list[dict[str, Any]] = (await api.data(SHOWN))["rules"]
    return found


async def wrong(api: Api, *rules: dict[str, Any]) -> list[tuple[str, str]]:
    made = await api.do("ruleKeep", "isKept", {"rules": rules})
    assert not made["isKept"]
    return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]


async def test_a_rule_is_shown_in_words_with_its_defaults(shop: Shop) -> None:
    given = rule("PER_AMOUNT", ("sku", "T1"), ("points", "2"), ("sku", "T2"))
    per_amount, *welcomes = await kept(Api.of(shop), given, {"kind": "WELCOME"}, rule("WELCOME"))
    assert per_amount == {
        "description": "2 points per 1000 of USD",
        "isAvailable": True,
        "kind": "PER_AMOUNT",
        "settings": [
            {"name": "points", "value": "2"},
            {"name": "per", "value": "10.00"},
            {"name": "sku", "value": "T1"},
            {"name": "sku", "value": "T2"},
        ],
    }
    plain = {
        "description": "Points for the first purchase",
        "isAvailable": True,
        "kind": "WELCOME",
        "settings": [],
    }
    assert welcomes == [plain, plain]


async def test_mistakes_are_told_at_the_very_pair(shop: Shop) -> None:
    api = Api.of(shop)
    good = ("points", "1")
    assert await wrong(api, rule("PER_AMOUNT", good), rule("NONE", good)) == [("UNKNOWN_KIND", "input.rules.1.kind")]
    at = "input.rules.0.settings"
    for settings, expected in (
        ([good, ("per", "0.001")], ("INVALID_RULE", f"{at}.1.value")),
        ([good, ("per", "0.00")], ("INVALID_RULE", f"{at}.1.value")),
        ([good, ("colour", "red")], ("INVALID_RULE", f"{at}.1.name")),
        ([good, good], ("INVALID_RULE", f"{at}.1.name")),
        ([], ("INVALID_RULE", at)),
        ([good, ("sku", "a"), ("sku", "A" * 10)], ("INVALID_RULE", f"{at}.1.value")),
        ([good, ("sku", "A" * 1_001)], ("TOO_LONG", f"{at}.1.value")),
        ([good, ("sku", "\0")], ("INVALID_RULE", f"{at}.1.value")),
        ([good, *[("sku", "a")] * 200], ("TOO_MANY", at)),
    ):
        assert await wrong(api, rule("PER_AMOUNT", *settings)) == [expected], settings


async def test_a_rule_that_breaks_a_law_is_refused_with_an_example(shop: Shop) -> None:
    given = {"rules": [rule("PER_AMOUNT", ("points", "-1"))]}
    made = await Api.of(shop).do("ruleKeep", "isKept", given)
    [error] = made["userErrors"]
    assert (error["code"], error["path"]) == ("RULE_BREAKS_LAW", ["input", "rules", "0", "kind"])
    law = "PER_AMOUNT of the plugin 'points' breaks a law with these settings: it never gives less than nothing."
    assert error["message"].startswith(f"{law} Tried on: 2026-")
    assert re.search(r"net=1\b", error["message"])
    assert "\n" not in error["message"]


async def test_a_kind_that_fails_at_its_words_is_told_in_those_of_any_rule(shop: Shop) -> None:
    [shown] = await kept(Api.of(shop), rule("PER_AMOUNT", ("points", "13")))
    assert shown["description"] == "Points for each amount (points: 13; per: 10.00)"


async def test_a_rule_whose_plugin_is_off_is_shown_as_it_is_kept(shop: Shop, open_shop: OpenShop) -> None:
    usable = usable_rule(shop, USE, StoredRule.of(rule("PER_AMOUNT", ("points", "2"))))
    assert isinstance(usable, UsableRule)
    stored = usable.stored("USD")
    off = await open_shop(plugins=plugins_on())
    assert usable_rule(off, USE, stored) is None
    shown = shown_rule(off, USE, stored)
    assert (shown.is_available, shown.description) == (False, "PER_AMOUNT (points: 2; per: 10.00)")
    assert (shown.kind, shown.settings) == ("PER_AMOUNT", stored.settings)


async def test_what_a_kind_no_longer_takes_is_not_available(shop: Shop) -> None:
    for settings in ((("points", "101"),), (("points", "1"), ("gone", "1"))):
        stored = StoredRule.of(rule("PER_AMOUNT", *settings))
        assert usable_rule(shop, USE, stored) is None
        assert shown_rule(shop, USE, stored).settings == stored.settings
    assert usable_rule(shop, "ANOTHER_USE", StoredRule("WELCOME")) is None


async def test_what_rules_gave_and_why_not(shop: Shop) -> None:
    ask = "name given reason explanation { text figures { name value } rule { kind isAvailable } }"
    given, *skipped = (await Api.of(shop).data(f"{{ outcomes {{ {ask} }} }}"))["outcomes"]
    told = {
        "text": "4 points",
        "figures": [{"name": "BASE", "value": "20.00"}],
        "rule": {"kind": "WELCOME", "isAvailable": True},
    }
    assert given == {"name": "Points", "given": "4", "reason": None, "explanation": told}
    assert [one["reason"] for one in skipped] == [
        "AUDIENCE", "NOT_IN_FORCE", "NO_MATCH", "NO_CUSTOMER", "ROUNDED_OFF", "UNAVAILABLE", "UNDONE",
    ]  # fmt: skip
    assert skipped[0]["explanation"] == {"text": "Nobody is known.", "figures": [], "rule": None}


SIMULATED = """{ simulated { from until unit purchaseCount customerCount winnerCount loserCount given givenNow notes
    cost { amount } costNow { amount } perTier { tier customerCount given givenNow }
    sample { given givenNow customer { firstName } explanations { text } } } }"""


async def test_a_simulation(shop: Shop) -> None:
    api = Api.of(shop)
    for name in ("Ana", "Bo"):
        await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
    with statements(shop, 2):  # the test's own, and one for all customers
        found = (await api.data(SIMULATED))["simulated"]
    samples = found.pop("sample")
    assert found == {
        "from": "1970-01-01T00:00:00.000Z", "until": "1970-01-01T00:00:01.000Z", "unit": "PTS", "purchaseCount": 3,
        "customerCount": 2, "winnerCount": 1, "loserCount": 0, "given": "30", "givenNow": "20",
        "notes": ["The audience is read as of now."], "cost": {"amount": "1.50"}, "costNow": None,
        "perTier": [{"tier": "A", "customerCount": 2, "given": "30", "givenNow": "20"}],
    }  # fmt: skip
    assert [one["customer"]["firstName"] for one in samples] == ["Ana", "Bo"]
    assert [one["text"] for one in samples[0]["explanations"]] == [f"step {n}" for n in range(20)]


async def test_who_may_not_see_customers_or_purchases_is_not_told_of_them(shop: Shop) -> None:
    await Api.of(shop).done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    answer = await Api.of(shop, "nobody").ask(
        "{ simulated { sample { given customer { id } explanations { text } } } }"
    )
    assert answer.data["simulated"]["sample"] == [{"given": "30", "customer": None, "explanations": None}]
    assert sorted(one["extensions"]["permission"] for one in answer.errors) == ["customers.view", "purchases.view"]


def test_they_are_in_a_schema_only_where_a_plugin_uses_them() -> None:
    names = ("type Rule {", "input RuleInput", "RuleExplanation", "RuleOutcome", "RuleSimulation", "RuleSkipReason")
    without, with_points = build_schema().printed(), build_schema([CONTRIBUTION]).printed()
    assert not [name for name in names if name in without]
    assert all(name in with_points for name in names)
