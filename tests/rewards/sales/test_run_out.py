"""Reservations that have run out count as free before they are swept, whoever needs what they keep."""

from collections.abc import Callable
from typing import Any

from regulars_rewards.uses import rows
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.sales.test_back_together import exchanged, voided
from tests.rewards.sales.test_told_over_limits import TEA, miscounted


async def reserved(till: Till, code: str, basket: str) -> None:
    given = {"couponCode": code, "basket": basket, "idempotencyKey": f"R{next(till.numbers)}"}
    await till.office.done("couponReserve", "use { id }", given)


async def test_what_comes_back_takes_their_place(open_rewards: OpenRewards, calendar: Callable[[str], Any]) -> None:
    with calendar("2027-05-10"):
        till = Till(await open_rewards())
        promotion = await till.promotion("Once", needsCoupon=True, totalLimit=1)
        await till.coupon(promotion, "SUMMER10", limit=1)
        first = await till.sells([TEA], ["SUMMER10"])
        water = await exchanged(till, first, owed="-44.00")
        await reserved(till, "SUMMER10", "B1")
    with calendar("2027-05-10T12:30:00Z"):
        await voided(till, water)
        assert await till.uses(first) == [("Once", True, True)]
        assert await miscounted(till) == []


async def test_those_of_one_promotion_crowd_out_no_others(
    open_rewards: OpenRewards, calendar: Callable[[str], Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(rows, "MAX_RUN_OUT", 2)
    with calendar("2027-05-10"):
        till = Till(await open_rewards())
        for name, number in (("P", 3), ("Q", 1)):
            promotion = await till.promotion(name, needsCoupon=True, totalLimit=number)
            for n in range(number):
                await till.coupon(promotion, f"{name}CODE{n}")
                await reserved(till, f"{name}CODE{n}", f"{name}{n}")
        await till.coupon(promotion, "QCODE9")
    with calendar("2027-05-10T12:30:00Z"):
        sold = await till.sells([TEA], ["QCODE9"])
        assert await till.uses(sold) == [("Q", True, True)]
        assert await miscounted(till) == []


async def test_automatic_ones_of_the_sale_are_found(open_rewards: OpenRewards, calendar: Callable[[str], Any]) -> None:
    with calendar("2027-05-10"):
        till = Till(await open_rewards())
        promotion = await till.promotion("Both", totalLimit=1)
        await till.coupon(promotion, "SUMMER10")
        await reserved(till, "SUMMER10", "B1")
    with calendar("2027-05-10T12:30:00Z"):
        assert await till.uses(await till.sells([TEA])) == [("Both", True, True)]
        assert await miscounted(till) == []
