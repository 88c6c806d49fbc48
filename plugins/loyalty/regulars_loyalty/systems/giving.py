"""Credit and points that reward systems give at their targets, and take back.

A reward is an event of the ledger that has the reward's id. It belongs to no purchase, even where one brought it about: what
becomes of it is for the reward system to say, not for the refunds of a purchase. As anything else of its kind does, points that
are given so count as an activity.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from regulars_core.plugin import LATEST, Instant, Shop, acting, decimal_text, new_id, told_later
from regulars_loyalty.ledger.book import POINTS, Account, Cause, Lot, Terms
from regulars_loyalty.ledger.entries import decimals_of
from regulars_loyalty.ledger.lives import days_after
from regulars_loyalty.ledger.origins import left_of
from regulars_loyalty.ledger.storage import Ledger, read_ledger, write_ledger
from regulars_loyalty.points import rewards
from regulars_loyalty.systems.reads import Given, given_for

REWARD = "REWARD"
"""The kind of event that giving one is."""


class SystemReward(Protocol):
    """What is read of a reward of a system; `settings` are CreditReward or PointsReward."""

    @property
    def id(self) -> str:
        """Names it for ever."""

    @property
    def system_name(self) -> str:
        """The reward system."""

    @property
    def customer_id(self) -> str:
        """Whose it is now."""

    @property
    def settings(self) -> Any:
        """What its kind is told."""

    @property
    def cost(self) -> int:
        """How much progress it took."""

    @property
    def purchase_id(self) -> str | None:
        """The purchase by which it came about."""


class LedgerRewards:
    """Gives store credit, a FUNDING, or points, a BONUS; each with an end of its own."""

    def __init__(self, *, of_points: bool) -> None:
        self._of_points = of_points

    async def give(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """Give these; the ids of all of them."""
        unit, kind = (POINTS, "BONUS") if self._of_points else (shop.currency, "FUNDING")
        few = not (shop.database.overtaken or told_later())
        ledger = await read_ledger(shop, {one.customer_id for one in rewards}, few=few)
        for one in rewards:
            amount = int(one.settings.points if self._of_points else one.settings.amount)
            account = ledger.account(one.customer_id, unit)
            account.give(kind, amount, _given_because(ledger, one, unit, amount), _terms(ledger, one))
            if self._of_points:
                account.is_active(ledger.present)
        await write_ledger(ledger)
        return {one.id for one in rewards}

    async def take_back(self, shop: Shop, rewards: Sequence[SystemReward], forced: bool) -> Collection[str]:
        """Take these back that nobody has used in any part; the ids of those that were. All are where that is `forced`, and what
        was used of them is owed."""
        given = await given_for(shop, [one.id for one in rewards])
        ledger = await read_ledger(shop, {one.customer_id for one in rewards})
        gone = set[str]()
        for one in rewards:
            found = given.get(one.id)
            if found is None or _take(ledger, one, found, forced=forced):
                gone.add(one.id)
        await write_ledger(ledger)
        return gone

    async def used(self, shop: Shop, rewards: Sequence[SystemReward]) -> Collection[str]:
        """Those that were used in any part, or that an open basket keeps; the ids of them. It only reads."""
        given = await given_for(shop, [one.id for one in rewards])
        ledger = await read_ledger(shop, {one.customer_id for one in rewards})
        return {one.id for one in rewards if one.id in given and not _is_unused(*_left(ledger, one, given[one.id]))}


GIVERS: Mapping[str, LedgerRewards] = {
    rewards.CREDIT.name: LedgerRewards(of_points=False),
    rewards.POINTS.name: LedgerRewards(of_points=True),
}


def _terms(ledger: Ledger, reward: SystemReward) -> Terms:
    days, present = reward.settings.valid_days, ledger.present
    return Terms(present, LATEST if days is None else days_after(present, days, ledger.shop.settings.zone))


def _given_because(ledger: Ledger, reward: SystemReward, unit: str, amount: int) -> Cause:
    brought = " that a purchase completed" if reward.purchase_id else ""
    text = f"{reward.system_name}: {_words(unit, amount)} for progress of {reward.cost}{brought}"
    return _cause(
        reward.id, REWARD, ledger.present, text, {"PROGRESS": str(reward.cost), "RESULT": _bare(unit, amount)}
    )


def _cause(event_id: str, kind: str, at: Instant, text: str, figures: Mapping[str, str]) -> Cause:
    actor = acting()
    explanation = json.dumps({"text": text, "figures": figures})
    return Cause(event_id, kind, at, actor.name if actor else None, explanation=explanation)


def _left(ledger: Ledger, reward: SystemReward, given: Given) -> tuple[Account, Sequence[Lot], int]:
    """The account on which a reward is, its lots, and how much of it has not expired."""
    account = ledger.account(reward.customer_id, given.unit)
    account.post_due()
    return account, *left_of(account, given.origin_id, given.amount, given.expired)


def _is_unused(account: Account, lots: Sequence[Lot], amount: int) -> bool:
    """Whether all that has not expired is there, and kept for no open basket."""
    return sum(lot.remaining for lot in lots) == amount and account.available - account.limit >= amount


def _take(ledger: Ledger, reward: SystemReward, given: Given, *, forced: bool) -> bool:
    """Take a reward back, whether it was. What has expired of it is gone already, and used by nobody."""
    account, lots, amount = _left(ledger, reward, given)
    if not forced and not _is_unused(account, lots, amount):
        return False
    if amount > 0:
        expired = f", {_words(given.unit, given.amount - amount)} have expired" if amount < given.amount else ""
        text = f"{reward.system_name}: {_words(given.unit, given.amount)} are taken back{expired}"
        figures = {"GIVEN": _bare(given.unit, given.amount), "RESULT": _bare(given.unit, amount)}
        cause = _cause(new_id(), "REVERSE", ledger.present, text, figures)._replace(reverses_id=given.transfer_id)
        account.take_back("REVERSE", amount, cause, lots)
    return True


def _bare(unit: str, amount: int) -> str:
    return decimal_text(amount, decimals_of(unit))


def _words(unit: str, amount: int) -> str:
    return f"{amount} points" if unit == POINTS else f"{_bare(unit, amount)} {unit}"
