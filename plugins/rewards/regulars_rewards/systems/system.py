"""A reward system: as it is kept, and as it can be applied. Pure.

It is kept in versions, and what happens is judged by the version that was in force then: so what is told late, imported or played
again gives what the shop would have given. What is given for progress, and at which target, says the version that is in force
when it is given.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from regulars_core.plugin import LATEST, Instant, RuleData, UsableRule
from regulars_rewards.triggers.bands import Band, Bands, RewardMode
from regulars_rewards.triggers.kinds import RewardTriggerKind

MAX_TARGET = 1_000_000


class BandData(BaseModel):
    """How much progress an amount from one edge to the other is worth, in minor units; open upwards without an upper edge."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: int
    until: int | None = None
    progress: int

    @property
    def band(self) -> Band:
        """As triggers read it."""
        return Band(self.since, self.until, self.progress)


class SystemData(BaseModel):
    """What a reward system is, beside its name. Without an audience it is for everybody; it ends at LATEST for never. That it
    `starts_at` None stands for now, where it is made or changed. A shadow is read `beside` another one, by its key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trigger: RuleData
    reward: RuleData
    target: int = 1
    mode: RewardMode = RewardMode.STANDARD
    bands: tuple[BandData, ...] = ()
    audience: Mapping[str, Any] | None = None
    is_enabled: bool = True
    starts_at: Instant | None = None
    ends_at: Instant = LATEST
    beside: str | None = None


@dataclass(frozen=True)
class SystemVersion:
    """A version of a reward system, in force from `since` until before the next one. A rule is None where its plugin is off, or
    no longer takes what it is told: then nothing is collected, or nothing given."""

    system_id: str
    number: int
    since: Instant
    data: SystemData
    trigger: UsableRule | None
    reward: UsableRule | None

    def collects_at(self, instant: Instant) -> bool:
        """Whether what happens at an instant brings progress by this version."""
        begins = self.data.starts_at or Instant(0)
        return self.data.is_enabled and begins <= instant < self.data.ends_at

    @cached_property
    def kind(self) -> RewardTriggerKind | None:
        """The kind of its trigger, where it can be used."""
        kind = self.trigger.kind if self.trigger else None
        return kind if isinstance(kind, RewardTriggerKind) else None

    @cached_property
    def per(self) -> int:
        """How many units are one progress."""
        return self.kind.per(self.trigger.settings) if self.kind and self.trigger else 1

    @cached_property
    def bands(self) -> Bands | None:
        """Its bands; None where it has none."""
        return Bands.of([one.band for one in self.data.bands], self.data.mode)


@dataclass(frozen=True)
class RewardSystem:
    """A reward system with all its versions, in the order of their numbers. One that `is_shadow` collects and gives nothing."""

    id: str
    name: str
    is_shadow: bool
    versions: Sequence[SystemVersion]

    @property
    def current(self) -> SystemVersion:
        """The version that is in force now."""
        return self.versions[-1]

    def at(self, instant: Instant) -> SystemVersion:
        """The version that was in force at an instant."""
        return self.versions[max(bisect_right(self._since, instant) - 1, 0)]

    def was_there(self, purchase_id: str) -> bool:
        """Whether it was there when a purchase was recorded, whenever it starts: its id comes after those of all that there were.
        What was recorded before has brought nothing, and does not when something else becomes of it."""
        return purchase_id > self.id

    def collecting_at(self, instant: Instant) -> SystemVersion | None:
        """The version by which what happens at an instant brings progress; None where it does not."""
        version = self.at(instant)
        return version if version.collects_at(instant) else None

    def collecting_within(self, since: Instant, until: Instant) -> Instant | None:
        """The first instant from one on, and before another, at which what happens brings progress; None where there is none."""
        begins = {since, *self._since, *(one.data.starts_at or since for one in self.versions)}
        return min((at for at in begins if since <= at < until and self.collecting_at(at)), default=None)

    @cached_property
    def _since(self) -> Sequence[Instant]:
        return [one.since for one in self.versions]
