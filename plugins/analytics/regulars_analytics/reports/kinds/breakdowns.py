"""Tables of what purchases divide into."""

from collections.abc import Callable
from decimal import Decimal

from regulars_analytics.insight.breakdowns import parts
from regulars_analytics.insight.subjects import Subject
from regulars_analytics.quotients import share
from regulars_analytics.reports.metrics import Metric, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_core.plugin import decimal_text
from regulars_schema.plugin import BreakdownKind, schema_of

MOST = 50
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NONE = "–"


def by(
    kind: str,
    name: str,
    title: str,
    description: str,
    *,
    needs: tuple[str, ...] = (),
    is_default: bool = True,
    in_order: bool = False,
    called: Callable[[str], str] = str,
) -> Metric:
    """A metric of what purchases divide into by something that the schema knows; the largest part first, or by itself `in_order`.
    Where no plugin brings it, it is empty."""

    async def find(scope: Scope) -> Table:
        known: BreakdownKind | None = schema_of(scope.shop.plugins).breakdowns.get(kind)
        if known is None:
            return table_of(_columns(title), [], note="No plugin that is on knows this.")
        scope.shop.refuse_behind(known.owner)
        [found] = await parts(known.division, MOST)(scope.shop, [Subject(scope.of_the_days)])
        if in_order:
            found = sorted(found, key=lambda one: (one.value is None, Decimal(one.value or 0)))
        rows: list[Row] = [
            (
                called(one.label) if one.value is not None else _NONE,
                one.customers,
                one.purchases,
                None if one.quantity is None else Decimal(decimal_text(one.quantity, 6)),
                one.total,
                share(one.total, one.whole),
            )
            for one in found
        ]
        note = f"The {MOST} largest parts; shares are of all." if len(found) == MOST else ""
        return table_of(_columns(title), rows, Chart(Shape.COLUMNS if in_order else Shape.BARS, 4), note)

    return Metric(name, title, description, find, needs, is_default=is_default)


def _columns(title: str) -> tuple[Column, ...]:
    return (
        Column("part", title),
        Column("customers", "Customers", Kind.NUMBER),
        Column("purchases", "Purchases", Kind.NUMBER),
        Column("pieces", "Pieces", Kind.NUMBER),
        Column("total", "Total", Kind.MONEY),
        Column("share", "Share", Kind.SHARE),
    )
