"""What the plugin adds to the schema."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_birthday import service
from regulars_core.plugin import CustomerRow, Leaf, SortKey, compared, exists_in, survivors_by_ids
from regulars_schema.plugin import (
    Contribution,
    Customer,
    CustomerCreateInput,
    CustomerOrderField,
    CustomerUpdateInput,
    CustomerWhere,
    Extension,
    FilterLeaf,
    IdempotentInput,
    InputField,
    IntComparison,
    Mutation,
    Payload,
    RequestContext,
    SortField,
    UserError,
    batched,
    guarded,
    int_conditions,
    key_of,
    mutation,
    requires,
)

VIEW, GREET = "birthday.view", "birthday.greet"


@batched(name="greetings", needs=VIEW, returns=int | None, description="How often the customer was greeted.")
async def greetings(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int]:
    """One statement for all customers of a level."""
    found = await service.greetings_of(context.shop, [customer.id for customer in customers])
    return [found.get(customer.id, 0) for customer in customers]


@batched(
    name="remindDaysBefore",
    needs=VIEW,
    returns=int | None,
    description="How many days before the birthday the shop wants to be reminded.",
)
async def remind_days_before(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int]:
    """One statement for all customers of a level."""
    found = await service.reminders_of(context.shop, [customer.id for customer in customers])
    return [found[customer.id] for customer in customers]


@requires(None)
@strawberry.type(description="The customer is too young to buy.")
class TooYoung(UserError):
    """Over regulars_birthday.service.TooYoung."""

    youngest: int = strawberry.field(description="How many years a customer must have to buy.")

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The plugin's problem of this name."""
        return isinstance(value, service.TooYoung)


@strawberry.input(description="A customer to greet.")
class BirthdayGreetingSendInput(IdempotentInput):
    """Input of birthdayGreetingSend."""

    customer_id: strawberry.ID = strawberry.field(description="Whom to greet.")


@strawberry.type(description="What birthdayGreetingSend answers.")
class BirthdayGreetingSendPayload(Payload):
    """Payload of birthdayGreetingSend."""

    customer: Customer | None = guarded("customers.view", default=None, description="The customer who was greeted.")


@mutation(
    name="birthdayGreetingSend",
    needs=GREET,
    description="Greets a customer, once a day at most. Codes: `NOT_FOUND`, `GREETED_TODAY`.",
)
async def birthday_greeting_send(
    context: RequestContext,
    *,
    input: Annotated[BirthdayGreetingSendInput, strawberry.argument(description="Whom to greet.")],
) -> BirthdayGreetingSendPayload:
    """Greet a customer."""
    key = key_of(input.customer_id, "customer", "customerId")
    await service.send_greeting(context.shop, key)
    greeted: Any = (await survivors_by_ids(context.database, [key])).get(key)
    return BirthdayGreetingSendPayload(customer=greeted)


_REMIND = "How many days before the birthday to remind, 0 to 365; null is as for everybody."
_GREETED = Leaf("greetings", exists_in("birthday_greeting bg", "bg.customer_id = c.id", compared("bg.count")))
_BY_BIRTH = SortKey("BIRTH_DATE", "coalesce(c.birth_date, '')", "c.id", str)


def contribution() -> Contribution:
    """Fields, a mutation, an error, a filter, an order, and what inputs take."""
    return Contribution(
        "birthday",
        extensions=[
            Extension(Customer, [greetings, remind_days_before]),
            Extension(Mutation, [birthday_greeting_send]),
        ],
        types=[TooYoung],
        problems=[service.TooYoung],
        leaves=[
            FilterLeaf(
                CustomerWhere, "greetings", IntComparison, _GREETED, int_conditions, "How often greeted.", needs=VIEW
            )
        ],
        sorts=[
            SortField(CustomerOrderField, _BY_BIRTH, "By date of birth, the eldest first.", needs="customers.view_pii")
        ],
        inputs=[
            InputField(CustomerCreateInput, "remindDaysBefore", int, _REMIND),
            InputField(CustomerUpdateInput, "remindDaysBefore", int, _REMIND),
        ],
    )
