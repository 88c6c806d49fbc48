"""Uses are claimed and given back: never more than a limit, and nothing leaks."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from regulars_core.database.errors import Unavailable
from regulars_core.plugin import DAY_MS, Instant, Shop, new_id, now
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import Claim, Exhausted
from regulars_rewards.uses.limits import limits_from, lookup_limits
from regulars_rewards.uses.rows import KeptUse, UseRow, kept_uses, lookup_uses
from regulars_rewards.verification import differences
from tests.rewards.coupons.conftest import STORE, counters, kept_coupon, kept_promotion, limit_of, used

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


@pytest.mark.parametrize("customer_id", [None, "c" * 32])
async def test_a_name_that_is_used_again_is_another_basket(rewards: Shop, customer_id: str | None) -> None:
    """Of one store, within 24 hours of its first purchase: not of its last, by which a name would be shared for ever."""
    offer = await kept_promotion(rewards, limit=3)
    coupon = await kept_coupon(rewards, offer, "AGAIN222", usage_limit=3)
    begun = Instant(now() - 5 * DAY_MS)

    async def sold(after: int, **more: Any) -> UseRow:
        mine = {"coupon_id": coupon, "customer_id": customer_id, "basket": "1", "amount": 1, **more}
        return await used(rewards, offer, at=Instant(begun + after), **mine)

    first = await sold(0)
    assert [(await sold(after)).first_id for after in (DAY_MS // 2, DAY_MS, -DAY_MS)] == [first.id] * 3
    assert await limit_of(rewards, offer) == (1, 4)
    second = await sold(DAY_MS + 1)
    assert second.first_id is None
    assert (await sold(2 * DAY_MS)).first_id == second.id
    assert (await sold(2 * DAY_MS, store_id=new_id())).first_id is None
    assert await limit_of(rewards, offer) == (3, 7)
    other = new_id() if customer_id is None else None
    with pytest.raises(Exhausted):
        await sold(2 * DAY_MS, customer_id=other)
    assert [one async for one in differences(rewards)] == []


async def test_a_reservation_is_found_by_the_name_of_its_basket_alone(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=1)
    until = Instant(now() + 5 * _MINUTE)
    kept_for = await used(rewards, offer, basket="B1", store_id=new_id(), reserved_until=until)
    sold = await used(rewards, offer, basket="B1", customer_id=new_id(), amount=1)
    assert (sold.id, await limit_of(rewards, offer)) == (kept_for.id, (1, 1))


async def test_what_has_run_out_is_freed_or_taken_over_and_never_both(rewards: Shop) -> None:
    offer = await kept_promotion(rewards, limit=1)
    coupon = await kept_coupon(rewards, offer, "RUN22222")
    past = Instant(now() - 2 * _MINUTE)
    first = await used(rewards, offer, coupon_id=coupon, basket="B1", at=past, reserved_until=Instant(past + _MINUTE))

    async def work(is_taken_first: bool) -> list[bool]:
        own = await kept(rewards, first.id)
        sql, values = lookup_limits("B1", now())
        changes = UseChanges(rewards, limits_from(await rewards.database.read(sql, *values)), [own])
        by_itself = Claim(offer, 1, None, None, STORE, now(), basket="B1")
        by_coupon = replace(by_itself, coupon=await counters(rewards, coupon))
        claims = [(by_coupon, own), (by_itself, None)]
        made = []
        for claim, has in claims if is_taken_first else claims[::-1]:
            try:
                made.append(changes.claim(claim, has))
            except Exhausted:
                made.append(changes.claim(claim, has, counts=False))
        await changes.write()
        return [one.is_counted for one in made]

    for is_taken_first in (True, False):
        with pytest.raises(_Undone):
            await rewards.database.transaction(lambda taken=is_taken_first: _undone(rewards, work, taken))
    assert await rewards.database.transaction(lambda: work(False)) == [True, False]
    assert [one async for one in differences(rewards)] == []


class _Undone(Exception):
    pass


async def _undone(shop: Shop, work: Any, *given: Any) -> None:
    assert await work(*given) == [True, False]
    await shop.database.flush()
    raise _Undone


def test_limits_that_were_looked_up_by_other_promotions_are_looked_up_again() -> None:
    """Within a minute a look-up is otherwise the same as the one that was made ahead, before a promotion got its limit."""
    at = now()
    ahead, then = (lookup_limits(None, at, revision=revision) for revision in (6, 7))
    assert ahead[0] == then[0]
    assert ahead[1] != then[1]
