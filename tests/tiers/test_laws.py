"""What holds whatever happens: the order of arrival changes nothing, and what is kept is what a recomputation gives."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars_core.plugin import DAY_MS, NEVER, Instant, Lifetime, PurchaseFact
from regulars_tiers.histories import shortened
from regulars_tiers.rules.days import FOREVER, begin_of, day_number
from regulars_tiers.rules.policy import Downgrade, PolicyData, Versions
from regulars_tiers.rules.timeline import (
    Assignment,
    History,
    Period,
    Qualification,
    facts_in_window,
    lifted,
    merged,
    period_at,
    timeline,
)
from tests.support.tier_rules import UTC, at, history, versions
from tests.tiers.test_rules import spend, tier

CORNERS = ("America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
ZONES = st.sampled_from([ZoneInfo(name) for name in CORNERS])
START = at("2024-01-01")
PURCHASES = st.lists(st.tuples(st.integers(0, 800 * 24), st.integers(0, 70_000)), max_size=12)
DEAR = st.tuples(st.integers(0, 800 * 24), st.sampled_from([0, 9_000, 20_000, 55_000, 260_000]))
"""Purchases of which a few reach what counts for ever."""
STRICT = PolicyData(
    tiers=(tier("A", spend("900", "CALENDAR_QUARTER"), spend("5", "ROLLING", 60, "ORDERS")), tier("C")), grace_days=20
)

FOR_EVER = STRICT.model_copy(update={"downgrade": Downgrade.NEVER})
LONG = PolicyData(tiers=(tier("A", spend("300", "ROLLING", 200)), tier("C")), grace_days=0)
REACHES = {
    121: versions(),
    92 + 90 + 1: versions(("2025-03-05", STRICT)),
    200 + 20 + 1: versions(("2025-01-01", STRICT), first=LONG),
}
"""Policies by the days for which a purchase matters: the longest window and the longest grace, of whichever version."""


def facts_of(bought: list[tuple[int, int]], zone: ZoneInfo) -> list[PurchaseFact]:
    """Purchases at (hours after the start, net amount)."""
    made = []
    for n, (hours, net) in enumerate(bought):
        moment = Instant(START + hours * 3_600_000)
        made.append(PurchaseFact(f"{n:032x}", moment, day_number(moment, zone), net, net > 0, "s", None))
    return sorted(made, key=lambda fact: (fact.at, fact.id))


def slowly(known: Versions, past: History, zone: ZoneInfo, moment: Instant) -> str:
    """The tier at an instant by the words of the rule: the highest qualified for on any day of the grace."""
    policy = known.at(moment).policy
    today, best = day_number(moment, zone), 0
    edges = [version.begins for version in known.all[1:]]
    for day in range(today - policy.grace_days, today + 1):
        ends = [*(Instant(e - 1) for e in edges if day_number(e, zone) == day), Instant(begin_of(day + 1, zone) - 1)]
        for end in ends:
            best = max(best, _qualified(known, past, zone, min(end, moment), policy.by_code))
    return policy.tiers[best].code


def _qualified(known: Versions, past: History, zone: ZoneInfo, moment: Instant, tiers: Any) -> int:
    found = 0
    for one in known.at(moment).policy.tiers:
        met = not one.sets or any(
            all(c.kind.measure(c.settings, facts_in_window(c, past.facts, moment, zone)) >= c.threshold for c in set_)
            for set_ in one.sets
        )
        if met and one.code in tiers:
            found = max(found, tiers[one.code].position)
    return found


@settings(deadline=None, max_examples=60)
@given(bought=PURCHASES, zone=ZONES, asked=st.lists(st.integers(0, 900 * 24), min_size=1, max_size=6))
def test_the_periods_say_what_the_rule_says(bought: list[tuple[int, int]], zone: ZoneInfo, asked: list[int]) -> None:
    known, past = versions(("2025-03-05", STRICT)), history(*facts_of(bought, zone))
    periods = timeline(known, past, zone)
    assert (periods[0].begins, periods[-1].ends) == (NEVER, FOREVER)
    assert all(one.ends == other.begins for one, other in pairwise(periods))
    for hours in asked:
        moment = Instant(START + hours * 3_600_000)
        assert period_at(periods, moment).tier == slowly(known, past, zone, moment)


@settings(deadline=None, max_examples=100)
@given(
    bought=PURCHASES,
    refund=st.integers(0, 11),
    assigned=st.lists(st.tuples(st.integers(0, 800), st.sampled_from(["A", "B", "C", None])), max_size=3),
    since=st.integers(0, 800),
    reach=st.sampled_from(sorted(REACHES)),
)
def test_only_what_comes_later_must_be_looked_at(
    bought: list[tuple[int, int]], refund: int, assigned: list[tuple[int, str | None]], since: int, reach: int
) -> None:
    """The periods from some instant on, from the late part of the history and sums, are those of the whole history."""
    facts = [fact._replace(net=fact.net // 2) if n == refund else fact for n, fact in enumerate(facts_of(bought, UTC))]
    decisions = [
        Assignment(f"{n}", Instant(START + days * DAY_MS), one, "FLOOR", None, "ASSIGN", "x", "till")
        for n, (days, one) in enumerate(assigned)
    ]
    known, moment = REACHES[reach], Instant(START + since * DAY_MS)
    assert known.reach_days == reach
    late = [fact for fact in facts if fact.day >= day_number(moment, UTC) - reach]
    stored = Lifetime(sum(fact.net for fact in facts), sum(fact.counted for fact in facts))
    short = timeline(known, shortened(late, stored, decisions), UTC)
    whole = timeline(known, History(facts, Lifetime(), decisions), UTC)

    def after(periods: list[Period]) -> list[Period]:
        return merged(one._replace(begins=max(one.begins, moment)) for one in periods if one.ends > moment)

    assert after(short) == after(whole)


@settings(deadline=None, max_examples=150)
@given(
    bought=st.lists(DEAR, max_size=8),
    added=st.lists(DEAR, min_size=1, max_size=4),
    zone=ZONES,
    known=st.sampled_from([*REACHES.values(), versions(("2025-03-05", FOR_EVER)), versions(first=FOR_EVER)]),
)
def test_purchases_that_are_added_only_lift(
    bought: list[tuple[int, int]], added: list[tuple[int, int]], zone: ZoneInfo, known: Versions
) -> None:
    """The periods as they were, and the purchases of one window, give those of the whole history."""
    assert known.is_monotone
    assert known.max_window_days is not None
    elder = timeline(known, history(*facts_of(bought, zone)), zone)
    facts = facts_of([*bought, *added], zone)
    since = Instant(START + min(hours for hours, _ in added) * 3_600_000)
    late = [fact for fact in facts if fact.day >= day_number(since, zone) - known.max_window_days]
    stored = Lifetime(sum(fact.net for fact in facts), sum(fact.counted for fact in facts))
    found = lifted(elder, Qualification(known, shortened(late, stored, ()), zone, since))
    assert found == timeline(known, history(*facts), zone)


@settings(deadline=None, max_examples=150)
@given(
    minutes=st.integers(0, 900 * 24 * 60),
    zone=st.sampled_from([*CORNERS, "Europe/Berlin", "Asia/Beirut", "America/Santiago", "Asia/Kathmandu"]).map(
        ZoneInfo
    ),
    length=st.integers(1, 400),
    grace=st.integers(0, 100),
)
def test_days_are_the_shops(minutes: int, zone: ZoneInfo, length: int, grace: int) -> None:
    """A tier that is reached on day d by what counts for n days is lost when day d + n + grace begins, by the clock on the
    wall: also on days of 23 and 25 hours, on those that begin at one o'clock, and over a 29th of February."""
    moment = Instant(START + minutes * 60_000)
    rule = PolicyData(tiers=(tier("A", spend("10", "ROLLING", length)), tier("C")), grace_days=grace)
    bought = PurchaseFact("x", moment, day_number(moment, zone), 1_000, True, "s", None)
    periods = timeline(versions(first=rule), history(bought), zone)
    assert [period.tier for period in periods] == ["C", "A", "C"]
    assert periods[1].begins == moment

    def there(instant: int) -> datetime:
        return datetime.fromtimestamp(instant / 1000, zone)

    day = there(moment).date() + timedelta(days=length + grace)
    assert there(periods[1].ends).date() == day
    assert there(periods[1].ends - 1).date() == day - timedelta(days=1)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(bought=PURCHASES, amount=st.integers(1, 900_000), hours=st.integers(0, 800 * 24))
def test_buying_up_and_refunding_leaves_nothing(bought: list[tuple[int, int]], amount: int, hours: int) -> None:
    before = timeline(versions(), history(*facts_of(bought, UTC)), UTC)
    refunded = [*facts_of([*bought, (hours, amount)], UTC)]
    refunded = [fact._replace(net=0, counted=False) if int(fact.id, 16) == len(bought) else fact for fact in refunded]
    assert timeline(versions(), history(*refunded), UTC) == before
