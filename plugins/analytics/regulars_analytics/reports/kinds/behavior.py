"""What, when and how customers buy."""

from regulars_analytics.insight.series import points
from regulars_analytics.insight.subjects import Subject
from regulars_analytics.insight.totals import gaps_of, sold_of, totals_of
from regulars_analytics.quotients import quotient, rate, share
from regulars_analytics.reports.kinds.breakdowns import WEEKDAYS, by
from regulars_analytics.reports.kinds.retention import partly, unit_of
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Figure, Kind, Row, Shape, Table, figures_of, table_of
from regulars_core.plugin import DAY_MS, divided_half_up

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH_HUNDREDTHS = 3044


async def _figures(scope: Scope) -> Table:
    shop, subjects = scope.shop, [Subject(scope.of_the_days)]
    [totals], [sold] = await totals_of(shop, subjects), await sold_of(shop, subjects)
    [gaps] = await gaps_of(shop, subjects)
    average = divided_half_up(totals.spent, totals.purchases) if totals.purchases else None
    months = quotient(totals.theirs * _MONTH_HUNDREDTHS, totals.days * 100, 2)
    pieces_each = quotient(sold.pieces, sold.purchases * 1_000_000, 2)
    off = share(sold.discount, sold.full) if sold.purchases else None
    return figures_of(
        [
            ("Purchases", Figure(totals.purchases)),
            ("Customers who bought", Figure(totals.buyers)),
            ("Spent", Figure(totals.spent, Kind.MONEY)),
            ("A purchase, on average", Figure(average, Kind.MONEY)),
            ("Pieces of a purchase, on average", Figure(pieces_each)),
            ("Purchases of a customer a month", Figure(months)),
            ("Days between purchases, the median", Figure(quotient(gaps.milliseconds, gaps.number * DAY_MS, 2))),
            ("Customers who bought twice or more", Figure(rate(totals.twice, totals.buyers), Kind.SHARE)),
            ("Taken off by discounts", Figure(off, Kind.SHARE)),
            ("Purchases with a discount", Figure(rate(sold.discounted, sold.purchases), Kind.SHARE)),
        ]
    )


async def _series(scope: Scope) -> Table:
    [found] = await points(unit_of(scope))(scope.shop, [Subject(scope.of_the_days)])
    columns = (
        Column("from", "From", Kind.DAY),
        Column("purchases", "Purchases", Kind.NUMBER),
        Column("customers", "Customers", Kind.NUMBER),
        Column("spent", "Spent", Kind.MONEY),
    )
    rows: list[Row] = [(one.period.first, one.purchases, one.customers, one.spent) for one in found]
    return table_of(columns, rows, Chart(Shape.COLUMNS, 3), partly(scope, found))


KIND = ReportKind(
    "PURCHASE_BEHAVIOR",
    "Purchase behavior",
    "What, when and how customers buy.",
    (
        Metric("figures", "In the period", "How many purchases, how large, how often.", _figures),
        Metric("series", "Over time", "Purchases week by week or month by month.", _series),
        by("CATEGORY", "categories", "Category", "By category, line by line."),
        by("BRAND", "brands", "Brand", "By brand, line by line."),
        by("PRODUCT", "products", "Article", "By article, line by line.", is_default=False),
        by("PAYMENT_METHOD", "payment_methods", "Way of paying", "By way of paying, payment by payment."),
        by(
            "WEEKDAY",
            "weekdays",
            "Weekday",
            "By day of the week.",
            in_order=True,
            called=lambda one: WEEKDAYS[int(one) - 1],
        ),
        by("HOUR", "hours", "Hour", "By hour of the day.", in_order=True, called=lambda one: f"{int(one):02}:00"),
        by(
            "MONTH",
            "months",
            "Month",
            "By month of the year.",
            in_order=True,
            is_default=False,
            called=lambda one: _MONTHS[int(one) - 1],
        ),
        by("STORE", "stores", "Store", "By store."),
        by("CHANNEL", "channels", "Channel", "By how a purchase was made.", is_default=False),
    ),
)
