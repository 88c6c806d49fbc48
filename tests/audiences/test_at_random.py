"""Random audiences over random customers, also those that name segments: now they find whom `CustomerWhere` finds, and at any
instant whom a plain reading finds."""

import random
from typing import Any

import orjson
import pytest

from regulars_core.audiences.box import LEAVES as BOX
from regulars_core.plugin import (
    DAY_MS,
    NEVER,
    CustomerMoment,
    Instant,
    Shop,
    audience_lookups,
    insert,
    moment,
    read_audiences,
)
from regulars_core.testing import OpenShop
from regulars_schema.plugin import (
    audiences_now,
    lookup_audiences_now,
    lookup_segments_now,
    segments_as_remembered,
)
from regulars_schema.testing import Api
from tests.support.lives import LEAVES, NOW, ZONE, Life, holds, keep, life, tree

TREES = 45
INSTANTS = [Instant(NOW - n * DAY_MS // 2) for n in (0, 0, 1, 3, 8, 20, 21, 40, 80)]
FIND = "query($where: CustomerWhere) { customers(first: 100, where: $where) { nodes { id } } }"


Segments = dict[str, list[tuple[Instant, dict[str, Any]]]]
"""What each segment asked, and since when, by its id."""


@pytest.fixture
async def segments(shop: Shop) -> Segments:
    """Some that were changed between, one of them in the same millisecond."""
    chance, made, rows, versions = random.Random(22), Segments(), list[Any](), list[Any]()
    for n in range(6):
        since = [Instant(NEVER), *sorted(chance.choices(INSTANTS, k=n % 4)), *([INSTANTS[4]] * 2 if n == 5 else [])]
        key, trees = f"{n + 1:032x}", [(one, tree(chance, 2)) for one in sorted(since)]
        made[f"segment_{key}"] = trees
        texts = [orjson.dumps(asked).decode() for _, asked in trees]
        rows.append((key, key, key, texts[-1], len(texts), NOW, NOW))
        versions += [(f"{n:016x}{m:016x}", key, m, trees[m][0], text) for m, text in enumerate(texts)]
    columns = ("id", "name", "name_key", "conditions", "version", "created_at", "updated_at")
    kept = ("id", "segment_id", "number", "since", "conditions")

    async def work() -> None:
        await insert(shop.database, "segment", columns, rows)
        await insert(shop.database, "segment_version", kept, versions)

    await shop.database.transaction(work)
    return made


def naming(chance: random.Random, depth: int, segments: Segments) -> dict[str, Any]:
    """A tree that may name segments, at any place."""
    named = {"segment": {"in": chance.sample(sorted(segments), chance.choice([0, 1, 1, 2]))}}
    match chance.choice(["beside", "under", "alone", "none"]) if depth else "beside":
        case "beside":
            return tree(chance, depth) | named
        case "under":
            return {chance.choice(["all", "any"]): [{"not": naming(chance, depth - 1, segments)}, tree(chance, 1)]}
        case "alone":
            return {"not": named}
    return tree(chance, depth)


def written_out(asked: dict[str, Any], segments: Segments, at: Instant) -> dict[str, Any]:
    """The same with the conditions themselves that segments had at an instant."""
    written: dict[str, Any] = {}
    for name, inside in asked.items():
        match name:
            case "segment":
                trees = [[one for since, one in segments[id_] if since <= at][-1] for id_ in inside["in"]]
                written.setdefault("all", []).append({"any": trees})
            case "not":
                written["not"] = written_out(inside, segments, at)
            case "any":
                written["any"] = [written_out(one, segments, at) for one in inside]
            case "all":
                written.setdefault("all", []).extend(written_out(one, segments, at) for one in inside)
            case _:
                written[name] = inside
    return written


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop(timezone=ZONE)


@pytest.fixture
async def lives(shop: Shop) -> list[Life]:
    chance = random.Random(5)
    made = [life(chance, number) for number in range(70)]
    await shop.database.transaction(lambda: keep(shop, made))
    return made


async def test_now_they_find_whom_filters_find(shop: Shop, lives: list[Life], segments: Segments) -> None:
    chance, api, sizes = random.Random(20261129), Api.of(shop), set()
    who = [CustomerMoment(one.id, NOW) for one in lives]
    with moment(NOW):
        for number in range(TREES):
            audience = naming(chance, chance.randint(0, 3), segments)
            answers = await read_audiences(shop, {"": audience}, who)
            ours = sorted(one.customer_id for one in who if answers["", one])
            found = (await api.data(FIND, where=audience))["customers"]["nodes"]
            assert sorted(node["id"].removeprefix("customer_") for node in found) == ours, (number, audience)
            plain = written_out(audience, segments, NOW)
            assert ours == sorted(one.id for one in lives if holds(plain, one, NOW)), (number, audience)
            assert await present(shop, audience, [one.id for one in lives]) == ours, (number, audience)
            sizes.add(len(ours))
    assert len(sizes) > 18, "the trees tell customers apart"


async def present(shop: Shop, audience: dict[str, Any], customers: list[str]) -> list[str]:
    """Who belongs to an audience as it is asked as of now: of segments that are not remembered it is asked anew."""
    for _ in range(2):
        lookups, segments = [lookup_audiences_now(shop, [audience], customers)], lookup_segments_now(shop, [audience])
        found, *rows = await shop.database.read_together([*lookups, segments] if segments else lookups)
        if not segments or segments_as_remembered(shop, [audience], rows[0]):
            break
    return sorted(one for one, [belongs] in audiences_now(found).items() if belongs)


async def test_at_any_instant_they_find_whom_a_plain_reading_finds(
    shop: Shop, lives: list[Life], segments: Segments
) -> None:
    """Everybody at many instants, also those of their own purchases, in one go."""
    chance, sizes = random.Random(20261130), set()
    with moment(NOW):
        for number in range(4):
            audiences: dict[int, Any] = {n: naming(chance, chance.randint(0, 3), segments) for n in range(6)}
            who = [CustomerMoment(one.id, at) for one in lives for at in chance.sample(INSTANTS, 3)]
            who += [CustomerMoment(one.id, bought.at) for one in lives for bought in one.bought]
            chance.shuffle(who)
            by_id = {one.id: one for one in lives}
            answers = await read_audiences(shop, audiences, who)
            for n, audience in audiences.items():
                wanted = {
                    one: holds(written_out(audience, segments, one.at), by_id[one.customer_id], one.at) for one in who
                }
                assert {one: answers[n, one] for one in wanted} == wanted, (number, audience)
                sizes.add(sum(wanted.values()))
    assert len(sizes) > 15


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
    segment = {"segment": {"in": [f"segment_{'1' * 32}"]}}
    everything = sum(len(facts.lookups) for facts in {leaf.facts for leaf in BOX})
    assert named(segment) == named(segment, {"not": segment}, spent, group) == everything + 1  # however many there are
