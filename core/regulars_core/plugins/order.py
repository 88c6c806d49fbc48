"""In which order plugins are told: each after those that it wants to be told after, the others as they were named."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugins.owners import PluginError


@dataclass(frozen=True, slots=True)
class PluginOrder:
    """What a plugin says of others: it cannot be on without those that it `requires`, and is told of every event after them;
    it is told after those of `after`, too, where they are on."""

    requires: Collection[str] = ()
    after: Collection[str] = ()


def ordered(names: Sequence[str], orders: Mapping[str, PluginOrder]) -> Sequence[str]:
    """The names, each behind those that it wants to be behind. Raises PluginError for one that is missing and for a circle; both
    sides are named."""
    for name, order in orders.items():
        if missing := sorted(set(order.requires) - set(names)):
            raise PluginError(
                f"The plugin '{name}' requires '{missing[0]}', which is not on; switch both on, or neither."
            )
    waiting, placed = list(names), list[str]()
    before = {
        name: {*orders[name].requires, *orders[name].after} & set(names) if name in orders else set[str]()
        for name in names
    }
    while waiting:
        ready = next((name for name in waiting if before[name] <= set(placed)), None)
        if ready is None:
            circle = _circle(waiting[0], before, set(placed))
            raise PluginError(
                f"Each of these plugins wants to be told after the next: {' → '.join(map(repr, circle))}."
            )
        waiting.remove(ready)
        placed.append(ready)
    return placed


def _circle(start: str, before: Mapping[str, set[str]], placed: set[str]) -> Sequence[str]:
    way = [start]
    while True:
        following = min(before[way[-1]] - placed)
        if following in way:
            return [*way[way.index(following) :], following]
        way.append(following)
