"""What the plugin adds to the schema."""

from collections.abc import Sequence

from regulars_birthday.service import greetings_of
from regulars_core.customers.reads import CustomerRow
from regulars_core.filtering import Leaf, compared, exists_in
from regulars_core.paging import SortKey
from regulars_schema.batching import Batch, batched
from regulars_schema.composition import Contribution, Extension, FilterLeaf, SortField
from regulars_schema.customer_types import Customer, CustomerOrderField, CustomerWhere
from regulars_schema.filters import IntComparison, int_conditions


async def greetings(customers: Sequence[CustomerRow], batch: Batch) -> Sequence[int]:
    """One statement for all customers of a level."""
    found = await greetings_of(batch.shop, [customer.id for customer in customers])
    return [found.get(customer.id, 0) for customer in customers]


def contribution() -> Contribution:
    """A field, a filter and an order."""
    field = batched(greetings, name="greetings", returns=int | None, description="How often the customer was greeted.")
    leaf = Leaf("greetings", exists_in("birthday_greeting bg", "bg.customer_id = c.id", compared("bg.count")))
    key = SortKey("BIRTH_DATE", "coalesce(c.birth_date, '')", "c.id", str)
    return Contribution(
        "birthday",
        extensions=[Extension(Customer, [field])],
        leaves=[FilterLeaf(CustomerWhere, "greetings", IntComparison, leaf, int_conditions, "How often greeted.")],
        sorts=[SortField(CustomerOrderField, key, "By date of birth, the eldest first.", needs="customers.view_pii")],
    )
