"""What customers can be filtered by of what they bought, contributed as a plugin would."""

from collections.abc import Sequence
from typing import Any

import strawberry

from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.filters import BOUGHT, COUNT, TOTAL, WHERE
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.filters import AmountComparison, IntComparison, amount_conditions, int_conditions
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.types import PurchaseWhere
from regulars_schema.request.context import RequestContext


@strawberry.input(
    description="Compares the purchases of a customer. Voided ones never count, those refunded in full do not count either."
)
class PurchasesComparison:
    """Conditions over the purchases that hang on a customer."""

    count: strawberry.Maybe[IntComparison | None] = strawberry.field(
        description="How many there must be; at least one if absent."
    )
    total: strawberry.Maybe[AmountComparison | None] = strawberry.field(
        description="What they must come to in all, refunds taken off."
    )
    where: strawberry.Maybe[PurchaseWhere | None] = strawberry.field(
        description="Which purchases count; all of them if absent."
    )


def purchases_conditions(comparison: PurchasesComparison, context: RequestContext) -> Sequence[Condition]:
    """Which purchases count, among those that the caller sees; and the conditions on their number and on what they come to."""
    for name in (COUNT, TOTAL, WHERE):
        some = getattr(comparison, name)
        if some is not None and some.value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name,))
    where: Any = value_or_none(comparison.where)
    conditions: list[Condition] = [(WHERE, visible_purchases(context, where))]
    for name, given, of in (
        (COUNT, value_or_none(comparison.count), int_conditions),
        (TOTAL, value_or_none(comparison.total), amount_conditions),
    ):
        if given is not None:
            try:
                conditions.append((name, tuple(of(given, context))))
            except BadInput as error:
                raise BadInput(str(error), (name, *error.path), error.reason) from None
    return conditions


PURCHASES = FilterLeaf(
    CustomerWhere,
    "purchases",
    PurchasesComparison,
    BOUGHT,
    purchases_conditions,
    "What, where and when the customer bought, in the stores whose purchases the caller sees.",
    needs=VIEW,
)
