"""One schema out of what core and the plugins bring.

Every type, field, filter leaf and sort key arrives by name of its owner; two owners of one name stop the start, and both
are named. What is composed belongs to the schema object, so schemas with and without a plugin live in one process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLError,
    GraphQLObjectType,
    build_schema,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.execution import ExecutionResult
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from regulars_core.plugins.owners import CORE, Owners
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.text import camel
from regulars_schema.composition.contributions import (
    Contribution,
    Extension,
    FilterLeaf,
    InputField,
    Mutation,
    NodeKind,
    Query,
    SchemaConflict,
    SortField,
    fields_needing,
)
from regulars_schema.composition.permission_map import unguarded
from regulars_schema.composition.type_names import types_of
from regulars_schema.documents.documents import MAX_ERRORS, Documents
from regulars_schema.executor.executor import BreadthFirst, Operation
from regulars_schema.executor.fallback import bounded_by
from regulars_schema.executor.steps import answered_again, step_by_step
from regulars_schema.inputs.extensible import is_open
from regulars_schema.inputs.readers import FieldReader, Reader
from regulars_schema.request.context import GraphQLContext
from regulars_schema.request.permissions import REQUIRES, guard, needing
from regulars_schema.types.scalars import SCALARS


class _Places:
    """Who owns which name, per kind of place."""

    def __init__(self) -> None:
        self._owners = Owners(SchemaConflict)

    def claim(self, place: str, name: str, owner: str) -> None:
        self._owners.claim((place, name), owner, f"{place}.{name}")

    def reserve(self, place: str, names: Iterable[str], owner: str) -> None:
        self._owners.reserve(((place, name) for name in names), owner)

    def keep_own(self, definition: StrawberryObjectDefinition, owner: str) -> None:
        """The type's own fields were there first."""
        self.reserve(definition.name, (own.graphql_name or camel(own.python_name) for own in definition.fields), owner)


def _by(owner: str) -> str:
    return "" if owner == CORE else f" From the {owner} plugin."


class ComposedSchema(strawberry.Schema):
    """A schema made of contributions. Raises SchemaConflict before anything of GraphQL is built, and for a type or a field
    that does not say who may see it."""

    def __init__(self, contributions: Sequence[Contribution], *, documents: Documents | None = None) -> None:
        places = _Places()
        places.reserve("Problem", [Problem.__name__], CORE)
        documents = Documents() if documents is None else documents
        self.executor = BreadthFirst(documents)
        self._added: dict[type, list[StrawberryField]] = {}
        self.leaves: dict[type, dict[str, FilterLeaf]] = {}
        self.inputs: dict[type, dict[str, tuple[str, InputField]]] = {}
        self.readers: dict[type, Sequence[FieldReader]] = {}
        self.arguments: dict[int, Reader | None] = {}
        """What reads the values of arguments, by where those lie in memory: they live as long as the schema."""
        self.sorts: dict[Any, dict[str, SortField]] = {}
        self.nodes: dict[str, NodeKind] = {}
        self.problems: dict[str, type[Problem]] = {}
        self._owners_of_types: dict[str, tuple[object, str]] = {}
        enums: dict[Any, dict[str, GraphQLEnumValue]] = {}
        self._refuse_shared_names(contributions)
        for contribution in contributions:
            owner = contribution.owner
            for extension in contribution.extensions:
                self._extend(places, owner, extension)
            for leaf in contribution.leaves:
                self._add_leaf(places, owner, leaf)
            for added in contribution.inputs:
                self._add_input(places, owner, added)
            for sort in contribution.sorts:
                places.claim(sort.enum.__name__, sort.key.name, owner)
                self.sorts.setdefault(sort.enum, {})[sort.key.name] = sort
                described = needing(sort.description, sort.needs, shop_wide=sort.shop_wide) + _by(owner)
                value = GraphQLEnumValue(sort, description=described)
                enums.setdefault(sort.enum, {})[sort.key.name] = value
            for node in contribution.nodes:
                places.claim("Node", node.kind, owner)
                self.nodes[node.kind] = node
            for problem in contribution.problems:
                places.claim("Problem", problem.__name__, owner)
                self.problems[problem.__name__] = problem
        super().__init__(
            Query,
            Mutation,
            types=[type_ for contribution in contributions for type_ in contribution.types],
            config=StrawberryConfig(scalar_map={**SCALARS, **_enum_scalars(enums)}),
            extensions=[step_by_step(self.executor)],
            execution_context_class=bounded_by(documents.limits),
        )
        self._refuse_unreached()
        self._refuse_unshown(contributions)
        if wrong := unguarded(self._schema):
            raise SchemaConflict(wrong[0])
        guard(self._schema)

    def _refuse_shared_names(self, contributions: Sequence[Contribution]) -> None:
        for name, source, owner in types_of(contributions):
            elder, first = self._owners_of_types.setdefault(name, (source, owner))
            if elder is not source:
                raise SchemaConflict(f"The type {name} is defined by '{first}' and by '{owner}'")

    def _owner_of(self, type_: type) -> str:
        return self._owners_of_types.get(get_object_definition(type_, strict=True).name, (type_, CORE))[1]

    def _extend(self, places: _Places, owner: str, extension: Extension) -> None:
        definition = get_object_definition(extension.type, strict=True)
        if definition.is_input or definition.is_interface:
            kind = "an input" if definition.is_input else "an interface"
            raise SchemaConflict(
                f"'{owner}' extends {definition.name}, which is {kind}: only object types can be extended"
            )
        places.keep_own(definition, self._owner_of(extension.type))
        for added in extension.fields:
            places.claim(definition.name, added.graphql_name or camel(added.python_name), owner)
            ours = copy(added)  # the field itself may join other schemas too
            ours.description = f"{added.description}{_by(owner)}"
            self._added.setdefault(extension.type, []).append(ours)

    def _add_input(self, places: _Places, owner: str, added: InputField) -> None:
        definition = get_object_definition(added.input, strict=True)
        if not is_open(added.input):
            raise SchemaConflict(f"'{owner}' adds to {definition.name}, which is no open input")
        places.keep_own(definition, self._owner_of(added.input))
        places.claim(definition.name, added.name, owner)
        described = replace(added, description=needing(added.description, added.needs) + _by(owner))
        self.inputs.setdefault(added.input, {})[added.name] = (owner, described)

    def _add_leaf(self, places: _Places, owner: str, leaf: FilterLeaf) -> None:
        name = get_object_definition(leaf.where, strict=True).name
        places.reserve(name, ("all", "any", "not"), CORE)
        places.claim(name, leaf.name, owner)
        described = replace(
            leaf, description=needing(leaf.description, leaf.needs, shop_wide=leaf.shop_wide) + _by(owner)
        )
        self.leaves.setdefault(leaf.where, {})[leaf.name] = described

    def _refuse_unreached(self) -> None:
        for extended in (*self._added, *self.inputs):
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

    def own_needs(self) -> Iterator[tuple[str, str, str]]:
        """Every type that stands under a permission and every field in its class that needs one, which, and the module of
        the class."""
        for concrete in self.schema_converter.type_map.values():
            definition = concrete.definition
            if isinstance(definition, StrawberryObjectDefinition):
                if stands_under := getattr(definition.origin, REQUIRES, None):
                    yield definition.name, stands_under, definition.origin.__module__
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
        """Answer a document: at once where it is known, and by Strawberry's way through the extensions otherwise."""
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
        return print_schema(lexicographic_sort_schema(build_schema(self.as_str()))) + "\n"

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every error; `answered` logs those that are our fault, once and with an id."""

    def _get_custom_context_kwargs(
        self, operation_extensions: dict[str, Any] | None = None, *, sync: bool = False
    ) -> dict[str, Any]:
        """What Strawberry hands to graphql-core's `execute`: mistakes in variables are told like those in documents."""
        given = super()._get_custom_context_kwargs(operation_extensions, sync=sync)
        return given | {"max_coercion_errors": MAX_ERRORS, "hide_suggestions": True}

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The documented seam: a type's own fields, and those that were added here."""
        fields = list(super().get_fields(type_definition))
        fields += self._added.get(type_definition.origin, [])
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
    made = StrawberryField(
        python_name=name,
        graphql_name=name,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
    )
    made.origin = where
    return made


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


__all__ = [
    "CORE",
    "ComposedSchema",
    "Contribution",
    "Extension",
    "FilterLeaf",
    "InputField",
    "Mutation",
    "NodeKind",
    "Query",
    "SchemaConflict",
    "SortField",
]
