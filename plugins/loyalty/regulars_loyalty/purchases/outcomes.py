"""What each rule gave for purchases of the past, found anew."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from regulars_core.plugin import (
    RuleExplanation,
    RuleOutcome,
    Shop,
    SkipReason,
    past_sales,
    recorded_before_refunds,
    recorded_by_ids,
)
from regulars_loyalty.points.earning import earnings_from


async def outcomes_of(shop: Shop, purchase_ids: Sequence[str]) -> Mapping[str, Sequence[RuleOutcome]]:
    """How many points each rule of the program of that time gave for each purchase, or why it gave none. Of one that was
    voided or wholly given back nothing is left."""
    rows = await recorded_before_refunds(shop.database, purchase_ids)
    standing = await recorded_by_ids(shop.database, purchase_ids)
    sales = await past_sales(shop, list(rows.values()))
    undone = {id_ for id_, one in standing.items() if one.status in {"VOIDED", "REFUNDED"}}
    found = {}
    for sale, outcomes in zip(sales, await earnings_from(shop, sales), strict=True):
        shown = [one.shown(shop) for one in outcomes]
        found[sale.id] = [_undone(one) for one in shown] if sale.id in undone else shown
    return found


def _undone(one: RuleOutcome) -> RuleOutcome:
    """What is left of it once the purchase is undone."""
    if one.reason is not None:
        return one
    text = f"{one.explanation.text}, all of which was taken back"
    explanation = RuleExplanation(one.explanation.figures, text, one.explanation.rule)
    return replace(one, given=Decimal(0), reason=SkipReason.UNDONE, explanation=explanation)
