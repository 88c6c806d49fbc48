"""Days as reward systems judge them: which version tells what is due on which, and what a trigger finds due on them. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from regulars_core.plugin import Instant
from regulars_rewards.systems.system import RewardSystem, SystemVersion
from regulars_rewards.triggers.box import MANUAL
from regulars_rewards.triggers.occasions import CustomerDates, Occasion, OccasionTrigger

DAY = timedelta(days=1)
FromDay = Callable[[date], Instant]
"""Tells the first instant of a day where the shop is."""


class Known(NamedTuple):
    """What was known of a customer on the days from one on and before another."""

    since: date
    until: date
    dates: CustomerDates


class Part(NamedTuple):
    """Days from one on and before another that one version of a reward system judges."""

    since: date
    until: date
    version: SystemVersion

    @property
    def kind(self) -> OccasionTrigger | None:
        """The trigger, where days bring something by it."""
        kind = self.version.kind
        if not isinstance(kind, OccasionTrigger) or kind.name == MANUAL.name or kind.of == {"tier"}:
            return None
        return kind

    def due(self, known: Sequence[Known]) -> Iterator[Occasion]:
        """What is due on these days for a customer of whom this was known. Raises what the trigger raises."""
        kind, trigger = self.kind, self.version.trigger
        if kind is None or trigger is None:
            return
        for one in known:
            since, until = max(one.since, self.since), min(one.until, self.until)
            if since < until:
                yield from kind.due(trigger.settings, one.dates, since, until)


def parts_of(system: RewardSystem, since: date, until: date, begin: FromDay) -> Sequence[Part]:
    """The days from one on and before another on which a system collects, by its versions: a day is judged by the first that
    collects on it."""
    parts: list[Part] = []
    day = since
    while day < until:
        at = system.collecting_within(begin(day), begin(day + DAY))
        if at is not None:
            version = system.at(at)
            goes_on = parts and parts[-1].until == day and parts[-1].version is version
            parts.append(Part(parts.pop().since if goes_on else day, day + DAY, version))
        day += DAY
    return parts


def known_until(system: RewardSystem, parts: Sequence[Part], until: date) -> date:
    """Up to before which of these days it can be told what is due: while the plugin of the trigger is off, its days wait. Where
    the system has another trigger by now, those of the old one do not."""
    waiting = [one.since for one in parts if one.version.trigger is None and system.current.trigger is None]
    return min([*waiting, until])
