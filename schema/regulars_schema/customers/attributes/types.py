"""What attributes of customers are, and what customers have of them."""

from enum import Enum

import strawberry

from regulars_core.customers.attributes.reads import AttributeRow
from regulars_core.customers.attributes.rules import Definition
from regulars_schema.fields.nodes import backed_by
from regulars_schema.request.permissions import requires

KIND = "attribute"
SENSITIVE = "customers.view_sensitive"


@strawberry.enum(description="What the values of an attribute are.")
class AttributeType(Enum):
    """Values of customer_attribute_definition.type."""

    BOOLEAN = strawberry.enum_value("BOOLEAN", description="Yes or no.")
    CHOICE = strawberry.enum_value("CHOICE", description="One of the attribute's choices.")
    DATE = strawberry.enum_value("DATE", description="A day.")
    NUMBER = strawberry.enum_value("NUMBER", description="A number of at most 12 digits, 6 of them behind the point.")
    TEXT = strawberry.enum_value("TEXT", description="A text of at most 240 characters.")


@requires("customers.view")
@strawberry.type(
    description="An attribute of customers that the shop has declared, such as a medical card or an id in another system."
)
class CustomerAttributeDefinition:
    """Over regulars_core.customers.attributes.rules.Definition."""

    is_type_of = backed_by(Definition)
    choices: list[str] = strawberry.field(description="What can be chosen; empty where the type is not `CHOICE`.")
    description: str | None = strawberry.field(description="What it is for.")
    is_required: bool = strawberry.field(
        description="Whether a customer must have it, at registration and ever after; at the till nobody must."
    )
    is_sensitive: bool = strawberry.field(description=f"Whether its values need `{SENSITIVE}`.")
    is_unique: bool = strawberry.field(
        description="Whether no two customers have the same value; then customers are found by it."
    )
    label: str = strawberry.field(description="What people call it.")
    name: str = strawberry.field(
        description="What programs call it, such as `medical_card`; never changes.", metadata={"kind": KIND}
    )
    type: AttributeType = strawberry.field(
        resolver=lambda root: AttributeType(root.type), description="What its values are."
    )


def _value(root: AttributeRow) -> str | None:
    """Raises Sealed where it cannot be opened."""
    if root.lost is not None:
        raise root.lost
    return root.value


@requires("customers.view_pii")
@strawberry.type(description="A value of an attribute that the shop has declared.")
class CustomerAttribute:
    """Over regulars_core.customers.attributes.reads.AttributeRow."""

    is_type_of = backed_by(AttributeRow)
    is_sensitive: bool = strawberry.field(description=f"Whether the value needs `{SENSITIVE}`.")
    label: str = strawberry.field(description="What people call the attribute.")
    name: str = strawberry.field(description="The attribute's name.")
    type: AttributeType = strawberry.field(
        resolver=lambda root: AttributeType(root.type), description="What its values are."
    )
    value: str | None = strawberry.field(
        resolver=_value,
        description="The value as text: a date as `2026-01-31`, a number with a point, yes or no as `true` or `false`. Null of "
        f"a sensitive one for who does not hold `{SENSITIVE}`.",
    )


@strawberry.input(description="A value to give to an attribute.")
class AttributeValueInput:
    """Input form of GivenAttribute."""

    name: str = strawberry.field(description="The attribute's name.")
    value: strawberry.Maybe[str | None] = strawberry.field(
        description="The value as text, as `CustomerAttribute` shows it; null takes it away."
    )


@strawberry.input(description="A unique attribute that names one customer.")
class AttributeKeyInput:
    """An argument of `customer`."""

    name: str = strawberry.field(description="The attribute's name.")
    value: str = strawberry.field(description="The whole value, without regard to case.")


@strawberry.input(
    description="Compares an attribute; everything given must hold. Of a sensitive one only `in` and `isKnown`."
)
class AttributeComparison:
    """Conditions over customer_attribute."""

    gte: strawberry.Maybe[str | None] = strawberry.field(description="This number or day, or more.")
    in_: strawberry.Maybe[list[str] | None] = strawberry.field(
        name="in", description="One of these values, without regard to case."
    )
    is_known: strawberry.Maybe[bool | None] = strawberry.field(description="Whether there is a value.")
    lte: strawberry.Maybe[str | None] = strawberry.field(description="This number or day, or less.")
    name: str = strawberry.field(description="The attribute's name.")
