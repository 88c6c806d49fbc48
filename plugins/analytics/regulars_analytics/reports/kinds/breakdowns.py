"""Tables of what purchases divide into."""

from collections.abc import Callable
from decimal import Decimal

from regulars_analytics.insight.breakdowns import parts
from regulars_analytics.insight.subjects import Subject
from regulars_analytics.quotients import share
from regulars_analytics.reports.metrics import Metric, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_core.plugin import Part, decimal_text
from regulars_schema.plugin import BreakdownKind, schema_of

MOST = 50
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
            return table_of(_columns(title, False), [], note="No plugin that is on knows this.")
        scope.shop.refuse_behind(known.owner)
        [found] = await parts(known.division, MOST)(scope.shop, [Subject(scope.of_the_days)])
        if in_order:
            found = sorted(found, key=lambda one: (one.value is None, int((one.value or "0").partition("-")[0])))
        has_pieces = known.division.part is Part.LINE
        rows: list[Row] = [
            (
                called(one.label) if one.label else None,
                one.customers,
                one.purchases,
                *([_pieces(one.quantity or 0)] if has_pieces else []),
                one.total,
                share(one.total, one.whole),
            )
            for one in found
        ]
        note = f"The {MOST} largest parts; shares are of all." if len(found) == MOST else ""
        chart = Chart(Shape.COLUMNS if in_order else Shape.BARS, 3 + has_pieces)
        return table_of(_columns(title, has_pieces), rows, chart, note)

    return Metric(name, title, description, find, needs, is_default=is_default)


def _pieces(millionths: int) -> Decimal:
    """Without needless zeros."""
    return Decimal(format(Decimal(decimal_text(millionths, 6)).normalize(), "f"))


def _columns(title: str, has_pieces: bool) -> tuple[Column, ...]:
    return (
        Column("part", title),
        Column("customers", "Customers", Kind.NUMBER),
        Column("purchases", "Purchases", Kind.NUMBER),
        *([Column("pieces", "Pieces", Kind.NUMBER)] if has_pieces else []),
        Column("total", "Total", Kind.MONEY),
        Column("share", "Share", Kind.SHARE),
    )
