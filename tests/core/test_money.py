"""Money: exact, in the currency's own decimals, and nothing lost when it is divided."""

from decimal import Decimal
from fractions import Fraction

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.primitives.money import (
    MAX_MINOR,
    currencies,
    decimal_text,
    divided_half_up,
    exponent_of,
    half_up,
    is_currency,
    spread,
    to_minor,
)
from regulars_core.purchases.totals import smallest_coin

AMOUNTS = st.integers(-MAX_MINOR, MAX_MINOR)


def test_currencies_have_their_decimals() -> None:
    """ISO 4217's. Where CLDR says otherwise, it stands here: an amount that is kept means the same whatever Babel is installed,
    and news of CLDR is for people to look at."""
    told = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4, "HUF": 2, "ISK": 0, "TWD": 2}
    assert {code: exponent_of(code) for code in told} == told
    different = {code: exponent_of(code) for code in currencies() if exponent_of(code) != get_currency_precision(code)}
    in_use = ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"]
    withdrawn = ["MRO", "SLL", "STD", "TMM", "ZMK", "ZWD"]
    assert different == dict.fromkeys([*in_use, *withdrawn], 2) | {"IQD": 3}


def test_cash_has_no_parts_where_nobody_has_such_coins() -> None:
    assert [smallest_coin(code) for code in ("EUR", "CHF", "JPY", "RSD", "IQD", "IDR", "ISK")] == [
        1,
        5,
        1,
        100,
        1000,
        10000,
        1,
    ]


def test_what_is_a_currency() -> None:
    assert [code for code in ("USD", "usd", "EURO", "", "ZZZ", "U1D", "MXN", "XXY") if is_currency(code)] == [
        "USD",
        "MXN",
    ]


@pytest.mark.parametrize(
    ("minor", "exponent", "text"),
    [
        (1050, 2, "10.50"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (0, 2, "0.00"),
        (1050, 0, "1050"),
        (-1, 0, "-1"),
        (1, 3, "0.001"),
    ],
)
def test_amounts_are_written_with_all_decimals(minor: int, exponent: int, text: str) -> None:
    assert decimal_text(minor, exponent) == text


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1.00", "USD", 100), ("1", "USD", 100), ("1.005", "USD", None), ("1.5", "JPY", None), ("1.0", "JPY", 1),
        ("10.50", "RSD", 1050), ("1.0005", "KWD", None), ("1.005", "KWD", 1005),
        ("-0.01", "USD", -1), ("10000000000000.00", "USD", MAX_MINOR),
        ("10000000000000.01", "USD", None), ("-10000000000000.01", "USD", None), ("999999999999999999.999999", "KWD", None),
    ],
)  # fmt: skip
def test_decimals_become_minor_units_or_nothing(amount: str, currency: str, minor: int | None) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@given(AMOUNTS, st.sampled_from(["USD", "JPY", "KWD"]))
def test_what_is_written_reads_back(minor: int, currency: str) -> None:
    assert to_minor(Decimal(decimal_text(minor, exponent_of(currency))), currency) == minor


@given(AMOUNTS, st.integers(1, 10**9))
def test_halves_go_away_from_zero(dividend: int, divisor: int) -> None:
    exact = Fraction(dividend, divisor)
    rounded = divided_half_up(dividend, divisor)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert divided_half_up(-dividend, divisor) == -rounded
    assert divided_half_up(dividend, -divisor) == -rounded


def test_nothing_is_divided_by_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        divided_half_up(1, 0)
    assert [half_up(Decimal(text)) for text in ("0.5", "-0.5", "1.4", "2.5")] == [1, -1, 1, 3]


@given(AMOUNTS, st.lists(st.integers(0, MAX_MINOR), min_size=1, max_size=30))
def test_shares_sum_to_the_whole_and_none_is_off_by_one(amount: int, weights: list[int]) -> None:
    shares = spread(amount, weights)
    assert sum(shares) == amount
    whole = sum(weights)
    if whole:
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share - Fraction(amount * weight, whole)) < 1
            assert weight or not share
    else:
        assert shares == [amount, *[0] * (len(weights) - 1)]


def test_ties_go_to_the_earlier_share() -> None:
    assert spread(10, [1, 1, 1]) == [4, 3, 3]
    assert spread(-10, [1, 1, 1]) == [-4, -3, -3]
    assert spread(1, [0, 1, 1]) == [0, 1, 0]
    assert spread(5, []) == []
