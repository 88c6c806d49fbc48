"""The worked numbers of reward systems, through the API of sales and refunds on both engines."""

import pytest

from regulars_rewards.triggers.bands import RewardMode
from tests.rewards.systems.conftest import Club, bands, rule_data

STANDARD = bands((0, 1_000, 1), (1_000, 5_000, 3), (5_000, None, 5))
NEXOPOS = bands((0, 1_000, 1), (1_000, 5_000, 3), (5_000, 10_000, 5))


@pytest.mark.parametrize(
    ("total", "standard", "nexopos"), [("10.00", 3, 4), ("50.00", 5, 8), ("100.01", 5, 0), ("9.99", 1, 1)]
)
async def test_bands(club: Club, total: str, standard: int, nexopos: int) -> None:
    ana = await club.till.customer()
    first = await club.opens(bands=STANDARD, name="Standard")
    second = await club.opens(bands=NEXOPOS, mode=RewardMode.NEXOPOS, name="As NexoPOS")
    await club.buys(ana, total)
    assert (await club.has(ana, first), await club.has(ana, second)) == ((standard, 0), (nexopos, 0))


@pytest.mark.parametrize(("mode", "left", "coupons"), [(RewardMode.STANDARD, 5, 2), (RewardMode.NEXOPOS, 15, 1)])
async def test_25_with_target_10(club: Club, mode: RewardMode, left: int, coupons: int) -> None:
    ana = await club.till.customer()
    await club.opens(target=10, mode=mode, bands=bands((0, None, 25)))
    await club.buys(ana, "5.00")
    assert await club.has(ana) == (left, coupons)
    assert await club.states(ana) == ["ISSUED"] * coupons
    assert await club.wrong() == []


async def sixty_and_forty(club: Club) -> tuple[str, dict[str, object]]:
    """Ana has 60 of 100, and then P3 brings 40: a coupon, nothing left."""
    ana = await club.till.customer()
    await club.opens(bands=bands((0, 60_00, 30), (60_00, None, 40)))
    await club.buys(ana, "30.00")
    await club.buys(ana, "30.00")
    assert await club.has(ana) == (60, 0)
    third = await club.buys(ana, "80.00")
    assert await club.has(ana) == (0, 1)
    return ana, third


async def test_a_refund_takes_an_unused_coupon_back(club: Club) -> None:
    ana, third = await sixty_and_forty(club)
    await club.gives_back(third)
    assert await club.has(ana) == (60, 0)
    assert await club.states(ana) == ["REVOKED"]
    assert await club.entries(ana) == [
        ("PURCHASE", 30, 30), ("PURCHASE", 30, 60), ("PURCHASE", 40, 100), ("ISSUE", -100, 0), ("REFUND", -40, -40),
        ("REVOKE", 100, 60),
    ]  # fmt: skip
    assert await club.wrong() == []


async def test_a_coupon_that_was_used_stays_and_40_are_owed(club: Club) -> None:
    ana, third = await sixty_and_forty(club)
    [(code, _)] = await club.coupons(ana)
    await club.till.sells([{"sku": "MUG", "unitPrice": "1.00"}], [code], customerId=ana)
    before = await club.has(ana)
    await club.gives_back(third)
    assert (await club.has(ana))[0] == before[0] - 40
    assert await club.states(ana) == ["REDEEMED"]
    await club.buys(ana, "80.00")
    assert await club.has(ana) == (before[0], 1)
    assert await club.wrong() == []


async def test_a_coupon_that_is_reserved_is_freed_and_taken_back(club: Club) -> None:
    ana, third = await sixty_and_forty(club)
    [(code, _)] = await club.coupons(ana)
    reserve = {"couponCode": code, "customerId": ana, "basket": "B1", "idempotencyKey": "R1"}
    await club.till.office.done("couponReserve", "use { id }", reserve)
    assert await club.states(ana) == ["RESERVED"]
    await club.gives_back(third)
    assert await club.has(ana) == (60, 0)
    assert await club.states(ana) == ["REVOKED"]


async def test_a_partial_refund_takes_back_when_live_coupons_cost_more_than_is_left(club: Club) -> None:
    """100.00 are 100 at a target of 40: two coupons and 20. 20.00 back leave them, 0.01 more takes one."""
    ana = await club.till.customer()
    await club.opens(target=40, bands=bands((0, None, 100)))
    sale = await club.buys(ana, "100.00")
    assert await club.has(ana) == (20, 2)
    await club.gives_back(sale, "20.00")
    assert await club.has(ana) == (0, 2)
    await club.gives_back(sale, "1.00")
    assert await club.has(ana) == (39, 1)
    assert await club.states(ana) == ["ISSUED", "REVOKED"]
    await club.gives_back(sale, "79.00")
    assert await club.has(ana) == (0, 0)
    assert await club.wrong() == []


async def test_parts_sum_to_the_whole(club: Club) -> None:
    """10 for 30.00, three refunds of 10.00: 3, 3, 4."""
    ana = await club.till.customer()
    await club.opens(bands=bands((0, None, 10)))
    sale = await club.buys(ana, "30.00")
    for _ in range(3):
        await club.gives_back(sale, "10.00")
    assert [delta for cause, delta, _ in await club.entries(ana) if cause == "REFUND"] == [-3, -3, -4]


async def test_every_third_purchase(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("NTH_PURCHASE", n=3), target=1)
    sales = [await club.buys(ana, "5.00") for _ in range(3)]
    assert await club.has(ana) == (0, 1)
    assert await club.entries(ana) == [("PURCHASE", 1, 1), ("ISSUE", -1, 0)]
    await club.gives_back(sales[0])
    assert await club.has(ana) == (0, 0)
    await club.buys(ana, "5.00")
    assert await club.has(ana) == (0, 1)
    assert await club.states(ana) == ["REVOKED", "ISSUED"]
    assert await club.wrong() == []


async def test_a_void_is_as_if_nothing_had_been(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(target=10, bands=bands((0, None, 10)))
    sale = await club.buys(ana, "5.00")
    assert await club.has(ana) == (0, 1)
    await club.voids(sale)
    assert await club.has(ana) == (0, 0)
    assert await club.states(ana) == ["REVOKED"]
    assert [cause for cause, _, _ in await club.entries(ana)] == ["PURCHASE", "ISSUE", "VOID", "REVOKE"]
