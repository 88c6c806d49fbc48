"""What can be put into reports: kinds, and the metrics of each, as they are declared by the modules beside this one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from regulars_analytics.permissions import EXPORT, VIEW
from regulars_analytics.reports.tables import Table
from regulars_analytics.selection import Selection
from regulars_core.plugin import Actor, Instant, Shop, Where


@dataclass(frozen=True, slots=True)
class Scope:
    """What a part of a report is about: the shop, for whom it is written, the period, and which purchases and customers."""

    shop: Shop
    actor: Actor
    first: Instant | None
    before: Instant
    stores: frozenset[str] | None
    where: Where | None

    @property
    def of_all_time(self) -> Selection:
        """The purchases whenever they were made."""
        return Selection(stores=self.stores, where=self.where)

    @property
    def of_the_days(self) -> Selection:
        """Those of the period."""
        return replace(self.of_all_time, first=self.first, before=self.before)


@dataclass(frozen=True)
class Metric:
    """Something that can be put into a report. `needs` are permissions beside that for figures; where it is of all stores, that
    one must be held in the whole shop."""

    name: str
    title: str
    description: str
    find: Callable[[Scope], Awaitable[Table]]
    needs: tuple[str, ...] = ()
    shop_wide: bool = False
    is_default: bool = True

    def is_allowed(self, actor: Actor) -> bool:
        """Whether somebody may have it."""
        if self.shop_wide and not actor.covers(VIEW, None):
            return False
        return all(actor.covers(one, None) if one == EXPORT else actor.may(one) for one in self.needs)


@dataclass(frozen=True)
class ReportKind:
    """A report that can be run."""

    name: str
    title: str
    description: str
    metrics: Sequence[Metric]
