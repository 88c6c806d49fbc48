"""Purchases that are given to others, told late or exchanged, and what several do at the same time."""

import asyncio
from typing import Any

from regulars_core.plugin import Instant, new_id, now, printed
from regulars_core.purchases.models import Purchase, PurchaseLine
from regulars_rewards.systems.changes import update_system
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data

FORTY = bands((0, None, 40))


async def test_whose_it_is_now_has_what_it_brings(club: Club) -> None:
    ana, ben = await club.till.customer(), await club.till.customer("Ben")
    await club.opens(target=40, bands=FORTY)
    sale = await club.buys(ana, "10.00")
    assert (await club.has(ana), await club.has(ben)) == ((0, 1), (0, 0))
    await club.moves(ben, sale)
    assert (await club.has(ana), await club.has(ben)) == ((0, 0), (0, 1))
    assert (await club.states(ana), await club.states(ben)) == (["REVOKED"], ["ISSUED"])
    await club.moves(ana, sale)
    assert (await club.has(ana), await club.has(ben)) == ((0, 1), (0, 0))
    await club.moves(None, sale)
    assert (await club.has(ana), await club.has(ben)) == ((0, 0), (0, 0))
    assert await club.wrong() == []


async def test_what_came_back_before_is_not_earned_by_the_new_owner(club: Club) -> None:
    ana, ben = await club.till.customer(), await club.till.customer("Ben")
    await club.opens(bands=FORTY)
    sale = await club.buys(ana, "10.00")
    await club.gives_back(sale, "5.00")
    await club.moves(ben, sale)
    assert (await club.has(ana), await club.has(ben)) == ((0, 0), (20, 0))
    await club.gives_back(sale, "5.00")
    assert await club.has(ben) == (0, 0)
    assert await club.entries(ben) == [("PURCHASE", 20, 20), ("REFUND", -20, 0)]


async def test_a_used_coupon_is_owed_by_whose_the_purchase_was(club: Club) -> None:
    ana, ben = await club.till.customer(), await club.till.customer("Ben")
    await club.opens(target=40, bands=FORTY)
    sale = await club.buys(ana, "10.00")
    [(code, _)] = await club.coupons(ana)
    redeem = {"couponCode": code, "customerId": ana, "idempotencyKey": "U1"}
    await club.till.office.done("couponRedeem", "use { id }", redeem)
    await club.moves(ben, sale)
    assert (await club.has(ana), await club.has(ben)) == ((-40, 1), (0, 1))
    assert await club.states(ana) == ["REDEEMED"]
    assert await club.wrong() == []


async def test_a_purchase_counts_by_the_version_of_its_instant(club: Club) -> None:
    """40 each then, 1 each now: what was bought then and is told late brings 40."""
    ana = await club.till.customer()
    before = now()
    await club.opens(bands=FORTY, starts_at=Instant(before - 86_400_000 * 30))
    await update_system(
        club.shop, club.system,
        lambda one: type(one)(one.name, one.data.model_copy(update={"bands": bands((0, None, 1))})),
    )  # fmt: skip
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (1, 0)
    await club.buys(ana, "10.00", purchasedAt=printed(Instant(before - 86_400_000)))
    assert await club.has(ana) == (41, 0)
    await club.buys(ana, "10.00", purchasedAt=printed(Instant(before - 86_400_000 * 60)))
    assert await club.has(ana) == (41, 0)


async def test_whichever_clock_is_ahead_what_was_sold_before_brings_nothing(club: Club) -> None:
    """A machine an hour ahead has recorded something before the system was made; others go on by their own clocks."""
    ana, ben = await club.till.customer(), await club.till.customer("Ben")
    first = (await club.buys(ana, "10.00"))["id"].partition("_")[2]
    ahead = f"{int(first[:12], 16) + 3_600_000:012x}{first[12:]}"
    copied = (
        (Purchase, {"id": ahead, "reference": "AHEAD"}, "id"),
        (PurchaseLine, {"id": new_id(), "purchase_id": ahead}, "purchase_id"),
    )

    async def work() -> None:
        for model, given, key in copied:
            others = sorted(set(model._meta.fields_db_projection.values()) - given.keys())
            columns, places = ", ".join([*given, *others]), ", ".join(f"${n}" for n in range(1, len(given) + 1))
            await club.shop.database.run(
                f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {places}, {', '.join(others)}"
                f" FROM {model._meta.db_table} WHERE {key} = ${len(given) + 1}",
                *given.values(),
                first,
            )

    await club.shop.database.transaction(work)
    await club.opens(bands=FORTY, starts_at=Instant(now() - 86_400_000))
    await club.moves(ben, {"id": f"purchase_{ahead}"})
    assert await club.has(ben) == (0, 0)
    sale = await club.buys(ana, "10.00")
    assert await club.has(ana) == (40, 0)
    await club.moves(ben, sale)
    assert (await club.has(ana), await club.has(ben)) == ((0, 0), (40, 0))


async def test_an_exchange_gives_back_and_earns_and_its_void_undoes_both(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(target=40, bands=bands((0, 20_00, 10), (20_00, None, 40)))
    sale = await club.buys(ana, "30.00")
    assert await club.has(ana) == (0, 1)
    back = {"lineId": sale["lines"][0]["id"], "quantity": "1"}
    lines = [{"sku": "MUG", "name": "Mug", "unitPrice": "30.00"}]
    new = await club.buys(ana, "", lines=lines, returns=[back])
    assert await club.has(ana) == (0, 1)
    assert await club.states(ana) == ["REVOKED", "ISSUED"]
    await club.voids(new)
    assert await club.has(ana) == (0, 1)
    assert (await club.states(ana)).count("ISSUED") == 1
    assert await club.wrong() == []


async def test_two_sales_of_one_customer_at_the_same_time(open_rewards: OpenRewards) -> None:
    clubs = [Club(Till(await open_rewards())) for _ in range(3)]
    for other in clubs[1:]:
        other.till.numbers = clubs[0].till.numbers
    club = clubs[0]
    ana = await club.till.customer()
    await club.opens(target=10, bands=bands((0, None, 3)))

    async def sells(one: Club) -> list[Any]:
        return [await one.buys(ana, "5.00") for _ in range(4)]

    sales = [sale for each in await asyncio.gather(*(sells(one) for one in clubs)) for sale in each]
    assert await club.has(ana) == (6, 3)
    assert (await club.states(ana)).count("ISSUED") == 3
    assert await club.wrong() == []
    await asyncio.gather(*(one.gives_back(sale) for one, sale in zip(clubs * 4, sales, strict=True)))
    assert await club.has(ana) == (0, 0)
    assert set(await club.states(ana)) == {"REVOKED"}
    assert await club.wrong() == []


async def test_a_sale_that_is_told_twice_counts_once(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(bands=FORTY)
    lines = [{"sku": "TEA", "unitPrice": "10.00"}]
    for n in range(2):
        await club.till.sold(customerId=ana, lines=lines, reference="SAME", idempotencyKey=f"S{n}")
    assert await club.has(ana) == (40, 0)


async def test_nobody_collects_without_being_known(club: Club) -> None:
    await club.opens(bands=FORTY)
    await club.till.sold(lines=[{"sku": "TEA", "unitPrice": "10.00"}])
    assert [tuple(row) for row in await club.shop.database.rows("SELECT count(*) FROM rewards_earning")] == [(0,)]


async def test_only_for_whom_it_is_as_of_the_purchase(club: Club) -> None:
    """From the second purchase on; what comes back of the first changes nothing of the second."""
    ana = await club.till.customer()
    await club.opens(bands=FORTY, audience={"purchaseCount": {"gte": 1}})
    first = await club.buys(ana, "10.00")
    assert await club.has(ana) == (0, 0)
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (40, 0)
    await club.gives_back(first)
    assert await club.has(ana) == (40, 0)


async def test_a_disabled_system_collects_nothing(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(bands=FORTY, is_enabled=False)
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (0, 0)


async def test_a_shadow_collects_and_gives_nothing(club: Club) -> None:
    ana = await club.till.customer()
    shadow = await club.opens(target=40, bands=FORTY, is_shadow=True)
    sale = await club.buys(ana, "10.00")
    assert await club.coupons(ana) == []
    rows = await club.shop.database.rows("SELECT progress, issued FROM rewards_progress WHERE system_id = $1", shadow)
    assert [tuple(row) for row in rows] == [(0, 1)]
    await club.gives_back(sale)
    rows = await club.shop.database.rows("SELECT progress, issued FROM rewards_progress WHERE system_id = $1", shadow)
    assert [tuple(row) for row in rows] == [(0, 0)]


async def test_where_the_promotion_has_ended_progress_collects(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(target=40, bands=FORTY)
    await club.till.office.done("promotionEnd", "promotion { id }", {"id": club.promotion, "idempotencyKey": "E1"})
    await club.buys(ana, "10.00")
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (80, 0)
    club.promotion = await club.till.promotion("Another", needsCoupon=True)
    reward = rule_data("COUPON", promotion=club.promotion, validDays=30)
    await update_system(
        club.shop, club.system, lambda one: type(one)(one.name, one.data.model_copy(update={"reward": reward}))
    )
    await club.buys(ana, "10.00")
    assert await club.has(ana) == (0, 3)
    assert await club.wrong() == []
