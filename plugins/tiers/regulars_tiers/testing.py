"""Purchases for the tests of whoever brings a criterion; the laws are tried by `regulars_core.testing.try_laws`."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from regulars_core.plugin import DAY_MS, Instant, PurchaseFact
from regulars_tiers.rules.days import day_number


def fact(at: Instant, net: int, *, counted: bool = True, number: int = 0, zone: str = "UTC") -> PurchaseFact:
    """A purchase at an instant, of a net amount in minor units."""
    return PurchaseFact(f"{number:032x}", at, day_number(at, ZoneInfo(zone)), net, counted, "0" * 32, None)


def purchases(amounts: Sequence[tuple[int, int]], start: Instant) -> list[PurchaseFact]:
    """Purchases out of (days since the one before, net amount)."""
    facts, at = [], start
    for number, (days, net) in enumerate(amounts):
        at = Instant(at + days * DAY_MS + number)
        facts.append(fact(at, net, counted=net > 0, number=number))
    return facts
