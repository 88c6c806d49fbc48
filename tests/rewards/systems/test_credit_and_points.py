"""Store credit and points as rewards: given in the purchase's own transaction, taken back unused, owed where that is forced."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import Plugins, Shop, Verification, hold, new_id, plugins_on
from regulars_core.testing import opened_shop
from regulars_loyalty.ledger.book import POINTS as POINTS_UNIT
from regulars_loyalty.ledger.book import Cause
from regulars_loyalty.ledger.storage import customer_ledger, write_ledger
from regulars_loyalty.points.rewards import CreditReward, PointsReward
from regulars_rewards.hookspecs import SystemReward
from regulars_rewards.progress.due import give_due
from regulars_rewards.progress.giving import givers_of
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.support.rounds import Rounds

HISTORY = """query($id: ID!) { customer(id: $id) { accountHistory(first: 20) { nodes { kind actor purchase { id }
  creditDelta { amount } pointsDelta
  creditEntries { kind explanation { text figures { name value } } }
  pointsEntries { kind explanation { text figures { name value } } } } } } }"""
CREDIT, POINTS = rule_data("CREDIT", amount="5.00"), rule_data("POINTS", points=50)
REWARDS = pytest.mark.parametrize("reward", [CREDIT, POINTS], ids=["credit", "points"])


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty, "rewards": regulars_rewards})


@pytest.fixture
async def club(open_rewards: OpenRewards) -> Club:
    return Club(Till(await open_rewards({"loyalty": regulars_loyalty})))


async def balance(club: Club, customer: str) -> dict[str, tuple[int, int]]:
    """What a customer has and owes of each unit, in minor units and points."""
    rows = await club.shop.database.rows(
        "SELECT unit, amount, debt FROM loyalty_account WHERE customer_id = $1", customer.partition("_")[2]
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[1] or row[2]}


async def has(club: Club, customer: str) -> int:
    """Rewards of 500 or 50 that a customer has; below zero where they are owed."""
    found = await balance(club, customer)
    amount, debt = found.get("USD", found.get("PTS", (0, 0)))
    return amount - debt


async def verified(shop: Shop) -> list[str]:
    checks: list[Verification] = [
        one for own in shop.plugins.declared("regulars_verifications").values() for one in own
    ]
    return [text for check in checks async for text in check.differences(shop)]


def usd(amount: str) -> dict[str, str]:
    """Money as it is given."""
    return {"amount": amount, "currencyCode": "USD"}


async def live(club: Club, customer: str) -> Sequence[SystemReward]:
    """The rewards of a customer, as givers are told."""
    kinds = {"CREDIT": CreditReward(amount=500, validDays=None), "POINTS": PointsReward(points=50, validDays=None)}
    rows = await club.shop.database.rows("SELECT id, system_id, customer_id, kind, cost, given_at FROM rewards_given")
    return [
        SystemReward(id_, system, "Club", owner, kind, kinds[kind], cost, at)
        for id_, system, owner, kind, cost, at in rows
    ]


async def posts(club: Club, customer: str, unit: str, amount: int) -> None:
    """Take something of what is kept of a customer, with debt for what is missing."""

    async def work() -> None:
        ledger = await customer_ledger(club.shop, customer.partition("_")[2])
        cause = Cause(new_id(), "ADJUST", ledger.present)
        ledger.account(customer.partition("_")[2], unit).spend("ADJUST", amount, cause, "ISSUED", allow_debt=True)
        await write_ledger(ledger)

    await club.shop.database.transaction(work)


async def in_debt(club: Club, customer: str, points: int) -> None:
    """Let a customer owe points."""
    await posts(club, customer, POINTS_UNIT, points)


async def held(club: Club, customer: str, amount: str) -> None:
    """Keep store credit for a basket."""
    given = {"customerId": customer, "amount": usd(amount), "basket": "B1"}
    await club.till.office.done("creditHold", "hold { id }", given)


async def spends(club: Club, customer: str, amount: str) -> None:
    """Use store credit up."""
    given = {"customerId": customer, "amount": usd(amount), "reason": "OTHER"}
    await club.till.office.done("creditDeduct", "entry { id }", given)


async def thirty_thirty_forty(club: Club, reward: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    """Ana has 60 of 100, and then a purchase brings 40: a reward, nothing left."""
    ana = await club.till.customer()
    await club.opens(reward=reward, bands=bands((0, 60_00, 30), (60_00, None, 40)), **more)
    for _ in range(2):
        await club.buys(ana, "30.00")
    assert await has(club, ana) == 0
    return ana, await club.buys(ana, "80.00")


@REWARDS
async def test_it_is_given_with_the_purchase_and_taken_back_with_it(club: Club, reward: Any) -> None:
    ana, third = await thirty_thirty_forty(club, reward)
    one = 500 if reward is CREDIT else 50
    assert (await club.has(ana), await has(club, ana)) == ((0, 1), one)
    await club.gives_back(third)
    assert (await club.has(ana), await has(club, ana)) == ((60, 0), 0)
    assert await club.wrong() == []
    assert await verified(club.shop) == []


@REWARDS
async def test_the_line_of_time_tells_which_system_gave_it(club: Club, reward: Any) -> None:
    ana, third = await thirty_thirty_forty(club, reward)
    await club.gives_back(third)
    events = (await club.till.office.data(HISTORY, id=ana))["customer"]["accountHistory"]["nodes"]
    taken, given = [one for one in events if one["creditEntries"] or one["pointsEntries"]]
    assert (taken["kind"], given["kind"], given["purchase"]) == ("REVERSE", "REWARD", None)
    if reward is CREDIT:
        assert (taken["creditDelta"]["amount"], given["creditDelta"]["amount"]) == ("-5.00", "5.00")
        [entry] = given["creditEntries"]
        assert (entry["kind"], entry["explanation"]["text"]) == (
            "FUNDING",
            "Club: 5.00 USD for progress of 100 that a purchase completed",
        )
        [entry] = taken["creditEntries"]
        assert (entry["kind"], entry["explanation"]["text"]) == ("REVERSE", "Club: 5.00 USD are taken back")
    else:
        assert (taken["pointsDelta"], given["pointsDelta"]) == ("-50", "50")
        [entry] = given["pointsEntries"]
        assert (entry["kind"], entry["explanation"]) == (
            "BONUS",
            {
                "text": "Club: 50 points for progress of 100 that a purchase completed",
                "figures": [{"name": "PROGRESS", "value": "100"}, {"name": "RESULT", "value": "50"}],
            },
        )


async def test_what_was_used_in_part_stays(club: Club) -> None:
    ana, third = await thirty_thirty_forty(club, CREDIT)
    await spends(club, ana, "0.01")
    await club.gives_back(third)
    assert (await club.has(ana), await has(club, ana)) == ((-40, 1), 499)
    assert await verified(club.shop) == []


async def test_what_an_open_basket_keeps_stays(club: Club) -> None:
    ana, third = await thirty_thirty_forty(club, CREDIT)
    await held(club, ana, "5.00")
    await club.gives_back(third)
    assert (await club.has(ana), await has(club, ana)) == ((-40, 1), 500)


async def test_what_other_credit_can_be_held_by_is_taken_back(club: Club) -> None:
    ana, third = await thirty_thirty_forty(club, CREDIT)
    given = {"customerId": ana, "amount": usd("5.00"), "reason": "GIFT"}
    await club.till.office.done("creditAdd", "entry { id }", given)
    await held(club, ana, "5.00")
    await club.gives_back(third)
    assert (await club.has(ana), await has(club, ana)) == ((60, 0), 500)
    assert await verified(club.shop) == []


async def test_what_settled_a_debt_is_used(club: Club) -> None:
    ana = await club.till.customer()
    await in_debt(club, ana, 30)
    await club.opens(reward=POINTS, bands=bands((0, None, 100)))
    sale = await club.buys(ana, "10.00")
    assert await balance(club, ana) == {"PTS": (20, 0)}
    await club.gives_back(sale)
    assert (await club.has(ana), await has(club, ana)) == ((-100, 1), 20)
    assert await verified(club.shop) == []


@REWARDS
async def test_what_expired_unused_is_taken_back_and_nothing_posted(
    club: Club, reward: Any, calendar: Callable[[str], Any]
) -> None:
    lives = rule_data(reward.kind, **dict(reward.settings), validDays=30)
    with calendar("2027-01-10"):
        ana, third = await thirty_thirty_forty(club, lives)
        ends = await club.shop.database.rows("SELECT expires_at - opened_at FROM loyalty_lot")
        assert [tuple(row) for row in ends] == [(30 * 86_400_000,)]
    with calendar("2027-02-10"):
        await club.gives_back(third)
        assert (await club.has(ana), await has(club, ana)) == ((60, 0), 0)
        kinds = await club.shop.database.rows("SELECT kind FROM loyalty_transfer ORDER BY version")
        assert [row[0] for row in kinds][1:] == ["EXPIRE"]
        assert await verified(club.shop) == []


@REWARDS
@pytest.mark.parametrize("spent", [0, 1])
async def test_all_of_it_is_owed_where_it_is_forced(club: Club, reward: Any, spent: int) -> None:
    """Of two rewards of 5.00 or 50 points, of which a part is spent."""
    ana = await club.till.customer()
    await club.opens(reward=reward, bands=bands((0, None, 200)))
    await club.buys(ana, "10.00")
    one = 500 if reward is CREDIT else 50
    if spent:
        await posts(club, ana, "USD" if reward is CREDIT else POINTS_UNIT, one + 1)
    rewards = await live(club, ana)
    assert len(rewards) == 2

    async def forced() -> set[str]:
        await hold(club.shop.database, [ana.partition("_")[2]])
        return set(await givers_of(club.shop)[rewards[0].kind].take_back(club.shop, rewards, True))

    assert await club.shop.database.transaction(forced) == {each.id for each in rewards}
    assert await has(club, ana) == (-one - 1 if spent else 0)
    assert await verified(club.shop) == []


async def test_points_that_are_given_so_are_an_activity(club: Club) -> None:
    ana, _ = await thirty_thirty_forty(club, POINTS)
    [row] = await club.shop.database.rows("SELECT active_at, version FROM loyalty_account")
    [given] = await club.shop.database.rows("SELECT at FROM loyalty_transfer")
    assert tuple(row) == (given[0], 1)
    assert ana


async def test_it_cannot_be_taken_back_by_hand(club: Club) -> None:
    await thirty_thirty_forty(club, CREDIT)
    [(id_,)] = await club.shop.database.rows("SELECT id FROM loyalty_transfer")
    given = {"entryId": f"creditentry_{id_}", "reason": "CORRECTION"}
    assert await club.till.office.refused("ledgerReverse", given) == ["NOT_REVERSIBLE"]


async def test_a_purchase_that_moves_takes_it_along(club: Club) -> None:
    ana, third = await thirty_thirty_forty(club, CREDIT)
    bo = await club.till.customer("Bo")
    await club.moves(bo, third)
    assert (await club.has(ana), await has(club, ana)) == ((60, 0), 0)
    assert (await club.has(bo), await has(club, bo)) == ((40, 0), 0)
    assert await verified(club.shop) == []


async def test_with_loyalty_off_progress_waits(club: Club, open_rewards: OpenRewards) -> None:
    ana, _ = await thirty_thirty_forty(club, CREDIT)
    alone = Club(Till(await open_rewards()))
    alone.system = club.system
    alone.till.numbers = club.till.numbers
    for _ in range(3):
        await alone.buys(ana, "80.00")
    assert await alone.has(ana) == (120, 1)
    assert await give_due(club.shop) == 1
    assert (await club.has(ana), await has(club, ana)) == ((20, 2), 1_000)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_rounds_of_a_sale(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> None:
    """Two where nothing is given. Where something is, the ledger is read anew in the transaction, which begins for that."""
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, database_pool=1) as shop:
        club = Club(Till(shop))
        ana = await club.till.customer()
        await club.opens(reward=CREDIT, target=6, bands=bands((0, None, 1)))
        counts = []
        for n in range(18):  # PostgreSQL has seen the like before
            given = {"reference": f"T{n}", "customerId": ana, "lines": [{"name": "Tea", "total": "5.00"}]}
            rounds.count = 0
            await club.till.office.done("purchaseRecord", "created", given)
            counts.append(rounds.count)
        assert counts[12:17] == [2] * 5
        assert counts[17] <= 7
        assert await has(club, ana) == 1_500


async def test_as_many_statements_for_many_rewards_as_for_one(club: Club) -> None:
    ana, counts = await club.till.customer(), []
    for n, progress in enumerate((1, 2, 5)):
        await club.opens(name=f"Club {n}", reward=POINTS, target=1, bands=bands((0, None, progress)))
        await club.buys(ana, "5.00")
        with club.shop.database.counting() as counted:
            await club.buys(ana, "5.00")
        counts.append(len(counted))
    assert counts[1] == counts[2]
    assert await has(club, ana) == 50 * (6 * 1 + 4 * 2 + 2 * 5)
