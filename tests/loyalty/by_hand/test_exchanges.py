"""Points that are exchanged for rewards of the program, and come back with what they were exchanged for."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from regulars_core.plugin import NoSettings, Problem, Refused, RewardKind, RuleKind, Shop, hookimpl
from regulars_loyalty.plugin import RedeemedExchange, RewardGiver
from tests.loyalty.by_hand.conftest import POINTS_ENTRY, Hand
from tests.loyalty.conftest import OpenLoyalty, Owner, key

EXCHANGES = [
    {
        "code": "FIVE",
        "name": "Five off",
        "points": "100",
        "reward": {
            "kind": "CREDIT",
            "settings": [{"name": "amount", "value": "5.00"}, {"name": "validDays", "value": "30"}],
        },
    },
    {
        "code": "MORE",
        "name": "More points",
        "points": "10",
        "reward": {"kind": "POINTS", "settings": [{"name": "points", "value": "11"}]},
    },
]


class Mugs:
    """Brings mugs, and gives them as long as there are any."""

    def __init__(self) -> None:
        self.left, self.given, self.used = 3, dict[str, RedeemedExchange](), set[str]()

    @hookimpl
    def regulars_rules(self) -> list[RuleKind]:
        return [RewardKind("MUG", NoSettings, "A mug")]

    @hookimpl(optionalhook=True)
    def loyalty_reward_givers(self) -> Mapping[str, RewardGiver]:
        return {"MUG": self}

    async def give(self, shop: Shop, exchange: RedeemedExchange) -> None:
        if self.left < exchange.times:
            raise Refused(Problem("EXCHANGE_UNAVAILABLE", "There are no mugs left.", ("exchange",)))
        self.left -= exchange.times
        self.given[exchange.event_id] = exchange

    async def take_back(self, shop: Shop, event_id: str) -> None:
        if event_id in self.used:
            raise Refused(Problem("NOT_REVERSIBLE", "It is broken.", ("entryId",)))
        self.left += self.given.pop(event_id).times


@pytest.fixture
def mugs() -> Mugs:
    return Mugs()


@pytest.fixture
async def owner(open_loyalty: OpenLoyalty, mugs: Mugs) -> Owner:
    return Owner(await open_loyalty({"mugs": mugs}))


async def decree(owner: Owner, *more: Any, **program: Any) -> None:
    """Put a program with these exchanges in force."""
    given = {"program": {"exchanges": [*EXCHANGES, *more], "rules": [], **program}}
    await owner.api.done("pointsProgramUpdate", "pointsProgram { number }", given)


def redeeming(customer: str, code: str, **more: Any) -> dict[str, Any]:
    return {"customerId": customer, "exchange": code, **more}


async def redeems(hand: Hand, customer: str, code: str, **more: Any) -> Any:
    return (await hand.api.done("pointsRedeem", POINTS_ENTRY, redeeming(customer, code, **more)))["entry"]


async def test_points_become_credit_and_come_back(owner: Owner, hand: Hand, calendar: Callable[[str], Any]) -> None:
    with calendar("2026-05-01"):
        await decree(owner)
        ana = await owner.customer()
        await hand.adjusts(ana, 250)
        entry = await redeems(hand, ana, "FIVE", times=2)
        assert (entry["kind"], entry["pointsDelta"], entry["reason"]) == ("REDEEM", "-200", None)
        assert (await hand.balance(ana, "PTS"), await hand.balance(ana)) == (50, 1_000)
        assert await hand.errors("pointsRedeem", redeeming(ana, "FIVE")) == [("INSUFFICIENT_POINTS", "input.exchange")]
        made = await hand.reverses(entry["id"])
        assert (made["pointsEntry"]["pointsDelta"], made["creditEntry"]["delta"]["amount"]) == ("200", "-10.00")
        assert (await hand.balance(ana, "PTS"), await hand.balance(ana)) == (250, 0)
        await redeems(hand, ana, "FIVE")
    with calendar("2026-06-01"):
        assert await hand.balance(ana) == 0  # valid for 30 days


async def test_what_an_exchange_gave_must_be_there(owner: Owner, hand: Hand) -> None:
    await decree(owner)
    ana = await owner.customer()
    await hand.adds(ana, "20.00")
    await hand.adjusts(ana, 300)
    one, two = await redeems(hand, ana, "FIVE"), await redeems(hand, ana, "FIVE")
    await hand.deducts(ana, "1.00")  # of what ends soonest: of the first
    not_reversible = [("NOT_REVERSIBLE", "input.entryId")]
    assert await hand.errors("ledgerReverse", {"entryId": one["id"], "reason": "OTHER"}) == not_reversible
    entries = await owner.shop.database.rows(
        "SELECT id FROM loyalty_transfer WHERE unit = 'USD' AND kind = 'REDEEM' ORDER BY version"
    )
    made = await hand.reverses(f"creditentry_{entries[1][0]}")  # by the credit that it became
    assert made["pointsEntry"]["reverses"] == {"id": two["id"]}
    assert (await hand.balance(ana, "PTS"), await hand.balance(ana)) == (200, 2_400)


async def test_points_for_points(owner: Owner, hand: Hand) -> None:
    await decree(owner)
    ana = await owner.customer()
    await hand.adjusts(ana, 20)
    entry = await redeems(hand, ana, "MORE", times=2, reason="GIFT")
    assert (entry["pointsDelta"], entry["reason"], await hand.balance(ana, "PTS")) == ("-20", "GIFT", 22)
    await hand.reverses(entry["id"])
    assert await hand.balance(ana, "PTS") == 20


async def test_what_another_plugin_gives(owner: Owner, hand: Hand, mugs: Mugs) -> None:
    await decree(owner, {"code": "MUG", "name": "A mug", "points": "10", "reward": {"kind": "MUG", "settings": []}})
    ana = await owner.customer()
    await hand.adjusts(ana, 100)
    entry = await redeems(hand, ana, "MUG", times=2)
    [given] = mugs.given.values()
    assert (given.customer_id, given.code, given.kind, given.times) == (key(ana), "MUG", "MUG", 2)
    assert (mugs.left, await hand.balance(ana, "PTS")) == (1, 80)
    for _ in range(2):
        refused = await hand.errors("pointsRedeem", redeeming(ana, "MUG", times=2, idempotencyKey="k"))
        assert refused == [("EXCHANGE_UNAVAILABLE", "input.exchange")]
    assert await hand.balance(ana, "PTS") == 80
    mugs.used.add(given.event_id)
    reversing = {"entryId": entry["id"], "reason": "OTHER"}
    assert await hand.errors("ledgerReverse", reversing) == [("NOT_REVERSIBLE", "input.entryId")]
    mugs.used.clear()
    await hand.reverses(entry["id"])
    assert (mugs.left, await hand.balance(ana, "PTS")) == (3, 100)


async def test_without_the_plugin_or_the_exchange(owner: Owner, hand: Hand, open_loyalty: OpenLoyalty) -> None:
    ana = await owner.customer()
    await hand.adjusts(ana, 100)
    assert await hand.errors("pointsRedeem", redeeming(ana, "FIVE")) == [("UNKNOWN_EXCHANGE", "input.exchange")]
    await decree(owner, {"code": "MUG", "name": "A mug", "points": "10", "reward": {"kind": "MUG", "settings": []}})
    assert await hand.errors("pointsRedeem", redeeming(ana, "five")) == [("UNKNOWN_EXCHANGE", "input.exchange")]
    entry = await redeems(hand, ana, "MUG")
    bare = Hand(Owner(await open_loyalty()))
    assert await bare.errors("pointsRedeem", redeeming(ana, "MUG")) == [("EXCHANGE_UNAVAILABLE", "input.exchange")]
    reversing = {"entryId": entry["id"], "reason": "OTHER"}
    assert await bare.errors("ledgerReverse", reversing) == [("NOT_REVERSIBLE", "input.entryId")]
    assert await bare.balance(ana, "PTS") == 90


async def test_points_by_hand_live_as_the_program_says(
    owner: Owner, hand: Hand, calendar: Callable[[str], Any]
) -> None:
    with calendar("2026-05-01"):
        await decree(owner, expireAfter="P1M")
        ana = await owner.customer()
        await hand.adjusts(ana, 10)
        await hand.adjusts(ana, 5, expiresAt=None)
        await hand.adjusts(ana, 2, expiresAt="2026-12-01T00:00:00Z")
    with calendar("2026-06-02"):
        assert await hand.balance(ana, "PTS") == 7
