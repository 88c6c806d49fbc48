"""Promotions in memory: read anew by whom they were changed, and by all other processes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tortoise.exceptions import BaseORMException

from regulars_core.plugin import DAY_MS, LATEST, Instant, Malformed, Refused, RuleData, Shop, new_id, now
from regulars_rewards.offers.promotion import PromotionData
from regulars_rewards.promotions.changes import PromotionDraft, change_promotion, create_promotion, end_promotion
from regulars_rewards.promotions.known import (
    known_promotions,
    lookup_promotions,
    read_promotions,
    remembered_promotions,
)
from regulars_rewards.promotions.stored import promotions_by_ids
from regulars_schema.testing import Api
from tests.rewards.conftest import OpenRewards

TEN = RuleData(kind="PERCENT", settings=(("percent", "10"),))


def draft(name: str = "Tea week", priority: int = 0, ends_at: Instant = LATEST, **data: Any) -> PromotionDraft:
    return PromotionDraft(name, priority, False, None, ends_at, PromotionData(discount=TEN, **data))


def renamed(name: str) -> Callable[[PromotionDraft], PromotionDraft]:
    return lambda before: replace(before, name=name)


async def names(shop: Shop, at: Instant | None = None) -> list[str]:
    return [one.name for one in (await read_promotions(shop, at)).promotions]


async def test_they_stand_in_their_order(rewards: Shop) -> None:
    await create_promotion(rewards, draft("old"))
    await create_promotion(rewards, draft("new"))
    await create_promotion(rewards, draft("first", priority=5))
    assert await names(rewards) == ["first", "old", "new"]


async def test_what_is_remembered_is_not_read(rewards: Shop) -> None:
    await create_promotion(rewards, draft())
    assert await names(rewards) == ["Tea week"]
    sql, values = lookup_promotions(rewards)
    rows = await rewards.database.read(sql, *values)
    assert len(rows) == 1
    assert rows[0][4] is None
    known = known_promotions(rewards, rows)
    assert known.is_as_looked_up
    assert [one.name for one in known.promotions] == ["Tea week"]


async def test_other_processes_find_out(rewards: Shop, open_rewards: OpenRewards) -> None:
    id_ = await create_promotion(rewards, draft())
    other = await open_rewards()
    assert await names(other) == await names(rewards) == ["Tea week"]
    await change_promotion(other, id_, renamed("Coffee week"))
    sql, values = lookup_promotions(rewards)
    known = known_promotions(rewards, await rewards.database.read(sql, *values))
    assert [(one.name, one.version) for one in known.promotions] == [("Coffee week", 2)]
    assert not known.is_as_looked_up
    assert (await read_promotions(rewards)).is_as_looked_up
    await end_promotion(other, id_)
    assert await names(rewards) == await names(other) == []


async def test_the_past_is_read_where_it_is_asked_for(rewards: Shop, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-03-01"):
        id_ = await create_promotion(rewards, draft("March"))
        await create_promotion(rewards, draft("Spring"))
    with calendar("2026-04-01"):
        await end_promotion(rewards, id_)
    with calendar("2026-04-10"):
        assert await names(rewards) == ["Spring"]
        then = Instant(now() - 20 * DAY_MS)
        known = await read_promotions(rewards, then)
        assert [one.name for one in known.at(then).promotions] == ["March", "Spring"]
        assert not known.is_as_looked_up
        assert (await read_promotions(rewards, then)).is_as_looked_up
        assert [one.name for one in known.at(now()).promotions] == ["Spring"]
        present = await read_promotions(rewards)
        assert [one.name for one in present.at(now()).promotions] == ["Spring"]


async def test_a_look_up_is_answered_by_its_own_revision(rewards: Shop) -> None:
    id_ = await create_promotion(rewards, draft())
    await read_promotions(rewards)
    sql, values = lookup_promotions(rewards)
    rows = await rewards.database.read(sql, *values)
    await change_promotion(rewards, id_, renamed("Coffee week"))
    assert await names(rewards) == ["Coffee week"]
    assert [one.name for one in known_promotions(rewards, rows).promotions] == ["Tea week"]
    remembered = remembered_promotions(rewards)
    assert remembered
    assert [one.name for one in remembered.promotions] == ["Coffee week"]


async def test_nothing_is_counted_up_beyond_a_limit(rewards: Shop) -> None:
    id_ = await create_promotion(rewards, draft(total_limit=2, budget=500))
    await _sql(rewards, "UPDATE rewards_limit SET used = 2, amount = 500 WHERE promotion_id = $1", id_)
    for change in ("used = 3", "amount = 501", "used = -1", "total_limit = 0"):
        with pytest.raises(BaseORMException):
            await _sql(rewards, f"UPDATE rewards_limit SET {change} WHERE promotion_id = $1", id_)
    await _sql(rewards, "UPDATE rewards_limit SET total_limit = 1 WHERE promotion_id = $1", id_)
    await _sql(rewards, "UPDATE rewards_limit SET used = 1 WHERE promotion_id = $1", id_)


async def _sql(shop: Shop, sql: str, *values: Any) -> None:
    async def work() -> None:
        await shop.database.run(sql, *values)

    await shop.database.transaction(work)


async def test_a_limit_counts_what_is_used_already(rewards: Shop) -> None:
    id_ = await create_promotion(rewards, draft())
    first = new_id()
    columns = (
        "id, promotion_id, store_id, amount, is_counted, created_at, redeemed_at, released_at, first_id, reserved_until,"
        " basket, position, sharing"
    )
    for use in (
        (first, id_, new_id(), 100, True, 1, 2, None, None, None, "B1"),
        (new_id(), id_, new_id(), 30, True, 1, 2, None, first, None, "B1"),
        (new_id(), id_, new_id(), 0, True, 1, None, None, None, 5, "B2"),
        (new_id(), id_, new_id(), 70, True, 1, 2, 3, None, None, None),
        (new_id(), id_, new_id(), 9, False, 1, 2, None, None, None, None),
    ):
        await _sql(
            rewards,
            f"INSERT INTO rewards_use ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)",
            *use,
        )
    await change_promotion(
        rewards, id_, lambda one: replace(one, data=one.data.model_copy(update={"total_limit": 5, "budget": 900}))
    )
    limits = "SELECT total_limit, budget, used, amount FROM rewards_limit"
    assert [tuple(row) for row in await rewards.database.rows(limits)] == [(5, 900, 2, 130)]
    await change_promotion(rewards, id_, lambda one: replace(one, data=PromotionData(discount=TEN)))
    assert await rewards.database.rows(limits) == []


async def test_two_who_make_the_last_one(open_rewards: OpenRewards) -> None:
    shop = await open_rewards(rewards_max_running=3)
    answers = await asyncio.gather(*(create_promotion(shop, draft(str(n))) for n in range(6)), return_exceptions=True)
    assert sum(isinstance(one, str) for one in answers) == 3
    refused = [one for one in answers if isinstance(one, Malformed)]
    assert [one.problems[0].code for one in refused] == ["TOO_MANY"] * 3


async def test_a_change_of_nothing_keeps_the_version(rewards: Shop) -> None:
    id_ = await create_promotion(rewards, draft())
    revision = (await read_promotions(rewards)).revision
    await change_promotion(rewards, id_, lambda before: before)
    [row] = (await promotions_by_ids(rewards.database, [id_])).values()
    assert (row.version, (await read_promotions(rewards)).revision) == (1, revision)
    with pytest.raises(Refused):
        await change_promotion(rewards, new_id(), lambda before: before)


async def test_what_ended_long_ago_is_neither_read_nor_remembered(
    rewards: Shop, calendar: Callable[[str], Any]
) -> None:
    with calendar("2025-01-01"):
        ended = await create_promotion(rewards, draft("Long ago"))
        await end_promotion(rewards, ended)
    with calendar("2027-01-01"):
        await create_promotion(rewards, draft("New"))
        assert await names(rewards, Instant(0)) == ["New"]
        assert (await read_promotions(rewards, Instant(0))).is_as_looked_up
        remembered = remembered_promotions(rewards)
        assert remembered
        assert [one.name for one in remembered.promotions] == ["New"]
        api = Api.of(rewards)
        old = "1970-01-01T00:00:00Z"
        line = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
        quote = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { at } }"
        answer = await api.ask(quote, input={"lines": [line], "at": old})
        assert (answer.codes, answer.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["input", "at"])
        assert answer.errors[0]["extensions"]["reason"] == "OUT_OF_RANGE"
        made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
        offers = "query($id: ID!, $at: DateTime!) { customer(id: $id) { offers(at: $at) { isApplicable } } }"
        answer = await api.ask(offers, id=made["customer"]["id"], at=old)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0]["extensions"]["reason"] == "OUT_OF_RANGE"
