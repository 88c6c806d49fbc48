"""Acceptance cases of coupons from other systems' published tests, by their ids: those about codes and limits, which are decided
without goods. Where we answer otherwise on purpose, the test says so and why.
"""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import Shop
from tests.rewards.coupons.shop_owner import Owner

USED_UP = ("COUPON_EXHAUSTED", ["LIMIT_REACHED"])
HERE = {
    "X40", "X41", "X42", "X46", "X47", "X52", "P-C01", "P-C10", "P-C12", "P-C13", "P-C15", "P-C19", "P-C22", "P-C28",
}  # fmt: skip
"""X53, 64 that want one, is tried in test_at_once."""


@pytest.fixture
async def owner(rewards: Shop) -> Owner:
    return Owner(rewards)


def test_each_of_them_is_tried() -> None:
    named = [name for name in globals() if name.startswith(("test_x", "test_p_c"))]
    tried = {_id_of(name) for name in named}
    assert tried == HERE


def _id_of(name: str) -> str:
    first, second, *_ = name.removeprefix("test_").split("_")
    return first.upper() if first.startswith("x") else f"{first}-{second}".upper()


@pytest.mark.parametrize("of_promotion", [True, False])
async def test_x40_a_limit_of_two(owner: Owner, of_promotion: bool) -> None:
    offer = await owner.promotion(**({"totalLimit": 2} if of_promotion else {}))
    await owner.code(offer, "SUMMER10", usageLimit=None if of_promotion else 2)
    for used in (1, 2):
        await owner.redeemed("SUMMER10")
        assert (await owner.coupon("SUMMER10"))["usedCount"] == used
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == USED_UP


async def test_x41_used_up_already(owner: Owner) -> None:
    await owner.code(await owner.promotion(), "SUMMER10")
    await owner.redeemed("SUMMER10")
    for mutation, more in (("couponRedeem", {}), ("couponReserve", {"basket": "B1"})):
        assert await owner.refusal(mutation, couponCode="SUMMER10", **more) == USED_UP


async def test_x42_no_such_coupon(owner: Owner) -> None:
    assert await owner.refusal("couponRedeem", couponCode="NOSUCH22") == ("COUPON_REFUSED", ["UNKNOWN_CODE"])


async def test_x46_codes_of_one_symbol(owner: Owner) -> None:
    """Refused for their length here; that half of a space stays free is tried in test_codes."""
    given = {"promotionId": await owner.promotion(), "count": 2, "length": 1}
    assert await owner.problems("couponsGenerate", **given) == [("OUT_OF_RANGE", "input.length")]


async def test_x47_given_back_and_never_below_none(owner: Owner) -> None:
    offer = await owner.promotion(totalLimit=20)
    await owner.code(offer, "SUMMER10", usageLimit=None)
    uses = [await owner.redeemed("SUMMER10") for _ in range(3)]
    for use, left in zip([*uses, uses[0]], (2, 1, 0, 0), strict=True):
        await owner.api.done("couponUnredeem", "coupon { id }", {"useId": use["id"]})
        assert await owner.used(offer) == (await owner.coupon("SUMMER10"))["usedCount"] == left


async def test_x52_a_limit_of_four_and_five_baskets(owner: Owner) -> None:
    """They are reserved, so the fifth is told that: one of the others may give up."""
    await owner.code(await owner.promotion(), "SUMMER10", usageLimit=4)
    for n in range(4):
        await owner.reserved("SUMMER10", f"B{n}")
    told = await owner.refusal("couponReserve", couponCode="SUMMER10", basket="B4")
    assert told == ("COUPON_REFUSED", ["RESERVED"])


async def test_p_c01_before_and_after(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2027-05-01"):
        offer = await owner.promotion(startsAt="2027-05-10T00:00:00Z", endsAt="2027-06-10T00:00:00Z")
        await owner.code(offer, "SUMMER10", usageLimit=None, expiresAt="2027-06-01T00:00:00Z")
        told = await owner.refusal("couponRedeem", couponCode="SUMMER10")
        assert told == ("COUPON_REFUSED", ["NOT_STARTED"])
    with calendar("2027-05-31"):
        await owner.redeemed("SUMMER10")
    for day in ("2027-06-01", "2027-06-11"):
        with calendar(day):
            assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == ("COUPON_REFUSED", ["EXPIRED"])


async def test_p_c10_too_short_and_too_long(owner: Owner) -> None:
    offer = await owner.promotion()
    for count, length in ((20, 1), (1, 50)):
        told = await owner.problems("couponsGenerate", promotionId=offer, count=count, length=length)
        assert told == [("OUT_OF_RANGE", "input.length")]


async def test_p_c12_a_parked_basket(owner: Owner, calendar: Callable[[str], Any]) -> None:
    """Reserved for a quarter of an hour that the basket renews, not without an end as there."""
    with calendar("2027-05-10T12:00:00Z"):
        await owner.code(await owner.promotion(), "SUMMER10")
        await owner.reserved("SUMMER10", "B1")
    with calendar("2027-05-10T12:14:00Z"):
        await owner.reserved("SUMMER10", "B1")
    with calendar("2027-05-10T12:20:00Z"):
        assert (await owner.coupon("SUMMER10"))["state"] == "RESERVED"
        await owner.api.done("couponRelease", "coupon { id }", {"couponCode": "SUMMER10", "basket": "B1"})
        shown = await owner.coupon("SUMMER10")
        assert (shown["state"], shown["usedCount"]) == ("ISSUED", 0)


async def test_p_c13_taken_off_the_basket(owner: Owner) -> None:
    offer = await owner.promotion(totalLimit=10)
    await owner.code(offer, "SUMMER10")
    await owner.reserved("SUMMER10", "B1")
    await owner.api.done("couponRelease", "coupon { id }", {"couponCode": "SUMMER10", "basket": "B1"})
    assert await owner.used(offer) == 0


async def test_p_c15_limits_and_none(owner: Owner) -> None:
    """A limit of 0 is none there; here it is refused as it is saved, and null is none."""
    ana = await owner.customer()
    offer = await owner.promotion(perCustomerLimit=1, totalLimit=10)
    await owner.code(offer, "SUMMER10", usageLimit=None)
    await owner.redeemed("SUMMER10", customerId=ana)
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10", customerId=ana) == USED_UP
    assert await owner.used(offer) == 1
    told = await owner.problems("couponsGenerate", promotionId=offer, count=1, usageLimit=0)
    assert told == [("OUT_OF_RANGE", "input.usageLimit")]


async def test_p_c19_held_and_free_again(owner: Owner, calendar: Callable[[str], Any]) -> None:
    with calendar("2027-05-10T12:00:00Z"):
        await owner.code(await owner.promotion(totalLimit=1), "SUMMER10")
        await owner.reserved("SUMMER10", "one")
        told = await owner.refusal("couponRedeem", couponCode="SUMMER10", basket="two")
        assert told == ("COUPON_REFUSED", ["RESERVED"])
    with calendar("2027-05-10T12:15:30Z"):
        await owner.redeemed("SUMMER10", basket="two")


async def test_p_c22_without_case(owner: Owner) -> None:
    """With case there; here by its key."""
    await owner.code(await owner.promotion(), "TESTCOUPON", usageLimit=2)
    for typed in ("TESTCOUPON", "testcoupon"):
        await owner.redeemed(typed)


async def test_p_c28_signs(owner: Owner) -> None:
    await owner.code(await owner.promotion(), "2?ds5!2d")
    await owner.redeemed("2?DS5!2d")
