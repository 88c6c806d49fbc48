"""Where null was given to a `Maybe` of Strawberry that takes none.

Such a field may be absent but not null, which GraphQL has no type for. So a null in a variable is found neither by validation nor
where variables are coerced, but when the value is made; and whoever makes it does not know the place.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLSchema,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_nullable_type,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryMaybe, StrawberryOptional

Place = tuple[str, ...]


def takes_null(type_: StrawberryMaybe) -> bool:
    """Whether a Maybe may be null: `Maybe[T | None]` may, `Maybe[T]` may be absent only."""
    return isinstance(type_.of_type, StrawberryOptional)


def place_of_null(
    node: FieldNode, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> Place | None:
    """The way to the first null in the arguments of a field that may be absent only."""
    finding = _Finding(node, TypeInfo(schema))
    visit(document, TypeInfoVisitor(finding.types, finding))
    if finding.definition is None:
        return None
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    known = finding.definition.args
    return next((way for name, value in given.items() for way in _nulls(known[name], value, (name,), variables)), None)


class _Finding(Visitor):
    """Finds the definition of one field of a document."""

    def __init__(self, node: FieldNode, types: TypeInfo) -> None:
        super().__init__()
        self.types, self._node = types, node
        self.definition: GraphQLField | None = None

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """It may be it."""
        if node is self._node:
            self.definition = self.types.get_field_def()


def _nulls(
    declared: GraphQLArgument | GraphQLInputField, value: Any, way: Place, variables: Mapping[str, Any]
) -> Iterator[Place]:
    if isinstance(value, VariableNode):
        value = variables.get(value.name.value, value)
    if value is None or isinstance(value, NullValueNode):
        definition = declared.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        type_ = getattr(definition, "type", None)
        if isinstance(type_, StrawberryMaybe) and not takes_null(type_):
            yield way
        return
    yield from _inside(declared.type, value, way, variables)


def _inside(type_: Any, value: Any, way: Place, variables: Mapping[str, Any]) -> Iterator[Place]:
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        parts = value.values if isinstance(value, ListValueNode) else value if isinstance(value, list) else None
        for n, part in enumerate([value] if parts is None else parts):
            yield from _inside(type_.of_type, part, way if parts is None else (*way, str(n)), variables)
    elif isinstance(type_, GraphQLInputObjectType):
        if isinstance(value, VariableNode):
            value = variables.get(value.name.value)
        if isinstance(value, ObjectValueNode):
            value = {field.name.value: field.value for field in value.fields}
        for name, part in value.items() if isinstance(value, dict) else ():
            if name in type_.fields:
                yield from _nulls(type_.fields[name], part, (*way, name), variables)
