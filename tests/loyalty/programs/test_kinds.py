"""What the kinds of the box give: the worked numbers, and the laws."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from regulars_core.plugin import Checks, EarnOn, Given, Malformed, PaidWith, PointsRuleKind, Sale, Tax, settings_from
from regulars_core.purchases.rules import NewLine
from regulars_core.rules.settings import described
from regulars_core.testing import LawBroken, try_laws
from regulars_loyalty.points.box import (
    BOX,
    MULTIPLIER,
    PER_AMOUNT,
    PER_ITEM,
    PER_PURCHASE,
    TIER_MULTIPLIER,
    Multiplier,
    PerAmount,
    PerItem,
    PerPurchase,
)
from regulars_loyalty.points.outcomes import Outcome, SkipReason
from tests.support.sales import line, outcomes, program, rule, sale

DOLLAR = {"points": 1, "per": "1.00"}


def given(one: Sale, *rules: Any, **more: Any) -> Sequence[Outcome]:
    return outcomes(program(*rules, **more), one)


def points(one: Sale, *rules: Any) -> list[int]:
    return [each.points for each in given(one, *rules)]


@pytest.mark.parametrize(("in_steps", "earned"), [(True, 30), (False, 35)])
def test_ten_points_per_two_dollars(in_steps: bool, earned: int) -> None:
    """X17: $2.00 = 10 points; order $7.00 → 30, $1.00 dropped."""
    assert points(sale(line("Tea", "7.00")), rule("PER_AMOUNT", points=10, per="2.00", inSteps=in_steps)) == [earned]


@pytest.mark.parametrize(("base", "factor", "bonus"), [(4, "1.5", 2), (7, "1.25", 1), (5, "3", 10)])
def test_a_multiplier_s_bonus_is_an_entry_of_its_own(base: int, factor: str, bonus: int) -> None:
    """4 × 1.5 → base 4, bonus 2; 7 × 1.25 → base 7, bonus 1; X19, X20: 5 × 3 → 15."""
    rules = rule("PER_PURCHASE", points=base), rule("MULTIPLIER", factor=factor)
    earned, more = given(sale(line("Tea", "9.99")), *rules)
    assert [(one.kind, one.points) for one in (earned, more)] == [("EARN", base), ("BONUS", bonus)]


def test_rules_add_up() -> None:
    """X20: 5 + 3 → 8."""
    assert points(sale(line("Tea", "9")), rule("PER_PURCHASE", points=5), rule("PER_PURCHASE", "B", points=3)) == [5, 3]


def test_multipliers_never_multiply_each_other() -> None:
    rules = rule("MULTIPLIER", factor=2), rule("PER_PURCHASE", points=10), rule("MULTIPLIER", "C", factor=3)
    assert points(sale(line("Tea", "9")), *rules) == [10, 10, 20]


def test_the_tier_multiplies() -> None:
    rules = rule("PER_AMOUNT", **DOLLAR), rule("TIER_MULTIPLIER")
    assert points(sale(line("Tea", "7"), multiplier="1.25"), *rules) == [7, 1]
    [_, none] = given(sale(line("Tea", "7")), *rules)
    assert (none.points, none.reason) == (0, SkipReason.NO_MATCH)


def test_points_for_what_was_paid_after_discounts_credit_and_points() -> None:
    """P-P01, P-P02, P-P03: 90 where 10 % was taken off; 100 where 10.00 was paid by bought credit, 90 by given."""
    dollar, goods = rule("PER_AMOUNT", **DOLLAR), line("Tea", "100")
    assert points(sale(NewLine("Tea", 1_000_000, unit_price=10_000, discount=1_000)), dollar) == [90]
    assert points(sale(goods, paid=PaidWith(bought_credit=1_000)), dollar) == [100]
    assert points(sale(goods, paid=PaidWith(given_credit=1_000)), dollar) == [90]
    no_credit = rule("PER_AMOUNT", **DOLLAR, earnOnBoughtCredit=False)
    assert points(sale(goods, paid=PaidWith(bought_credit=1_000)), no_credit) == [90]


def test_a_scoped_rule_sees_each_line_s_share() -> None:
    """P-P04: food 100.00 and other 50.00, 15.00 off in shares: 90 for food."""
    made = sale(line("Food", "90", category="Food"), line("Other", "45"))
    [earned] = given(made, rule("PER_AMOUNT", **DOLLAR, category=["FOOD", "Drinks"]))
    assert (earned.points, earned.base, earned.shares) == (90, 9_000, {made.lines[0].id: 9_000})


def test_gross_with_tax() -> None:
    """X12: 5 points a unit, 100 and 15 % tax → 575; 140 → 805."""
    rules = rule("PER_AMOUNT", points=5, per="1", earnOn="GROSS", tax="INCLUDED")
    assert points(sale(line("Tea", "100", tax=1_500)), rules) == [575]
    assert points(sale(line("Tea", "140", tax=2_100)), rules) == [805]


def test_fractions_are_dropped() -> None:
    """P-P07: 49.95 → 49. P-P21: 20.158 and 20.987 → 20 and 20."""
    assert points(sale(line("Tea", "49.95")), rule("PER_AMOUNT", **DOLLAR)) == [49]
    for total in ("201.58", "209.87"):
        assert points(sale(line("Tea", total)), rule("PER_AMOUNT", points=1, per="10")) == [20]
    [none] = given(sale(line("Tea", "0.99")), rule("PER_AMOUNT", **DOLLAR))
    assert (none.points, none.reason) == (0, SkipReason.ROUNDED_OFF)
    assert none.explanation.text == "1 point × 0.99 ÷ 1.00 = 0.99, rounded down: 0"


def test_points_a_piece() -> None:
    """200 points; 2 × $50 at 35 points a piece, 150 points paid: it earns 70. What is weighed has no pieces."""
    made = sale(line("Bag", "100", "2", sku="B1"), line("Beans", "9", "0.5"), paid=PaidWith(points=150))
    [earned] = given(made, rule("PER_ITEM", points=35))
    assert (earned.points, list(earned.shares)) == (70, [made.lines[0].id])
    assert points(made, rule("PER_ITEM", points=35, sku="b1"), rule("PER_ITEM", "C", points=35, sku="B2")) == [70, 0]


def test_a_purchase_from_a_minimum_on() -> None:
    fifty = rule("PER_PURCHASE", points=10, minimum="50.00")
    assert points(sale(line("Tea", "50")), fifty) == [10]
    [none] = given(sale(line("Tea", "49.99")), fifty)
    assert (none.reason, none.explanation.text) == (SkipReason.NO_MATCH, "49.99 is below the minimum = 0")


def test_one_point_per_thousand() -> None:
    """P-P30: 2 × 10000 → 20."""
    assert points(sale(line("Tea", "20000", "2")), rule("PER_AMOUNT", points=1, per="1000")) == [20]


def test_nobody_who_is_known_earns_nothing() -> None:
    made = given(sale(line("Tea", "50"), customer=None), rule("PER_AMOUNT", **DOLLAR), rule("MULTIPLIER", factor=2))
    assert [one.reason for one in made] == [SkipReason.NO_CUSTOMER] * 2


def test_every_outcome_explains_itself() -> None:
    earned, bonus = given(
        sale(line("Tea", "75.50")), rule("PER_AMOUNT", points=10, per="3.00"), rule("MULTIPLIER", factor="1.5")
    )
    assert earned.explanation.text == "10 points × 75.50 ÷ 3.00 = 251.666667, rounded down: 251"
    assert earned.explanation.figures == {
        "BASE": "75.50", "RATE": "10", "PER": "3.00", "EARNED": "251.666667", "DROPPED": "0.666667", "RESULT": "251",
    }  # fmt: skip
    assert bonus.explanation.text == "251 × 1.5 − 251 = 125.5, rounded down: 125"


def test_a_bonus_is_on_the_lines_that_earned_in_their_part() -> None:
    """Two lines of 50.00; the one gives 30 points and the other 10: three quarters of a bonus hang on the first."""
    made = sale(line("A", "50", sku="A"), line("B", "50", sku="B"))
    rules = rule("PER_ITEM", "A", points=30, sku="A"), rule("PER_ITEM", "B", points=10, sku="B")
    bonus = given(made, *rules, rule("MULTIPLIER", factor=2))[-1]
    assert (bonus.points, bonus.base, list(bonus.shares.values())) == (40, 10_000, [7_500, 2_500])


SETTINGS = [
    (PER_AMOUNT, PerAmount(points=10, per=300)),
    (PER_AMOUNT, PerAmount(points=7, per=200, in_steps=True, earn_on=EarnOn.GROSS, tax=Tax.INCLUDED)),
    (PER_AMOUNT, PerAmount(points=1, per=1, earn_on_bought_credit=False, categories=("tea", "Cups"))),
    (PER_PURCHASE, PerPurchase(points=10, minimum=200)),
    (PER_ITEM, PerItem(points=5, brands=("casa roja",))),
    (MULTIPLIER, Multiplier(factor=Decimal("1.5"))),
    (TIER_MULTIPLIER, None),
]


@pytest.mark.parametrize(("kind", "told"), SETTINGS)
def test_the_box_keeps_the_laws(kind: PointsRuleKind, told: Any) -> None:
    try_laws(kind, told)


def broken(give: Any, **more: Any) -> str:
    kind = PointsRuleKind("ODD", TIER_MULTIPLIER.settings, "Odd", give, **more)
    with pytest.raises(LawBroken) as caught:
        try_laws(kind)
    return caught.value.law


def test_what_breaks_a_law_is_told() -> None:
    seen: list[Sale] = []
    assert "from 0 to" in broken(lambda _, one: one.net - 1)
    assert "number" in broken(lambda _, one: one.net / 2)
    assert "deterministic" in broken(lambda _, one: seen.append(one) or len(seen))
    assert "monotone" in broken(lambda _, one: 5 - min(5, len(one.lines)), is_monotone=True)
    assert "factor of 1" in broken(lambda _, one: Decimal("0.5"), is_multiplier=True)
    assert "lines of the sale" in broken(lambda _, one: Given(1, [line_of_another()]))
    assert "ZeroDivisionError" in broken(lambda _, one: 1 // one.net)


def line_of_another() -> Any:
    return sale(line("Other", "1")).lines[0]


def test_a_rule_in_words() -> None:
    said = {
        "PER_AMOUNT": "10 points per 3.00",
        "PER_PURCHASE": "10 points per purchase from 2.00 on",
        "PER_ITEM": "5 points a piece on brand casa roja",
        "MULTIPLIER": "points × 1.5",
    }
    for kind, told in SETTINGS[:1] + SETTINGS[3:6]:
        assert kind.words(told, "USD") == said[kind.name]


def test_settings_as_the_contract_names_them() -> None:
    """Every name of the contract is taken, and nothing else."""
    names = {
        "PER_AMOUNT": "points per inSteps earnOn tax earnOnBoughtCredit sku brand category",
        "PER_PURCHASE": "points minimum oncePerCustomer",
        "PER_ITEM": "points sku brand category",
        "MULTIPLIER": "factor",
        "TIER_MULTIPLIER": "",
    }
    for kind in BOX:
        listed = [one.name for one in described(kind.settings, "USD")]
        assert sorted(listed) == sorted(names[kind.name].split())
    checks = Checks()
    told = settings_from(PerAmount, [("points", "1"), ("per", "1.00"), ("sku", "A"), ("sku", "B")], "USD", checks)
    assert told == PerAmount(points=1, per=100, skus=("A", "B"))
    with pytest.raises(Malformed):
        program(rule("PER_AMOUNT", points=0, per="1.00"))
