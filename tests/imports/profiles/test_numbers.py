"""Numbers of files: whatever a program writes by the signs that were told is read as that, and by other signs as nothing."""

from hypothesis import given
from hypothesis import strategies as st

from regulars_core.imports.files.numbers import NumberStyle, numbers
from regulars_core.imports.files.values import Unreadable

STYLES = st.sampled_from(
    [(decimal, thousands) for decimal in ".," for thousands in ("", ",", ".", " ", "'") if decimal != thousands]
)
SIGNS = st.sampled_from(["-{}", "({})", "{}-", "-${}", "$-{}", "(${})", "${}-"])


def written(minor: int, places: int, decimal: str, thousands: str) -> str:
    whole, rest = divmod(minor, 10**places)
    return f"{whole:,}".replace(",", thousands) + (f"{decimal}{rest:0{places}}" if places else "")


@given(minor=st.integers(0, 10**15), places=st.sampled_from([0, 2, 3]), style=STYLES)
def test_what_is_written_is_read(minor: int, places: int, style: tuple[str, str]) -> None:
    decimal, thousands = style
    read = numbers(NumberStyle(decimal, thousands, frozenset({"$"}), accounting=True), ";", amounts=True)
    text = written(minor, places, decimal, thousands)
    assert read(text, places) == minor
    assert read(f"$ {text}", places) == read(f"'{text} $", places) == minor


@given(minor=st.integers(1, 10**9), style=STYLES, form=SIGNS)
def test_what_is_below_nothing(minor: int, style: tuple[str, str], form: str) -> None:
    decimal, thousands = style
    read = numbers(NumberStyle(decimal, thousands, frozenset({"$"}), accounting=True), ";", amounts=True)
    assert read(form.format(written(minor, 2, decimal, thousands)), 2) == -minor


@given(text=st.text("0123456789.,' -+()$e", max_size=14), style=STYLES, accounting=st.booleans())
def test_nothing_is_read_that_would_not_be_written(text: str, style: tuple[str, str], accounting: bool) -> None:
    decimal, thousands = style
    read = numbers(NumberStyle(decimal, thousands, accounting=accounting), ";", amounts=True)
    try:
        minor = read(text, 2)
    except Unreadable:
        return
    if minor is None:
        assert not text.strip()
        return
    cell = text.strip().removeprefix("'")
    is_below = cell.startswith("-") or (accounting and (cell.startswith("(") or cell.endswith("-")))
    plain = cell.strip("+-()").strip()
    if thousands and thousands in plain:
        whole, _, rest = plain.partition(decimal)
        first, *groups = whole.split(thousands)
        assert 1 <= len(first) <= 3
        assert all(len(group) == 3 for group in groups)
        plain = whole.replace(thousands, "") + decimal + rest
    whole, _, rest = plain.partition(decimal)
    assert (whole + rest).isdigit()
    assert set(rest[2:]) <= {"0"}
    expected = int(whole or "0") * 100 + int(rest[:2].ljust(2, "0"))
    assert minor == (-expected if is_below else expected)


@given(digits=st.integers(100, 999), before=st.integers(1, 999), mark=st.sampled_from(".,"))
def test_three_digits_behind_a_sign_that_nobody_told(digits: int, before: int, mark: str) -> None:
    for delimiter in ",;\t":
        read = numbers(NumberStyle(), delimiter, amounts=True)
        try:
            read(f"{before}{mark}{digits}", 2)
        except Unreadable:
            continue
        raise AssertionError((before, mark, digits))
