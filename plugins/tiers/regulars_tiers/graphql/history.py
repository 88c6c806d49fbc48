"""How a customer's tier changed, as it was shown."""

from collections.abc import Sequence
from typing import Unpack

import strawberry

from regulars_core.plugin import CustomerRow, Instant, Page, PurchaseRow, purchases_by_ids
from regulars_schema.plugin import (
    Connection,
    Customer,
    Extension,
    Node,
    NodeKind,
    PageArguments,
    Purchase,
    RequestContext,
    backed_by,
    batched,
    identified,
    in_every_store,
    in_order,
    requires,
    visible_purchases,
    window,
)
from regulars_tiers import reads
from regulars_tiers.permissions import PURCHASES_VIEW, VIEW


@requires(VIEW)
@strawberry.type(description="A change of a customer's tier, as it was shown at the time.")
class TierChange(Node):
    """Over reads.ChangeRow."""

    is_type_of = backed_by(reads.ChangeRow)
    id: strawberry.ID = identified("tierchange")
    at: Instant = strawberry.field(description="When it came about.")
    before: str = strawberry.field(description="The code of the tier until then.")
    after: str = strawberry.field(description="The code of the tier from then on.")
    cause: str = strawberry.field(
        description="What brought it about: `PURCHASE`, `REFUND`, `VOID`, `REASSIGNMENT`, `MERGE`, `UNMERGE`, "
        "`ASSIGNMENT`, `POLICY`, `REASSESSMENT` or `TIME`."
    )


@batched(
    name="tierHistory",
    needs=VIEW,
    returns=Connection[TierChange] | None,
    description="Changes of the tier as they were shown at the time, the latest first.",
    replica=True,
)
async def tier_history(
    customers: Sequence[CustomerRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[reads.ChangeRow]]:
    """A page of each customer's changes."""
    page = window(reads.LATEST_FIRST, **arguments)
    return await reads.changes_of(context.database, [customer.id for customer in customers], page)


@batched(
    name="purchase",
    needs=PURCHASES_VIEW,
    returns=Purchase | None,
    description="The purchase that brought it about, if one did.",
    replica=True,
)
async def changed_by(changes: Sequence[reads.ChangeRow], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchases that brought changes about."""
    ids = [change.purchase_id for change in changes]
    return in_order(
        ids, await purchases_by_ids(context.database, [id_ for id_ in ids if id_], visible_purchases(context))
    )


EXTENSIONS = (Extension(Customer, [tier_history]), Extension(TierChange, [changed_by]))
NODE = NodeKind("tierchange", in_every_store(reads.changes_by_ids), VIEW)
