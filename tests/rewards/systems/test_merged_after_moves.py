"""Merges of customers who have had one purchase one after the other: what it brings stands with whose it is, once."""

from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Plugins, plugins_on
from regulars_rewards.plugin import Occasion
from regulars_rewards.progress.occasions import earn_occasions, undo_occasions
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.rewards.systems.test_merged_systems import Figures, merged, undone
from tests.rewards.systems.test_other_sources import key

FORTY = bands((0, None, 40))
BIRTHDAY = Occasion("birthday:2026", date(2026, 5, 10))


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards, "loyalty": regulars_loyalty})


async def figures(club: Club, *customers: str) -> Figures:
    """What each has."""
    return {one: await club.has(one) for one in customers}


@pytest.mark.parametrize("way", ["b", "ba"])
@pytest.mark.parametrize("survivor", ["a", "b"])
async def test_what_was_given_on_is_had_once(club: Club, way: str, survivor: str) -> None:
    """Whoever of both survives, it can be given back after the merge, and is whose it was after its undoing."""
    who = {"a": await club.till.customer(), "b": await club.till.customer("Bo")}
    await club.opens(bands=FORTY)
    first, second = await club.buys(who["a"], "10.00"), await club.buys(who["a"], "10.00")
    for one in way:
        await club.moves(who[one], first, second)
    kept, gone = (who["a"], who["b"]) if survivor == "a" else (who["b"], who["a"])
    before = await figures(club, kept, gone)
    told = await merged(club, kept, gone)
    assert not any("once" in one["message"] for one in told["effects"])
    assert await club.has(kept) == (80, 0)
    assert await club.wrong() == []
    await undone(club, told)
    assert await figures(club, kept, gone) == before
    told = await merged(club, kept, gone)
    await club.gives_back(first, "5.00")
    await club.voids(second)
    assert await club.has(kept) == (20, 0)
    await undone(club, told)
    assert await figures(club, kept, gone) == {
        who[way[-1]]: (20, 0),
        **{who[one]: (0, 0) for one in "ab" if one != way[-1]},
    }
    assert await club.wrong() == []


async def test_the_reward_of_one_who_had_it_second_stays_in_a_merge(open_rewards: OpenRewards) -> None:
    """Neither of both survives, and the credit that was given for it is the survivor's; that can be undone at once."""
    club = Club(Till(await open_rewards({"loyalty": regulars_loyalty})))
    ana, bo, cy = [await club.till.customer(name) for name in ("Ana", "Bo", "Cy")]
    await club.opens(target=40, bands=FORTY, reward=rule_data("CREDIT", amount="1.11"))
    sale = await club.buys(ana, "10.00")
    await club.moves(bo, sale)
    told = await merged(club, cy, ana, bo)
    assert (await club.has(cy), await credit(club, cy)) == ((0, 1), "1.11")
    await undone(club, told)
    assert await figures(club, ana, bo, cy) == {ana: (0, 0), bo: (0, 1), cy: (0, 0)}
    assert await credit(club, bo) == "1.11"
    await merged(club, cy, ana, bo)
    await club.voids(sale)
    assert (await club.has(cy), await credit(club, cy)) == ((0, 0), "0.00")
    assert await club.wrong() == []


async def credit(club: Club, customer: str) -> str:
    """The credit of a customer."""
    asked = "query($id: ID!) { customer(id: $id) { credit { balance { amount } } } }"
    return str((await club.till.office.data(asked, id=customer))["customer"]["credit"]["balance"]["amount"])


async def test_what_stands_again_with_the_survivor_is_the_former_owners_no_more(club: Club) -> None:
    """All of it was given back in an exchange, whose void brings back what it had brought, while both are one."""
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(bands=FORTY)
    sale = await club.buys(ana, "10.00")
    await club.moves(bo, sale)
    back = {"lineId": sale["lines"][0]["id"], "quantity": "1"}
    exchange = await club.buys(bo, "10.00", returns=[back])
    told = await merged(club, ana, bo)
    await club.voids(exchange)
    assert await club.has(ana) == (40, 0)
    await undone(club, told)
    assert await figures(club, ana, bo) == {ana: (0, 0), bo: (40, 0)}
    assert await club.wrong() == []


async def test_two_merges_are_undone_in_either_order(club: Club) -> None:
    """Ana had it, then Bo, then Cy. Whose the purchase is, as merges give it back, has what it brings."""
    ana, bo, cy = [await club.till.customer(name) for name in ("Ana", "Bo", "Cy")]
    await club.opens(bands=FORTY)
    sale = await club.buys(ana, "10.00")
    await club.moves(bo, sale)
    for first in (True, False):
        merges = [await merged(club, ana, bo)]
        await club.moves(cy, sale)
        merges.append(await merged(club, ana, cy))
        assert await club.has(ana) == (40, 0)
        await undone(club, merges.pop(0 if first else 1))
        assert await club.wrong() == []
        await undone(club, merges.pop())
        has_it = bo if first else cy
        assert await figures(club, ana, bo, cy) == {one: (40 if one == has_it else 0, 0) for one in (ana, bo, cy)}
        assert await club.wrong() == []
        await club.moves(bo, sale)


async def test_an_occasion_that_has_not_been_after_all_does_not_hide_the_others(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(trigger=rule_data("TIER_CHANGE", tier="GOLD"), target=10, starts_at=1)
    await earn_occasions(club.shop, club.system, [(key(ana), BIRTHDAY), (key(bo), BIRTHDAY)])
    assert await undo_occasions(club.shop, club.system, [(key(ana), BIRTHDAY.key)]) == 1
    told = await merged(club, ana, bo)
    assert await club.has(ana) == (1, 0)
    assert await club.wrong() == []
    await undone(club, told)
    assert await figures(club, ana, bo) == {ana: (0, 0), bo: (1, 0)}


async def test_what_a_merge_leaves_behind_is_found(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(trigger=rule_data("BIRTHDAY"), target=10, starts_at=1)
    await earn_occasions(club.shop, club.system, [(key(one), BIRTHDAY) for one in (ana, bo)])
    await merged(club, ana, bo)
    assert await club.wrong() == []

    async def lost() -> None:
        await club.shop.database.run("DELETE FROM rewards_earning WHERE customer_id = $1", key(ana))

    await club.shop.database.transaction(lost)
    assert any("stands with a customer who was merged" in one for one in await club.wrong())


@given(st.integers(0, 2**32))
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller seed is no simpler
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_moves_and_merges(club: Club, seed: int) -> None:
    """Whatever is given on, made one and undone, whoever has a purchase that stands has what it brings."""
    dice = Random(seed)
    people = [await club.till.customer(f"P{next(club.till.numbers)}") for _ in range(4)]
    await club.opens(target=10, bands=bands((0, None, 4)), name=f"Club {next(club.till.numbers)}")
    sales = [await club.buys(dice.choice(people), "10.00") for _ in range(3)]
    merges: list[Any] = []
    for _ in range(14):
        what = dice.choice(["move", "move", "move", "merge", "merge", "undo", "back", "buy"])
        sent = {"survivorId": (pair := dice.sample(people, 2))[0], "absorbedIds": pair[1:]}
        if what == "move":
            await club.moves(dice.choice(people), *dice.sample(sales, 2))
        elif what == "buy":
            sales.append(await club.buys(dice.choice(people), "10.00"))
        elif what == "merge":
            done = await club.till.office.do("customersMerge", "customersMerge { mergeId }", sent)
            merges += [done["customersMerge"]] if done["customersMerge"] else []
        elif what == "undo" and merges:
            one = merges.pop(dice.randrange(len(merges)))
            done = await club.till.office.do("customersUnmerge", "customers { id }", {"mergeId": one["mergeId"]})
            merges += [one] if done["userErrors"] else []
        elif what == "back":
            await club.till.office.do("purchaseVoid", "purchase { id }", {"purchaseId": dice.choice(sales)["id"]})
        assert await club.wrong() == [], seed
        assert await standing(club) == await collected(club), seed


async def standing(club: Club) -> dict[str, int]:
    """What purchases that stand bring to whose they are, of those since the system was made."""
    rows = await club.shop.database.rows(
        "SELECT p.customer_id, count(*) FROM purchase p WHERE p.status <> 'VOIDED' AND p.id > $1 GROUP BY p.customer_id",
        club.system,
    )
    return {row[0]: 4 * row[1] for row in rows}


async def collected(club: Club) -> dict[str, int]:
    """What customers have in the system, with what has become coupons."""
    rows = await club.shop.database.rows(
        "SELECT customer_id, progress, issued FROM rewards_progress WHERE system_id = $1", club.system
    )
    assert all(0 <= row[1] < 10 for row in rows)
    return {row[0]: row[1] + 10 * row[2] for row in rows if row[1] or row[2]}
