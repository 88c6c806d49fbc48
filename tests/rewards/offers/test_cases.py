"""What other systems' tests and documents say of promotions, and what is told here: each case by its id in the acceptance cases.

Where a case is answered otherwise on purpose, a comment beside it says why. `ELSEWHERE` are cases that are no arithmetic, and
`NONE_OF_OURS` those of what there is not here, with the reason.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from regulars_core.plugin import spread
from regulars_core.purchases.refundable import PaidLine
from regulars_rewards.offers.engine import Candidate
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.promotion import Promotion, ScopeData, ScopeMode
from tests.rewards.offers.offering import basket, line, offered, only, promotion, reasons, rule, shares, total

ALL = {
    "X": (60, 61, 62, 65),
    "P-B": (
        1,
        3,
        4,
        6,
        7,
        9,
        10,
        11,
        12,
        13,
        15,
        16,
        18,
        19,
        21,
        22,
        24,
        25,
        27,
        28,
        30,
        31,
        33,
        34,
        36,
        37,
        39,
        40,
        42,
        43,
        45,
        46,
        47,
        48,
        49,
        51,
        52,
        54,
        55,
        57,
        58,
        60,
        61,
        63,
        64,
        66,
        67,
        69,
        70,
        72,
        73,
        75,
        76,
        78,
        79,
        82,
        83,
        85,
        86,
        88,
        89,
        91,
        92,
        94,
    ),
    "P-S": (
        1,
        3,
        4,
        6,
        7,
        9,
        10,
        12,
        13,
        15,
        16,
        18,
        19,
        21,
        22,
        24,
        25,
        27,
        28,
        29,
        30,
        31,
        32,
        33,
        34,
        36,
        37,
        39,
        40,
        42,
        43,
        45,
        46,
    ),
    "P-X": (1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16),
}
IDS = {f"{area}{number:02}" for area, numbers in ALL.items() for number in numbers}
SOURCE = Path(__file__).read_text()
ELSEWHERE = {
    "P-S10": "for whom an offer is: the audience purchaseCount, over the API",
    "P-S25": "the budget that uses count against, in the database",
    "P-S27": "the budget that uses give back to, in the database",
}
NONE_OF_OURS = {
    "P-B30": "a lowest price of an article",
    "P-B31": "a lowest price of an article",
    "P-B33": "a lowest price of an article",
    "P-B34": "a lowest price of an article",
    "P-B37": "a discount by hand of the whole basket: by hand only lines are reduced",
    "P-B48": "money in another currency: nothing is converted",
    "P-B52": "something off the cheapest piece alone: BUY_GET is about complete sets",
    "P-B60": "taxes and fees: they are the till's",
    "P-B61": "something off the cheapest piece alone: BUY_GET is about complete sets",
    "P-B63": "fractions that are carried on: minor units have none",
    "P-B73": "taxes: they are the till's",
    "P-B89": "a discount by hand of the whole basket: by hand only lines are reduced",
    "P-S01": "several effects of one promotion",
    "P-S34": "a quantity that is too large",
    "P-S42": "a percentage off one piece",
    "P-S43": "an offer after which others stop, without being exclusive",
    "P-X01": "another scope for what is bought than for what gets cheaper",
    "P-X12": "an amount off each piece of complete sets",
    "P-X13": "another amount for the first piece",
}


def test_every_case_is_answered() -> None:
    """In a table, in a test that begins with its id, or not, with the reason."""
    tabled = {one.values[0] for one in [*TAKEN, *LEFT]}
    begun = {found.replace("_", "-").upper() for found in re.findall(r"^def test_(p_[bsx]\d\d)", SOURCE, re.MULTILINE)}
    listed = set(ELSEWHERE) | set(NONE_OF_OURS)
    assert tabled | begun | listed == IDS
    assert not (tabled | begun) & listed


def percent(value: str, currency: str = "USD", **more: object) -> Promotion:
    return promotion(rule("PERCENT", currency, percent=value), **more)  # type: ignore[arg-type]


def flat(value: str, currency: str = "USD", **more: object) -> Promotion:
    return promotion(rule("FLAT", currency, amount=value), **more)  # type: ignore[arg-type]


def each(value: str, at_most: int | None = None, **more: object) -> Promotion:
    """So much off each piece."""
    limit = {} if at_most is None else {"maxUnits": at_most}
    return promotion(rule("FLAT", amount=value, per="UNIT", **limit), **more)  # type: ignore[arg-type]


def capped(value: str, maximum: str) -> Promotion:
    return promotion(rule("PERCENT", percent=value, maximum=maximum))


def buy_get(buy: int, get: int) -> Promotion:
    return promotion(rule("BUY_GET", buy=buy, get=get))


def least(value: str, minimum: str, kind: str = "PERCENT", **more: object) -> Promotion:
    """An offer from a minimum on."""
    told = {"percent": value} if kind == "PERCENT" else {"amount": value}
    return promotion(rule(kind, **told), rule("BASKET_TOTAL", minimum=minimum), **more)  # type: ignore[arg-type]


def case(id_: str, goods: OfferBasket, *rest: object) -> Any:
    return pytest.param(id_, goods, *rest, id=id_)


SOLIDUS = basket("120.00", "230.00", "300.00")
VENDURE = basket("43.00", "14.00", "23.00")
MAGENTO = basket("47.00", "33.00", "9.50", "42.00", "0.00")
HUNDRED = basket("100.00")
TWO = basket(line("50.00", "A"), line("150.00", "B"))
SHIRT_AND_MUG = basket(line("100.00", "shirt"), line("20.00", "mug"))
MANY = basket("20.00", line("12.00", by_hand="2.00"))

TAKEN = [
    case("P-B01", HUNDRED, [flat("15.00")], [["15.00"]]),
    case("P-B03", basket("50", "50", "50"), [flat("10.00")], [["3.34", "3.33", "3.33"]]),
    case("P-B04", basket(("3", "50"), "50", ("2", "50")), [flat("15.00")], [["7.50", "2.50", "5.00"]]),
    # the cent goes to the largest dropped fraction, and not to the first line
    case("P-B06", SOLIDUS, [capped("15", "50.00")], [["9.23", "17.69", "23.08"]]),
    case("P-B07", basket("12", "23", "10"), [capped("15", "50.00")], [["1.80", "3.45", "1.50"]]),
    case("P-B10", basket("40", "20", "20"), [flat("3.00")], [["1.50", "0.75", "0.75"]]),
    # by largest remainder, and not each rounded and the first one mended
    case("P-B11", VENDURE, [flat("3.00")], [["1.61", "0.53", "0.86"]]),
    case("P-B12", VENDURE, [flat("2.99")], [["1.61", "0.52", "0.86"]]),
    case("P-B13", basket("10", "10", "10"), [flat("2.99")], [["1.00", "1.00", "0.99"]]),
    case("P-B18", TWO, [flat("30.00"), flat("50.00")], [["7.50", "22.50"], ["12.50", "37.50"]]),
    case("P-B19", basket("44.95", "79.95"), [flat("10.00")], [["3.60", "6.40"]]),
    case("P-B24", MAGENTO, [flat("15.00")], [["5.36", "3.77", "1.08", "4.79", "0.00"]]),
    case("P-B27", basket("20.00", "80.00"), [flat("10.00")], [["2.00", "8.00"]]),
    case("P-B55", basket("1.00", "0.00"), [percent("20")], [["0.20", "0.00"]]),
    case("P-B64", basket("5.99", "15.99"), [percent("50")], [["3.00", "7.99"]]),
    case("P-B70", basket("250", "150"), [flat("80.00")], [["50.00", "30.00"]]),
    # tax is given by the till
    case("P-B72", basket(("2", "10.00"), "56.04"), [flat("10.10")], [["2.66", "7.44"]]),
    case("P-B78", basket("70.00", "30.00"), [percent("20")], [["14.00", "6.00"]]),
    case("P-B86", basket("4.00", "45.00"), [flat("5.00")], [["0.41", "4.59"]]),
    case("P-B88", basket(("2", "40.00"), "30.00"), [flat("50.00")], [["36.36", "13.64"]]),
    case("P-S19", TWO, [each("500"), each("50")], [["50.00", "150.00"]]),
    # at most so many pieces of all lines, the dearest first, and not of each line
    case("P-S21", TWO, [each("30", 2), each("50", 1)], [["30.00", "30.00"], ["0.00", "50.00"]]),
    case("P-S22", TWO, [percent("10"), percent("10")], [["5.00", "15.00"], ["4.50", "13.50"]]),
    # a coupon worth more than the basket is clamped, and not refused
    case("P-S39", basket(("10", "16.50")), [flat("100.00"), flat("100.00")], [["100.00"], ["65.00"]]),
    case("P-X03", basket("500", "500", "1000", "1000"), [buy_get(2, 2)], [["500.00", "500.00", "0.00", "0.00"]]),
    case("P-X04", basket(("1080", "2.50")), [buy_get(50, 1000), buy_get(10, 20)], [["2500.00"], ["50.00"]]),
]


@pytest.mark.parametrize(("id_", "goods", "offers", "expected"), TAKEN)
def test_what_each_takes_off_each_line(
    id_: str, goods: OfferBasket, offers: list[Promotion], expected: list[list[str]]
) -> None:
    assert shares(goods, *offers) == expected


A, B, C = (only(one) for one in "ABC")
THREE = basket(line("100", "A"), line("100", "B"), line("100", "C"))
AB = basket(line("100", "A"), line("200", "B"))
OUTFIT = basket(line("100", "pants"), line("50", "shirts"), line("200", "boots"))
STEPS = [least("10", "1500"), least("15", "1750"), least("20", "2000")]
GROUP = [least(*told, best_of_group="steps") for told in (("10", "1500"), ("15", "1750"), ("20", "2000"))]
TIERED = rule("TIERED", by="AMOUNT", from_=["1500", "1750", "2000"], percent=["10", "15", "20"])
HALF = promotion(rule("PERCENT", percent="50"), rule("QUANTITY", minimum="3"))
SHOPWARE = basket("60", "60", "30")

LEFT = [
    case("X60", HUNDRED, [flat("10.00", priority=1), percent("20", priority=4)], "70.00"),
    case("X61", HUNDRED, [flat("10.00", priority=5), percent("20", priority=2)], "72.00"),
    case("X62", HUNDRED, [flat("10.00", priority=5), percent("20", priority=1, is_exclusive=True)], "80.00"),
    case("X65", basket(("3", "10.56"), "60.00"), [flat("80.00"), flat("20.00")], "0.00"),  # and shipping is not touched
    case("P-B25", basket("10", "20", "32"), [flat("15.00"), percent("10")], "42.30"),
    case("P-B36", HUNDRED, [flat("10.00")], "90.00"),  # and shipping is not touched
    case("P-B36", HUNDRED, [percent("20")], "80.00"),
    case("P-B39", basket(("3", "10.00")), [flat("10.00")], "20.00"),
    case("P-B40", basket(("3", "13.95")), [each("10.00")], "11.85"),
    case("P-B40", basket(("3", "13.95")), [each("20.00")], "0.00"),
    case("P-B40", basket(("3", "13.95")), [each("10.00", 1)], "31.85"),
    case("P-B40", basket(("3", "13.95")), [each("15.00", 1)], "27.90"),
    case("P-B40", basket(("3", "13.95")), [each("13.95", 3)], "0.00"),
    case("P-B42", basket(("3", "1.00")), [flat("1.00")], "2.00"),
    # 16.76 off: half-up on the basket, and not halves down
    case("P-B43", basket(("10", "1.80"), ("3", "13.95")), [percent("10"), percent("20")], "43.09"),
    case("P-B45", MANY, [percent("10")], "27.00"),
    case("P-B45", MANY, [each("5.00")], "20.00"),
    case("P-B45", MANY, [flat("5.00")], "25.00"),
    case("P-B45", MANY, [percent("10", excludes_reduced=True)], "28.00"),
    case("P-B45", MANY, [each("5.00", excludes_reduced=True)], "25.00"),
    # the coupon applies to the other lines, and is not refused
    case("P-B45", MANY, [flat("5.00", excludes_reduced=True)], "25.00"),
    case("P-B47", basket("20.00"), [percent("15")], "17.00"),
    case("P-B47", basket("20.25"), [percent("15")], "17.21"),
    case("P-B47", basket("10.50"), [percent("15")], "8.92"),  # what is rounded is the discount, and not the new price
    case("P-B47", basket("9.94"), [percent("15")], "8.45"),
    case("P-B49", basket(("10", "0.01")), [percent("10")], "0.09"),
    case("P-B51", basket(("2", "30.00")), [each("10.00"), flat("5.00")], "35.00"),
    case("P-B51", basket(("2", "77.77")), [percent("17.5"), flat("25.00")], "103.32"),
    case("P-B51", basket(("2", "56.50")), [each("19.99"), percent("33")], "48.92"),
    case("P-B54", basket("1.00"), [flat("10.00")], "0.00"),  # and shipping is not touched
    case("P-B57", basket("200.00", "115.00"), [percent("10"), flat("288.50")], "0.00"),
    case("P-B57", basket("200.00", "115.00"), [flat("288.50"), percent("10")], "23.85"),
    case("P-B58", basket(("15", "16.50")), [flat("100.00"), flat("100.00")], "47.50"),
    case("P-B58", basket(("5", "16.50")), [flat("100.00"), flat("100.00")], "0.00"),  # no basket below zero
    case("P-B64", basket("5.99"), [percent("50")], "2.99"),
    case("P-B64", basket("15.99"), [percent("50")], "7.99"),
    case("P-B66", HUNDRED, [capped("50", "30.00")], "70.00"),
    case("P-B67", basket("100", "100"), [promotion(rule("FIXED_PRICE", price="40", per="SET", pieces=2))], "40.00"),
    case("P-B69", basket("0.00"), [percent("100")], "0.00"),
    # half-up for currencies without decimals too, and not down: 456 off
    case("P-B75", basket("4559", currency="JPY"), [percent("10", "JPY")], "4103"),
    case("P-B76", basket("15", currency="JPY"), [percent("10", "JPY")], "13"),
    case("P-B82", basket(line("100", "A"), line("100", "A", by_hand="100")), [percent("10", scope=A)], "90.00"),
    # in prices as shown, here without the tax, which the till adds
    case("P-B83", basket(line("10", "A"), line("10", "B")), [percent("100", scope=A), flat("5.00")], "5.00"),
    case("P-B85", basket(("2", "60.00")), [flat("45.00")], "75.00"),
    case("P-B85", HUNDRED, [flat("300.00")], "0.00"),
    case("P-B91", basket("19.99"), [percent("25")], "14.99"),
    case("P-B91", basket("263.30"), [percent("15")], "223.80"),  # 39.495 off
    case("P-B91", basket("49.95"), [percent("10")], "44.95"),
    case("P-B92", basket("2.75"), [percent("10")], "2.47"),  # what is rounded is the discount, and not the new price
    case("P-B94", basket("10.000", currency="BHD"), [flat("2.275", "BHD")], "7.725"),
    # one offer after another on what is left, and not both on the first price; so in all that follow
    case("P-S03", SHIRT_AND_MUG, [percent("20", scope=only("shirt")), percent("10", scope=only("shirt"))], "92.00"),
    case("P-S04", SHIRT_AND_MUG, [least("10.00", "50.00", "FLAT"), each("5.00", scope=only("shirt"))], "105.00"),
    case(
        "P-S06",
        HUNDRED,
        [
            flat("10.00", priority=40),
            percent("50", priority=30),
            flat("5.00", priority=20),
            percent("25", priority=10),
        ],
        "30.00",
    ),
    case("P-S07", HUNDRED, [percent("30", priority=500, is_exclusive=True), percent("50", priority=100)], "70.00"),
    case(
        "P-S07",
        HUNDRED,
        [percent("70", priority=1000, is_exclusive=True), percent("30", priority=500, is_exclusive=True)],
        "30.00",
    ),
    case(
        "P-S09", basket(("4", "100")), [promotion(rule("FLAT", amount="10"), rule("QUANTITY", minimum="3"))], "390.00"
    ),
    case(
        "P-S09", basket(("2", "100")), [promotion(rule("FLAT", amount="10"), rule("QUANTITY", minimum="3"))], "200.00"
    ),
    case("P-S12", basket(("2", "5.00")), [HALF, least("10", "10.00")], "9.00"),
    case("P-S12", basket(("3", "5.00")), [HALF, least("10", "10.00")], "7.50"),
    case("P-S13", basket(("2", "8.00")), [HALF, least("10", "10.00")], "14.40"),
    case("P-S13", basket(("3", "8.00")), [HALF, least("10", "10.00")], "10.80"),
    case("P-S15", basket("105.00"), [percent("10"), least("20", "100.00")], "94.50"),
    case("P-S15", basket("105.00"), [least("20", "100.00"), percent("10")], "75.60"),
    # and shipping, 20.00, is not touched: 340.00
    case("P-S16", OUTFIT, [flat("20", scope=only("pants")), flat("10", scope=only("shirts"))], "320.00"),
    case("P-S18", OUTFIT, [percent("10"), percent("15")], "267.75"),
    case("P-S28", AB, [percent("10", scope=A), percent("10", scope=B)], "270.00"),
    case("P-S28", AB, [percent("10", scope=A), percent("20", scope=A)], "272.00"),  # both, and not the better one
    case("P-S28", AB, [percent("10", scope=A), percent("10")], "261.00"),
    case("P-S29", HUNDRED, [percent("20"), percent("10")], "72.00"),
    case("P-S29", basket(line("100", "A")), [percent("20", scope=A), percent("10", scope=A)], "72.00"),
    # offers stack by age, and the most specific one does not win
    case("P-S30", THREE, [percent("20"), percent("50", scope=C), percent("99", scope=A)], "120.80"),
    case("P-S31", basket("100", "100", "100"), [percent("20"), least("40", "200", "FLAT")], "200.00"),
    case("P-S32", HUNDRED, [percent("20"), percent("10")], "72.00"),
    # stackable speaks of other coupons only
    case("P-S36", basket("320.00"), [percent("10"), Candidate(percent("10", needs_coupon=True), "CODE")], "259.20"),
    case("P-S37", basket(("14", "118.00")), GROUP, "1486.80"),
    case("P-S37", basket(("17", "118.00")), GROUP, "1604.80"),
    case("P-S37", basket(("20", "118.00")), GROUP, "1888.00"),
    case("P-S37", basket(("14", "118.00")), [promotion(TIERED)], "1486.80"),
    case("P-S37", basket(("17", "118.00")), [promotion(TIERED)], "1604.80"),
    case("P-S37", basket(("20", "118.00")), [promotion(TIERED)], "1888.00"),
    case("P-S40", basket(("2", "10.00"), "5.00"), [percent("10"), percent("20")], "18.00"),
    case("P-S45", basket(("2", "20.00")), [each("6.00"), flat("5.00")], "23.00"),
    # all stack: 5.00, 9.50 and 7.00; the better one does not replace the other, nor the coupon both
    case("P-S46", HUNDRED, [least("5.00", "50.00", "FLAT"), least("10", "20.00")], "85.50"),
    case(
        "P-S46",
        HUNDRED,
        [
            least("5.00", "50.00", "FLAT"),
            least("10", "20.00"),
            Candidate(flat("7.00", needs_coupon=True), "CODE"),
        ],
        "78.50",
    ),
    case("P-X06", basket(("6", "20.00")), [buy_get(1, 5)], "20.00"),
    case("P-X06", basket(("4", "20.00")), [buy_get(1, 5)], "80.00"),  # an incomplete set gives nothing
    case("P-X06", basket(("1", "20.00")), [buy_get(1, 5)], "20.00"),
    case("P-X07", basket(("75", "1.00")), [buy_get(3, 1)], "57.00"),  # free are 18 of those in the basket
    case("P-X07", basket(("6", "1.00")), [buy_get(3, 1)], "5.00"),
    case("P-X09", basket("65", "65", "30"), [buy_get(1, 2)], "65.00"),
    # each piece of the scope, and the dearest of a set: the cheapest are no choice of it
    case("P-X10", SHOPWARE, [flat("50.00")], "100.00"),
    case("P-X10", SHOPWARE, [promotion(rule("FIXED_PRICE", price="20.00"))], "60.00"),
    case("P-X10", SHOPWARE, [promotion(rule("FIXED_PRICE", price="50.00", per="SET", pieces=2))], "80.00"),
]


@pytest.mark.parametrize(("id_", "goods", "offers", "expected"), LEFT)
def test_what_is_left_to_pay(id_: str, goods: OfferBasket, offers: list[Promotion], expected: str) -> None:
    assert total(goods, *offers) == expected


def test_of_two_that_are_exclusive_the_higher_applies() -> None:
    ten, twenty = flat("10.00", priority=5, is_exclusive=True), percent("20", priority=1, is_exclusive=True)
    assert total(HUNDRED, ten, twenty) == "90.00"


def test_p_b09_no_lines_to_take_it() -> None:
    assert shares(basket("25", "25", "25", "25"), flat("10.00")) == [["2.50"] * 4]
    assert shares(basket("1", "1", "1"), flat("1.00")) == [["0.34", "0.33", "0.33"]]
    assert reasons(basket("0", "0", "0", "0"), flat("10.00")) == [["NOTHING_LEFT"]]
    assert reasons(basket(), flat("10.00")) == [["SCOPE"]]  # and no error


def test_p_b15_lines_of_which_nothing_is_left_take_nothing() -> None:
    assert shares(basket("10", "0"), flat("4.00")) == [["4.00", "0.00"]]
    assert reasons(basket("0", "0"), flat("10.00")) == [["NOTHING_LEFT"]]  # not in equal parts
    assert reasons(basket("0"), flat("2.99")) == [["NOTHING_LEFT"]]
    assert spread(-20, [100, 100]) == [-10, -10]


def test_p_b16_the_arithmetic_alone() -> None:
    """Shipping is never touched by an offer."""
    assert spread(20_000, [50_000, 10_000]) == [16_667, 3_333]


def back(goods: OfferBasket, *offers: Promotion) -> list[str]:
    """What a refund of each line gives back, one after another."""
    taken = [0] * len(goods.lines)
    for one in offered(goods, *offers).applied:
        for place, share in one.shares.items():
            taken[place] += share
    paid = [PaidLine(str(one.place), one.quantity, one.left - taken[one.place], 0, 0, False) for one in goods.lines]
    return [goods.amount(one.worth_of(one.quantity)) for one in paid]


def test_p_b21_a_refund_is_of_what_was_paid() -> None:
    """To the cent, and not in whole units."""
    assert shares(basket("100", "50"), flat("50.00")) == [["33.33", "16.67"]]
    assert back(basket("100", "50"), flat("50.00")) == ["66.67", "33.33"]


def test_p_b22_shares_are_by_value_and_stay() -> None:
    """Not in equal parts."""
    assert shares(basket("30", "10"), flat("10.00")) == [["7.50", "2.50"]]
    assert back(basket("30", "10"), flat("10.00")) == ["22.50", "7.50"]


def test_sixty_and_forty_less_ten() -> None:
    goods = basket("60", "40")
    assert shares(goods, flat("10.00")) == [["6.00", "4.00"]]
    assert back(goods, flat("10.00")) == ["54.00", "36.00"]


def test_p_b28_a_minimum_looks_at_the_scope() -> None:
    """And the discount is not cut to the part that was reached."""
    goods = basket(line("20", "A"), line("80", "B"))
    offer = least("10.00", "50.00", "FLAT", scope=A)
    assert total(goods, offer) == "100.00"
    [[least_]] = [one.obstacles for one in offered(goods, offer).skipped]
    assert (least_.reason, least_.missing) == ("MIN_NOT_REACHED", 3_000)
    present = ScopeData(mode=ScopeMode.ANY_PRESENT, skus=("A",))
    assert total(goods, least("10.00", "50.00", "FLAT", scope=present)) == "90.00"


def test_p_b46_a_reduced_line_is_outside_the_spreading() -> None:
    goods = basket(line("20", by_hand="5"), "40", "10")
    assert shares(goods, flat("10.00", excludes_reduced=True)) == [["0.00", "8.00", "2.00"]]
    assert shares(goods, percent("50", excludes_reduced=True)) == [["0.00", "20.00", "5.00"]]


def test_p_b79_all_of_it_comes_back() -> None:
    assert total(basket(("10", "23.90")), percent("25")) == "179.25"
    assert back(basket(("10", "23.90")), percent("25")) == ["179.25"]


def test_p_s19_nothing_is_left_for_the_second() -> None:
    assert reasons(TWO, each("500"), each("50")) == [["NOTHING_LEFT"]]


def test_p_s24_a_budget_is_all_or_nothing() -> None:
    offer = Candidate(flat("1500"), budget_left=100_000)
    assert total(basket("2000"), offer) == "2000.00"
    assert reasons(basket("2000"), offer) == [["LIMIT_REACHED"]]
    assert total(basket("1000"), offer) == "0.00"


def test_p_s33_of_equal_priority_the_older_first() -> None:
    """And no conflict."""
    older, younger = flat("10.00", name="Older"), percent("20", name="Younger")
    applied = offered(HUNDRED, younger, older).applied
    assert [one.candidate.promotion.name for one in applied] == ["Older", "Younger"]
    assert total(HUNDRED, younger, older) == "72.00"


def test_p_x06_what_a_set_lacks_is_said() -> None:
    [skipped] = offered(basket(("4", "20.00")), buy_get(1, 5)).skipped
    assert [(one.reason, one.message) for one in skipped.obstacles] == [
        ("NOTHING_LEFT", "A set is 6 pieces, and there are 4.")
    ]


@pytest.mark.parametrize(("named", "others", "expected"), [("7", "5", "52.50"), ("2", "3", "10.00")])
def test_p_x15_the_step_is_by_all_lines_of_the_scope(named: str, others: str, expected: str) -> None:
    tiered = promotion(rule("TIERED", from_=["1", "10"], percent=["10", "15"]))
    assert shares(basket((named, "50.00"), (others, "50.00")), tiered)[0][0] == expected


def test_p_x16_a_gift_is_never_added() -> None:
    """It must be in the basket, and is free once unless it repeats."""
    shirts = ScopeData(mode=ScopeMode.ANY_PRESENT, skus=("shirt",))
    once = promotion(rule("FREE_ITEM", sku="gift"), scope=shirts)
    again = promotion(rule("FREE_ITEM", sku="gift", repeat="true"), scope=shirts)
    shirt, pants, gift = line("19.99", "shirt"), line("19.99", "pants"), line("4.00", "gift")
    two, gifts = line(("2", "19.99"), "shirt"), line(("2", "4.00"), "gift")
    assert reasons(basket(shirt, pants), once) == [["SCOPE"]]
    assert [total(basket(*one), once) for one in ([shirt, pants], [two, pants], [pants])] == ["39.98", "59.97", "19.99"]
    assert total(basket(shirt, pants, gift), once) == "39.98"
    assert total(basket(two, pants, gifts), once) == "63.97"
    assert total(basket(two, pants, gifts), again) == "59.97"
    assert total(basket(pants, gift), once) == "23.99"
    assert reasons(basket(pants, gift), once) == [["SCOPE"]]
