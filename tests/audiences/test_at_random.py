"""Random audiences over random customers: now they find whom `CustomerWhere` finds, and at any instant whom a plain reading
finds."""

import random
from typing import Any

import pytest

from regulars_core.audiences.box import LEAVES as BOX
from regulars_core.plugin import DAY_MS, CustomerMoment, Instant, Shop, audience_lookups, moment, read_audiences
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.support.lives import LEAVES, NOW, ZONE, Life, holds, keep, life, tree

TREES = 60
INSTANTS = [Instant(NOW - n * DAY_MS // 2) for n in (0, 0, 1, 3, 8, 20, 21, 40, 80)]
FIND = "query($where: CustomerWhere) { customers(first: 100, where: $where) { nodes { id } } }"


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(timezone=ZONE)


@pytest.fixture
async def lives(shop: Shop) -> list[Life]:
    chance = random.Random(5)
    made = [life(chance, number) for number in range(70)]
    await shop.database.transaction(lambda: keep(shop, made))
    return made


async def test_now_they_find_whom_filters_find(shop: Shop, lives: list[Life]) -> None:
    chance, api, sizes = random.Random(20261129), Api.of(shop), set()
    who = [CustomerMoment(one.id, NOW) for one in lives]
    with moment(NOW):
        for number in range(TREES):
            audience = tree(chance, chance.randint(0, 3))
            answers = await read_audiences(shop, {"": audience}, who)
            ours = sorted(one.customer_id for one in who if answers["", one])
            found = (await api.data(FIND, where=audience))["customers"]["nodes"]
            assert sorted(node["id"].removeprefix("customer_") for node in found) == ours, (number, audience)
            assert ours == sorted(one.id for one in lives if holds(audience, one, NOW)), (number, audience)
            sizes.add(len(ours))
    assert len(sizes) > 25, "the trees tell customers apart"


async def test_at_any_instant_they_find_whom_a_plain_reading_finds(shop: Shop, lives: list[Life]) -> None:
    """Everybody at many instants, also those of their own purchases, in one go."""
    chance, sizes = random.Random(20261130), set()
    with moment(NOW):
        for number in range(8):
            audiences: dict[int, Any] = {n: tree(chance, chance.randint(0, 3)) for n in range(8)}
            who = [CustomerMoment(one.id, at) for one in lives for at in chance.sample(INSTANTS, 4)]
            who += [CustomerMoment(one.id, bought.at) for one in lives for bought in one.bought]
            chance.shuffle(who)
            by_id = {one.id: one for one in lives}
            answers = await read_audiences(shop, audiences, who)
            for n, audience in audiences.items():
                wanted = {one: holds(audience, by_id[one.customer_id], one.at) for one in who}
                assert {one: answers[n, one] for one in wanted} == wanted, (number, audience)
                sizes.add(sum(wanted.values()))
    assert len(sizes) > 40


def test_every_leaf_is_in_the_oracle() -> None:
    assert {leaf.name for leaf in BOX} == set(LEAVES)


async def test_a_look_up_is_named_once(shop: Shop) -> None:
    who = [CustomerMoment("1" * 32, NOW), CustomerMoment("1" * 32, Instant(NOW - 1)), CustomerMoment("2" * 32, NOW)]
    group, spent = {"group": {"in": []}}, {"totalSpent": {"gte": "1"}}
    first, last = {"firstPurchaseAt": {"withinDays": 1}}, {"not": {"lastPurchaseAt": {"withinDays": 1}}}

    def named(*audiences: Any) -> int:
        lookups = audience_lookups(shop, dict(enumerate(audiences)), who)
        assert len({sql for sql, _ in lookups}) == len(lookups)
        return len(lookups)

    assert named(None) == named() == 0
    assert named(group) == named(group, {"age": {"gte": 18}}, {"all": [group, group]}) == 1
    assert named(spent) == named(spent, {"purchaseCount": {"eq": 1}}) == 2
    assert named(first, last) == named(last) == 1
    assert named(group, spent, first, last, None) == 4
    assert audience_lookups(shop, {"": spent}, []) == []
