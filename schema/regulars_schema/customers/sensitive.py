"""What is sensitive of customers, opened where it was sealed."""

from collections.abc import Sequence

from regulars_core.customers.reads import CustomerRow
from regulars_core.customers.sealed import opened_tax_ids
from regulars_core.database.seals import Sealed
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import RequestContext

SENSITIVE = "customers.view_sensitive"


@batched(
    name="taxId",
    needs=SENSITIVE,
    returns=str | None,
    description="Tax identification, printed on receipts where there is one. Who reads it is audited.",
)
async def tax_id(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[str | Sealed | None]:
    """The tax id of each; why it cannot be told where its key is lost. Whose were read is written down."""
    context.note_read(SENSITIVE, "customer", (one.id for one in customers if one.tax_id is not None))
    return await opened_tax_ids(context.database, [(one.id, one.tax_id) for one in customers])


EXTENSION = Extension(Customer, [tax_id])
