"""Sort orders: a field of a list's own enum and a direction."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, get_type_hints

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import get_object_definition

from regulars_core.paging import Order
from regulars_schema.composition import ComposedSchema


@strawberry.enum(description="Which end of an order comes first.")
class OrderDirection(Enum):
    """As in SQL."""

    ASC = strawberry.enum_value("ASC", description="From the smallest; what has no value comes before everything.")
    DESC = strawberry.enum_value("DESC", description="Exactly the reverse of ASC.")


def order_input(name: str, description: str) -> Any:
    """A class decorator for the input of an order: a field of its own enum and a direction. It arrives as an Order."""

    def decorate(cls: type) -> type:
        made = strawberry.input(name=name, description=description)(cls)
        get_object_definition(made, strict=True).from_input = _parse
        return made

    return decorate


def _parse(cls: type, value: Mapping[str, Any], context: Any) -> Order:
    """Strawberry's `from_input` hook: runs wherever the input stands and knows the schema. Raises Forbidden for an order
    by what the caller may not see."""
    schema: ComposedSchema = context.info.schema
    sort = schema.sorts[get_type_hints(cls)["field"]][value["field"].name]
    context.info.context.batch.demand(sort.needs)
    direction = context.convert(value["direction"], StrawberryAnnotation(OrderDirection).resolve(), "direction")
    return Order(sort.key, direction is OrderDirection.DESC)
