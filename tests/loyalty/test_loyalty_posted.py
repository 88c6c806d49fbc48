"""Other plugins hear of what was posted, in the transaction that posts it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from regulars_core.plugin import Problem, Refused, Shop, hookimpl
from regulars_loyalty.plugin import PostedEntry
from tests.loyalty.by_hand.conftest import Hand, credit
from tests.loyalty.conftest import OpenLoyalty, Owner, key


class Listener:
    """Hears of what is posted, looks at what is written by then, and minds amounts of 13."""

    def __init__(self) -> None:
        self.heard: list[Sequence[PostedEntry]] = []
        self.written: list[int] = []

    @hookimpl(optionalhook=True)
    async def loyalty_posted(self, shop: Shop, entries: Sequence[PostedEntry]) -> None:
        self.heard.append(entries)
        [row] = await shop.database.rows("SELECT count(*) FROM loyalty_transfer")
        self.written.append(row[0])
        if any(entry.delta == 1_300 for entry in entries):
            raise Refused(Problem("UNLUCKY", "Not thirteen.", ("amount",)))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def owner(open_loyalty: OpenLoyalty, listener: Listener) -> Owner:
    return Owner(await open_loyalty({"listener": listener}))


async def test_entries_in_order_as_they_are_written(owner: Owner, listener: Listener) -> None:
    hand, ana = Hand(owner), await owner.customer()
    entry = await hand.adds(ana, "10.00", note="A word.")
    [[one]] = listener.heard
    assert (one.id, one.customer_id, one.unit, one.kind) == (key(entry["id"]), key(ana), "USD", "FUNDING")
    assert (one.delta, one.balance_after, one.event_kind, one.actor) == (1_000, 1_000, "FUNDING", "till")
    assert (one.reason, one.store_id, one.purchase_id, one.reverses_id) == ("GOODWILL", None, None, None)
    assert one.at == one.recorded_at
    assert listener.written == [1]
    await hand.adjusts(ana, -5, allowDebt=True)
    await hand.adjusts(ana, 20)
    kinds = [[(entry.unit, entry.kind, entry.delta) for entry in entries] for entries in listener.heard[1:]]
    assert kinds == [[("PTS", "DEBT", -5)], [("PTS", "ADJUST", 20), ("PTS", "SETTLE", 0)]]
    await hand.holds(ana, "1.00")  # posts nothing
    assert len(listener.heard) == 3


async def test_a_refusal_undoes_it_and_is_told(owner: Owner, listener: Listener) -> None:
    hand, ana = Hand(owner), await owner.customer()
    for _ in range(2):
        assert await hand.errors("creditAdd", credit(ana, "13.00", idempotencyKey="k")) == [("UNLUCKY", "input.amount")]
    assert await hand.balance(ana) == 0
    assert len(listener.heard) == 1  # the second time it was answered from its key


async def test_what_has_expired_is_told_when_it_is_posted(
    owner: Owner, listener: Listener, calendar: Callable[[str], Any]
) -> None:
    hand = Hand(owner)
    with calendar("2026-05-01"):
        ana = await owner.customer()
        await hand.adds(ana, "10.00", expiresAt="2026-05-02T00:00:00Z")
    with calendar("2026-05-03"):
        await hand.adds(ana, "1.00")
        assert [(entry.kind, entry.delta) for entry in listener.heard[1]] == [("EXPIRE", -1_000), ("FUNDING", 100)]


async def test_without_listeners_nothing_is_made_of_it(loyalty: Shop) -> None:
    hand = Hand(Owner(loyalty))
    await hand.adds(await hand.owner.customer(), "13.00")
