"""Whether an answer is what its document and the schema promise: types, enums, lists, no null where none may be, and errors
that say where null is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    parse,
)

Fields = dict[str, list[FieldNode]]


def departures(schema: GraphQLSchema, document: str, answer: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the answer to a document of one operation, without fragments of a name or directives."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    if not answer.keys() <= {"data", "errors", "extensions"}:
        yield f"the answer has {sorted(answer)}"
    data, errors = answer.get("data"), answer.get("errors")
    if errors == [] or (data is None and not errors):
        yield "neither data nor errors"
    if data is not None:
        root = schema.get_root_type(operation.operation)
        assert root is not None
        yield from _of_object(schema, root, [operation.selection_set], data, operation.operation.value)
    for error in errors or ():
        if data is not None and not _leads_to_null(data, error.get("path", ())):
            yield f"{error.get('path')} is said to be wrong, and is not null"


def _of_object(
    schema: GraphQLSchema, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode], value: Any, at: str
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} is no object: {value!r}"
        return
    fields = _fields(schema, type_, selections)
    if value.keys() != fields.keys():
        yield f"{at} has {list(value)}, asked was {list(fields)}"
        return
    for key, nodes in fields.items():
        name = nodes[0].name.value
        if name == "__typename":
            if value[key] != type_.name:
                yield f"{at} is no {value[key]}"
        else:
            yield from _of_value(schema, type_.fields[name].type, nodes, value[key], f"{at}.{key}")


def _of_value(schema: GraphQLSchema, type_: Any, nodes: Sequence[FieldNode], value: Any, at: str) -> Iterator[str]:
    if isinstance(type_, GraphQLNonNull):
        if value is None:
            yield f"{at} is null"
        else:
            yield from _of_value(schema, type_.of_type, nodes, value, at)
    elif value is None:
        return
    elif isinstance(type_, GraphQLList):
        if not isinstance(value, list):
            yield f"{at} is no list: {value!r}"
            return
        for number, item in enumerate(value):
            yield from _of_value(schema, type_.of_type, nodes, item, f"{at}.{number}")
    elif isinstance(type_, GraphQLScalarType | GraphQLEnumType):
        try:
            type_.parse_value(value)
        except (GraphQLError, ValueError) as error:
            yield f"{at} is no {type_}: {error}"
    else:
        selections = [node.selection_set for node in nodes if node.selection_set]
        named = get_named_type(type_)
        possible = schema.get_possible_types(named) if is_abstract_type(named) else [named]
        # Which one it is nobody has asked: it must be as one of them would be.
        wrong = [list(_of_object(schema, one, selections, value, at)) for one in possible]
        yield from min(wrong, key=len)


def _fields(schema: GraphQLSchema, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> Fields:
    """What is asked of an object of this type, by the names in the answer."""
    found: Fields = {}
    for selection in selections:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
                continue
            assert isinstance(node, InlineFragmentNode)
            condition: Any = schema.get_type(node.type_condition.name.value) if node.type_condition else type_
            if condition is type_ or (is_abstract_type(condition) and schema.is_sub_type(condition, type_)):
                for key, nodes in _fields(schema, type_, [node.selection_set]).items():
                    found.setdefault(key, []).extend(nodes)
    return found


def _leads_to_null(data: Any, path: Sequence[str | int]) -> bool:
    """Whether null stands at the path or, since null propagates, before its end."""
    for step in path:
        if data is None:
            return True
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return data is None
