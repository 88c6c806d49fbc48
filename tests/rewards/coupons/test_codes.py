"""How codes are compared, which may be chosen, and what random ones are like."""

import pytest

from regulars_core.plugin import Checks
from regulars_rewards.coupons.codes import (
    ALPHABET,
    MAX_LENGTH,
    MIN_LENGTH,
    check_symbol,
    checked_code,
    checked_prefix,
    fits,
    is_sound,
    key_of_code,
    random_code,
)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("SUMMER10", "SUMMER10"),
        ("sum-mer 10", "SUMMER10"),
        ("SUMMERIO", "SUMMER10"),
        ("summerlo", "SUMMER10"),
        ("  S U–M—M E R 1 0 ", "SUMMER10"),
        ("über", "ÜBER"),
        ("u\u0308ber", "ÜBER"),
        ("straße", "STRASSE"),
        ("----", None),
        ("", None),
        ("A\0BC", None),
        ("AB\nCD", None),
        ("A\u200bBCD", None),
        ("A" * 40, "A" * 40),
        ("A" * 41, None),
        ("A" * 100_000, None),
        ("\ud800ABCD", None),
    ],
)
def test_what_of_a_code_is_compared(typed: str, key: str | None) -> None:
    assert key_of_code(typed) == key


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Summer-10", "SUMMER-10"),
        ("A B C", "A B C"),
        ("abcd", "ABCD"),
        ("abc", None),
        (" abcd", None),
        ("abcd ", None),
        ("----", None),
        ("a" * 40, "A" * 40),
        ("a" * 41, None),
        ("ß" * 21, None),  # 42 capitals
        ("ab\tcd", None),
        ("ab\0cd", None),
        ("ab\u200bcd", None),
    ],
)
def test_what_may_be_chosen(typed: str, kept: str | None) -> None:
    checks = Checks()
    assert checked_code(checks, typed, "codes", "3") == kept
    assert [(one.code, one.path) for one in checks.problems] == ([] if kept else [("INVALID_CODE", ("codes", "3"))])


@pytest.mark.parametrize("prefix", ["", "X", "SUMMER10", "OIL01"])
@pytest.mark.parametrize("length", [MIN_LENGTH, 10, MAX_LENGTH])
def test_one_wrong_symbol_and_a_swap_are_found(length: int, prefix: str) -> None:
    code = random_code(length, prefix)
    assert len(code) == len(prefix) + length + 1 <= 40
    assert code.startswith(prefix)
    assert set(code[len(prefix) :]) <= set(ALPHABET)
    assert is_sound(code)
    assert is_sound(f" {code[:4].lower()}-{code[4:]} ")
    for place in range(len(prefix), len(code)):
        for symbol in set(ALPHABET) - {code[place]}:
            assert not is_sound(code[:place] + symbol + code[place + 1 :])
        swapped = code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]
        if place > len(prefix) and swapped != code:
            assert not is_sound(swapped)


def test_the_check_symbol_is_as_it_is_told() -> None:
    """By the sum as the documentation has it: value × 3ⁿ from the right, a multiple of 31."""
    code = "SECRET22" + check_symbol("SECRET22")
    total = sum(ALPHABET.index(symbol) * 3**place for place, symbol in enumerate(reversed(code)))
    assert total % 31 == 0


def test_random_codes_differ() -> None:
    codes = [random_code(8) for _ in range(5_000)]
    assert len(set(codes)) == len(codes)
    assert len({code[0] for code in codes}) == len(ALPHABET)


@pytest.mark.parametrize("prefix", ["NINECHARS", "A-B", "Ä", "A B", "A\n"])
def test_what_is_no_prefix(prefix: str) -> None:
    checks = Checks()
    checked_prefix(checks, prefix, "prefix")
    assert [one.code for one in checks.problems] == ["INVALID_CODE"]


def test_half_of_the_space_stays_free() -> None:
    assert fits(2, 480)
    assert not fits(2, 481)
    assert fits(8, 10**11)
    assert not fits(8, 31**8 // 2 + 1)
