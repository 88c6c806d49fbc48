"""Refusals that know a purchase."""

from collections.abc import Sequence
from typing import Any

import strawberry

from regulars_core.purchases import service
from regulars_core.purchases.reads import PurchaseRow, purchases_by_ids
from regulars_schema.composition.contributions import Extension
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.purchases.types import Purchase
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import UserError


@strawberry.type(description="The store has another purchase under this reference.")
class ReferenceReused(UserError):
    """Over regulars_core.purchases.service.ReferenceReused."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, service.ReferenceReused)


@batched(name="purchase", needs=VIEW, returns=Purchase | None, description="The purchase that is recorded.")
async def purchase_of(
    problems: Sequence[service.ReferenceReused], context: RequestContext
) -> Sequence[PurchaseRow | None]:
    """The purchases, as far as the caller may see them."""
    keys = [problem.purchase_id for problem in problems]
    return in_order(keys, await purchases_by_ids(context.database, keys, visible_purchases(context)))


EXTENSION = Extension(ReferenceReused, [purchase_of])
