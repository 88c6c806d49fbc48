"""Refusals that know a customer, and the inputs that can meet them."""

from collections.abc import Sequence
from typing import Any

import strawberry

from regulars_core.customers import changes
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import UserError


@strawberry.input(description="A change of what somebody has looked at.")
class Expecting:
    """Base of inputs that change one customer; not a type of its own."""

    expected_version: strawberry.Maybe[int | None] = strawberry.field(
        description="The `version` that was looked at; if the customer has been changed since, nothing is done and the answer "
        "is `VERSION_CONFLICT`. Absent: whatever it is."
    )


@strawberry.type(
    description="The customer, or a note about them, was changed after it was looked at: look again, and decide again."
)
class VersionConflict(UserError):
    """Over regulars_core.customers.changes.VersionConflict."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, changes.VersionConflict)


@batched(name="customer", needs="customers.view", returns=Customer | None, description="The customer as it is now.")
async def customer_of(
    problems: Sequence[changes.VersionConflict], context: RequestContext
) -> Sequence[CustomerRow | None]:
    """The customers as they are now."""
    keys = [problem.customer_id for problem in problems]
    return in_order(keys, await customers_by_ids(context.database, keys))


EXTENSION = Extension(
    VersionConflict,
    [customer_of],
)
