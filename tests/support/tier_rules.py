"""Purchases and policies as a shop owner would write them down, and the day on which somebody gets which tier."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars_core.plugin import NEVER, Checks, Instant, Lifetime, PurchaseFact, instant_of
from regulars_tiers.rules.criteria import BOX
from regulars_tiers.rules.days import day_number
from regulars_tiers.rules.policy import SEED, Policy, PolicyData, Versions, compiled
from regulars_tiers.rules.timeline import Assignment, History, timeline

KINDS = {kind.name: kind for kind in BOX}
UTC = ZoneInfo("UTC")


def at(text: str, zone: ZoneInfo = UTC) -> Instant:
    """`2026-01-10` is noon of that day where the shop is; a time may follow."""
    moment = datetime.fromisoformat(text if "T" in text else f"{text}T12:00")
    return instant_of(moment.replace(tzinfo=zone))


def bought(amount: float, when: str, zone: ZoneInfo = UTC, *, counted: bool = True) -> PurchaseFact:
    """A purchase of an amount."""
    moment = at(when, zone)
    return PurchaseFact(f"{when}/{amount}", moment, day_number(moment, zone), round(amount * 100), counted, "s", None)


def policy(data: PolicyData = SEED) -> Policy:
    """The policy, which must be sound."""
    checks = Checks()
    made = compiled(data, KINDS, "USD", checks)
    assert checks.problems == []
    return made


def versions(*later: tuple[str, PolicyData], first: PolicyData = SEED) -> Versions:
    """A first policy, and others from some day on."""
    rest = [(n, at(when), policy(data)) for n, (when, data) in enumerate(later, 1)]
    return Versions.of([(0, NEVER, policy(first)), *rest])


def history(*facts: PurchaseFact, assigned: Sequence[Assignment] = ()) -> History:
    """A customer's purchases, in the order of time."""
    return History(sorted(facts, key=lambda fact: (fact.at, fact.id)), Lifetime(), assigned)


def days(known: Versions, past: History, zone: ZoneInfo = UTC) -> dict[str, str]:
    """The first day of each tier after the first: `{"2026-01-10": "A", …}`."""
    periods = timeline(known, past, zone)
    return {date.fromordinal(day_number(one.begins, zone)).isoformat(): one.tier for one in periods[1:]}


def day_before(text: str) -> str:
    """The day before."""
    return (date.fromisoformat(text) - timedelta(days=1)).isoformat()
