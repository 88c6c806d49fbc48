"""The law of progress by the numbers of the specification, and held against a naive count of whatever happens."""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars_rewards.progress.law import Live, RewardState, Standing, Terms, is_settled, settled
from regulars_rewards.triggers.bands import RewardMode

ISSUED, RESERVED, REDEEMED = RewardState
STANDARD, NEXOPOS = RewardMode


@pytest.mark.parametrize(("mode", "given_", "left"), [(STANDARD, 2, 5), (NEXOPOS, 1, 15)], ids=str)
def test_25_with_target_10(mode: RewardMode, given_: int, left: int) -> None:
    told = settled(25, Terms(10, mode))
    assert (told.given, told.progress) == (given_, left)


def test_exactly_the_target_gives_one() -> None:
    assert settled(99, Terms(100)).given == 0
    told = settled(100, Terms(100))
    assert (told.given, told.progress) == (1, 0)


@pytest.mark.parametrize(
    ("state", "left", "taken"),
    [(ISSUED, 60, ["r1"]), (RESERVED, 60, ["r1"]), (REDEEMED, -40, [])],
)
def test_a_purchase_comes_back_whose_progress_gave_a_coupon(state: RewardState, left: int, taken: list[str]) -> None:
    """60, and P3 with 40: 100, a coupon. P3 comes back."""
    after = Standing(Fraction(100), 0).with_units(Fraction(60))
    assert after.progress == -40
    told = settled(after.progress, Terms(100), [Live("r1", 100, state)])
    assert (told.progress, [one.id for one in told.taken_back], told.given) == (left, taken, 0)


def test_what_was_used_is_settled_by_the_next_progress() -> None:
    live = [Live("r1", 100, REDEEMED)]
    after = Standing(Fraction(60), -40).with_units(Fraction(190))
    told = settled(after.progress, Terms(100), live)
    assert (told.progress, told.given) == (90, 0)


def test_a_partial_refund_takes_back_when_live_rewards_cost_more_than_there_is() -> None:
    """250 gave two at 100; 40 back leave 10, 60 back leave -10."""
    live = [Live("r1", 100), Live("r2", 100)]
    assert settled(10, Terms(100), live).taken_back == ()
    told = settled(-10, Terms(100), live)
    assert ([one.id for one in told.taken_back], told.progress) == (["r2"], 90)


def test_the_latest_unused_goes_first_and_the_reserved_last() -> None:
    live = [Live("r1", 10), Live("r2", 10), Live("r3", 10, RESERVED), Live("r4", 10, REDEEMED)]
    assert [one.id for one in settled(-25, Terms(10), live).taken_back] == ["r2", "r1", "r3"]


def test_what_cost_more_comes_back_and_gives_by_the_lower_target() -> None:
    told = settled(-10, Terms(40), [Live("r1", 100)])
    assert ([one.id for one in told.taken_back], told.given, told.progress) == (["r1"], 2, 10)


def test_two_who_are_one() -> None:
    """6 of 10 and 7 of 10 are 13: a coupon, and 3 are left."""
    told = settled(Standing(Fraction(6), 6).with_progress(7).progress, Terms(10))
    assert (told.given, told.progress) == (1, 3)


def test_every_fifth_purchase() -> None:
    standing = Standing()
    seen = []
    for n in range(1, 11):
        standing = standing.with_units(Fraction(n, 5))
        told = settled(standing.progress, Terms(1))
        seen.append(told.given)
        standing = Standing(standing.units, told.progress)
    assert seen == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_nothing_is_lost_where_another_number_is_asked_for() -> None:
    """Four of five, and then each is one of ten: two more are the reward."""
    units = Fraction(4, 5) + Fraction(1, 10)
    assert floor(units) == 0
    assert floor(units + Fraction(1, 10)) == 1


def test_an_occasion_that_was_none_takes_what_is_used_too() -> None:
    told = settled(-1, Terms(1), [Live("r1", 1, REDEEMED)], forced=True)
    assert ([one.id for one in told.taken_back], told.progress) == (["r1"], 0)


def test_what_cannot_be_had_collects() -> None:
    off = Terms(10, can_give=False)
    assert settled(35, off).given == 0
    assert is_settled(35, off)
    assert settled(35, Terms(10)).given == 3


@dataclass
class Naive:
    """Counts everything again from the start, each time."""

    earned: dict[int, int] = field(default_factory=dict)
    back: dict[int, int] = field(default_factory=dict)
    grants: int = 0
    live: dict[str, tuple[int, RewardState]] = field(default_factory=dict)

    def progress(self) -> int:
        """Earned less what came back, with what was given by hand, less what the living cost."""
        sources = sum(self.earned.values()) - sum(self.back.values())
        return sources + self.grants - sum(cost for cost, _ in self.live.values())


steps = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 60)),
    st.tuples(st.just("back"), st.integers(0, 40), st.integers(1, 60)),
    st.tuples(st.just("grant"), st.integers(1, 30)),
    st.tuples(st.just("use"), st.integers(0, 20), st.sampled_from([RESERVED, REDEEMED])),
    st.tuples(st.just("target"), st.integers(1, 50)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40))
def test_any_sequence_is_what_a_naive_count_gives(happened: list[tuple[str, ...]]) -> None:
    naive, standing, target, ids = Naive(), Standing(), 10, count(1)
    for step in happened:
        what, *figures = step
        if what == "earn":
            naive.earned[len(naive.earned)] = int(figures[0])
        elif what == "back" and naive.earned:
            source = int(figures[0]) % len(naive.earned)
            gone = naive.back.get(source, 0)
            naive.back[source] = min(naive.earned[source], gone + int(figures[1]))
        elif what == "grant":
            naive.grants += int(figures[0])
            standing = standing.with_progress(int(figures[0]))
        elif what == "use" and naive.live:
            id_ = sorted(naive.live)[int(figures[0]) % len(naive.live)]
            cost, state = naive.live[id_]
            naive.live[id_] = cost, RewardState(figures[1]) if state is not REDEEMED else state
        elif what == "target":
            target = int(figures[0])
        units = Fraction(sum(naive.earned.values()) - sum(naive.back.values()))
        standing = standing.with_units(units)
        lives = [Live(id_, cost, state) for id_, (cost, state) in naive.live.items()]
        told = settled(standing.progress, Terms(target), lives)
        for one in told.taken_back:
            assert naive.live.pop(one.id)[1] is not REDEEMED
        for _ in range(told.given):
            naive.live[f"{next(ids):06}"] = target, ISSUED
        standing = Standing(standing.units, told.progress)
        assert standing.progress == naive.progress()
        assert standing.progress < target
        if standing.progress < 0:
            assert all(state is REDEEMED for _, state in naive.live.values())


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 100), st.integers(1, 9)), max_size=8))
def test_the_order_of_refunds_does_not_matter(sources: list[tuple[int, int, int]]) -> None:
    """What comes back of each is found from all of it, so any order leaves the same progress where nobody used anything."""
    ends = []
    for order in (sources, sources[::-1]):
        units = sum((Fraction(earned, per) for earned, _, per in sources), Fraction(0))
        standing = Standing().with_units(units)
        told = settled(standing.progress, Terms(7))
        live = [Live(f"{n:03}", 7) for n in range(told.given)]
        standing = Standing(units, told.progress)
        for earned, part, per in order:
            units -= Fraction(earned * part // 100, per)
            standing = standing.with_units(units)
            told = settled(standing.progress, Terms(7), live)
            live = [one for one in live if one not in told.taken_back]
            live += [Live(f"{n + 500:03}", 7) for n in range(told.given)]
            standing = Standing(units, told.progress)
        ends.append((standing, len(live)))
    assert ends[0] == ends[1]
