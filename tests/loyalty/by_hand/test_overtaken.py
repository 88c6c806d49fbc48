"""Somebody else is quicker, between what a posting has looked up and what it writes: nothing of either is lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from regulars_core.plugin import Shop, hookimpl
from tests.loyalty.by_hand.conftest import Hand, credit
from tests.loyalty.by_hand.test_group_limits import group, limits, member
from tests.loyalty.conftest import OpenLoyalty, Owner
from tests.support.gates import Gate

Meanwhile = Callable[[], Awaitable[Any]]


class PostingGate(Gate):
    """The first posting while it is closed waits, before anything of it is written."""

    @hookimpl(optionalhook=True)
    async def loyalty_posted(self, shop: Shop) -> None:
        await self.purchases_recorded(shop)


@pytest.fixture
def gate() -> PostingGate:
    return PostingGate()


@pytest.fixture
async def owner(open_loyalty: OpenLoyalty, gate: PostingGate) -> Owner:
    return Owner(await open_loyalty({"gate": gate}))


async def meeting(gate: PostingGate, posting: Awaitable[Any], other: Meanwhile) -> tuple[Any, Any]:
    """What a posting is told, and what somebody else is who does something while it waits."""
    found: list[Any] = [None, None]

    async def first() -> None:
        found[0] = await posting

    async def second() -> None:
        found[1] = await other()

    await gate.while_it_waits(first(), second)
    return found[0], found[1]


async def test_a_limit_is_lowered(owner: Owner, hand: Hand, gate: PostingGate, engine: str) -> None:
    friends = await group(owner, "50.00")
    ana = await member(owner, friends)
    posting = hand.errors("creditDeduct", credit(ana, "40.00"))
    told = await meeting(gate, posting, lambda: limits(owner, friends, {"amount": "10.00"}))
    if engine == "postgres":  # the limit was there first
        assert told == ([("INSUFFICIENT_FUNDS", "input.amount")], [])
        assert (await hand.balance(ana), await hand.available(ana)) == (0, 1_000)
    else:
        assert told == ([], [("LIMIT_IN_USE", "input.creditLimit")])
        assert (await hand.balance(ana), await hand.available(ana)) == (-4_000, 1_000)


async def test_a_hold_below_zero_meets_a_limit_that_is_lowered(
    owner: Owner, hand: Hand, gate: PostingGate, engine: str
) -> None:
    friends = await group(owner, "50.00")
    ana = await member(owner, friends)
    await hand.adds(ana, "1.00", expiresAt="2999-01-01T00:00:00Z")
    posting = hand.errors("creditDeduct", credit(ana, "31.00"))
    told = await meeting(gate, posting, lambda: limits(owner, friends, None))
    assert told == (
        ([("INSUFFICIENT_FUNDS", "input.amount")], [])
        if engine == "postgres"
        else ([], [("LIMIT_IN_USE", "input.creditLimit")])
    )


async def test_the_customer_is_merged(owner: Owner, hand: Hand, gate: PostingGate, engine: str) -> None:
    ana, bo = await owner.customer(), await owner.customer("Bo")
    await hand.adds(ana, "50.00")
    posting = hand.api.done("creditAdd", "customer { id }", credit(bo, "10.00"))
    told = await meeting(gate, posting, lambda: owner.merges(ana, bo))
    assert told[0]["customer"]["id"] == (ana if engine == "postgres" else bo)
    assert (await hand.balance(ana), await hand.balance(bo)) == (6_000, 0)
