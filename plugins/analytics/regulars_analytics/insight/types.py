"""What purchases say, in the language of the API."""

from datetime import date
from decimal import Decimal
from enum import Enum

import strawberry

from regulars_analytics.insight.subjects import InsightRow
from regulars_analytics.permissions import VIEW
from regulars_schema.plugin import Money, backed_by, requires

BOUGHT = "Bought is what was neither voided nor refunded in full."


@requires(VIEW)
@strawberry.type(
    description=f"What a set of purchases says: in the stores where the caller holds `{VIEW}`, without voided ones and refunds "
    f"taken off. {BOUGHT} Needs `{VIEW}`."
)
class Insight:
    """Over subjects.InsightRow; every field arrives as an Extension, since each is found for all sets of a level."""

    is_type_of = backed_by(InsightRow)


@requires(VIEW)
@strawberry.type(description=f"A part of what purchases divide into. Needs `{VIEW}`.")
class Breakdown:
    """One value by which purchases are divided."""

    value: str | None = strawberry.field(description="What it is, as filters take it; null for what has no value.")
    label: str = strawberry.field(
        description="What people call it; the value itself where it has no other name, and empty where it has no value."
    )
    customer_count: int = strawberry.field(description="How many customers bought.")
    purchase_count: int = strawberry.field(description="How many purchases there were, or had a part in it.")
    quantity: Decimal | None = strawberry.field(description="How many pieces; null where what is divided is not lines.")
    total: Money = strawberry.field(
        description="What it came to: of lines what was paid for them, tax included, less what was given back; of payments what "
        "was paid so."
    )
    share: Decimal = strawberry.field(
        description="The part of what all parts came to, 0 to 1, half-up to four decimals."
    )


@strawberry.enum(description="How long a period lasts.")
class Interval(Enum):
    """Over periods.Unit."""

    DAY = strawberry.enum_value("DAY", description="A day.")
    WEEK = strawberry.enum_value("WEEK", description="A week from Monday to Sunday.")
    MONTH = strawberry.enum_value("MONTH", description="A calendar month.")
    QUARTER = strawberry.enum_value("QUARTER", description="A calendar quarter.")
    YEAR = strawberry.enum_value("YEAR", description="A calendar year.")


@requires(VIEW)
@strawberry.type(description=f"The figures of a period. Needs `{VIEW}`.")
class InsightPoint:
    """One period of a series."""

    from_: date = strawberry.field(name="from", description="Its first day.")
    to: date = strawberry.field(description="Its last day.")
    customer_count: int = strawberry.field(description="How many customers bought.")
    new_customer_count: int = strawberry.field(
        description="How many of them bought for the first time, in the stores that are looked at."
    )
    purchase_count: int = strawberry.field(description="How many purchases there were.")
    total_spent: Money = strawberry.field(description="What was spent.")
