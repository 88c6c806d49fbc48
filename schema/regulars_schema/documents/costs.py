"""What a document costs: the objects that it can answer, counted before any of them is read.

A page costs as many as were asked for times what each of them holds, and so does a list that declares the `most` that it
holds; any other plain list counts as one; a scalar is free. A list that is as long as an argument costs as many as that has
entries, and what lies in these, such as the lines of a basket, counts whether or not it is asked for: it is looked at in any
case. A fragment is counted once, however often it is spread, and introspection is free.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from regulars_core.queries.pages import DEFAULT_SIZE, MAX_SIZE
from regulars_schema.request.permissions import is_sized_inside, most_of, sized_by

_MAX_COST = 1_000_000_000_000  # a cost stops growing here
_COMPOSITE = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
_MAX_KNOWN = 32


class Price:
    """What the operations of one document cost, whatever the variables say; the latest costs are remembered."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._operations = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
        self._fragments = {
            part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)
        }
        self._sizing: dict[str | None, tuple[Sequence[str], Sequence[str]]] = {}
        self._known: dict[Any, int] = {}

    def cost(self, operation_name: str | None, variables: Mapping[str, Any]) -> int:
        """The objects that an operation can answer with these variables, which need not have been looked at yet."""
        if operation_name in self._sizing:
            known = self._known.get(self._key(operation_name, variables))
            if known is not None:
                return known
        operation = self.operation(operation_name)
        if operation is None:
            return 0
        count = _Count(self._schema, self._fragments, operation, variables)
        cost = count.total()
        self._sizing[operation_name] = sorted(count.sizing), sorted(count.listing)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[self._key(operation_name, variables)] = cost
        return cost

    def fields(self, operation_name: str | None) -> tuple[str, ...]:
        """What the operation asks of the root, in the schema's own words if the document is valid."""
        operation = self.operation(operation_name)
        selections = operation.selection_set.selections if operation else ()
        return tuple(sorted({part.name.value for part in selections if isinstance(part, FieldNode)}))

    def kind(self, operation_name: str | None) -> str | None:
        """Query, mutation or subscription."""
        operation = self.operation(operation_name)
        return operation.operation.value if operation else None

    def has_one(self, operation_name: str | None) -> bool:
        """Whether it is clear which operation is meant, and there is one."""
        return len(self._operations) == 1 if operation_name is None else self.operation(operation_name) is not None

    @property
    def has_several(self) -> bool:
        """Whether the document has several operations."""
        return len(self._operations) > 1

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of this name, or without one the first."""
        named = (one for one in self._operations if name is None or (one.name and one.name.value == name))
        return next(named, None)

    def _key(self, operation_name: str | None, variables: Mapping[str, Any]) -> Any:
        sizing, listing = self._sizing[operation_name]
        if not sizing and not listing:
            return operation_name
        # What is absent has its default, and what is null has none.
        sizes = [(name in variables, _size_in(variables.get(name))) for name in sizing]
        return (operation_name, *sizes, *[(name in variables, _length_of(variables.get(name))) for name in listing])


def _size_in(value: Any) -> int | None:
    """The page size that a variable holds; None for null. Int takes 100.0 for 100, and what it does not take is refused
    later, so whatever else it is counts as the largest page."""
    if value is None or type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else MAX_SIZE


def _length_of(value: Any) -> tuple[int, int]:
    """The entries of a list, and the objects that lie in them. A value that stands for a list of one is one."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    waiting, inside = list(entries), 0
    while waiting:
        one = waiting.pop()
        for part in one.values() if isinstance(one, dict) else one if isinstance(one, list) else ():
            inside += isinstance(part, dict)
            waiting.append(part)
    return len(entries), inside


class _Count:
    """One operation with its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema, self._fragments, self._variables, self._operation = schema, fragments, variables, operation
        self._defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        self._known: dict[tuple[str, int], tuple[int, int]] = {}
        self._inside = 0
        self.sizing: set[str] = set()
        """The variables that are sizes of pages."""
        self.listing: set[str] = set()
        """Those that are a part of an argument as long as which a list is."""

    def total(self) -> int:
        root = self._schema.get_root_type(self._operation.operation)
        return sum(self._selections(self._operation.selection_set, root))

    def _selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> tuple[int, int]:
        """What is there for each entry of the page, if the parent is one, and what is there once."""
        each = once = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                entry, cost = self._field(selection, parent)
                each, once = each + cost * entry, once + cost * (not entry)
                continue
            if isinstance(selection, FragmentSpreadNode):
                more = self._fragment(selection.name.value)
            else:
                assert isinstance(selection, InlineFragmentNode)
                condition = selection.type_condition
                more = self._selections(
                    selection.selection_set, self._schema.get_type(condition.name.value) if condition else parent
                )
            each, once = each + more[0], once + more[1]
        return min(each, _MAX_COST), min(once, _MAX_COST)

    def _fragment(self, name: str) -> tuple[int, int]:
        place = name, self._inside
        if place not in self._known:
            fragment = self._fragments.get(name)
            if fragment is None:
                return 0, 0  # validation tells
            type_ = self._schema.get_type(fragment.type_condition.name.value)
            self._known[place] = self._selections(fragment.selection_set, type_)
        return self._known[place]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> tuple[bool, int]:
        """Whether the field is one that stands for a page's entries, or for all that lies in those of an argument; and what it
        costs."""
        name = node.name.value
        fields = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        field = fields.get(name)
        type_ = get_named_type(field.type) if field else None
        if field is None or not isinstance(type_, _COMPOSITE):
            return False, 0
        if (argument := sized_by(field)) is not None:
            return False, self._as_long_as(argument, node, type_)
        each, once = self._selections(node.selection_set, type_)
        if is_sized_inside(field):
            return True, min(self._inside * (1 + each + once), _MAX_COST)
        if _is_page(type_):
            return False, min(self._size(node, field) * each + once, _MAX_COST)
        inside = each + once
        if name == "node" and "cursor" in fields:
            return False, inside  # an edge and its node are one object
        size = self._size(node, field) if "first" in field.args else most_of(field)
        return name in {"edges", "nodes"} and _is_page(parent), min(size * (1 + inside), _MAX_COST)

    def _as_long_as(self, argument: str, node: FieldNode, type_: GraphQLNamedType) -> int:
        """What a list costs that is as long as one of its arguments."""
        given = next((one.value for one in node.arguments or () if one.name.value == argument), None)
        entries, inside = _length_of(self._value(given))
        outer, self._inside = self._inside, inside
        of_inside, of_each = self._selections(node.selection_set, type_)
        self._inside = outer
        return min(entries * (1 + of_each) + max(inside, of_inside), _MAX_COST)

    def _value(self, node: ValueNode | None) -> Any:
        """A value with the lists and objects in it; what else is in it has no length."""
        if isinstance(node, VariableNode):
            name = node.name.value
            self.listing.add(name)
            return self._variables[name] if name in self._variables else self._value(self._defaults.get(name))
        if isinstance(node, ListValueNode):
            return [self._value(part) for part in node.values]
        if isinstance(node, ObjectValueNode):
            return {part.name.value: self._value(part.value) for part in node.fields}
        return None

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = [size for name in ("first", "last") if (size := self._number(arguments.get(name))) is not None]
        if sizes:
            return max(0, min(max(sizes), MAX_SIZE))
        declared = field.args["first"].default_value if "first" in field.args else None
        return declared if isinstance(declared, int) else DEFAULT_SIZE

    def _number(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.sizing.add(name)
            if name in self._variables:
                return _size_in(self._variables[name])
            value = self._defaults.get(name)
        if not isinstance(value, IntValueNode):
            return None
        return int(value.value) if len(value.value) <= 10 else MAX_SIZE


def _is_page(type_: GraphQLNamedType | None) -> bool:
    return isinstance(type_, GraphQLObjectType) and "pageInfo" in type_.fields and "edges" in type_.fields
