"""What purchases bring to the schema."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from regulars_core.plugins.owners import CORE
from regulars_core.purchases import service
from regulars_core.purchases.payments.payment_rows import all_payments_by_ids
from regulars_core.purchases.reads import (
    lines_by_ids,
    purchases_by_ids,
    standing_refunds,
)
from regulars_schema.composition.contributions import Contribution, NodeKind
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.purchases import baskets, dashboard, errors, exports, reassignments, receipts
from regulars_schema.purchases.customer_filters import PURCHASES
from regulars_schema.purchases.fields import EXTENSIONS
from regulars_schema.purchases.filters import LEAVES
from regulars_schema.purchases.mutations import MUTATIONS
from regulars_schema.purchases.queries import QUERIES
from regulars_schema.purchases.types import SORTS
from regulars_schema.request.context import RequestContext


def _seen(read: Callable[..., Awaitable[Mapping[str, Any]]]) -> Callable[..., Awaitable[Mapping[str, Any]]]:
    """A NodeKind's `load` for purchases and what belongs to them: those in the stores that the caller may see."""

    async def load(context: RequestContext, keys: Sequence[str]) -> Mapping[str, Any]:
        return await read(context.database, keys, visible_purchases(context))

    return load


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(
            *EXTENSIONS,
            errors.EXTENSION,
            *receipts.EXTENSIONS,
            QUERIES,
            baskets.QUERIES,
            MUTATIONS,
            reassignments.MUTATIONS,
            *exports.EXTENSIONS,
            *dashboard.EXTENSIONS,
        ),
        types=[errors.ReferenceReused],
        problems=[service.ReferenceReused],
        leaves=[*LEAVES, PURCHASES],
        sorts=SORTS,
        nodes=[
            NodeKind("purchase", _seen(purchases_by_ids), VIEW),
            NodeKind("line", _seen(lines_by_ids), VIEW),
            NodeKind("payment", _seen(all_payments_by_ids), VIEW),
            NodeKind("refund", _seen(standing_refunds), VIEW),
        ],
    )
