"""What the lines of a sale are worth: spread by largest remainder, with the tax or without, before or after points and credit."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars_core.plugin import EarnOn, PaidWith, Sale, Tax
from regulars_core.purchases.rules import NewLine
from regulars_core.purchases.sales.sales import sale_from
from tests.support.sales import UTC, line, purchase, sale


def nets(made: Sale) -> list[int]:
    return [one.net for one in made.lines]


def test_points_are_spread_over_goods_delivery_and_tax() -> None:
    """Goods 100, delivery 10, tax 10, 30 by points: base 75."""
    made = sale(line("Tea", "100", tax=1_000), shipping="10", paid=PaidWith(points=3_000))
    assert made.net == 7_500
    assert made.lines[0].worth(tax=Tax.INCLUDED) == 7_500 + 750
    assert made.lines[0].worth(EarnOn.GROSS) == 10_000
    assert made.lines[0].worth(EarnOn.GROSS, Tax.INCLUDED) == 11_000


def test_the_same_where_prices_include_the_tax() -> None:
    made = sale(
        line("Tea", "110", tax=1_000), shipping="10", prices_include_tax=True, tax=1_000, paid=PaidWith(points=3_000)
    )
    assert made.net == 7_500
    assert made.lines[0].worth(tax=Tax.INCLUDED) == 8_250
    assert (made.lines[0].worth(EarnOn.GROSS), made.lines[0].worth(EarnOn.GROSS, Tax.INCLUDED)) == (10_000, 11_000)


def test_credit_that_was_bought_is_money_and_credit_that_was_given_is_not() -> None:
    made = sale(line("Tea", "100"), paid=PaidWith(given_credit=1_000, bought_credit=2_000))
    assert (made.net, made.lines[0].worth(bought_credit=False)) == (9_000, 7_000)
    assert made.lines[0].worth(EarnOn.GROSS, bought_credit=False) == 10_000


def test_ties_go_to_the_earlier_line() -> None:
    assert nets(sale(line("A", "1"), line("B", "1"), line("C", "1"), paid=PaidWith(points=100))) == [66, 67, 67]


def test_a_discount_lessens_what_is_paid_and_not_what_it_would_have_cost() -> None:
    made = sale(NewLine("Tea", 1_000_000, unit_price=10_000, discount=1_000))
    assert (made.net, made.lines[0].worth(EarnOn.GROSS)) == (9_000, 10_000)


def test_lines_that_sell_credit_are_left_out() -> None:
    bought = purchase(line("Tea", "100"), line("Credit", "50"))
    bought.details.not_goods = {bought.lines[1].id}
    made = sale_from(bought, UTC)
    assert [(one.name, one.net) for one in made.lines] == [("Tea", 10_000)]


def test_what_comes_back_without_its_sale_lessens_the_others() -> None:
    made = sale(line("Tea", "60"), line("Cup", "40"), line("Empties", "-5", "-10"))
    assert [(one.name, one.net) for one in made.lines] == [("Tea", 5_700), ("Cup", 3_800)]
    swapped = sale(line("Tea", "30", "3"), line("Tea", "-30", "-3"))
    assert [(one.net, one.pieces) for one in swapped.lines] == [(0, 0)]


def test_the_day_is_the_shop_s() -> None:

    made = sale_from(purchase(line("Tea", "1"), when="2026-06-01T03:30:00+00:00"), ZoneInfo("America/New_York"))
    assert (made.date.isoformat(), made.weekday, made.minute) == ("2026-05-31", 7, 23 * 60 + 30)


AMOUNTS = st.integers(0, 20_000)


@settings(deadline=None, max_examples=200)
@given(
    totals=st.lists(AMOUNTS, min_size=1, max_size=6),
    taxes=st.lists(st.integers(0, 500), min_size=6, max_size=6),
    delivery=st.integers(0, 900),
    included=st.booleans(),
    parts=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS),
)
def test_shares_always_sum_and_none_is_below_zero(
    totals: list[int], taxes: list[int], delivery: int, included: bool, parts: tuple[int, int, int]
) -> None:
    told = [min(tax, total) for tax, total in zip(taxes, totals, strict=False)]
    lines = [
        NewLine(f"L{n}", 1_000_000, total=total, tax=tax)
        for n, (total, tax) in enumerate(zip(totals, told, strict=True))
    ]
    whole = sum(totals) + delivery + (0 if included else sum(told))
    points = min(parts[0], whole)
    credit = min(parts[1], whole - points)
    paid = PaidWith(points, credit, min(parts[2], whole - points - credit))
    made = sale(*lines, shipping=f"{delivery / 100:.2f}", prices_include_tax=included, tax=sum(told), paid=paid)
    for one, total, tax in zip(made.lines, totals, told, strict=True):
        goods = total - tax if included else total
        assert 0 <= one.worth(bought_credit=False) <= one.net <= goods
        assert one.net <= one.worth(tax=Tax.INCLUDED) <= total + (0 if included else tax)
    if not (included or any(told)):
        taken = points + credit
        exact = sum(totals) - taken * sum(totals) / max(whole, 1)
        assert abs(made.net - exact) < len(totals) + 1
