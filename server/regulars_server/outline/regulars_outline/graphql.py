"""What the plugin adds to the schema."""

from collections.abc import Sequence

from regulars_core.plugin import CustomerRow
from regulars_outline import service
from regulars_schema.plugin import Contribution, Customer, Extension, RequestContext, batched

VIEW = "outline.view"


async def counts(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int]:
    """One value for each customer of a level, in order, by one statement for all of them."""
    found = await service.counts_of(context.shop, [customer.id for customer in customers])
    return [found.get(customer.id, 0) for customer in customers]


def contribution() -> Contribution:
    """One field."""
    field = batched(
        counts, name="outlineCount", needs=VIEW, returns=int | None, description="How often the customer has bought."
    )
    return Contribution("outline", extensions=[Extension(Customer, [field])])
