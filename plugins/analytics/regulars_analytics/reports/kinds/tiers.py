"""What the tiers bring."""

from regulars_analytics.permissions import TIERS_VIEW
from regulars_analytics.quotients import rate
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_analytics.tiers_performance.figures import ladder_of, performances
from regulars_core.plugin import divided_half_up

_COLUMNS = (
    Column("tier", "Tier"),
    Column("customers", "Customers", Kind.NUMBER),
    Column("buyers", "Bought", Kind.NUMBER),
    Column("retention", "Retention", Kind.SHARE),
    Column("purchases", "Purchases", Kind.NUMBER),
    Column("average", "Average", Kind.MONEY),
    Column("spent", "Spent", Kind.MONEY),
    Column("up", "Moved up", Kind.NUMBER),
    Column("down", "Moved down", Kind.NUMBER),
)


async def _tiers(scope: Scope) -> Table:
    ladder = ladder_of(scope.shop)
    if ladder is None:
        return table_of(_COLUMNS, [], note="No plugin that is on has tiers.")
    found = await performances(scope.shop, ladder, scope.of_all_time, scope.first, scope.before)
    rows: list[Row] = [
        (
            one.name,
            one.customers,
            one.buyers,
            rate(one.buyers, one.customers),
            one.purchases,
            divided_half_up(one.spent, one.purchases) if one.purchases else None,
            one.spent,
            one.up,
            one.down,
        )
        for one in found
    ]
    note = "Customers are those who have the tier at the end of the period; retention is the share of them who bought in it."
    return table_of(_COLUMNS, rows, Chart(Shape.BARS, 6), note)


KIND = ReportKind(
    "TIER_PERFORMANCE",
    "Tier performance",
    "What the tiers bring, and who moved between them.",
    (
        Metric(
            "tiers",
            "Tiers",
            "Customers, purchases and movements of each tier, the highest first.",
            _tiers,
            (TIERS_VIEW,),
        ),
    ),
)
