"""Offers beside each other: which apply, in which order, and everything that stands in the way of the others."""

import sys
from collections.abc import Callable, Collection
from typing import Any

import pytest

from regulars_core.plugin import Instant, NoSettings, UsableRule
from regulars_rewards.offers.engine import Candidate, Evaluation, evaluate
from regulars_rewards.offers.menu import Menu
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.plugin import Met, Off, OfferBasket, OfferConditionKind, OfferDiscountKind, Pieces, Unmet
from tests.rewards.offers.offering import AT, basket, line, offered, only, promotion, reasons, rule, total

HUNDRED = basket("100.00")


def percent(value: str = "10", *conditions: UsableRule | None, **more: Any) -> Promotion:
    return promotion(rule("PERCENT", percent=value), *conditions, **more)


def flat(value: str, **more: Any) -> Promotion:
    return promotion(rule("FLAT", amount=value), **more)


def code(offer: Promotion, typed: str = "CODE", *obstacles: Obstacle) -> Candidate:
    return Candidate(offer, typed, obstacles=obstacles)


def names(found: Evaluation) -> list[str]:
    return [one.candidate.promotion.name for one in found.applied]


def why(found: Evaluation) -> dict[str, list[tuple[str, str | None]]]:
    """Why each does not apply, by its name, with what keeps it out."""
    return {
        one.candidate.promotion.name: [(other.reason, other.excluded_by) for other in one.obstacles]
        for one in found.skipped
    }


def test_an_exclusive_offer_keeps_all_others_out() -> None:
    alone = percent("1", name="Alone", is_exclusive=True, priority=-5)
    found = offered(HUNDRED, percent("50", name="Half", priority=5), code(flat("5.00", name="Five")), alone)
    assert names(found) == ["Alone"]
    assert why(found) == {"Five": [("EXCLUDED_BY", alone.id)], "Half": [("EXCLUDED_BY", alone.id)]}
    assert found.skipped[0].obstacles[0].message == "Alone applies, and nothing else beside it."


def test_an_exclusive_offer_qualifies_on_the_untouched_goods_and_takes_something_off() -> None:
    at_least = rule("BASKET_TOTAL", minimum="100.00")
    first = percent("50", name="Half", priority=5)
    assert names(offered(HUNDRED, first, percent("1", at_least, name="Alone", is_exclusive=True))) == ["Alone"]
    gift = promotion(rule("FREE_ITEM", sku="gift"), name="Gift", is_exclusive=True, priority=9)
    found = offered(HUNDRED, first, gift)
    assert (names(found), why(found)) == (["Half"], {"Gift": [("SCOPE", None)]})
    worthless = promotion(rule("PERCENT", percent="0.001"), name="Little", is_exclusive=True, priority=9)
    found = offered(HUNDRED, first, worthless)
    assert (names(found), why(found)) == (["Half"], {"Little": [("NOTHING_LEFT", None)]})


def test_what_an_exclusive_offer_keeps_out_is_looked_at_untouched() -> None:
    alone = percent("60", name="Alone", is_exclusive=True)
    found = offered(HUNDRED, alone, percent("10", rule("BASKET_TOTAL", minimum="50.00"), name="Ten"))
    assert why(found) == {"Ten": [("EXCLUDED_BY", alone.id)]}


def test_a_coupon_that_is_not_stackable_goes_with_no_other_but_with_promotions() -> None:
    jealous = percent("10", name="Jealous", is_stackable=False, priority=2)
    found = offered(HUNDRED, percent("5", name="For all"), code(jealous), code(percent(name="Other", priority=1), "B"))
    assert names(found) == ["Jealous", "For all"]
    assert why(found) == {"Other": [("EXCLUDED_BY", jealous.id)]}


def test_of_two_coupons_the_one_of_higher_priority_wins_whichever_is_jealous() -> None:
    other = percent(name="Other", priority=3)
    found = offered(HUNDRED, code(percent(name="Jealous", is_stackable=False), "A"), code(other, "B"))
    assert (names(found), why(found)) == (["Other"], {"Jealous": [("EXCLUDED_BY", other.id)]})
    older, younger = percent(name="Older", is_stackable=False), percent(name="Younger", is_stackable=False)
    assert names(offered(HUNDRED, code(younger, "A"), code(older, "B"))) == ["Older"]


def test_a_coupon_that_does_not_apply_keeps_none_out() -> None:
    strict = percent("10", rule("BASKET_TOTAL", minimum="500.00"), name="Strict", is_stackable=False, priority=9)
    found = offered(HUNDRED, code(strict), code(percent(name="Other"), "B"))
    assert (names(found), why(found)) == (["Other"], {"Strict": [("MIN_NOT_REACHED", None)]})


def test_a_promotion_applies_once_whatever_is_typed() -> None:
    offer = percent(name="Ten")
    found = offered(HUNDRED, code(offer, "A"), code(offer, "B"))
    assert [one.candidate.coupon_code for one in found.applied] == ["A"]
    [skipped] = found.skipped
    assert (skipped.candidate.coupon_code, [one.excluded_by for one in skipped.obstacles]) == ("B", [offer.id])


def test_of_a_group_only_the_one_applies_that_takes_off_most() -> None:
    little = flat("5.00", name="Five", best_of_group="g", priority=9)
    much = percent("20", name="Twenty", best_of_group="g")
    found = offered(HUNDRED, little, much, flat("1.00", name="One"))
    assert names(found) == ["Twenty", "One"]
    assert why(found) == {"Five": [("EXCLUDED_BY", much.id)]}


def test_a_group_stands_at_the_place_of_its_first_member() -> None:
    first = flat("1.00", name="First", best_of_group="g", priority=9)
    best = percent("20", name="Best", best_of_group="g", priority=-9)
    between = flat("10.00", name="Between")
    assert total(HUNDRED, first, between, best) == "70.00"  # 20 % of 100.00, not of 90.00
    far = percent("1", rule("BASKET_TOTAL", minimum="999.00"), name="Far", best_of_group="g", priority=9)
    hats = percent("1", name="Hats", best_of_group="g", priority=9, scope=only("hat"))
    for absent in (far, hats):
        assert total(HUNDRED, absent, between, best) == "70.00"
        lazy = offered(HUNDRED, absent, between, best, explains=False)
        assert [one.amount for one in lazy.applied] == [2_000, 1_000]
    late = percent("1", name="Late", best_of_group="g", priority=9, starts_at=Instant(AT + 1))
    assert total(HUNDRED, late, between, best) == "72.00"  # what is not in force keeps no place


def test_of_equal_ones_of_a_group_the_first() -> None:
    older, younger = flat("5.00", name="Older", best_of_group="g"), flat("5.00", name="Younger", best_of_group="g")
    assert names(offered(HUNDRED, younger, older)) == ["Older"]
    higher = flat("5.00", name="Higher", best_of_group="g", priority=1)
    assert names(offered(HUNDRED, older, higher)) == ["Higher"]


def test_one_of_a_group_beyond_its_budget_is_not_the_best() -> None:
    rich = Candidate(flat("50.00", name="Rich", best_of_group="g"), budget_left=4_999)
    found = offered(HUNDRED, rich, flat("5.00", name="Poor", best_of_group="g"))
    assert names(found) == ["Poor"]
    assert [one[0] for one in why(found)["Rich"]] == ["LIMIT_REACHED", "EXCLUDED_BY"]


def test_a_group_lets_no_coupon_in_before_one_of_higher_priority_that_does_not_go_with_it() -> None:
    first = flat("1.00", name="First", best_of_group="g", priority=9)
    jealous = percent("20", name="Jealous", best_of_group="g", is_stackable=False)
    other = flat("2.00", name="Other", priority=5)
    found = offered(HUNDRED, first, code(jealous, "A"), code(other, "B"))
    assert names(found) == ["First", "Other"]
    assert ("EXCLUDED_BY", other.id) in why(found)["Jealous"]
    far = promotion(rule("FLAT", amount="2.00"), rule("BASKET_TOTAL", minimum="999.00"), name="Far", priority=5)
    assert names(offered(HUNDRED, first, code(jealous, "A"), code(far, "B"))) == ["Jealous"]


def test_everything_that_stands_in_the_way_is_told_in_order() -> None:
    alone = percent("1", name="Alone", is_exclusive=True)
    hours = rule("HOURS", from_="20:00", to="21:00")
    far = rule("BASKET_TOTAL", minimum="150.00")
    known = [Obstacle(Reason.CONSENT, "No."), Obstacle(Reason.REVOKED, "Worthless.")]
    offer = percent(
        "5", far, hours, name="Ten", scope=only("hat"), ends_at=Instant(AT), store_ids=("s9",), needs_coupon=True
    )
    found = offered(HUNDRED, alone, code(offer, "A", *known), explains=False)
    assert [one[0] for one in why(found)["Ten"]] == [
        "REVOKED", "EXPIRED", "HOURS", "STORE", "CONSENT", "SCOPE", "MIN_NOT_REACHED", "EXCLUDED_BY",
    ]  # fmt: skip
    expired = found.skipped[0].obstacles[1]
    assert (expired.at, expired.message) == (AT, "It ended at 2026-03-05T12:00:00.000Z.")


def test_it_is_in_force_from_its_start_until_before_its_end() -> None:
    assert reasons(HUNDRED, percent(starts_at=Instant(AT + 1))) == [["NOT_STARTED"]]
    assert reasons(HUNDRED, percent(starts_at=AT, ends_at=Instant(AT + 1))) == []
    assert reasons(HUNDRED, percent(ends_at=AT)) == [["EXPIRED"]]
    assert reasons(HUNDRED, percent(store_ids=("s1", "s2"))) == []
    assert reasons(HUNDRED, percent(store_ids=())) == [["STORE"]]


def test_what_is_told_already_is_told_once() -> None:
    told = Obstacle(Reason.EXPIRED, "The coupon has expired.", at=Instant(5))
    [skipped] = offered(HUNDRED, code(percent(ends_at=AT), "A", told)).skipped
    assert skipped.obstacles == [told]


def test_of_a_code_that_is_not_theirs_nothing_more_is_told() -> None:
    theirs = Obstacle(Reason.NOT_THEIRS, "It is somebody else's.")
    found = offered(HUNDRED, percent("1", is_exclusive=True), code(percent(scope=only("hat"), ends_at=AT), "A", theirs))
    assert found.skipped[0].obstacles == [theirs]


def test_typed_codes_come_first_as_they_were_given() -> None:
    at_most = rule("BASKET_TOTAL", maximum="1.00")
    offers = [percent("1", at_most, name=name, priority=n) for n, name in enumerate("ABCD")]
    found = offered(HUNDRED, offers[0], code(offers[1], "B"), offers[2], code(offers[3], "D"))
    assert [one.candidate.promotion.name for one in found.skipped] == ["B", "D", "C", "A"]
    assert list(why(found).values()) == [[("MAX_EXCEEDED", None)]] * 4
    lazy = offered(HUNDRED, offers[0], code(offers[1], "B"), offers[2], code(offers[3], "D"), explains=False)
    assert [one.candidate.promotion.name for one in lazy.skipped] == ["B", "D"]


def test_without_its_kind_it_is_for_nobody() -> None:
    gone = promotion(None, name="Gone", failed=["LUNAR"])
    found = offered(HUNDRED, gone, percent("10", None, name="Half gone"), percent(name="There"))
    assert names(found) == ["There"]
    assert why(found) == {"Gone": [("UNAVAILABLE", None)], "Half gone": [("UNAVAILABLE", None)]}
    assert found.skipped[0].obstacles[0].message == "What it needs is switched off: LUNAR."


def odd(take: Callable[[Any, OfferBasket], Any], *conditions: UsableRule) -> Promotion:
    kind = OfferDiscountKind("ODD", NoSettings, "Odd", take)
    return promotion(UsableRule(kind, NoSettings()), *conditions, name="Odd")


def condition(holds: Callable[[Any, OfferBasket], Any]) -> UsableRule:
    return UsableRule(OfferConditionKind("MOON", NoSettings, "The moon is full.", holds), NoSettings())


def raises(*_: Any) -> Any:
    raise RuntimeError("Ana Li")


@pytest.mark.parametrize(
    "answer",
    [
        raises,
        lambda _, __: -1,
        lambda _, __: 10_001,
        lambda _, __: 1.5,
        lambda _, __: None,
        lambda _, __: True,
        lambda _, __: Off({7: 1}),
        lambda _, __: Off({0: -1}),
        lambda _, __: Off({0: 10_001}),
        lambda _, __: Off({0: 1}, {"BASE": "x"}),  # type: ignore[dict-item]
        lambda _, __: Off(5, text=3),  # type: ignore[arg-type]
        lambda _, __: Off({0: 1}, prices={0: [Pieces(10_000, 1)]}),
        lambda _, __: Off({0: 1}, prices={0: [Pieces(9_999, 2)]}),
        lambda _, __: Off(1, prices={0: [Pieces(9_999, 1)]}),
        lambda _, __: Unmet(""),
        lambda _, __: Unmet("No.", Reason.UNKNOWN_CODE),
        lambda _, __: Unmet("No.", missing=0),
    ],
)
def test_a_discount_that_fails_is_contained(answer: Any) -> None:
    for explains in (True, False):
        found = offered(HUNDRED, odd(answer), percent(name="Ten"), explains=explains)
        assert names(found) == ["Ten"]
        assert [(one.kind, one.promotion_id) for one in found.failures] == [("ODD", found.failures[0].promotion_id)]
    assert why(offered(HUNDRED, odd(answer))) == {"Odd": [("UNAVAILABLE", None)]}
    assert "Ana" not in repr(offered(HUNDRED, odd(answer)).skipped)


@pytest.mark.parametrize(
    "answer",
    [raises, lambda _, __: None, lambda _, __: 1, lambda _, __: Met({"A": "1"}), lambda _, __: Unmet("")],  # type: ignore[dict-item]
)
def test_a_condition_that_fails_is_contained(answer: Any) -> None:
    for explains in (True, False):
        found = offered(HUNDRED, percent("50", condition(answer)), percent(name="Ten"), explains=explains)
        assert names(found) == ["Ten"]
    assert [
        [one.reason for one in each.obstacles] for each in offered(HUNDRED, percent("50", condition(answer))).skipped
    ] == [["UNAVAILABLE"]]


def test_a_condition_of_a_plugin_says_why() -> None:
    [no] = offered(HUNDRED, percent("5", condition(lambda _, __: False))).skipped
    assert [(one.reason, one.message) for one in no.obstacles] == [
        ("CONDITION", "The moon is full: this does not hold.")
    ]
    [no] = offered(HUNDRED, percent("5", condition(lambda _, __: Unmet("It is a half moon.")))).skipped
    assert [(one.reason, one.message) for one in no.obstacles] == [("CONDITION", "It is a half moon.")]
    assert total(HUNDRED, percent("5", condition(lambda _, __: True))) == "95.00"


def test_a_discount_of_a_plugin_in_one_line() -> None:
    found = offered(basket("10.50", "2.49"), odd(lambda _, goods: goods.left % 100))
    assert [dict(one.shares) for one in found.applied] == [{0: 80, 1: 19}]
    assert found.applied[0].explanation.text == "Odd = 0.99"


def test_lines_below_zero_take_no_part() -> None:
    back = line("-30.00")
    assert back.left == -3_000
    assert [dict(one.shares) for one in offered(basket(back, "50.00"), percent("10")).applied] == [{1: 500}]


def test_places_are_those_of_the_whole_basket() -> None:
    goods = basket("10.00", "20.00")
    apart = evaluate(
        OfferBasket(
            goods.at, goods.day, goods.minute, "USD", "s1", None, None,
            [one._replace(place=3 * one.place + 2) for one in goods.lines],
        ),
        [Candidate(flat("3.00"))],
    )  # fmt: skip
    assert dict(apart.applied[0].shares) == {2: 100, 5: 200}


def calls(goods: OfferBasket, menu: Menu, barred: Collection[str] = ()) -> int:
    """How many functions are called: what does not depend on how busy the machine is."""
    count = 0

    def hear(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    def quote() -> None:
        of_audience = [Obstacle(Reason.AUDIENCE, "No.")]
        candidates = [Candidate(one, obstacles=of_audience if one.id in barred else ()) for one in menu.about(goods)]
        evaluate(goods, candidates, grouped=menu.grouped, explains=False)

    quote()  # what is found once
    sys.setprofile(hear)
    try:
        quote()
    finally:
        sys.setprofile(None)
    return count


def test_promotions_that_cannot_apply_cost_next_to_nothing() -> None:
    goods = basket(*(line(f"{n + 1}.37", f"sku{n}", brand=f"B{n % 7}") for n in range(50)))
    five = [percent("5", rule("BASKET_TOTAL", minimum="10.00")) for _ in range(5)]
    barred = [percent("5") for _ in range(60)]
    ended = [percent("5", ends_at=AT) for _ in range(35)]
    elsewhere = [
        *(percent("5", scope=only("hat", brands=("Z",)), best_of_group="Hats") for _ in range(60)),
        *(percent("5", store_ids=("s9",)) for _ in range(4_000)),
    ]
    few, many = Menu(five), Menu([*five, *barred, *ended, *elsewhere]).at(AT)
    assert calls(goods, many, {one.id for one in barred}) <= 1.3 * calls(goods, few)


def test_a_menu_is_the_same_until_the_next_one_ends() -> None:
    lasting, later, soon = percent("5"), percent("5", ends_at=Instant(AT + 9)), percent("5", ends_at=Instant(AT + 1))
    menu = Menu([lasting, later, soon])
    for at, there in (
        (AT - 5, menu.promotions),
        (AT, menu.promotions),
        (AT + 1, [lasting, later]),
        (AT + 9, [lasting]),
    ):
        assert menu.at(Instant(at)).promotions == there
    assert menu.at(Instant(AT + 1)) is menu.at(Instant(AT + 8))
    assert menu.at(Instant(AT + 1)).at(Instant(AT + 20)).promotions == [lasting]
