"""Where a value stands that is not accepted: the way to it through the arguments, which a program can follow.

graphql-core tells of a document's value the line and the column, and of a variable's value a way in prose. Here both become a
path that begins with the name of the argument: `["where", "all", "0", "totalSpent", "gte"]`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VariableNode,
    is_non_null_type,
    validate_input_literal,
    validate_input_value,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.pyutils import print_path_list
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from regulars_schema.documents.nulls import Place, place_of_null

_OF_VALUES = (ValueNode, ObjectFieldNode, ArgumentNode)
_PART = re.compile(
    r"Expected value of type '\w+!?' (?:to include required|not to include unknown) field '([_A-Za-z]\w*)'", re.ASCII
)
"""How graphql-core names a field that is missing in an object, and one that the object has not."""
_MISSING = re.compile(r"Argument '[\w.]+\((\w+):\)' of type '[^']*' is required", re.ASCII)


class ValuesInPlace(ValuesOfCorrectTypeRule):
    """graphql-core's rule of values, which also says where a value stands that a scalar refuses: that alone knows no node."""

    def is_valid_value_node(self, node: ValueNode, input_type: Any) -> Any:
        """Report what is wrong inside a value of the document."""

        def on_error(error: GraphQLError, path: Sequence[str | int]) -> None:
            if not error.nodes:
                error = GraphQLError(error.message, _inside(node, path), original_error=error)
            self.report_error(error)

        if input_type:
            validate_input_literal(node, input_type, on_error, hide_suggestions=self.context.hide_suggestions)
        return super().is_valid_value_node(node, None)


class NeverNullableInOneOf(OneOfInputValidationRule):
    """Strawberry's rule for an input of which exactly one field is given, for the one case that graphql-core's own rules pass
    over: a variable that may be null, in an input that must be given."""

    def validate_one_of(self, node: ObjectValueNode, type: GraphQLNamedType) -> None:
        """Report the variable."""
        only = [field.value for field in node.fields]
        if len(only) == 1 and isinstance(only[0], VariableNode) and is_non_null_type(self.context.get_input_type()):
            super().validate_one_of(node, type)


def _inside(node: ValueNode, path: Sequence[str | int]) -> ValueNode:
    """The value at the end of a way that begins here."""
    for key in path:
        if isinstance(node, ListValueNode) and isinstance(key, int):
            node = node.values[key]
        elif isinstance(node, ObjectValueNode):
            node = next(field.value for field in node.fields if field.name.value == key)
    return node


def place_in_document(errors: Sequence[GraphQLError], document: DocumentNode) -> None:
    """Say of the mistakes of a document in which argument each of them is, if it is in one."""
    places = _places([node for error in errors if (node := _value_of(error)) is not None], document)
    for error in errors:
        node = _value_of(error)
        place = places.get(id(node))
        if place is not None:
            _tell(error, place if isinstance(node, ObjectFieldNode) else place + _part(error.message))
        elif missing := _MISSING.match(error.message):
            _tell(error, (missing[1],))


def place_in_answer(
    errors: Sequence[GraphQLError], schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> None:
    """Say of the mistakes that only the values of variables make in which argument each of them is: of those for which nothing is
    answered, and of those for which a field is not, such as null where a default lets a variable be nullable."""
    of_fields = {id(error): node for error in errors if (node := _value_of(error)) is not None}
    places = _places(of_fields.values(), document)
    for error in errors:
        definition = error.nodes[0] if error.nodes else None
        if id(error) in of_fields and (place := places.get(id(of_fields[id(error)]))) is not None:
            _tell(error, place, code="BAD_USER_INPUT")
        elif isinstance(definition, VariableDefinitionNode) and error.path is None:
            place = _first_use(document, definition) + _way(error.message, definition, schema, variables)
            _tell(error, place, code="BAD_USER_INPUT")
        elif isinstance(error.original_error, StrawberryInputCoercionError) and isinstance(definition, FieldNode):
            null = place_of_null(definition, schema, document, variables)
            if null is not None:
                _tell(error, null, code="BAD_USER_INPUT")


def _tell(error: GraphQLError, place: Place, **extensions: str) -> None:
    error.extensions = {**extensions, **(error.extensions or {}), "argument": list(place)}


def _value_of(error: GraphQLError) -> Node | None:
    """The part of an argument that a mistake is told of: the last one, where it is told of several."""
    return next((node for node in reversed(error.nodes or ()) if isinstance(node, _OF_VALUES)), None)


def _part(message: str) -> Place:
    named = _PART.match(message)
    return () if named is None else (named[1],)


def _way(
    message: str, definition: VariableDefinitionNode, schema: GraphQLSchema, variables: Mapping[str, Any]
) -> Place:
    """The way inside the value of a variable to what this is said of."""
    name, signature = definition.variable.name.value, get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError) or name not in variables:
        return ()
    ways: list[Place] = []

    def on_error(error: GraphQLError, path: Sequence[str | int]) -> None:
        told = f"Variable '${name}' has invalid value{print_path_list(list(path))}: {error.message}"
        if told == message:
            ways.append((*map(str, path), *_part(error.message)))
            raise _Found

    try:
        validate_input_value(variables[name], signature.type, on_error, hide_suggestions=True)
    except _Found:
        return ways[0]
    return ()


class _Found(Exception):
    """What was looked for is there."""


def _places(nodes: Collection[Node], document: DocumentNode) -> dict[int, Place]:
    """The ways to these parts of arguments, by where they lie in memory. A default of a variable is where the variable is used
    first."""
    wanted = {id(node) for node in nodes}
    found = _among(wanted, ((one, (one.name.value,)) for one in _arguments(document.definitions)))
    if len(found) < len(wanted):
        defaults = [one for one in _variables_of(document) if one.default_value is not None]
        found |= _among(wanted, ((one.default_value, _first_use(document, one)) for one in defaults))
    return found


def _among(wanted: Collection[int], parts: Iterable[tuple[Any, Place]]) -> dict[int, Place]:
    found = {}
    for part, place in parts:
        for node, way in _below(part, place):
            if id(node) in wanted:
                found[id(node)] = way
            if len(found) == len(wanted):
                return found
    return found


def _below(part: Node, place: Place) -> Iterator[tuple[Node, Place]]:
    """A part of an argument and everything inside it, with the ways there."""
    waiting: list[tuple[Node, Place]] = [(part, place)]
    while waiting:
        node, way = waiting.pop()
        yield node, way
        if isinstance(node, ArgumentNode | ObjectFieldNode):
            waiting.append((node.value, way))
        elif isinstance(node, ListValueNode):
            waiting += [(one, (*way, str(n))) for n, one in enumerate(node.values)]
        elif isinstance(node, ObjectValueNode):
            waiting += [(one, (*way, one.name.value)) for one in node.fields]


def _arguments(definitions: Iterable[DefinitionNode]) -> Iterator[ArgumentNode]:
    """The arguments of fields and directives, in the order in which they are written."""
    waiting: list[Any] = list(reversed(list(definitions)))
    while waiting:
        node = waiting.pop()
        if isinstance(node, FieldNode):
            yield from node.arguments or ()
        for directive in node.directives or ():
            yield from directive.arguments or ()
        if (selected := getattr(node, "selection_set", None)) is not None:
            waiting += reversed(selected.selections)


def _variables_of(document: DocumentNode) -> Iterator[VariableDefinitionNode]:
    for part in document.definitions:
        if isinstance(part, OperationDefinitionNode):
            yield from part.variable_definitions or ()


def _first_use(document: DocumentNode, definition: VariableDefinitionNode) -> Place:
    """The way to where a variable is used first, in its operation or else in a fragment; none where it is not used."""
    parts = [
        part
        for part in document.definitions
        if isinstance(part, FragmentDefinitionNode)
        or (isinstance(part, OperationDefinitionNode) and definition in (part.variable_definitions or ()))
    ]
    parts.sort(key=lambda part: isinstance(part, FragmentDefinitionNode))
    for argument in _arguments(parts):
        for node, way in _below(argument, (argument.name.value,)):
            if isinstance(node, VariableNode) and node.name.value == definition.variable.name.value:
                return way
    return ()
