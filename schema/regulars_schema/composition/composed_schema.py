"""One schema out of what core and the plugins bring.

Composing has four steps, and each can stop the start: what is brought is collected by its place, which has one owner; the
GraphQL schema is built of it; what came out incomplete is refused; and every field is made to ask for its permission. All of
it belongs to the schema object, so schemas with and without a plugin live in one process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    build_schema,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.execution import ExecutionResult
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from regulars_schema.composition.audited_reads import write_reads
from regulars_schema.composition.contributions import (
    Contribution,
    FilterLeaf,
    Mutation,
    Query,
    SchemaConflict,
    fields_needing,
)
from regulars_schema.composition.parts import Parts
from regulars_schema.composition.permission_map import unguarded
from regulars_schema.documents.documents import MAX_ERRORS, Documents
from regulars_schema.executor.executor import BreadthFirst, Operation
from regulars_schema.executor.fallback import bounded_by
from regulars_schema.executor.steps import answered_again, step_by_step
from regulars_schema.inputs.readers import Demands, FieldReader, Reader
from regulars_schema.request.context import GraphQLContext
from regulars_schema.request.permissions import REQUIRES, guard
from regulars_schema.types.scalars import SCALARS

DESCRIPTION = (
    "The API of one shop: its customers, what they have bought, and what brings them back. What needs a permission says so, and "
    "what a plugin brings says which. Amounts are decimal strings with the digits of their currency; instants are in UTC; pages "
    "are connections as Relay has them; a mutation has worked if its `userErrors` are empty. Sent again under the same "
    "`idempotencyKey`, it is done once."
)
"""What the schema says of itself."""


class ComposedSchema(strawberry.Schema):
    """A schema made of contributions. Raises SchemaConflict before anything of GraphQL is built, and for a type or a field
    that does not say who may see it."""

    def __init__(self, contributions: Sequence[Contribution], *, documents: Documents | None = None) -> None:
        self._parts = parts = Parts(contributions)
        self.leaves, self.inputs, self.sorts = parts.leaves, parts.inputs, parts.sorts
        self.nodes, self.problems, self.vocabularies = parts.nodes, parts.problems, parts.vocabularies
        self.breakdowns = parts.breakdowns
        self.executor = BreadthFirst(Documents() if documents is None else documents)
        self.readers: dict[type, Sequence[FieldReader]] = {}
        self.arguments: dict[int, tuple[Reader | None, Demands | None]] = {}
        """What reads the values of arguments and what they demand, by where arguments lie: they live as long as the schema."""
        super().__init__(
            Query,
            Mutation,
            types=[type_ for contribution in contributions for type_ in contribution.types],
            config=StrawberryConfig(scalar_map={**SCALARS, **_enum_scalars(parts.enums)}),
            extensions=[step_by_step(self.executor)],
            execution_context_class=bounded_by(self.executor.documents.limits),
        )
        self._tell_one_of()
        self._refuse_unreached()
        self._refuse_unshown(contributions)
        self._refuse_unguarded()
        guard(self._schema)
        self._schema.description = DESCRIPTION
        self._schema.type_map = dict(sorted(self._schema.type_map.items()))  # as introspection tells them

    def _tell_one_of(self) -> None:
        """Let graphql-core know of which inputs exactly one field is given. Strawberry keeps that to itself and checks it while
        values are coerced, where no place is known and whatever is raised ends the request."""
        for type_ in self._schema.type_map.values():
            definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if isinstance(type_, GraphQLInputObjectType) and definition is not None and definition.is_one_of:
                type_.is_one_of = True
                del type_.out_type

    def _refuse_unreached(self) -> None:
        for extended in (*self._parts.fields, *self._parts.inputs):
            name = get_object_definition(extended, strict=True).name
            if self.get_type_by_name(name) is None:
                raise SchemaConflict(f"{name} is extended but is not in the schema")

    def _refuse_unshown(self, contributions: Sequence[Contribution]) -> None:
        """A problem without a type that shows it would be told as `INTERNAL` whenever it is raised."""
        for owner, name in ((one.owner, problem.__name__) for one in contributions for problem in one.problems):
            shows = self._schema.get_type(name)
            if not isinstance(shows, GraphQLObjectType) or "UserError" not in {one.name for one in shows.interfaces}:
                raise SchemaConflict(
                    f"No type shows the problem {name} of '{owner}': put a UserError of this name among its `types`"
                )

    def _refuse_unguarded(self) -> None:
        if mistakes := unguarded(self._schema):
            raise SchemaConflict(mistakes[0])

    def input_type(self, name: str) -> GraphQLInputObjectType:
        """The input of this name. Raises KeyError where there is none."""
        type_ = self._schema.type_map[name]
        assert isinstance(type_, GraphQLInputObjectType)
        return type_

    def own_needs(self) -> Iterator[tuple[str, str, str]]:
        """Every type that requires a permission and every field in its class that needs one, which, and the module of the
        class."""
        for concrete in self.schema_converter.type_map.values():
            definition = concrete.definition
            if isinstance(definition, StrawberryObjectDefinition):
                if required := getattr(definition.origin, REQUIRES, None):
                    yield definition.name, required, definition.origin.__module__
                for name, needed in fields_needing(definition.fields):
                    yield f"{definition.name}.{name}", needed, definition.origin.__module__

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Answer a document: at once where it is known, and by Strawberry's way through the extensions otherwise. Raises
        Unavailable where the audit of what was read cannot be written."""
        if isinstance(context_value, GraphQLContext):
            context_value.request.shop.memory.setdefault(ComposedSchema, self)
        result = await self._answer(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
        )
        if isinstance(context_value, GraphQLContext):
            await write_reads(context_value)
        return result

    async def _answer(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Any | None,
        root_value: Any | None,
        operation_name: str | None,
        allowed_operation_types: Iterable[OperationType] | None,
        operation_extensions: dict[str, Any] | None,
    ) -> ExecutionResult:
        if isinstance(context_value, GraphQLContext) and allowed_operation_types is None:
            operation = Operation(
                self.executor,
                self._schema,
                query or "",
                operation_name,
                variable_values or {},
                context_value,
                root_value,
            )
            result = await answered_again(operation)
            if result is not None:
                return result
        return await super().execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
        )

    def printed(self) -> str:
        """The schema as SDL, everything sorted by name."""
        # Sorting rebuilds Strawberry's enums as plain ones, which cannot print a default; what is printed can be read.
        readable = build_schema(self.as_str())
        readable.description = self._schema.description  # Strawberry does not print it
        return print_schema(lexicographic_sort_schema(readable)) + "\n"

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every error; `answered` logs those that are our fault, once and with an id."""

    def _get_custom_context_kwargs(
        self, operation_extensions: dict[str, Any] | None = None, *, sync: bool = False
    ) -> dict[str, Any]:
        """What Strawberry hands to graphql-core's `execute`: mistakes in variables are told like those in documents."""
        own = super()._get_custom_context_kwargs(operation_extensions, sync=sync)
        return own | {"max_coercion_errors": MAX_ERRORS, "hide_suggestions": True}

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The documented seam: a type's own fields, and those that were added here."""
        fields = list(super().get_fields(type_definition))
        fields += self._parts.fields.get(type_definition.origin, [])
        if type_definition.origin in self.leaves:
            fields += _where_fields(type_definition.origin, self.leaves[type_definition.origin])
        for _, added in self.inputs.get(type_definition.origin, {}).values():
            fields.append(_input_field(added.input, added.name, added.type | None, added.description))
        return fields


def _where_fields(where: type, leaves: Mapping[str, FilterLeaf]) -> list[StrawberryField]:
    tree = [
        _input_field(where, "all", list[where] | None, "Every one of these holds; an empty list holds always."),  # type: ignore[valid-type]
        _input_field(where, "any", list[where] | None, "At least one of these holds; an empty list holds never."),  # type: ignore[valid-type]
        _input_field(where, "not", where | None, "This does not hold; true also of what has no value to compare."),
    ]
    return tree + [_input_field(where, leaf.name, leaf.comparison | None, leaf.description) for leaf in leaves.values()]


def _input_field(where: type, name: str, annotation: Any, description: str) -> StrawberryField:
    field = StrawberryField(
        python_name=name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
    )
    field.origin = where
    return field


def _enum_scalars(enums: Mapping[Any, Mapping[str, GraphQLEnumValue]]) -> dict[Any, ScalarDefinition]:
    """Sort enums per schema: their marker is mapped to a definition whose implementation is a real enum type."""
    return {
        marker: ScalarDefinition(
            name=marker.__name__,
            description=None,
            specified_by_url=None,
            serialize=None,
            parse_value=None,
            parse_literal=None,
            implementation=GraphQLEnumType(marker.__name__, dict(values), description=marker.__doc__ or "Sort order."),  # type: ignore[arg-type]
        )
        for marker, values in enums.items()
    }
