"""The `where` inputs: trees whose leaves are composed per schema, and the comparisons that leaves take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLScalarType,
    get_nullable_type,
)
from graphql.utilities import coerce_input_value
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import InputContext
from strawberry.types.base import get_object_definition

from regulars_core.primitives.clock import Instant, day_of, now, start_of
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.money import to_minor
from regulars_core.queries.where import Condition, Where
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.inputs.idempotent import NO_CONTENT
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of
from regulars_schema.types.scalars import BigInt

MAX_DEPTH = 6
MAX_LEAVES = 50
MAX_NODES = 200


@dataclass(frozen=True)
class GivenWhere(Where):
    """A tree as somebody has given it: what becomes of it, and the input that it was read from."""

    type: GraphQLInputObjectType = field(kw_only=True, metadata=NO_CONTENT)
    value: Mapping[str, Any] = field(kw_only=True, metadata=NO_CONTENT)

    def written(self) -> Mapping[str, Any]:
        """The tree as plain JSON that can be sent again: every value as the schema prints it."""
        written: Mapping[str, Any] = _written(self.type, self.value)
        return written


def _written(type_: GraphQLInputType, value: Any) -> Any:
    """A value of an input type, as it was read, as JSON."""
    of = get_nullable_type(type_)
    if value is None:
        return None
    if isinstance(of, GraphQLList):
        return [_written(of.of_type, one) for one in value]
    if isinstance(of, GraphQLInputObjectType):
        return {name: _written(of.fields[name].type, one) for name, one in value.items()}
    assert isinstance(of, GraphQLScalarType | GraphQLEnumType)
    return of.serialize(value)


def where_input(name: str, description: str) -> Any:
    """A class decorator for a marker input whose fields are the leaves of the schema at hand."""

    def decorate(cls: type) -> type:
        made = strawberry.input(name=name, description=description)(cls)
        definition = get_object_definition(made, strict=True)
        definition.from_input = _parse
        return made

    return decorate


def _parse(cls: type, value: Any, context: Any) -> Where:
    """Strawberry's `from_input` hook: runs wherever the input stands and knows the schema and the caller.

    Raises BadInput, and Forbidden for a condition that the caller may not set.
    """
    if isinstance(value, Where):
        return value
    schema: ComposedSchema = context.info.schema
    where = _Reader(cls, schema, context, context.info.context.request).tree(value, 1, ())
    type_ = schema.input_type(get_object_definition(cls, strict=True).name)
    return GivenWhere(where.op, where.parts, where.leaf, where.conditions, type=type_, value=value)


def read_again(cls: type, written: Mapping[str, Any], schema: ComposedSchema, context: RequestContext) -> Where:
    """A tree that was `written` before, as it is read in this request. Raises what reading it raises: BadInput, Forbidden, and
    GraphQLError for a leaf that is not there, or no longer takes what it is told."""
    type_ = schema.input_type(get_object_definition(cls, strict=True).name)
    value = coerce_input_value(written, type_)
    own = InputContext(None, schema.config, schema.schema_converter.scalar_registry, ())
    return _Reader(cls, schema, own, context).tree(value, 1, ())


class _Reader:
    def __init__(self, cls: type, schema: ComposedSchema, strawberry_context: Any, context: RequestContext) -> None:
        self._leaves = schema.leaves[cls]
        self._strawberry = strawberry_context
        self._context = context
        self._count = self._nodes = 0

    def tree(self, value: Any, depth: int, path: tuple[str, ...]) -> Where:
        if isinstance(value, Where):
            return value
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadInput(f"`where` has more than {MAX_NODES} nodes.", ("where",))
        if depth > MAX_DEPTH:
            raise BadInput(f"`where` is nested more than {MAX_DEPTH} deep.", ("where", *path))
        parts = [self._part(key, given, depth, (*path, key)) for key, given in value.items()]
        return parts[0] if len(parts) == 1 else Where("all", tuple(parts))

    def _part(self, key: str, given: Any, depth: int, path: tuple[str, ...]) -> Where:
        if given is None:
            raise BadInput("`null` is no condition; leave it out.", ("where", *path))
        if key in {"all", "any"}:
            return Where(key, tuple(self.tree(part, depth + 1, (*path, str(n))) for n, part in enumerate(given)))
        if key == "not":
            return Where("not", (self.tree(given, depth + 1, path),))
        self._count += 1
        if self._count > MAX_LEAVES:
            raise BadInput(f"`where` has more than {MAX_LEAVES} conditions.", ("where",))
        leaf = self._leaves[key]
        self._context.demand(leaf.needs, shop_wide=leaf.shop_wide)
        self._context.shop.refuse_behind(leaf.owner)
        comparison = self._strawberry.convert(given, StrawberryAnnotation(leaf.comparison).resolve(), key)
        try:
            conditions = leaf.conditions(comparison, self._context)
        except BadInput as error:
            raise BadInput(str(error), ("where", *path, *error.path)) from None
        return Where(key, leaf=leaf.leaf, conditions=tuple(conditions))


def _given(comparison: Any, operators: Mapping[str, str]) -> list[Condition]:
    """The conditions that a comparison input holds. Maybe-fields tell absent from null; null is refused."""
    found = []
    for name, operator in operators.items():
        some = getattr(comparison, name)
        if some is None:
            continue
        if some.value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name.rstrip("_"),))
        found.append((operator, some.value))
    if not found:
        raise BadInput("A comparison needs something to compare with.")
    return found


_RANGE = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


@strawberry.input(description="Compares a whole number; everything given must hold.")
class IntComparison:
    """Conditions over an integer column."""

    eq: strawberry.Maybe[int | None] = strawberry.field(description="Equal to this.")
    gte: strawberry.Maybe[int | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[int | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[int | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[int | None] = strawberry.field(description="Less than this.")


def int_conditions(comparison: IntComparison, _: RequestContext) -> Sequence[Condition]:
    """As given."""
    return _given(comparison, {"eq": "=", **_RANGE})


@strawberry.input(description="Compares a whole number of up to 64 bits; everything given must hold.")
class BigIntComparison:
    """Conditions over a column of whole numbers of 64 bits."""

    eq: strawberry.Maybe[BigInt | None] = strawberry.field(description="Equal to this.")
    gte: strawberry.Maybe[BigInt | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[BigInt | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[BigInt | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[BigInt | None] = strawberry.field(description="Less than this.")


def big_int_conditions(comparison: BigIntComparison, _: RequestContext) -> Sequence[Condition]:
    """As given."""
    return _given(comparison, {"eq": "=", **_RANGE})


@strawberry.input(description="Compares an amount in the shop's currency; everything given must hold.")
class AmountComparison:
    """Conditions over a column of minor units."""

    gte: strawberry.Maybe[Decimal | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[Decimal | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[Decimal | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[Decimal | None] = strawberry.field(description="Less than this.")


def amount_conditions(comparison: AmountComparison, context: RequestContext) -> Sequence[Condition]:
    """In minor units of the shop's currency."""
    conditions = []
    for operator, amount in _given(comparison, _RANGE):
        minor = to_minor(amount, context.shop.currency)
        if minor is None:
            raise BadInput(f"This is no amount in {context.shop.currency}.")
        conditions.append((operator, minor))
    return conditions


@strawberry.input(description="Compares an instant; everything given must hold. What never happened matches nothing.")
class InstantComparison:
    """Conditions over a column of instants."""

    after: strawberry.Maybe[Instant | None] = strawberry.field(description="Later than this.")
    before: strawberry.Maybe[Instant | None] = strawberry.field(description="Earlier than this.")
    within_days: strawberry.Maybe[int | None] = strawberry.field(
        description="At most this many calendar days ago where the shop is: 0 is today, also what is dated ahead of it, 1 also "
        "yesterday."
    )


def instant_conditions(comparison: InstantComparison, context: RequestContext) -> Sequence[Condition]:
    """In milliseconds."""
    conditions: list[Condition] = []
    zone = context.shop.settings.zone
    for operator, value in _given(comparison, {"after": ">", "before": "<", "within_days": "days"}):
        if operator != "days":
            conditions.append((operator, value))
        elif not 0 <= value <= 36_500:
            raise BadInput("Between 0 and 36500 days.", ("withinDays",))
        else:
            earliest = day_of(now(), zone) - timedelta(days=value)
            conditions.append((">=", start_of(earliest, zone)))
    return conditions


@strawberry.input(description="Compares with a list of ids.")
class IdComparison:
    """Conditions over a foreign key."""

    in_: list[strawberry.ID] = strawberry.field(name="in", description="One of these.")


def id_conditions(kind: str) -> Any:
    """Keys out of ids of one kind."""

    def conditions(comparison: IdComparison, _: RequestContext) -> Sequence[Condition]:
        return [("in", [key_of(text, kind, "in") for text in comparison.in_])]

    return conditions


@strawberry.input(description="Compares with a list of texts.")
class TextComparison:
    """Conditions over a column of text."""

    in_: list[str] = strawberry.field(name="in", description="One of these.")


def text_conditions(fold: Any) -> Any:
    """Texts in the form in which the column keeps them."""

    def conditions(comparison: TextComparison, _: RequestContext) -> Sequence[Condition]:
        return [("in", [fold(text) for text in comparison.in_])]

    return conditions


def enum_conditions(comparison: Any, _: RequestContext) -> Sequence[Condition]:
    """The values' names, which is how they are kept."""
    return [("in", [value.value for value in comparison.in_])]


def flag_conditions(wanted: bool, _: RequestContext) -> Sequence[Condition]:
    """Whether something is there."""
    return [("=", wanted)]
