"""Who stays, who leaves and who comes again."""

from collections.abc import Sequence
from datetime import timedelta

from regulars_analytics.arguments import until_today
from regulars_analytics.insight.series import Point, points
from regulars_analytics.insight.subjects import Subject
from regulars_analytics.periods import Unit
from regulars_analytics.quotients import rate, share
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_analytics.retention.cohorts import cohorts
from regulars_analytics.retention.figures import stays
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import Instant, day_of, now

_COHORTS = 12
_MOST_WEEKS = 200


async def _figures(scope: Scope) -> Table:
    settings = scope.shop.settings
    lost = f"{settings.of(AnalyticsSettings).churn_days} days"
    found = await stays(scope.shop, scope.of_all_time, scope.first, until_today(scope.shop, scope.before))
    columns = (
        Column("figure", "Figure"),
        Column("customers", "Customers", Kind.NUMBER),
        Column("rate", "Rate", Kind.SHARE),
    )
    rows: list[Row] = [
        ("Had bought by the end", found.known, None),
        ("Active at the end", found.active, rate(found.active, found.known)),
        ("Came to count as lost", found.churned, rate(found.fallen, found.standing)),
        ("Bought in the period", found.buyers, None),
        ("… for the first time", found.new, rate(found.new, found.buyers)),
        ("… and had before, or twice", found.repeat, rate(found.repeat, found.buyers)),
    ]
    note = (
        f"Active is who has bought in the last {settings.active_days} days; as lost counts who has not bought for {lost}."
        " Rates are of all who had bought; of the lost, of those who did not count as lost at the beginning; below, of who bought"
        " in the period."
    )
    return table_of(columns, rows, note=note)


def unit_of(scope: Scope) -> Unit:
    """Weeks in periods of up to half a year, months in longer ones."""
    if scope.first is None:
        return Unit.MONTH
    zone = scope.shop.settings.zone
    end = min(day_of(Instant(scope.before - 1), zone), day_of(now(), zone))
    return Unit.WEEK if end - day_of(scope.first, zone) <= timedelta(days=186) else Unit.MONTH


def partly(scope: Scope, found: Sequence[Point]) -> str:
    """What is to be said of the first and the last week or month, where some of their days are outside or still to come."""
    zone = scope.shop.settings.zone
    last = min(day_of(Instant(scope.before - 1), zone), day_of(now(), zone))
    if not found:
        return ""
    if len(found) == 1:
        is_whole = scope.first is None or found[0].period.first >= day_of(scope.first, zone)
        return "" if is_whole and found[0].period.last <= last else "Only some of its days are in the period."
    begins = scope.first is not None and found[0].period.first < day_of(scope.first, zone)
    ends = found[-1].period.last > last
    which = " and ".join(one for one, there in (("first", begins), ("last", ends)) if there)
    return f"Of the {which} of them only some days are in the period." if which else ""


async def _series(scope: Scope) -> Table:
    [found] = await points(unit_of(scope))(scope.shop, [Subject(scope.of_the_days)])
    columns = (
        Column("from", "From", Kind.DAY),
        Column("customers", "Customers", Kind.NUMBER),
        Column("new", "For the first time", Kind.NUMBER),
        Column("again", "Again", Kind.NUMBER),
    )
    rows: list[Row] = [(one.period.first, one.customers, one.new, one.customers - one.new) for one in found]
    return table_of(columns, rows, Chart(Shape.COLUMNS, 1), partly(scope, found))


async def _cohorts(scope: Scope) -> Table:
    found = await cohorts(scope.shop, scope.of_all_time, Unit.MONTH, _COHORTS)
    longest = max((len(one.later) for one in found), default=0)
    columns = (
        Column("from", "Began in", Kind.DAY),
        Column("customers", "Customers", Kind.NUMBER),
        *(Column(f"month_{n}", f"+{n}", Kind.SHARE) for n in range(1, longest)),
    )
    rows: list[Row] = [
        (
            one.period.first,
            one.customers,
            *(share(later.customers, one.customers) for later in one.later[1:]),
            *([None] * (longest - len(one.later))),
        )
        for one in found
    ]
    note = (
        "The share of those who began in a month that bought in each month after it, whatever the days. The latest month is not"
        " over."
    )
    return table_of(columns, rows, Chart(Shape.SHADES, 2), note)


KIND = ReportKind(
    "RETENTION",
    "Retention",
    "Who stays, who leaves and who comes again.",
    (
        Metric("figures", "In the period", "How many are active, lost, new and back.", _figures),
        Metric(
            "series",
            "Over time",
            "How many bought, for the first time and again, week by week or month by month.",
            _series,
        ),
        Metric("cohorts", "By month of beginning", "What comes back of those who began in the same month.", _cohorts),
    ),
)
