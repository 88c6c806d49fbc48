"""Uses are claimed and given back: never more than a limit, and nothing leaks."""

import asyncio

import pytest

from regulars_core.database.errors import Unavailable
from regulars_core.plugin import Instant, Shop, new_id, now
from regulars_rewards.uses.changes import Claim, Exhausted, UseChanges
from regulars_rewards.uses.limits import limits_from, lookup_limits
from regulars_rewards.uses.rows import KeptUse, kept_uses, lookup_uses
from tests.rewards.coupons.conftest import counters, kept_coupon, kept_promotion, limit_of, used

_MINUTE = 60_000


async def kept(shop: Shop, use_id: str) -> KeptUse:
    [found] = await shop.database.read_together([lookup_uses(shop.database.dialect, [use_id])])
    [use] = kept_uses(found)
    return use


async def released(shop: Shop, use_id: str) -> None:
    async def work() -> None:
        changes = UseChanges(shop)
        changes.release(await kept(shop, use_id), now())
        await changes.write()

    await shop.database.transaction(work)


async def came_back(shop: Shop, use_id: str) -> bool:
    async def work() -> bool:
        sql, values = lookup_limits(None, now())
        changes = UseChanges(shop, limits_from(await shop.database.read(sql, *values)))
        use = await kept(shop, use_id)
        coupon = await counters(shop, use.row.coupon_id) if use.row.coupon_id else None
        row = changes.take_again(use, now(), coupon)
        await changes.write()
        return row.is_counted

    return await shop.database.transaction(work)


async def test_a_limit_is_reached_and_given_back(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=2, budget=1_000)
    one = await used(rewards, offer, amount=400)
    await used(rewards, offer, amount=600)
    with pytest.raises(Exhausted):
        await used(rewards, offer, amount=0)
    await released(rewards, one.id)
    assert await limit_of(rewards, offer) == (1, 600)
    with pytest.raises(Exhausted):  # it fits the limit, and not the budget
        await used(rewards, offer, amount=401)
    await used(rewards, offer, amount=400)
    assert not await came_back(rewards, one.id)
    assert await limit_of(rewards, offer) == (2, 1_000)
    assert (await kept(rewards, one.id)).row.released_at is None


async def test_a_reservation_is_renewed_and_redeemed(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=1)
    coupon = await kept_coupon(rewards, offer, "ONE22222")
    until = Instant(now() + 5 * _MINUTE)
    first = await used(rewards, offer, coupon_id=coupon, basket="B1", reserved_until=until)
    renewed = await used(rewards, offer, coupon_id=coupon, basket="B1", reserved_until=Instant(until + 1))
    assert renewed.id == first.id
    with pytest.raises(Exhausted):
        await used(rewards, offer, coupon_id=coupon, basket="B2", reserved_until=until)
    with pytest.raises(Exhausted):
        await used(rewards, offer, basket="B1", amount=5)  # by itself it is another use
    sold = await used(rewards, offer, coupon_id=coupon, basket="B1", amount=70)
    assert (sold.id, sold.reserved_until) == (first.id, None)
    assert await limit_of(rewards, offer) == (1, 70)
    assert ((await counters(rewards, coupon)).reserved, (await counters(rewards, coupon)).redeemed) == (0, 1)
    again = await used(rewards, offer, coupon_id=coupon, basket="B1", amount=30)  # the same basket is the same use
    assert again.first_id == first.id
    assert await limit_of(rewards, offer) == (1, 100)
    await released(rewards, first.id)
    assert await limit_of(rewards, offer) == (1, 30)
    await released(rewards, again.id)
    assert await limit_of(rewards, offer) == (0, 0)
    assert ((await counters(rewards, coupon)).reserved, (await counters(rewards, coupon)).redeemed) == (0, 0)


async def test_what_has_run_out_is_free_at_once(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=1)
    coupon = await kept_coupon(rewards, offer, "RUN22222")
    past = Instant(now() - 2 * _MINUTE)
    first = await used(rewards, offer, coupon_id=coupon, basket="B1", at=past, reserved_until=Instant(past + _MINUTE))
    second = await used(rewards, offer, coupon_id=coupon, basket="B2", amount=1)
    assert (await kept(rewards, first.id)).row.released_at == past + _MINUTE
    assert second.id != first.id
    assert await limit_of(rewards, offer) == (1, 1)
    assert ((await counters(rewards, coupon)).reserved, (await counters(rewards, coupon)).redeemed) == (0, 1)


async def test_who_wants_the_last_ones_at_once(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=8)
    coupon = await kept_coupon(rewards, offer, "MANY2222", None)
    told = await asyncio.gather(
        *(used(rewards, offer, coupon_id=coupon, amount=1) for _ in range(24)), return_exceptions=True
    )
    assert sum(isinstance(one, Exhausted) for one in told) == 16, told
    assert await limit_of(rewards, offer) == (8, 8)
    assert (await counters(rewards, coupon)).redeemed == 8


async def test_a_promotion_that_is_changed_meanwhile(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=8)

    async def work() -> None:
        changes = UseChanges(rewards)
        changes.claim(Claim(offer, 2, None, None, new_id(), now()))
        await changes.write()

    with pytest.raises(Unavailable):  # it was decided by another version, at each try
        await rewards.database.transaction(work, attempts=2)
    assert await limit_of(rewards, offer) == (0, 0)
