"""The progress of some customers, as it is and as it is changed in one transaction: what sources bring and lose, what follows
from that by the law, and how it is written down. Whoever changes it holds the customers, or their counters decide."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from regulars_core.plugin import (
    Instant,
    Precondition,
    RewardKind,
    RuleSetting,
    Shop,
    StoredRule,
    acting,
    new_id,
    now,
    usable_rule,
)
from regulars_rewards.coupons.rewards import COUPON
from regulars_rewards.hookspecs import Giver, SystemReward
from regulars_rewards.progress.giving import CouponRewards, Promotions, can_give, givers_of
from regulars_rewards.progress.law import (
    MAX_AT_ONCE,
    Live,
    RewardState,
    Standing,
    Terms,
    in_order_of_return,
    is_settled,
    to_give,
)
from regulars_rewards.progress.rows import Earning, Entry, Failure, Given, Progress, Writes, live_rewards
from regulars_rewards.systems.known import KnownSystems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.bands import RewardMode

PURCHASE, REFUND, VOID, OCCASION, GRANT = "PURCHASE", "REFUND", "VOID", "OCCASION", "GRANT"
ISSUE, REVOKE = "ISSUE", "REVOKE"
"""What changes progress. A merge does, too."""
GIVEN, TAKEN_BACK = "rewards_given", "rewards_taken_back"


class Cause(NamedTuple):
    """Why progress changes: one of the causes of an entry, and when that counts."""

    name: str
    at: Instant
    source: str | None = None
    purchase_id: str | None = None
    refund_id: str | None = None
    merge_id: str | None = None
    explanation: str | None = None


@dataclass
class Tally:
    """How far one customer is in one system, and by which entries it has come there."""

    system: RewardSystem
    customer_id: str
    standing: Standing = field(default_factory=Standing)
    issued: int = 0
    entries: list[Entry] = field(default_factory=list)
    is_changed: bool = False
    cause: Cause | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The customer, and the system."""
        return self.customer_id, self.system.id

    @property
    def gained(self) -> int:
        """By how much its progress has changed, but for what was given and taken back."""
        return sum(one.delta for one in self.entries if one.cause not in {ISSUE, REVOKE})

    def to_give(self, terms: Terms) -> int:
        """How many rewards follow: of what came about together as if one had come after the other, since it matters in the mode
        NEXOPOS."""
        if terms.mode is RewardMode.STANDARD or self.gained <= 0:
            return to_give(self.standing.progress, terms)
        progress, number = self.standing.progress - sum(one.delta for one in self.entries), 0
        for one in sorted(self.entries, key=lambda entry: entry.at):
            progress += one.delta
            if one.delta > 0 and one.cause not in {ISSUE, REVOKE} and to_give(progress, terms):
                progress, number = progress - terms.target, number + 1
        return number

    def book(
        self, standing: Standing, cause: Cause, given_id: str | None = None, coupon_id: str | None = None
    ) -> Entry | None:
        """Let it stand there. Where progress does not change, there is no entry."""
        delta, self.standing = standing.progress - self.standing.progress, standing
        self.is_changed, self.cause = True, cause
        if not delta:
            return None
        actor = acting()
        entry = Entry(
            new_id(), self.customer_id, self.system.id, cause.name, delta, standing.progress, cause.at, now(),
            actor.name if actor else None, cause.source, cause.purchase_id, cause.refund_id, cause.merge_id, given_id, coupon_id,
            cause.explanation,
        )  # fmt: skip
        self.entries.append(entry)
        return entry


class ProgressBook:
    """The progress of some customers. Made of what was looked up; `settle` lets follow what follows, and `write` writes it down.
    Where the promotions of which coupons are given are known, nothing is looked up for that."""

    def __init__(
        self, shop: Shop, known: KnownSystems, progress: Sequence[Progress], promotions: Promotions | None = None
    ) -> None:
        self.shop, self.known = shop, known
        self._tallies: dict[tuple[str, str], Tally] = {}
        for one in progress:
            if (system := known.by_id.get(one.system_id)) is not None:
                tally = Tally(system, one.customer_id, one.standing, one.issued)
                self._tallies[tally.key] = tally
        self._earnings: dict[tuple[str, str, str], Earning] = {}
        self._failures: list[tuple[Failure, Instant]] = []
        self._given: list[Given] = []
        self._taken_back: list[tuple[str, Instant, str]] = []
        self._told: dict[str, list[SystemReward]] = {GIVEN: [], TAKEN_BACK: []}
        self._coupons = CouponRewards(promotions)

    def tally(self, customer_id: str, system: RewardSystem) -> Tally:
        """How far a customer is in a system; nowhere, where nothing was ever collected."""
        return self._tallies.setdefault((customer_id, system.id), Tally(system, customer_id))

    @property
    def tallies(self) -> Iterator[Tally]:
        """All that are known."""
        return iter(self._tallies.values())

    def change(self, before: Earning | None, after: Earning, cause: Cause) -> None:
        """Let a source have brought what `after` says, in the place of what it had brought before, if anything."""
        before = self._earnings.get(after.key, before)
        system = self.known.by_id.get(after.system_id)
        if system is None or (before is None and not after.earned) or before == after:
            return
        tally = self.tally(after.customer_id, system)
        delta = after.units - (before.units if before else Fraction(0))
        tally.book(tally.standing.with_units(tally.standing.units + delta), cause)
        self._earnings[after.key] = after

    def failed(self, failure: Failure) -> None:
        """Remember that a trigger has failed."""
        self._failures.append((failure, now()))

    async def settle(self, asked: Collection[Tally] = (), *, forced: bool = False) -> None:
        """Take back and give what follows by the law, of what was changed or is asked about; used rewards are taken back too
        where that is `forced`. Raises what givers and those who are told raise, Refused too."""
        keys = {one.key for one in asked}
        tallies = [one for one in self._tallies.values() if one.is_changed or one.key in keys]
        await self._take_back([one for one in tallies if one.standing.progress < 0 and one.issued], forced=forced)
        await self._give([one for one in tallies if one.key in keys or self._may_give(one)])

    def _may_give(self, tally: Tally) -> bool:
        """Whether something is given for what has happened; in the mode NEXOPOS, which keeps the rest, not for what has brought
        nothing, such as a refund."""
        is_standard = tally.system.current.data.mode is RewardMode.STANDARD
        return (is_standard or tally.gained > 0) and not is_settled(tally.standing.progress, self._terms(tally))

    async def take_back(self, given: Sequence[Given]) -> None:
        """Take these back that nobody has used, before anything follows. Raises what `settle` raises."""
        gone = await self._taken_by_givers(given, forced=False)
        for one in given:
            if one.id in gone:
                self._taken(self.tally(one.customer_id, self.known.by_id[one.system_id]), one)

    async def used(self, given: Sequence[Given]) -> set[str]:
        """Those of these rewards that could not be taken back now, by id. It only reads."""
        found = set[str]()
        for kind, giver in self._givers.items():
            if rewards := [self._reward(one) for one in given if one.kind == kind and not self._is_shadow(one)]:
                found |= set(await giver.used(self.shop, rewards))
        return found

    def _terms(self, tally: Tally) -> Terms:
        version = tally.system.current
        is_there = tally.system.is_shadow or can_give(self.shop, version)
        return Terms(version.data.target, version.data.mode, is_there)

    async def _take_back(self, tallies: Sequence[Tally], *, forced: bool) -> None:
        if not tallies:
            return
        own: dict[tuple[str, str], list[Given]] = {one.key: [] for one in tallies}
        for given in await live_rewards(self.shop.database, own.keys()):
            own[given.customer_id, given.system_id].append(given)
        states = await self._states([given for each in own.values() for given in each])
        left = {one.key: self._in_order(own[one.key], states, forced=forced) for one in tallies}
        while wanted := [(one, given) for one in tallies for given in _needed(one, left[one.key])]:
            for tally, given in wanted:
                left[tally.key].remove(given)
            gone = await self._taken_by_givers([given for _, given in wanted], forced=forced)
            for tally, given in wanted:
                if given.id in gone:
                    self._taken(tally, given)

    async def _states(self, given: Sequence[Given]) -> Mapping[str, RewardState]:
        coupons = [self._reward(one) for one in given if one.coupon_id]
        return await self._coupons.states(self.shop, coupons) if coupons else {}

    def _in_order(self, given: Sequence[Given], states: Mapping[str, RewardState], *, forced: bool) -> list[Given]:
        by_id = {one.id: one for one in given}
        lives = [Live(one.id, one.cost, states.get(one.id, RewardState.ISSUED)) for one in given]
        return [by_id[one.id] for one in in_order_of_return(lives, forced=forced)]

    async def _taken_by_givers(self, given: Sequence[Given], *, forced: bool) -> set[str]:
        """Which of these their givers have taken back. What nobody gives at the moment stays; a shadow has given nothing."""
        gone = {one.id for one in given if self._is_shadow(one)}
        for kind, giver in self._givers.items():
            rewards = [self._reward(one) for one in given if one.kind == kind and one.id not in gone]
            if rewards:
                taken = set(await giver.take_back(self.shop, rewards, forced))
                gone |= taken
                self._told[TAKEN_BACK] += [one for one in rewards if one.id in taken]
        return gone

    def _taken(self, tally: Tally, given: Given) -> None:
        cause = tally.cause or Cause(REVOKE, now())
        standing = tally.standing.with_progress(given.cost)
        tally.issued -= 1
        tally.book(standing, cause._replace(name=REVOKE, explanation=None), given.id, given.coupon_id)
        tally.cause = cause
        self._taken_back.append((given.id, now(), cause.name))

    async def _give(self, tallies: Sequence[Tally]) -> None:
        wanted = [(one, given) for one in tallies for given in self._to_give(one)]
        there = {given.id for _, given in wanted if self._is_shadow(given)}
        for kind, giver in self._givers.items():
            rewards = [self._reward(given) for _, given in wanted if given.kind == kind and given.id not in there]
            if rewards:
                done = set(await giver.give(self.shop, rewards))
                there |= done
                self._told[GIVEN] += [one for one in rewards if one.id in done]
        for tally, given in wanted:
            if given.id in there:
                cause = tally.cause or Cause(ISSUE, given.given_at)
                tally.issued += 1
                standing = tally.standing.with_progress(-given.cost)
                tally.book(standing, cause._replace(name=ISSUE, explanation=None), given.id, given.coupon_id)
                tally.cause = cause
                self._given.append(given)

    def _to_give(self, tally: Tally) -> Iterator[Given]:
        version, cause = tally.system.current, tally.cause
        data = version.data
        for _ in range(min(tally.to_give(self._terms(tally)), MAX_AT_ONCE)):
            id_ = new_id()
            coupon_id = id_ if data.reward.kind == COUPON.name and not tally.system.is_shadow else None
            yield Given(
                id_, tally.customer_id, tally.system.id, version.number, data.reward.kind, json.dumps(data.reward.settings),
                data.target, cause.source if cause else None, coupon_id, now(),
            )  # fmt: skip

    @property
    def _givers(self) -> Mapping[str, Giver]:
        return {COUPON.name: self._coupons, **givers_of(self.shop)}

    def _is_shadow(self, given: Given) -> bool:
        return self.known.by_id[given.system_id].is_shadow

    def _reward(self, given: Given) -> SystemReward:
        system = self.known.by_id[given.system_id]
        stored = StoredRule(given.kind, tuple(RuleSetting(*pair) for pair in json.loads(given.settings)))
        rule = usable_rule(self.shop, RewardKind.use, stored)
        tally = self._tallies.get((given.customer_id, given.system_id))
        purchase_id = tally.cause.purchase_id if tally and tally.cause else None
        return SystemReward(
            given.id, system.id, system.name, given.customer_id, given.kind, rule.settings if rule else None, given.cost,
            given.given_at, purchase_id, given.coupon_id,
        )  # fmt: skip

    async def write(self) -> None:
        """Write all of it down, and tell those who listen. Raises what they raise, Refused too."""
        changed = [one for one in self._tallies.values() if one.is_changed]
        if changed:
            await self.shop.database.defer([_decided_by(self.shop, [one.system for one in changed])])
        await Writes(
            [Progress(one.customer_id, one.system.id, one.standing, one.issued) for one in changed],
            list(self._earnings.values()),
            [entry for one in changed for entry in one.entries],
            self._given,
            self._taken_back,
            self._failures,
        ).defer(self.shop.database)
        for event, rewards in self._told.items():
            if rewards and self.shop.plugins.listens(event):
                await self.shop.plugins.announce(event, {"shop": self.shop, "rewards": rewards}, only=self.shop.told)


def _needed(tally: Tally, left: Sequence[Given]) -> Iterator[Given]:
    """The first of those that can be taken back which bring progress back to zero, or all."""
    missing = -tally.standing.progress
    for one in left:
        if missing <= 0:
            return
        missing -= one.cost
        yield one


def _decided_by(shop: Shop, systems: Sequence[RewardSystem]) -> Precondition:
    """That these systems are still what was decided by, so that none is removed in which somebody has progress. They stay so
    until the end of the transaction, and do not keep others from collecting in them."""
    pairs = sorted({(one.id, one.current.number) for one in systems})
    each = " OR ".join(f"id = ${2 * n + 1} AND version = ${2 * n + 2}" for n in range(len(pairs)))
    share = " FOR SHARE" if shop.database.engine == "postgres" else ""
    sql = f"(SELECT count(*) FROM (SELECT 1 FROM rewards_system WHERE {each} ORDER BY id{share}) x) = {len(pairs)}"
    return Precondition(sql, [value for pair in pairs for value in pair])
