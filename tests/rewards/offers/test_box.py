"""The kinds in the box: what each does, what it can be told, and that it keeps the laws."""

from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import regulars_rewards
from regulars_core.plugin import RuleKinds, day_and_minute, instant_of, plugins_on
from regulars_core.rules.tried_purchases import random_purchases
from regulars_core.testing import try_laws
from regulars_rewards.offers.conditions import Hours
from regulars_rewards.offers.facts import Pieces
from regulars_rewards.offers.promotion import ScopeData, ScopeMode
from regulars_rewards.offers.tried_baskets import basket_like
from tests.rewards.offers.offering import basket, line, offered, only, promotion, reasons, rule, shares, total, wrong

SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    ("BASKET_TOTAL", {"minimum": "50.00"}, "goods from 50.00 on"),
    ("BASKET_TOTAL", {"maximum": "99.99"}, "goods up to 99.99"),
    ("BASKET_TOTAL", {"minimum": "1.00", "maximum": "2.00"}, "goods from 1.00 to 2.00"),
    ("QUANTITY", {"minimum": "3"}, "3 or more in the basket"),
    ("QUANTITY", {"minimum": "1.5"}, "1.5 or more in the basket"),
    ("HOURS", {"from_": "22:00", "to": "02:00", "weekday": ["FRIDAY"]}, "Friday, 22:00 to 02:00"),
    ("HOURS", {"weekday": ["SUNDAY", "MONDAY"]}, "Monday, Sunday"),
    ("HOURS", {}, "at any time"),
    ("HOURS", {"from_": "09:00", "to": "17:30"}, "09:00 to 17:30"),
    ("PERCENT", {"percent": "12.50"}, "12.5 % off"),
    ("PERCENT", {"percent": "15", "maximum": "0.50"}, "15 % off, at most 0.50"),
    ("FLAT", {"amount": "2.00"}, "2.00 off"),
    ("FLAT", {"amount": "0.70", "per": "UNIT"}, "0.70 off each piece"),
    ("FLAT", {"amount": "0.70", "per": "UNIT", "maxUnits": 2}, "0.70 off each piece, at most 2 pieces"),
    ("FREE_ITEM", {"sku": "Tea"}, "Tea free"),
    ("FREE_ITEM", {"sku": "Tea", "quantity": 2, "repeat": "true"}, "2 × Tea free, for each other piece"),
    ("BUY_GET", {"buy": 2, "get": 1}, "buy 2, get 1 free"),
    ("BUY_GET", {"buy": 1, "get": 1, "percent": "33.3", "limit": 1}, "buy 1, get 1 33.3 % off, at most 1 time"),
    ("TIERED", {"from_": ["1", "2.5"], "percent": ["5", "7.5"]}, "5 % off from 1 on; 7.5 % off from 2.5 on"),
    (
        "TIERED",
        {"by": "AMOUNT", "from_": ["1", "90.00"], "amount": ["0.10", "8.00"]},
        "0.10 off from 1 on; 8.00 off from 90 on",
    ),
    ("FIXED_PRICE", {"price": "0.80"}, "each piece for 0.80"),
    ("FIXED_PRICE", {"price": "0.00"}, "each piece for 0.00"),
    ("FIXED_PRICE", {"price": "2.00", "per": "SET", "pieces": 3}, "3 pieces for 2.00"),
]


@pytest.mark.parametrize(("kind", "told", "words"), SETTINGS)
def test_the_laws_and_the_words(kind: str, told: dict[str, Any], words: str) -> None:
    made = rule(kind, **told)
    try_laws(made.kind, made.settings, tries=60)
    assert made.words("USD") == words


@pytest.mark.parametrize(
    ("kind", "told", "why"),
    [
        ("BASKET_TOTAL", {}, "Say a minimum, a maximum, or both"),
        ("BASKET_TOTAL", {"minimum": "2.00", "maximum": "1.00"}, "above the maximum"),
        ("BASKET_TOTAL", {"minimum": "0"}, "at least 0.01 USD"),
        ("QUANTITY", {"minimum": "0"}, "more than 0"),
        ("HOURS", {"weekday": "6"}, "Write one of: MONDAY"),
        ("HOURS", {"from_": "25:00"}, "time"),
        ("PERCENT", {"percent": "0"}, "more than 0"),
        ("PERCENT", {"percent": "100.01"}, "at most 100"),
        ("PERCENT", {}, "`percent` is missing"),
        ("FLAT", {"amount": "0.00"}, "at least 0.01 USD"),
        ("FLAT", {"amount": "1.001"}, "no amount in USD"),
        ("FLAT", {"amount": "1.00", "maxUnits": 2}, "goes with per UNIT"),
        ("FREE_ITEM", {"sku": "A", "quantity": 0}, "more than 0"),
        ("BUY_GET", {"buy": 0, "get": 1}, "more than 0"),
        ("BUY_GET", {"buy": 1, "get": 1, "limit": 0}, "more than 0"),
        ("TIERED", {"from_": ["1"]}, "Say percent or amount"),
        ("TIERED", {"from_": ["1"], "percent": ["5"], "amount": ["5"]}, "Say percent or amount"),
        ("TIERED", {"from_": ["1", "2"], "percent": ["5"]}, "as many values"),
        ("TIERED", {"from_": ["2", "1"], "percent": ["5", "6"]}, "above the one before"),
        ("TIERED", {"from_": ["0"], "percent": ["5"]}, "above 0"),
        ("TIERED", {"from_": ["1"], "percent": ["101"]}, "at most 100"),
        ("FIXED_PRICE", {"price": "1.00", "per": "SET"}, "SET needs it"),
        ("FIXED_PRICE", {"price": "1.00", "pieces": 2}, "goes with per SET"),
    ],
)
def test_what_it_cannot_be_told(kind: str, told: dict[str, Any], why: str) -> None:
    assert why in wrong(kind, **told)


def test_the_box_is_what_the_plugin_brings() -> None:
    kinds = RuleKinds.of(plugins_on({"rewards": regulars_rewards}))
    assert {use: sorted(found) for use, found in kinds.by_use.items() if use.startswith("OFFER")} == {
        "OFFER_CONDITION": ["BASKET_TOTAL", "HOURS", "QUANTITY"],
        "OFFER_DISCOUNT": ["BUY_GET", "FIXED_PRICE", "FLAT", "FREE_ITEM", "PERCENT", "TIERED"],
    }


ZONE = ZoneInfo("Europe/Madrid")
LATE = Hours.model_validate({"from": "22:00", "to": "03:00", "weekday": ["SATURDAY"]})


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-03-28T20:59Z", False),  # 21:59 on the Saturday before the clock goes forward
        ("2026-03-28T21:00Z", True),
        ("2026-03-29T00:59Z", True),  # 01:59, a minute before it is 03:00
        ("2026-03-29T01:00Z", False),
        ("2026-03-27T23:30Z", False),  # after midnight of Friday
        ("2026-10-24T20:00Z", True),  # 22:00 on the Saturday before the clock goes back
        ("2026-10-25T00:30Z", True),  # 02:30 for the first time
        ("2026-10-25T01:30Z", True),  # and for the second
        ("2026-10-25T02:00Z", False),
        ("2026-10-25T21:30Z", False),  # 22:30 on Sunday
    ],
)
def test_hours_across_midnight_when_the_clock_changes(at: str, holds: bool) -> None:
    day, minute = day_and_minute(instant_of(datetime.fromisoformat(at.replace("Z", "+00:00"))), ZONE)
    goods = basket("10.00", day=day, minute=minute)
    assert LATE.holds(goods.weekday, goods.minute) is holds
    night = rule("HOURS", from_="22:00", to="03:00", weekday=["SATURDAY"])
    assert (total(goods, promotion(rule("PERCENT", percent="50"), night)) == "5.00") is holds


def test_a_span_that_ends_as_it_begins_is_a_whole_day() -> None:
    day = Hours.model_validate({"from": "06:00", "to": "06:00", "weekday": ["FRIDAY"]})
    assert [day.holds(5, 359), day.holds(5, 360), day.holds(6, 359), day.holds(6, 360)] == [False, True, True, False]
    assert Hours.model_validate({}).holds(1, 0)


def test_a_minimum_is_at_least_and_a_maximum_at_most() -> None:
    for amount, found in (("49.99", "MIN_NOT_REACHED"), ("50.00", None), ("60.00", None), ("60.01", "MAX_EXCEEDED")):
        offer = promotion(rule("PERCENT", percent="10"), rule("BASKET_TOTAL", minimum="50.00", maximum="60.00"))
        assert reasons(basket(amount), offer) == ([[found]] if found else [])


def test_the_amount_that_was_tested_is_told() -> None:
    offer = promotion(rule("PERCENT", percent="10"), rule("BASKET_TOTAL", minimum="50.00"), name="Ten")
    [applied] = offered(basket("70.00"), offer).applied
    figures = {one.name: str(one.value) for one in applied.explanation.figures}
    assert figures == {"TESTED": "70.00", "BASE": "70.00", "RATE": "10", "RESULT": "7.00"}
    assert applied.explanation.text == "10 % of 70.00 = 7.00"
    assert applied.explanation.rule is not None
    assert applied.explanation.rule.description == "10 % off"
    [[least]] = [one.obstacles for one in offered(basket("49.00"), offer).skipped]
    assert (least.message, least.missing) == ("The goods come to 49.00 now, and must come to 50.00.", 100)


def test_quantity_counts_pieces_and_weight() -> None:
    three = promotion(rule("PERCENT", percent="10"), rule("QUANTITY", minimum="3"))
    assert reasons(basket(("2", "5.00"), ("0.999999", "5.00")), three) == [["MIN_NOT_REACHED"]]
    assert total(basket(("2", "5.00"), ("1", "5.00")), three) == "13.50"
    [[few]] = [one.obstacles for one in offered(basket(("0.5", "5.00")), three).skipped]
    assert (few.message, few.missing) == ("2.5 of 3 are missing.", None)


@pytest.mark.parametrize(
    ("told", "goods", "expected"),
    [
        ({"percent": "15"}, basket("9.99"), "15 % of 9.99 = 1.50"),
        ({"percent": "15", "maximum": "1.00"}, basket("9.99"), "15 % of 9.99, at most 1.00 = 1.00"),
    ],
)
def test_the_arithmetic_of_a_percentage(told: dict[str, str], goods: Any, expected: str) -> None:
    [applied] = offered(goods, rule("PERCENT", **told)).applied
    assert applied.explanation.text == expected


@pytest.mark.parametrize(
    ("kind", "told", "goods", "expected"),
    [
        ("FLAT", {"amount": "10.00"}, basket("6.50"), "10.00 off 6.50 = 6.50"),
        (
            "FLAT",
            {"amount": "3.00", "per": "UNIT"},
            basket(("2", "5.00"), "1.00"),
            "3.00 off each of 3 pieces at 11.00 together, never more than its price = 7.00",
        ),
        ("FREE_ITEM", {"sku": "T"}, basket(line("2.50", "T")), "1 piece of T free = 2.50"),
        (
            "BUY_GET",
            {"buy": 2, "get": 1, "percent": 50},
            basket(("7", "2.00")),
            "50 % of 4.00 for the 2 pieces that cost least of 6 pieces = 2.00",
        ),
        (
            "TIERED",
            {"from_": ["1", "3"], "percent": ["5", "10"]},
            basket(("3", "2.00")),
            "10 % of 6.00, from 3 on = 0.60",
        ),
        ("FIXED_PRICE", {"price": "2.00"}, basket("3.00", "1.00"), "3.00 less 2.00 for each of 1 piece = 1.00"),
        (
            "FIXED_PRICE",
            {"price": "5.00", "per": "SET", "pieces": 2},
            basket(("4", "3.00")),
            "12.00 less 5.00 for each of 2 sets of 2 pieces = 2.00",
        ),
    ],
)
def test_the_arithmetic_is_told(kind: str, told: dict[str, Any], goods: Any, expected: str) -> None:
    [applied] = offered(goods, rule(kind, **told)).applied
    assert applied.explanation.text == expected


def test_weighed_goods_have_no_pieces() -> None:
    cheese = ("0.75", "20.00")
    assert shares(basket(cheese, "5.00"), rule("FLAT", amount="1.00", per="UNIT")) == [["0.00", "1.00"]]
    assert reasons(basket(cheese), rule("FIXED_PRICE", price="1.00")) == [["NOTHING_LEFT"]]
    assert reasons(basket(cheese, "5.00"), rule("BUY_GET", buy=1, get=1)) == [["NOTHING_LEFT"]]
    assert total(basket(cheese), rule("TIERED", from_=["0.5", "1"], percent=["10", "20"])) == "13.50"


def test_pieces_are_told_apart_once_something_was_taken_off_some() -> None:
    free_one = rule("BUY_GET", buy=1, get=1)
    assert shares(basket(("2", "10.00")), free_one, rule("FLAT", amount="3.00", per="UNIT")) == [["10.00"], ["3.00"]]
    assert total(basket(("3", "10.00")), free_one, rule("FIXED_PRICE", price="8.00")) == "16.00"
    halved = rule("BUY_GET", buy=1, get=1, percent=50)
    assert shares(
        basket(("3", "10.00")), halved, rule("PERCENT", percent="10"), rule("FLAT", amount="9", per="UNIT")
    ) == [
        ["5.00"],
        ["2.50"],
        ["22.50"],  # 9.00, 9.00 and 4.50
    ]


def test_a_piece_counts_once_over_all_sets() -> None:
    both = [rule("BUY_GET", buy=1, get=1), rule("BUY_GET", buy=2, get=1)]
    assert reasons(basket(("4", "10.00")), *both) == [["NOTHING_LEFT"]]
    assert shares(basket(("5", "10.00")), rule("BUY_GET", buy=1, get=1, limit=1), both[1]) == [["10.00"], ["10.00"]]


def test_a_free_piece_is_in_no_set() -> None:
    """Otherwise a gift in the basket would be the cheapest, and take the discount away."""
    goods = basket(("3", "10.00"), "0.00")
    assert shares(goods, rule("BUY_GET", buy=2, get=1)) == [["10.00", "0.00"]]


def test_the_cheapest_of_all_sets_get_cheaper() -> None:
    goods = basket("50", "40", "30", "20", "10", "5", "1")
    [taken] = shares(goods, rule("BUY_GET", buy=2, get=1))
    assert taken == ["0.00", "0.00", "0.00", "0.00", "0.00", "5.00", "1.00"]


def test_sets_for_a_price_are_never_dearer() -> None:
    fixed = rule("FIXED_PRICE", price="50.00", per="SET", pieces=2)
    assert shares(basket("40", "30", "20", "10", "5"), fixed) == [["11.43", "8.57", "0.00", "0.00", "0.00"]]
    assert reasons(basket("20", "10"), fixed) == [["NOTHING_LEFT"]]
    assert reasons(basket("20"), fixed) == [["NOTHING_LEFT"]]


def test_a_free_item_is_the_cheapest_of_its_kind() -> None:
    goods = basket(line("3.00", "T"), line(("2", "2.00"), "T"), line("9.00", "X"))
    assert shares(goods, rule("FREE_ITEM", sku="T")) == [["0.00", "2.00", "0.00"]]
    assert shares(goods, rule("FREE_ITEM", sku="T", quantity=3)) == [["3.00", "4.00", "0.00"]]
    assert shares(goods, rule("FREE_ITEM", sku="T", repeat="true")) == [["0.00", "2.00", "0.00"]]  # one other piece
    two = ScopeData(mode=ScopeMode.ANY_PRESENT, skus=("X",))
    more = basket(*goods.lines, line(("4", "9.00"), "X"))
    offer = promotion(rule("FREE_ITEM", sku="T", repeat="true"), scope=two)
    assert shares(more, offer) == [["3.00", "4.00", "0.00", "0.00"]]
    assert reasons(more, promotion(rule("FREE_ITEM", sku="t"))) == [["SCOPE"]]  # codes are as they are written


def test_a_step_that_is_not_reached_says_what_is_missing() -> None:
    by_amount = rule("TIERED", by="AMOUNT", from_=["50.005", "90"], amount=["5", "9"])
    [[far]] = [one.obstacles for one in offered(basket("49.99"), by_amount).skipped]
    assert (far.reason, far.missing) == ("MIN_NOT_REACHED", 2)  # rounded up
    by_quantity = rule("TIERED", from_=["3"], amount=["5"])
    [[far]] = [one.obstacles for one in offered(basket("49.99"), by_quantity).skipped]
    assert (far.reason, far.missing) == ("MIN_NOT_REACHED", None)
    assert total(basket("3.00"), rule("TIERED", from_=["1"], amount=["5"])) == "0.00"


def test_a_scope_names_brands_and_categories_without_regard_to_case() -> None:
    goods = basket(line("10", "a", brand="Casa Roja"), line("10", "b", category="TEA"), line("10", "A"), line("10"))
    half = rule("PERCENT", percent="50")
    assert shares(goods, promotion(half, scope=only("A", brands=("casa roja",), categories=("Tea",)))) == [
        ["5.00", "5.00", "5.00", "0.00"]
    ]
    assert shares(goods, promotion(half, scope=only("a"))) == [["5.00", "0.00", "0.00", "0.00"]]
    present = ScopeData(mode=ScopeMode.ANY_PRESENT, brands=("CASA ROJA",))
    assert shares(goods, promotion(half, scope=present)) == [["5.00"] * 4]


def test_pieces_of_a_line() -> None:
    assert line(("3", "10.00"), by_hand="1.00").prices == (Pieces(967, 2), Pieces(966, 1))
    assert line(("0.5", "10.00")).prices == ()
    assert line(("0.5", "10.00")).pieces is None


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
def test_currencies_of_any_decimals(currency: str) -> None:
    tenth = rule("PERCENT", currency, percent="10")
    [applied] = offered(basket("105", currency=currency), tenth).applied
    assert applied.amount == {"JPY": 11, "USD": 1_050, "KWD": 10_500}[currency]
    base = {one.name: one.value for one in applied.explanation.figures}["BASE"]
    assert base == Decimal(105)


def test_laws_are_tried_on_baskets_that_bite() -> None:
    """Some of several lines, of several pieces, of nothing, and of what is weighed."""
    dice = Random(0)
    lines = [one for _ in range(50) for fact in random_purchases(dice) for one in basket_like(fact).lines]
    assert {one.pieces for one in lines} == {None, 1, 3}
    assert {one.left for one in lines} >= {0, 1, 9_999}
    assert {one.by_hand for one in lines} == {0, 1}
