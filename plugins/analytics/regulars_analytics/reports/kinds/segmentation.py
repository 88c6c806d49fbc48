"""Who the customers are."""

from regulars_analytics.permissions import GROUPS_VIEW, PII_VIEW, TIERS_VIEW
from regulars_analytics.quotients import share
from regulars_analytics.reports.cells import in_words
from regulars_analytics.reports.kinds.breakdowns import by
from regulars_analytics.reports.metrics import Metric, ReportKind, Scope
from regulars_analytics.reports.tables import Chart, Column, Kind, Row, Shape, Table, table_of
from regulars_analytics.rfm.reads import distribution

_CALLED = {
    "CHAMPION": "Champions", "LOYAL": "Loyal", "PROMISING": "Promising", "NEW": "New", "OCCASIONAL": "Occasional",
    "AT_RISK": "At risk", "LOST": "Lost",
}  # fmt: skip


async def _kinds(scope: Scope) -> Table:
    found = await distribution(scope.shop, scope.where)
    customers = sum(one.customers for one in found)
    columns = (
        Column("kind", "Kind"),
        Column("customers", "Customers", Kind.NUMBER),
        Column("share", "Share", Kind.SHARE),
        Column("spent", "Spent in all", Kind.MONEY),
    )
    rows: list[Row] = [(_CALLED[one.kind], one.customers, share(one.customers, customers), one.spent) for one in found]
    note = "By how recently, how often and for how much they buy; of all stores, whatever the days."
    return table_of(columns, rows, Chart(Shape.BARS, 1), note)


KIND = ReportKind(
    "SEGMENTATION",
    "Segmentation",
    "Who the customers are, and what each part of them brings.",
    (
        Metric("kinds", "Recency, frequency, value", "How many are of which kind.", _kinds, shop_wide=True),
        by("TIER", "tiers", "Tier", "By customers' tier now.", needs=(TIERS_VIEW,)),
        by("GROUP", "groups", "Group", "By customers' group.", needs=(GROUPS_VIEW,)),
        by("CITY", "cities", "City", "By city.", needs=(PII_VIEW,)),
        by("REGION", "regions", "Region", "By state or province.", needs=(PII_VIEW,), is_default=False),
        by("COUNTRY", "countries", "Country", "By country.", needs=(PII_VIEW,), is_default=False),
        by("AGE_BAND", "ages", "Age", "By age, in bands of ten years.", needs=(PII_VIEW,), in_order=True),
        by("GENDER", "genders", "Gender", "By gender.", needs=(PII_VIEW,), called=in_words),
    ),
)
