"""How complete the profiles of customers are."""

from collections.abc import Sequence

import strawberry

from regulars_core.customers.completeness import reads
from regulars_core.customers.reads import CustomerRow
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import Extension, FilterLeaf
from regulars_schema.customers.types import Customer, CustomerWhere
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.filters import IntComparison, int_conditions
from regulars_schema.fields.nodes import backed_by
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires

_PII = "customers.view_pii"


@requires(_PII)
@strawberry.type(description="How complete a profile is, by the fields that the shop counts.")
class ProfileCompleteness:
    """Over regulars_core.customers.completeness.reads.Completeness."""

    is_type_of = backed_by(reads.Completeness)
    percent: int = strawberry.field(description="How much is there: 0 to 100, rounded down.")
    missing: list[str] = strawberry.field(
        description="What is missing, as the fields of `CustomerUpdateInput` are named; an attribute as "
        "`attributes.medical_card`, a verification as `verifications.AGE`, a consent as `consents.marketing`."
    )


@batched(
    name="completeness",
    needs=_PII,
    returns=ProfileCompleteness | None,
    description="How complete the profile is; null for who is erased or merged.",
)
async def completeness(
    customers: Sequence[CustomerRow], context: RequestContext
) -> Sequence[reads.Completeness | None]:
    """How complete each profile is."""
    found = await reads.completeness_of(context.shop, [one.id for one in customers])
    return [found.get(one.id) for one in customers]


def _conditions(comparison: IntComparison, context: RequestContext) -> Sequence[Condition]:
    return reads.conditions_of(context.shop, int_conditions(comparison, context))


EXTENSION = Extension(Customer, [completeness])
LEAF = FilterLeaf(
    CustomerWhere,
    "completeness",
    IntComparison,
    reads.COMPLETENESS,
    _conditions,
    "How complete the profile is, in percent.",
    needs=_PII,
)
