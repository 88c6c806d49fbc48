"""Whatever happens in whatever order: the standings are those of the history, on both engines."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regulars_core.plugin import MAIN_STORE_ID, Instant, Refused, Shop, instant_of
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_tiers import reads
from regulars_tiers.assignments import assign, clear
from regulars_tiers.policy_versions import change_policy
from regulars_tiers.reassessment import differences, reassess, waiting, work_off
from regulars_tiers.rules.policy import PolicyData
from tests.support.tier_rules import policy
from tests.tiers.conftest import Owner
from tests.tiers.test_laws import STRICT

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAYS = st.integers(0, 500)
SEQUENCES = settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
REFERENCES = count(1)


@dataclass(frozen=True)
class Bought:
    """A purchase on some day, and what becomes of it: nothing, refunds of these amounts, or a void (None)."""

    day: int
    minute: int
    total: int
    back: tuple[int, ...] | None


@dataclass(frozen=True)
class Decided:
    """Somebody gives a tier on some day, until so many days later; None gives the customer back to the rules."""

    day: int
    tier: str | None
    mode: Any
    days: int | None


def _fates(total: int) -> st.SearchStrategy[tuple[int, ...] | None]:
    some = st.integers(1, total).flatmap(lambda one: st.sampled_from([(one,), (one, total - one)]))
    return st.one_of(
        st.just(()), st.none(), st.just((total,)), some.map(lambda all_: tuple(one for one in all_ if one))
    )


BOUGHT = st.sampled_from([1, 9_000, 20_000, 55_000, 210_000, 510_000]).flatmap(
    lambda total: st.builds(Bought, DAYS, st.integers(0, 1_439), st.just(total), _fates(total))
)
DECIDED = st.builds(
    Decided,
    DAYS,
    st.sampled_from(["A", "B", "C", None]),
    st.sampled_from(["FLOOR", "EXACT"]),
    st.one_of(st.none(), st.integers(1, 200)),
)


def at(day: int, minute: int = 0) -> Instant:
    return instant_of(START + timedelta(days=day, minutes=minute))


class Life:
    """What happens to one customer, each thing when it arrives."""

    def __init__(self, shop: Shop, customer: str, decided: Sequence[Decided] = (), today: datetime = START) -> None:
        self.shop, self.customer = shop, customer
        self._decided: Iterator[Decided] = iter(sorted(decided, key=lambda one: one.day))
        self._made: dict[int, str] = {}
        self._today = today

    async def happens(self, what: str, number: int, bought: Sequence[Bought]) -> None:
        """Do it on the day of the last decision: assignments count from when they are made, all else from its own date."""
        with time_machine.travel(self._today, tick=False):
            if what == "buy":
                await self._buys(number, bought[number])
            elif what == "undo":
                await self._undoes(number, bought[number])
            elif what == "job":
                _ = [one async for one in work_off(self.shop)]
            elif what == "reassess":
                await reassess(self.shop, [self.customer])
        if what == "decide":
            await self._decides(next(self._decided))

    async def _buys(self, number: int, one: Bought) -> None:
        given = NewPurchase(
            f"R{next(REFERENCES)}", MAIN_STORE_ID, self.customer, at(one.day, one.minute), "USD",
            [NewLine("Tea", 1_000_000, total=one.total)],
        )  # fmt: skip
        [made] = await record(self.shop, [checked(given, "USD")])
        assert made.id
        self._made[number] = made.id

    async def _undoes(self, number: int, one: Bought) -> None:
        if one.back is None:
            await void(self.shop, self._made[number])
        for amount in one.back or ():
            await refund(self.shop, self._made[number], amount=amount, at=at(600))

    async def _decides(self, one: Decided) -> None:
        self._today = START + timedelta(days=one.day)
        with time_machine.travel(self._today, tick=False):
            if one.tier is None:
                await clear(self.shop, self.customer, None, "test")
            else:
                until = None if one.days is None else at(one.day + one.days)
                await assign(self.shop, self.customer, one.tier, one.mode, "Because", until, "test")


def _in_some_order(dice: Random, bought: Sequence[Bought], decided: Sequence[Decided]) -> list[tuple[str, int]]:
    """Everything that happens; what is undone was bought before."""
    steps = [("buy", n) for n in range(len(bought))] + [("decide", 0)] * len(decided)
    dice.shuffle(steps)
    for n, one in enumerate(bought):
        if one.back != ():
            steps.insert(dice.randint(steps.index(("buy", n)) + 1, len(steps)), ("undo", n))
    for what in ("job", "reassess"):
        steps.insert(dice.randint(0, len(steps)), (what, 0))
    return steps


async def periods(shop: Shop, customer: str) -> list[tuple[Any, ...]]:
    """What is kept of a customer; who has nothing kept was always in the lowest tier."""
    sql = "SELECT begins, ends, tier FROM tier_spell WHERE customer_id = $1 ORDER BY begins"
    found = [tuple(row) for row in await shop.database.rows(sql, customer)]
    return found if len(found) > 1 else []


async def wrong(shop: Shop) -> list[str]:
    return [one async for one in differences(shop)]


@SEQUENCES
@given(
    bought=st.lists(BOUGHT, min_size=1, max_size=6),
    decided=st.lists(DECIDED, max_size=3),
    dice=st.randoms(use_true_random=False),
)
@example(
    bought=[Bought(10, 0, 20_000, ())],
    decided=[Decided(5, "A", "FLOOR", None), Decided(20, None, "FLOOR", None), Decided(40, "C", "EXACT", 9)],
    dice=Random(1),
)
@example(bought=[Bought(10, 0, 20_000, None)], decided=[Decided(300, "A", "EXACT", 60)], dice=Random(2))
async def test_the_order_of_arrival_changes_nothing(
    owner: Owner, bought: list[Bought], decided: list[Decided], dice: Random
) -> None:
    """Purchases, refunds, voids, assignments and jobs; and after each step what is kept is what a recomputation gives."""
    kept = []
    for _ in range(2):
        customer = (await owner.customer()).removeprefix("customer_")
        life = Life(owner.shop, customer, decided)
        for what, number in _in_some_order(dice, bought, decided):
            await life.happens(what, number, bought)
            assert await wrong(owner.shop) == []
        kept.append(await periods(owner.shop, customer))
    assert kept[0] == kept[1]


@SEQUENCES
@given(bought=st.lists(BOUGHT, max_size=4), day=DAYS, total=st.sampled_from([60_000, 600_000]), whole=st.booleans())
async def test_buying_up_and_refunding_leaves_nothing(
    owner: Owner, bought: list[Bought], day: int, total: int, whole: bool
) -> None:
    customer = (await owner.customer()).removeprefix("customer_")
    life = Life(owner.shop, customer, today=START + timedelta(days=700))
    for n in range(len(bought)):
        await life.happens("buy", n, bought)
    before = await periods(owner.shop, customer)
    one = Bought(day, 0, total, (total,) if whole else None)
    await life.happens("buy", len(bought), [*bought, one])
    lifted = (await reads.tiers_of(owner.shop, [(customer, at(day))]))[customer, at(day)]
    assert lifted.code == "A"
    await life.happens("undo", len(bought), [*bought, one])
    assert await periods(owner.shop, customer) == before


POLICIES = [
    STRICT,
    PolicyData(tiers=STRICT.tiers, grace_days=0),
    PolicyData.model_validate({**STRICT.model_dump(), "downgrade": "NEVER"}),
]


@SEQUENCES
@given(
    steps=st.lists(
        st.one_of(st.tuples(DAYS, st.sampled_from(POLICIES)), st.lists(BOUGHT, min_size=1, max_size=4), st.just("job")),
        min_size=2,
        max_size=6,
    )
)
async def test_policies_that_change_between_purchases(owner: Owner, steps: list[Any]) -> None:
    """Versions that begin at any time, also in the past, and purchases before the job has been round: whoever is said to
    know of the latest version is as recomputed, and in the end everybody is."""
    customers = [(await owner.customer()).removeprefix("customer_") for _ in range(2)]
    lives = [Life(owner.shop, customer, today=START + timedelta(days=300)) for customer in customers]
    for step in [*steps, "job"]:
        if step == "job":
            await lives[0].happens("job", 0, ())
        elif isinstance(step, tuple):
            day, data = step
            with suppress(Refused):  # it is in force then already
                await change_policy(owner.shop, policy(data), at(day), "test")
        else:
            for n in range(len(step)):
                await lives[n % 2].happens("buy", n, step)
            for n, one in enumerate(step):
                if one.back != ():
                    await lives[n % 2].happens("undo", n, step)
        assert await wrong(owner.shop) == []
    assert await waiting(owner.shop) == 0
