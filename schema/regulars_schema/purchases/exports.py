"""Taking purchases out in files."""

from typing import Annotated, Any

import orjson
import strawberry

from regulars_core.exports.purchases import IN_ORDER
from regulars_core.exports.tasks import EXPORT, Wanted, request_export
from regulars_core.primitives.checks import Checks
from regulars_core.purchases.filters import LEAVES
from regulars_core.queries.where import Where
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.exports import (
    LEAVES_THE_SHOP,
    chosen_columns,
    noted,
    stores_told_of,
    told_conditions,
)
from regulars_schema.fields.declarations import mutation
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.fields.stored_trees import needs_of_tree
from regulars_schema.inputs.idempotent import IdempotentInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.types import PurchaseWhere
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.shop.bulk_jobs import BulkJob


@strawberry.input(description="Purchases to take out.")
class PurchasesExportInput(IdempotentInput):
    """Input of purchasesExport."""

    where: PurchaseWhere = strawberry.field(description="Those for which these conditions hold, at least one.")
    columns: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="The columns, in this order; the default ones if absent."
    )
    idempotency_key: str = required_key(LEAVES_THE_SHOP)  # type: ignore[assignment]


@strawberry.type(description="What purchasesExport answers.")
class PurchasesExportPayload(Payload):
    """Payload of purchasesExport."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The work.")


@mutation(
    name="purchasesExport",
    needs=EXPORT,
    description="Writes purchases into a CSV file, a row for each line, as an import reads them. Codes: `EMPTY_FILTER`, "
    f"`UNKNOWN_COLUMN`, `TOO_MANY_JOBS`. Needs `{VIEW}` too; only purchases of stores where both are held are written.",
)
async def purchases_export(
    context: RequestContext,
    *,
    input: Annotated[PurchasesExportInput, strawberry.argument(description="Which, and what of them.")],
) -> PurchasesExportPayload:
    """Ask for an export of purchases."""
    context.demand(VIEW)
    checks, where = Checks(), input.where
    given: Any = where
    needs = [VIEW, *needs_of_tree(PurchaseWhere, given, context)]
    narrowed_by = orjson.dumps(told_conditions(given, checks)).decode()
    columns = await chosen_columns(context, "PURCHASES", value_or_none(input.columns), checks)
    checks.refuse()
    if (stores := stores_told_of(context)) is not None:
        here = Where("store", leaf=LEAVES["store"], conditions=(("in", sorted(stores)),))
        given = Where("all", (here, given))
    wanted = Wanted("PURCHASES", columns, given, narrowed_by, IN_ORDER, stores)
    row: Any = await request_export(context.shop, wanted, context.actor, needs)
    noted(columns, narrowed_by)
    return PurchasesExportPayload(bulk_job=row)


EXTENSIONS = (Extension(Mutation, [purchases_export]),)
