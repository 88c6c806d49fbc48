"""What customers are worth."""

from collections.abc import AsyncIterator, Sequence

from regulars_analytics.lifetime.fits import current_fit
from regulars_analytics.lifetime.kept import WORTH
from regulars_analytics.lifetime.lives import day_number, lives_of
from regulars_analytics.lifetime.values import HORIZON_DAYS, projections
from regulars_analytics.permissions import CUSTOMERS_VIEW, EXPORT
from regulars_analytics.quotients import share
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Figure, Kind, Row, Shape, Table, figures_of, table_of
from regulars_core.plugin import GONE, Values, customers_by_ids, day_of, divided_half_up, now

_TENTHS = 10
_BEST = 100
_PAGE = 500
_PROJECTED = "coalesce((SELECT l.projected FROM analytics_lifetime l WHERE l.customer_id = c.id), 0)"


def _whose(scope: Scope, values: Values) -> str:
    """Customers who have bought and for whom the conditions hold."""
    conditions = ["s.purchase_count > 0", f"NOT ({values.among('c.status', GONE)})"]
    if scope.where is not None:
        conditions.append(scope.where.compile(values))
    return f"customer c JOIN customer_stats s ON s.customer_id = c.id WHERE {' AND '.join(conditions)}"


async def _summary(scope: Scope) -> Table:
    shop, values = scope.shop, Values(scope.shop.database.dialect, whole=True)
    [(number, spent, projected)] = await shop.database.read(
        f"SELECT count(*), CAST(coalesce(sum(s.total_spent), 0) AS BIGINT), CAST(coalesce(sum({_PROJECTED}), 0) AS BIGINT)"
        f" FROM {_whose(scope, values)}",
        *values.all,
    )
    fit = await current_fit(shop)

    average = divided_half_up(spent + projected, number) if number else None
    figures = [
        ("Customers who have bought", Figure(number)),
        ("Spent so far", Figure(spent, Kind.MONEY)),
        (f"Projected for {HORIZON_DAYS} days", Figure(projected, Kind.MONEY)),
        ("Worth in all", Figure(spent + projected, Kind.MONEY)),
        ("Worth of a customer, on average", Figure(average, Kind.MONEY)),
        ("Method", Figure("BG/NBD and Gamma-Gamma" if fit else "each customer's own rate", Kind.TEXT)),
    ]
    note = "Nothing is fitted: too few customers come again, or the shop wants it so."
    if fit:
        parameters = ", ".join(f"{name} {value:.4f}" for name, value in fit.parameters.items())
        day = day_of(fit.fitted_at, shop.settings.zone)
        note = (
            f"Fit {fit.number} of {day.isoformat()} to {fit.customers:,} customers: {parameters};"
            f" logarithm of the likelihood {fit.log_likelihood:.1f}. Times are in days."
        )
    return figures_of(figures, note)


async def _tenths(scope: Scope) -> Table:
    values = Values(scope.shop.database.dialect, whole=True)
    rows = await scope.shop.database.read(
        "SELECT tenth, count(*), CAST(sum(spent) AS BIGINT), CAST(sum(projected) AS BIGINT) FROM"
        f" (SELECT s.total_spent AS spent, {_PROJECTED} AS projected,"
        f" ntile({_TENTHS}) OVER (ORDER BY {WORTH} DESC, c.id) AS tenth"
        f" FROM {_whose(scope, values)}) t GROUP BY tenth ORDER BY tenth",
        *values.all,
    )
    whole = sum(row[2] + row[3] for row in rows)
    columns = (
        Column("tenth", "Tenth, the best first"),
        Column("customers", "Customers", Kind.NUMBER),
        Column("spent", "Spent", Kind.MONEY),
        Column("projected", "Projected", Kind.MONEY),
        Column("worth", "Worth", Kind.MONEY),
        Column("share", "Share", Kind.SHARE),
    )
    told: list[Row] = [
        (str(tenth), number, spent, projected, spent + projected, share(spent + projected, whole))
        for tenth, number, spent, projected in rows
    ]
    return table_of(columns, told, Chart(Shape.BARS, 4))


_NAMED = (
    Column("code", "Code"),
    Column("name", "Name"),
    Column("purchases", "Purchases", Kind.NUMBER),
    Column("spent", "Spent", Kind.MONEY),
    Column("projected", "Projected", Kind.MONEY),
)


async def _best(scope: Scope) -> Table:
    shop, values = scope.shop, Values(scope.shop.database.dialect)
    rows = await shop.database.read(
        f"SELECT c.id FROM {_whose(scope, values)} ORDER BY {WORTH} DESC, c.id LIMIT {_BEST}", *values.all
    )
    ids = [row[0] for row in rows]
    lives, fit = await lives_of(shop, ids), await current_fit(shop)
    told = await projections(shop, list(lives.values()), fit, day_number(shop, now()), HORIZON_DAYS)
    customers = await customers_by_ids(shop.database, ids)
    columns = (
        *_NAMED,
        Column("low", "At least", Kind.MONEY),
        Column("high", "At most", Kind.MONEY),
        Column("active", "Active", Kind.SHARE),
    )
    found: list[Row] = [
        (
            customers[id_].code, customers[id_].display_name, lives[id_].count, lives[id_].spent, told[id_].amount,
            told[id_].low, told[id_].high, told[id_].active,
        )
        for id_ in ids
        if id_ in lives and id_ in customers
    ]  # fmt: skip
    return table_of(
        columns, found, note="What is projected lies between “at least” and “at most” in four of five cases."
    )


async def _customers(scope: Scope) -> Table:
    async def pages() -> AsyncIterator[Sequence[Row]]:
        last = "0" * 32
        while True:
            values = Values(scope.shop.database.dialect)
            # Of both tables, or PostgreSQL would walk through one of them from its beginning for each page.
            behind = f"c.id > {values.bind(last)} AND s.customer_id > {values.bind(last)}"
            rows = await scope.shop.database.read(
                f"SELECT c.id, s.purchase_count, s.total_spent, {_PROJECTED} FROM {_whose(scope, values)}"
                f" AND {behind} ORDER BY c.id LIMIT {_PAGE}",
                *values.all,
            )
            customers = await customers_by_ids(scope.shop.database, [row[0] for row in rows])
            yield [
                (customers[row[0]].code, customers[row[0]].display_name, *row[1:])
                for row in rows
                if row[0] in customers
            ]
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    return Table(_NAMED, pages)


_NAMES = (EXPORT, CUSTOMERS_VIEW)
KIND = ReportKind(
    "LIFETIME_VALUE",
    "Lifetime value",
    "What customers are worth: spent so far, and projected for a year; of all stores, whatever the days.",
    (
        Metric("summary", "In all", "What all are worth, and how that was projected.", _summary, shop_wide=True),
        Metric("tenths", "By tenths", "How much the best tenth is worth, and each after it.", _tenths, shop_wide=True),
        Metric(
            "best",
            f"The best {_BEST}",
            f"The {_BEST} who are worth most, by name.",
            _best,
            _NAMES,
            shop_wide=True,
            is_default=False,
        ),
        Metric(
            "customers",
            "Customers",
            "Everybody who has bought, by name.",
            _customers,
            _NAMES,
            shop_wide=True,
            is_default=False,
        ),
    ),
)
