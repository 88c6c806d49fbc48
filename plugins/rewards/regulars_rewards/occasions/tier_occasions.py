"""The occasions that changes of tiers are in reward systems."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from regulars_core.plugin import Instant, Shop, day_of
from regulars_rewards.occasions.dates import known_of, persons
from regulars_rewards.occasions.days import DAY
from regulars_rewards.occasions.entered import ShownChange, unearned
from regulars_rewards.occasions.failed import keep_failed_changes
from regulars_rewards.progress.rows import Earning, earnings_from, lookup_earnings_by
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.system import RewardSystem, SystemVersion
from regulars_rewards.triggers.occasions import CustomerDates, Occasion, OccasionTrigger, TierChange

log = logging.getLogger(__name__)
Histories = Mapping[str, Sequence[ShownChange]]
"""Changes of the tier of a customer, in the order of time, by whatever they are of."""
_Key = tuple[str, str, str]
"""Customer, system and source of an earning."""


async def hearing_systems(shop: Shop) -> Sequence[RewardSystem]:
    """The systems that are or were about tiers; what those are about whose plugin is off, nobody knows."""
    systems = (await read_systems(shop)).systems
    return [one for one in systems if any(version.trigger is None or _kind(version) for version in one.versions)]


def _kind(version: SystemVersion) -> OccasionTrigger | None:
    kind = version.kind
    return kind if isinstance(kind, OccasionTrigger) and "tier" in kind.of else None


class TierOccasions:
    """What some changes of tiers are in some systems, with what has to be known of the customers for it. A trigger that raises is
    contained, and remembered as failed."""

    def __init__(self, shop: Shop, dates: Mapping[tuple[str, date], CustomerDates]) -> None:
        self._shop, self._dates = shop, dates
        self._failed: list[tuple[str, str, str]] = []

    @classmethod
    async def read(
        cls, shop: Shop, systems: Sequence[RewardSystem], changes: Collection[ShownChange]
    ) -> "TierOccasions":
        """Of these changes. One statement, and more where a trigger is about purchases, too."""
        of = {name for one in systems for version in one.versions if (kind := _kind(version)) for name in kind.of}
        some = await persons(shop, {one.customer_id for one in changes}, only_active=False)
        dates: dict[tuple[str, date], CustomerDates] = {}
        for day in {day_of(one.at, shop.settings.zone) for one in changes}:
            known = await known_of(shop, some, day, day + DAY, of)
            dates |= {(id_, day): own[0].dates for id_, own in known.items()}
        return cls(shop, dates)

    def due(
        self, system: RewardSystem, changes: Sequence[ShownChange]
    ) -> Mapping[tuple[str, str], tuple[Occasion, Instant]]:
        """What changes bring that the system heard of while it collected, by customer and key, with the instant of each."""
        found: dict[tuple[str, str], tuple[Occasion, Instant]] = {}
        for one in changes:
            version = system.collecting_at(one.at)
            if version is not None and version.trigger is None:  # its plugin is off: it may be about tiers
                self._failed.append((one.customer_id, system.id, one.id))
            elif version is not None:
                found |= {(one.customer_id, each.key): (each, one.at) for each in self._of(system, one, version)}
        return found

    def undone(self, system: RewardSystem, histories: Histories) -> Sequence[tuple[str, str]]:
        """(customer, key) of what customers came to by these changes and had not earned after all."""
        found = []
        for own in histories.values():
            gone = unearned(own)
            for one in own:
                if one.id in gone:
                    found += [(one.customer_id, each.key) for each in self._of(system, one, system.at(one.at))]
        return found

    def _of(self, system: RewardSystem, one: ShownChange, version: SystemVersion) -> Sequence[Occasion]:
        kind, day = _kind(version), day_of(one.at, self._shop.settings.zone)
        dates = self._dates.get((one.customer_id, day))
        if kind is None or version.trigger is None or dates is None:
            return []
        change = TierChange(one.id, day, one.before, one.after, one.is_up)
        try:
            return kind.due(version.trigger.settings, dates._replace(tier_changes=[change]), day, day + DAY)
        except Exception as error:  # a plugin's own: one rule must not stop a sale
            log.error("the trigger of kind %s of %s failed: %s", kind.name, system.id, type(error).__name__)
            self._failed.append((one.customer_id, system.id, one.id))
            return []

    async def keep_failed(self) -> None:
        """Remember what has failed, so that it is tried again."""
        await keep_failed_changes(self._shop, self._failed)

    async def new_among(
        self, systems: Sequence[RewardSystem], histories: Histories, owners: Mapping[str, str]
    ) -> Collection[str]:
        """Which changes have something to bring or to take that was not brought or taken yet, by the id of each; `histories` are
        the changes of its customer up to each of them. What a record had brought before it was merged is its owner's. One
        statement."""
        wanted: dict[str, list[_Key]] = {}
        taken: dict[str, list[_Key]] = {}
        for id_, own in histories.items():
            for system in systems:
                wanted.setdefault(id_, []).extend((one, system.id, key) for one, key in self.due(system, own[-1:]))
                if own[-1].undoes:
                    gone = self.undone(system, {own[-1].customer_id: own})
                    taken.setdefault(id_, []).extend((one, system.id, key) for one, key in gone)
        earned = await self._earned({key for each in (*wanted.values(), *taken.values()) for *_, key in each}, owners)
        lasting = {key for key, one in earned.items() if one.reversed < one.earned}
        new = {id_ for id_, own in wanted.items() if any(key not in earned for key in own)}
        new |= {id_ for id_, own in taken.items() if any(key in lasting or key not in earned for key in own)}
        return new | {id_ for *_, id_ in self._failed}

    async def _earned(self, keys: Collection[str], owners: Mapping[str, str]) -> Mapping[_Key, Earning]:
        sql, values = lookup_earnings_by(self._shop.database.dialect, {*owners, *owners.values()}, keys)
        earned = earnings_from(await self._shop.database.read(sql, *values)) if keys else {}
        return {(owners.get(one, one), system_id, key): each for (one, system_id, key), each in earned.items()}
