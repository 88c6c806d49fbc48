"""Any baskets with any offers: figures sum, nothing goes below zero, and refunds give back exactly what was paid. Seeded, so that
a failure comes again."""

import os
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from regulars_core.plugin import exponent_of, spread
from regulars_core.purchases.refundable import Paid, PaidLine, taken_by_amount
from regulars_rewards.offers.engine import Candidate, Evaluation, evaluate
from regulars_rewards.offers.facts import PIECE, OfferBasket, OfferLine
from regulars_rewards.offers.menu import Menu
from regulars_rewards.offers.obstacles import in_order
from regulars_rewards.offers.promotion import Promotion, ScopeData, ScopeMode
from tests.rewards.offers.offering import AT, basket, offered, promotion, rule

BASKETS = int(os.environ.get("OFFER_BASKETS", "1000"))
SEED = int(os.environ.get("OFFER_SEED", "1"))
CURRENCIES = ("USD", "JPY", "KWD")
"""Of two decimals, of none, of three."""
SKUS, BRANDS = ("A", "B", "C", "D"), ("Casa", "Roja", None)


def random_basket(dice: Random) -> OfferBasket:
    lines = []
    for place in range(dice.randrange(1, 7)):
        quantity = dice.choice((1, 1, 1, 2, 3, 5, 40)) * PIECE if dice.random() < 0.85 else dice.randrange(1, 5 * PIECE)
        price = dice.choice((0, 1, 7, 99, 250, 1_999, 33_333, dice.randrange(1, 10**6)))
        worth = (quantity * price + PIECE // 2) // PIECE
        by_hand = dice.choice((0, 0, 0, worth // 3, worth))
        sku = dice.choice(SKUS)
        lines.append(OfferLine(place, sku, sku, dice.choice(BRANDS), None, quantity, price, by_hand, worth - by_hand))
    return basket(*lines, currency=dice.choice(CURRENCIES), minute=dice.randrange(1_440))


def random_offer(dice: Random, currency: str) -> Candidate:
    def money(*minors: int) -> str:
        return str(dice.choice(minors) / 10 ** exponent_of(currency))

    kind, told = dice.choice(
        (
            ("PERCENT", {"percent": dice.choice(("0.5", "10", "17.5", "33.333333", "100"))}),
            ("PERCENT", {"percent": "50", "maximum": money(1, 500)}),
            ("FLAT", {"amount": money(1, 7, 299, 10_000)}),
            ("FLAT", {"amount": money(1, 50, 700), "per": "UNIT"}),
            ("FLAT", {"amount": money(3, 5_000), "per": "UNIT", "maxUnits": dice.choice((1, 2, 7))}),
            ("FREE_ITEM", {"sku": dice.choice(SKUS), "quantity": dice.choice((1, 3))}),
            ("FREE_ITEM", {"sku": dice.choice(SKUS), "repeat": "true"}),
            (
                "BUY_GET",
                {"buy": dice.choice((1, 2)), "get": dice.choice((1, 2)), "percent": dice.choice(("100", "50", "33"))},
            ),
            ("BUY_GET", {"buy": 1, "get": 1, "limit": 1}),
            ("TIERED", {"from_": ["1", "3", "10"], "percent": ["1", "2.5", "12"]}),
            ("TIERED", {"by": "AMOUNT", "from_": ["1", "50"], "amount": [money(1), money(900)]}),
            ("FIXED_PRICE", {"price": money(0, 50, 2_000)}),
            ("FIXED_PRICE", {"price": money(10, 999), "per": "SET", "pieces": dice.choice((1, 2, 3))}),
        )
    )
    conditions = [
        rule("BASKET_TOTAL", currency, minimum=money(100, 5_000)),
        rule("BASKET_TOTAL", currency, maximum=money(5_000, 900_000)),
        rule("QUANTITY", minimum=2),
        rule("HOURS", from_="20:00", to="08:00"),
    ]
    scope = None
    if dice.random() < 0.5:
        skus = tuple(dice.sample(SKUS, 2))
        scope = ScopeData(mode=dice.choice(list(ScopeMode)), skus=skus, brands=("CASA",) if dice.random() < 0.2 else ())
    offer = promotion(
        rule(kind, currency, **told),
        *(one for one in conditions if dice.random() < 0.15),
        priority=dice.randrange(3),
        scope=scope,
        best_of_group=dice.choice((None, None, "g", "h")),
        excludes_reduced=dice.random() < 0.15,
        is_exclusive=dice.random() < 0.06,
        is_stackable=dice.random() < 0.7,
    )
    code = f"C{dice.randrange(10**6)}" if dice.random() < 0.4 else None
    return Candidate(offer, code, budget_left=dice.choice((None, None, None, 50)))


def random_case(dice: Random) -> tuple[OfferBasket, list[Candidate]]:
    goods = random_basket(dice)
    offers = [random_offer(dice, goods.currency) for _ in range(dice.randrange(1, 9))]
    if dice.random() < 0.2 and offers[0].coupon_code:
        offers.append(replace(offers[0], coupon_code="AGAIN"))
    return goods, offers


def left_after(goods: OfferBasket, found: Evaluation) -> Mapping[int, int]:
    left = {one.place: one.left for one in goods.lines}
    for one in found.applied:
        for place, share in one.shares.items():
            assert type(share) is int
            assert share > 0
            left[place] -= share
            assert left[place] >= 0, "no line below zero, whatever comes first"
    return left


def rules_of_standing_beside(found: Evaluation) -> None:
    """What may stand beside what."""
    offers = [one.candidate for one in found.applied]
    assert len({one.promotion.id for one in offers}) == len(offers)
    groups = [one.promotion.data.best_of_group for one in offers if one.promotion.data.best_of_group]
    assert len(set(groups)) == len(groups)
    if any(one.promotion.data.is_exclusive for one in offers):
        assert len(offers) == 1
    coupons = [one for one in offers if one.coupon_code]
    assert len(coupons) < 2 or all(one.promotion.data.is_stackable for one in coupons)
    assert all(one.amount <= (one.candidate.budget_left or one.amount) for one in found.applied)


def give_back(dice: Random, goods: OfferBasket, left: Mapping[int, int]) -> int:
    """What refunds of everything give back: line by line in parts, in any order, sometimes with an amount without goods first."""
    lines = [PaidLine(str(one.place), one.quantity, left[one.place], 0, 0, False) for one in goods.lines]
    whole, back = sum(left.values()), 0
    if dice.random() < 0.3 and whole:
        paid = Paid(whole, 0, 0, 0, lines)
        amount = dice.randrange(whole + 1)
        taken = taken_by_amount(paid, amount)
        back += taken.amount
        lines = [replace(one, taken=one.taken + (taken.spread or {}).get(one.id, 0)) for one in lines]
    while open_ := [n for n, one in enumerate(lines) if one.refunded_quantity < one.quantity]:
        n = dice.choice(open_)
        one = lines[n]
        rest = one.quantity - one.refunded_quantity
        step = min(rest, dice.choice((PIECE, PIECE, rest, rest)))
        worth = one.worth_of(step)
        assert 0 <= worth <= one.left
        back += worth
        lines[n] = replace(one, refunded_quantity=one.refunded_quantity + step, taken=one.taken + worth, touched=True)
    return back


def test_any_basket() -> None:
    dice, applied, kinds = Random(SEED), 0, set[str]()
    for _ in range(BASKETS):
        goods, offers = random_case(dice)
        found = evaluate(goods, offers)
        assert not found.failures
        left = left_after(goods, found)
        rules_of_standing_beside(found)
        for one in found.applied:
            assert one.amount == sum(one.shares.values()) > 0
            result = one.explanation.figures[-1]
            assert (result.name, goods.amount(one.amount)) == ("RESULT", str(result.value))
            assert one.explanation.text.endswith(f" = {goods.amount(one.amount)}")
        assert len(found.applied) + len(found.skipped) == len(offers)
        for other in found.skipped:
            assert other.obstacles, "there is always a reason"
            assert list(other.obstacles) == in_order(other.obstacles)
            assert all(obstacle.message for obstacle in other.obstacles)
        assert give_back(dice, goods, left) == sum(left.values())
        applied += len(found.applied)
        kinds |= {one.explanation.rule.kind for one in found.applied if one.explanation.rule}
    assert applied > BASKETS  # or nothing was tried
    assert len(kinds) == 6


def test_the_same_again_and_in_any_order() -> None:
    """Candidates come as they come: by priority and age they are ordered here. Without explanations the same applies."""
    dice = Random(SEED + 1)
    for _ in range(BASKETS // 4):
        goods, offers = random_case(dice)
        first = evaluate(goods, offers)
        assert evaluate(goods, offers) == first
        lazy = evaluate(goods, offers, explains=False)
        assert lazy.applied == first.applied
        assert [one.candidate.coupon_code for one in lazy.skipped] == [
            one.candidate.coupon_code for one in first.skipped if one.candidate.coupon_code
        ]
        promotions = [one for one in offers if not one.coupon_code]
        turned = [one for one in offers if one.coupon_code] + promotions[::-1]
        assert evaluate(goods, turned).applied == first.applied


def test_codes_that_do_not_apply_change_nothing() -> None:
    """A till sells with the codes that applied to the quote, and is asked only what may be about its goods: the same applies, and
    takes off the same, to each line."""
    dice, left_out = Random(SEED + 2), 0
    for _ in range(BASKETS):
        goods, offers = random_case(dice)
        grouped = [one.promotion for one in offers if one.promotion.data.best_of_group]
        quoted = evaluate(goods, offers, grouped=grouped)
        told = {one.candidate.coupon_code for one in quoted.applied}
        about = {one.id for one in Menu([one.promotion for one in offers]).about(goods)}
        asked = [
            one for one in offers if one.coupon_code in told or (not one.coupon_code and one.promotion.id in about)
        ]
        sold = evaluate(goods, asked, grouped=grouped, explains=False)
        assert sold.applied == quoted.applied
        left_out += any(
            one.candidate.promotion.data.best_of_group for one in quoted.skipped if one.candidate.coupon_code
        )
    assert left_out > BASKETS // 50  # or nothing was tried


def naive(goods: OfferBasket, kind: str, told: Mapping[str, Any]) -> int:
    """What one offer takes off, piece by piece."""
    pieces = sorted(
        (
            one.left * (n + 1) // count - one.left * n // count
            for one in goods.lines
            if (count := one.pieces)
            for n in range(count)
        ),
        reverse=True,
    )
    pieces = [one for one in pieces if one]
    if kind == "FLAT":
        return sum(min(int(told["amount"]), one) for one in pieces[: int(told.get("maxUnits", len(pieces)))])
    if kind == "BUY_GET":
        buy, get = int(told["buy"]), int(told["get"])
        number = len(pieces) // (buy + get) * get
        return (sum(pieces[len(pieces) - number :]) * 2 * int(told["percent"]) + 100) // 200
    price, size = int(told["price"]), int(told.get("pieces", 1))
    sets = [pieces[n : n + size] for n in range(0, len(pieces) - size + 1, size)]
    return sum(max(0, sum(one) - price) for one in sets)


def test_pieces_one_by_one() -> None:
    dice = Random(SEED + 2)
    for _ in range(BASKETS // 4):
        goods = replace(random_basket(dice), currency="JPY")
        kind, told = dice.choice(
            (
                ("FLAT", {"amount": dice.randrange(1, 2_000), "per": "UNIT"}),
                ("FLAT", {"amount": dice.randrange(1, 2_000), "per": "UNIT", "maxUnits": dice.randrange(1, 50)}),
                (
                    "BUY_GET",
                    {"buy": dice.randrange(1, 4), "get": dice.randrange(1, 4), "percent": dice.randrange(1, 101)},
                ),
                ("FIXED_PRICE", {"price": dice.randrange(3_000)}),
                ("FIXED_PRICE", {"price": dice.randrange(9_000), "per": "SET", "pieces": dice.randrange(2, 7)}),
            )
        )
        found = offered(goods, rule(kind, "JPY", **told))
        assert sum(one.amount for one in found.applied) == naive(goods, kind, told), (goods, kind, told)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_percentages_and_amounts_one_after_another(currency: str) -> None:
    """As it is written: rounded once, half-up, on what is left, then spread by largest remainder."""
    dice = Random(SEED + 3)
    for _ in range(BASKETS // 8):
        goods = replace(random_basket(dice), currency=currency)
        left, offers = [one.left for one in goods.lines], list[Promotion]()
        for _ in range(4):
            value = dice.randrange(1, 101)
            whole = sum(left)
            if dice.random() < 0.5:
                offers.append(promotion(rule("PERCENT", currency, percent=value)))
                off = (whole * value * 2 + 100) // 200
            else:
                offers.append(promotion(rule("FLAT", currency, amount=value)))
                off = min(value * 10 ** exponent_of(currency), whole)
            left = [one - share for one, share in zip(left, spread(off, left) if off else [0] * len(left), strict=True)]
        assert list(left_after(goods, offered(goods, *offers)).values()) == left
    assert goods.at == AT
