"""Who responded to promotions."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_analytics.permissions import TIERS_VIEW
from regulars_analytics.promotions.figures import (
    MAX_PROMOTIONS,
    Ran,
    Reached,
    reached,
    reached_by_rank,
    responses,
    source_of,
)
from regulars_analytics.quotients import rate
from regulars_analytics.reports.cells import in_words
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_schema.plugin import CustomerWhere, GivenWhere, RequestContext, audience_trees, needs_of_tree

_COLUMNS = (
    Column("promotion", "Promotion"),
    Column("kind", "Kind"),
    Column("audience", "It was for", Kind.NUMBER),
    Column("responded", "Responded", Kind.NUMBER),
    Column("rate", "Rate", Kind.SHARE),
    Column("purchases", "Purchases", Kind.NUMBER),
    Column("spent", "Spent", Kind.MONEY),
    Column("discount", "Taken off", Kind.MONEY),
)
_OF_TIERS = (
    Column("promotion", "Promotion"),
    Column("tier", "Tier"),
    Column("audience", "It was for", Kind.NUMBER),
    Column("responded", "Responded", Kind.NUMBER),
    Column("rate", "Rate", Kind.SHARE),
)
_NONE = "No plugin that is on has promotions."
_UNKNOWN = "It is not told for how many a promotion was whose conditions who asked may not read."


@dataclass(frozen=True, slots=True)
class _Period:
    """The promotions of a period, and the permissions by which their audiences were read."""

    ran: Sequence[Ran]
    needs: Sequence[str]


async def _period(scope: Scope) -> _Period | None:
    """The promotions of the period; None where nobody has some."""
    source = source_of(scope.shop)
    if source is None:
        return None
    context = RequestContext(scope.shop, scope.actor)
    promotions = await source.ran(scope.shop, scope.first, scope.before, MAX_PROMOTIONS)
    trees = await audience_trees([one.audience for one in promotions], context)
    needs = {
        one for tree in trees if isinstance(tree, GivenWhere) for one in needs_of_tree(CustomerWhere, tree, context)
    }
    ran = [Ran(one, source, scope.of_all_time, tree) for one, tree in zip(promotions, trees, strict=True)]
    return _Period(ran, sorted(needs))


async def _promotions(scope: Scope) -> Table:
    period = await _period(scope)
    if period is None:
        return table_of(_COLUMNS, [], note=_NONE)
    ran = period.ran
    bought, whom = await responses(scope.shop, ran), await reached(scope.shop, ran)
    rows = list[Row]()
    for one, own, of in zip(ran, bought, whom, strict=True):
        audience = of.audience if isinstance(of, Reached) else None
        share = rate(of.responded, of.audience) if isinstance(of, Reached) else None
        told = (audience, own.customers, share, own.purchases, own.spent, own.discount)
        rows.append((one.promotion.name, in_words(one.promotion.kind), *told))
    hidden = any(isinstance(one, Exception) for one in whom)
    return table_of(_COLUMNS, rows, Chart(Shape.BARS, 3), _UNKNOWN if hidden else "", period.needs)


async def _by_tier(scope: Scope) -> Table:
    period = await _period(scope)
    if period is None:
        return table_of(_OF_TIERS, [], note=_NONE)
    found = await reached_by_rank(scope.shop, period.ran)
    rows: list[Row] = [
        (one.promotion.name, each.rank.name, each.audience, each.responded, rate(each.responded, each.audience))
        for one, own in zip(period.ran, found, strict=True)
        if not isinstance(own, Exception)
        for each in own
        if each.rank is not None
    ]
    hidden = any(isinstance(one, Exception) for one in found)
    return table_of(_OF_TIERS, rows, note=_UNKNOWN if hidden else "", needs=period.needs)


KIND = ReportKind(
    "PROMOTION_RESPONSE",
    "Promotion response",
    "Who responded to the promotions that ran.",
    (
        Metric("promotions", "Promotions", "For how many each was, and how many bought with it.", _promotions),
        Metric(
            "tiers", "By tier", "The same for each tier, as it was when the promotion began.", _by_tier, (TIERS_VIEW,)
        ),
    ),
)
