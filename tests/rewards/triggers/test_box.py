"""The triggers in the box: what each brings, how it reads, and that it keeps the laws."""

from datetime import date
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import Checks, EarnOn, PaidWith, RuleKinds, Tax, plugins_on, settings_from
from regulars_core.testing import try_laws
from regulars_rewards.triggers.bands import Band, Bands, RewardMode
from regulars_rewards.triggers.box import (
    BOX,
    MANUAL,
    NTH_PURCHASE,
    PURCHASE,
    TIER_CHANGE,
    NthPurchase,
    Purchase,
    TierReached,
)
from regulars_rewards.triggers.kinds import Undone
from regulars_rewards.triggers.occasions import CustomerDates, Occasion, TierChange
from tests.support.sales import line, sale

SETTINGS: list[tuple[str, dict[str, str], str]] = [
    ("PURCHASE", {}, "each purchase, by its size"),
    ("PURCHASE", {"earnOn": "GROSS", "tax": "INCLUDED", "earnOnBoughtCredit": "false"}, "each purchase, by its size"),
    ("NTH_PURCHASE", {"n": "10"}, "every 10 purchases"),
    ("NTH_PURCHASE", {"n": "1"}, "each purchase"),
    ("BIRTHDAY", {}, "the birthday"),
    ("BIRTHDAY", {"daysBefore": "7"}, "7 days before the birthday"),
    ("ANNIVERSARY", {"daysBefore": "1"}, "1 day before the anniversary of the first purchase"),
    ("INACTIVITY", {"days": "90"}, "90 days without a purchase"),
    ("INACTIVITY", {"days": "90", "onceInDays": "30"}, "90 days without a purchase, again every 30 days"),
    ("TIER_CHANGE", {"tier": "GOLD"}, "rising to tier GOLD"),
    ("TIER_CHANGE", {"tier": "GOLD", "upOnly": "false"}, "coming to tier GOLD"),
    ("MANUAL", {}, "by hand"),
]
WRONG = [
    ("NTH_PURCHASE", {}),
    ("NTH_PURCHASE", {"n": "0"}),
    ("BIRTHDAY", {"daysBefore": "-1"}),
    ("BIRTHDAY", {"daysBefore": "366"}),
    ("INACTIVITY", {}),
    ("INACTIVITY", {"days": "0"}),
    ("INACTIVITY", {"days": "1", "onceInDays": "0"}),
    ("TIER_CHANGE", {}),
    ("MANUAL", {"n": "1"}),
]


def told(kind: str, settings: dict[str, str], checks: Checks) -> Any:
    found = RuleKinds.of(plugins_on({"rewards": regulars_rewards})).for_use("REWARD_TRIGGER")[kind]
    return found, settings_from(found.settings, settings.items(), "USD", checks)


@pytest.mark.parametrize(("kind", "settings", "words"), SETTINGS)
def test_the_laws_and_the_words(kind: str, settings: dict[str, str], words: str) -> None:
    checks = Checks()
    made, chosen = told(kind, settings, checks)
    assert checks.problems == []
    try_laws(made, chosen, tries=60)
    assert made.words(chosen, "USD") == words


@pytest.mark.parametrize(("kind", "settings"), WRONG)
def test_what_cannot_be_told(kind: str, settings: dict[str, str]) -> None:
    checks = Checks()
    assert told(kind, settings, checks)[1] is None
    assert {one.code for one in checks.problems} == {"INVALID_RULE"}


def test_what_takes_back_what_each_has_brought() -> None:
    assert {kind.name: kind.undone for kind in BOX} == {
        "PURCHASE": Undone.BY_REFUNDS,
        "NTH_PURCHASE": Undone.BY_REFUNDS,
        "BIRTHDAY": Undone.NEVER,
        "ANNIVERSARY": Undone.NEVER,
        "INACTIVITY": Undone.NEVER,
        "TIER_CHANGE": Undone.BY_OCCASIONS,
        "MANUAL": Undone.NEVER,
    }


BANDS = Bands.of([Band(0, 1_000, 1), Band(1_000, 5_000, 3), Band(5_000, None, 5)])


@pytest.mark.parametrize(("total", "units"), [("9.99", 1), ("10.00", 3), ("50.00", 5)])
def test_a_purchase_by_bands(total: str, units: int) -> None:
    made = sale(line("Tea", total))
    given = PURCHASE.answer(Purchase(), made, BANDS)
    assert given.value == units
    assert sum(given.shares(made).values()) == int(total.replace(".", ""))


def test_the_arithmetic_is_told() -> None:
    made = sale(line("Tea", "50.00"))
    assert PURCHASE.answer(Purchase(), made, BANDS).text == "50.00 is in 50.00 and more"
    both = Bands.of([Band(1_000, 5_000, 3), Band(5_000, 10_000, 5)], RewardMode.NEXOPOS)
    given = PURCHASE.answer(Purchase(), made, both)
    assert (given.value, given.text) == (8, "50.00 is in 10.00–50.00 and in 50.00–100.00")
    assert PURCHASE.answer(Purchase(), sale(line("Tea", "1.00")), both).text == "1.00 is in no band"


def test_a_purchase_without_bands_is_one() -> None:
    assert [PURCHASE.answer(Purchase(), sale(line("Tea", total))).value for total in ("9.00", "0.00")] == [1, 0]


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        (Purchase(), 7_000),
        (Purchase(earn_on_bought_credit=False), 5_000),
        (Purchase(earn_on=EarnOn.GROSS), 10_000),
        (Purchase(earn_on=EarnOn.GROSS, tax=Tax.INCLUDED), 10_000),
    ],
)
def test_the_base_is_that_of_points(settings: Purchase, base: int) -> None:
    made = sale(line("Tea", "100.00"), paid=PaidWith(points=1_000, given_credit=2_000, bought_credit=2_000))
    given = PURCHASE.answer(settings, made, Bands.of([Band(base, base + 1, 7)]))
    assert (given.value, list(given.shares(made).values())) == (7, [base])


def test_each_purchase_of_goods_is_one_of_n() -> None:
    settings = NthPurchase(n=10)
    back = line("Tea", "-5.00", "-1")
    units = [NTH_PURCHASE.answer(settings, one).value for one in (sale(line("Tea", "0.00")), sale(back))]
    assert (units, NTH_PURCHASE.per(settings)) == ([1, 0], 10)


def test_what_only_comes_back_is_in_no_band() -> None:
    made = sale(line("Tea", "-5.00", "-1"))
    assert PURCHASE.answer(Purchase(), made, BANDS).value == 0


def change(id_: str, on: str, before: str, after: str, *, up: bool) -> TierChange:
    return TierChange(id_, date.fromisoformat(on), before, after, up)


def test_who_comes_to_a_tier() -> None:
    changes = [
        change("a", "2026-01-10", "SILVER", "GOLD", up=True),
        change("b", "2026-02-10", "PLATINUM", "GOLD", up=False),
        change("c", "2026-03-10", "GOLD", "SILVER", up=False),
        change("d", "2027-01-10", "SILVER", "GOLD", up=True),
    ]
    customer = CustomerDates(date(2025, 1, 1), tier_changes=changes)
    year = date(2026, 1, 1), date(2027, 1, 1)
    up = TIER_CHANGE.due(TierReached(tier="GOLD"), customer, *year)
    assert up == [Occasion("tier:a", date(2026, 1, 10))]
    both = TIER_CHANGE.due(TierReached(tier="GOLD", up_only=False), customer, *year)
    assert [one.key for one in both] == ["tier:a", "tier:b"]


def test_by_hand_alone_nothing_is_due() -> None:
    assert MANUAL.due(MANUAL.settings(), CustomerDates(date(2020, 1, 1)), date(2020, 1, 1), date(2030, 1, 1)) == []
