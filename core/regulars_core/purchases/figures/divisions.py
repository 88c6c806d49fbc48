"""What purchases can be divided by, as figures of them are: by something of the purchase itself, of who bought, of its lines or
of its payments."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.purchases.reads import LINE_STANDS
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


class Part(StrEnum):
    """What has the value by which purchases are divided, and the alias under which SQL knows it: `purchase p`; who bought,
    `customer c`; each line, `purchase_line l`; each payment, `payment y`. The last three are beside `purchase p`."""

    PURCHASE = "p"
    CUSTOMER = "c"
    LINE = "l"
    PAYMENT = "y"


@dataclass(frozen=True, slots=True)
class Division:
    """One way to divide purchases.

    `sql` writes the expression whose values tell the parts apart, null for what has no value; what it compares with goes to the
    `Values`, and the ZoneInfo is where the shop is. `label` is an expression for what people call a part, where that is found in
    the same rows; `labels` reads it for these values, where it is not. What has no other name is called by its value. `value`
    makes of a value what filters take. `kept` is the name under which it is kept what the parts of each day come to, where it is.
    """

    part: Part
    sql: Callable[[Values, ZoneInfo], str]
    label: str | None = None
    labels: Callable[[Shop, Sequence[Any]], Awaitable[Mapping[Any, str]]] | None = None
    value: Callable[[Any], str | None] = str
    kept: str | None = None


LINE_LEFT = (
    "(l.total + CASE WHEN p.prices_include_tax THEN 0 ELSE l.tax END - CASE WHEN p.refunded = 0 THEN 0 ELSE l.refunded_amount"
    f" + coalesce((SELECT sum(r.amount) FROM refund_line r WHERE r.line_id = l.id AND {LINE_STANDS}), 0) END)"
)
"""What was paid for a line `l` of a purchase `p`, less what was given back for it: with delivery, the lines of a purchase come to
what was spent with it."""
