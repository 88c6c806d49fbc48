"""The arguments that fields of this plugin share, and which purchases they select."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import strawberry

from regulars_analytics.permissions import VIEW
from regulars_analytics.selection import Selection
from regulars_core.plugin import LATEST, Instant, Shop, day_of, not_gone, now, start_of
from regulars_schema.plugin import CustomerWhere, DayRangeInput, RequestContext, key_of, on_days

DEFAULT_DAYS = 90
"""How many days figures are of that tell who comes and goes, where no days are given."""

AllDays = Annotated[DayRangeInput | None, strawberry.argument(description="Which days; all if absent.")]
LastDays = Annotated[
    DayRangeInput | None, strawberry.argument(description=f"The period; the last {DEFAULT_DAYS} days if absent.")
]
Conditions = Annotated[
    CustomerWhere | None, strawberry.argument(description="Only customers for whom these conditions hold.")
]
BuyersConditions = Annotated[
    CustomerWhere | None,
    strawberry.argument(description="Only purchases of customers for whom these conditions hold."),
]
Stores = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only purchases of these stores, by id.")
]


def selected(
    context: RequestContext,
    days: DayRangeInput | None = None,
    where: Any = None,
    store_ids: Sequence[strawberry.ID] | None = None,
) -> Selection:
    """The purchases that are asked for, in the stores where the caller holds `analytics.view`; of customers for whom conditions
    hold, as a list of them has them: without who is gone. Raises BadInput."""
    bounds = dict(on_days(days, context.shop.settings.zone)) if days is not None else {}
    return Selection(
        bounds.get(">="),
        bounds.get("<"),
        allowed_stores(context, store_ids),
        None if where is None else not_gone(where),
    )


def allowed_stores(
    context: RequestContext, store_ids: Sequence[strawberry.ID] | None, permission: str = VIEW
) -> frozenset[str] | None:
    """Of these stores those where the caller holds the permission, or all of those; None for the whole shop. Raises BadInput."""
    held = context.actor.stores(permission)
    if store_ids is None:
        return held
    named = frozenset(key_of(text, "store", "storeIds", str(n)) for n, text in enumerate(store_ids))
    return named if held is None else named & held


def last_days(context: RequestContext, days: DayRangeInput | None) -> tuple[Instant | None, Instant]:
    """The first instant of the days and that after the last one: of the last 90 where none are given. Raises BadInput."""
    zone = context.shop.settings.zone
    if days is None:
        today = day_of(now(), zone)
        return start_of(today - timedelta(days=DEFAULT_DAYS - 1), zone), start_of(today + timedelta(days=1), zone)
    bounds = dict(on_days(days, zone))
    return bounds.get(">="), bounds.get("<", LATEST)


def until_today(shop: Shop, before: Instant) -> Instant:
    """The instant, or that with which today ends: of what is still to come nobody knows who stays."""
    zone = shop.settings.zone
    return min(before, start_of(day_of(now(), zone) + timedelta(days=1), zone))


def days_shown(context: RequestContext, first: Instant | None, before: Instant) -> tuple[date | None, date]:
    """The first and the last day of a period."""
    zone = context.shop.settings.zone
    return None if first is None else day_of(first, zone), day_of(Instant(before - 1), zone)
