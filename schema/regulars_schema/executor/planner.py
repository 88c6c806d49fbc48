"""How a plan is made of an operation."""

from asyncio import iscoroutinefunction
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLIncludeDirective,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLString,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
    coerce_input_literal,
    get_directive_values,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

from regulars_core.primitives.text import camel
from regulars_schema.documents.operations import BoundOperation
from regulars_schema.executor.plan import (
    Arguments,
    ExecutionField,
    Leaf,
    Many,
    One,
    OneOf,
    Plan,
    Selection,
    Shape,
    Unsupported,
)
from regulars_schema.inputs.readers import demands, reader
from regulars_schema.request.context import BatchFunction, RootAnswer
from regulars_schema.request.permissions import definition_of, needs_of, owner_of

MAX_FIELDS = 5_000
"""Fields of a plan; fragments within fragments can make any number of them out of a short document."""
_PLAIN: Mapping[tuple[str, bool], frozenset[type]] = {
    (name, nullable): frozenset({kind, NoneType} if nullable else {kind})
    for name, kind in ((GraphQLString.name, str), (GraphQLID.name, str), (GraphQLBoolean.name, bool))
    for nullable in (False, True)
}


def planned(bound: BoundOperation) -> Plan:
    """The plan of an operation. Raises Unsupported, and GraphQLError for @skip and @include of null."""
    root = bound.schema.get_root_type(bound.operation.operation)
    if root is None:
        raise Unsupported("no root type")
    planner = _Planner(bound)
    selection = planner.selection(root, [bound.operation.selection_set])
    return Plan(selection, planner.size, replica=planner.replica)


def may_read_replica(field: GraphQLField, *, is_root: bool) -> bool:
    """Whether a field may be answered by what a replica knows: one of the query's own or of a plugin's if it says so, any other
    unless it says that it may not. So what somebody has forgotten to think of is asked of the primary, balances among it."""
    declared: bool | None = getattr(definition_of(field), "metadata", {}).get("replica")
    return (not is_root and owner_of(field) is None) if declared is None else declared


class _Planner:
    """The making of one plan. What is asked of a type by the same nodes is planned once."""

    def __init__(self, bound: BoundOperation) -> None:
        self.size = 0
        self.replica = True
        self._schema: GraphQLSchema = bound.schema
        self._fragments = bound.fragment_definitions
        self._variables = bound.variable_values
        self._known: dict[tuple[str, ...], Selection] = {}

    def selection(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Selection:
        key = (type_.name, *(str(id(nodes)) for nodes in sets))
        known = self._known.get(key)
        if known is not None:
            return known
        selection = self._known[key] = Selection(type_)
        grouped: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for each in sets:
            self._collect(type_, each.selections, grouped, visited)
        for name, nodes in grouped.items():
            selection.blank[name] = None
            if nodes[0].name.value == "__typename":
                selection.blank[name] = type_.name
            else:
                selection.fields.append(self._field(type_, name, nodes))
        return selection

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: Iterable[SelectionNode],
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        """CollectFields (6.3.2): the nodes that apply to this type, by response name."""
        for node in selections:
            if node.directives and not self._included(node):
                continue
            if isinstance(node, FieldNode):
                name = node.alias.value if node.alias else node.name.value
                grouped.setdefault(name, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else type_.name
                if self._applies(condition, type_):
                    self._collect(type_, node.selection_set.selections, grouped, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._collect(type_, fragment.selection_set.selections, grouped, visited)

    def _included(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        if len(node.directives or ()) > (skip is not None) + (include is not None):
            raise Unsupported("a directive other than @skip and @include")
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        """DoesFragmentTypeApply (6.3.2)."""
        if condition == type_.name:
            return True
        wider = self._schema.get_type(condition)
        return is_abstract_type(wider) and self._schema.is_sub_type(wider, type_)

    def _field(self, parent: GraphQLObjectType, name: str, nodes: list[FieldNode]) -> ExecutionField:
        self.size += 1
        if self.size > MAX_FIELDS:
            raise Unsupported(f"more than {MAX_FIELDS} fields")
        called = nodes[0].name.value
        definition = parent.fields.get(called)
        if definition is None:
            raise Unsupported("introspection")
        # Several nodes of one field are one field: what they select is merged (6.3.3).
        sets = [node.selection_set for node in nodes if node.selection_set]
        planned = ExecutionField(name, nodes, parent, definition, self._shape(definition.type, sets))
        is_root = parent in (self._schema.query_type, self._schema.mutation_type)
        self.replica = self.replica and may_read_replica(definition, is_root=is_root)
        if is_root:
            planned.rooted = _rooted(definition)
        else:
            planned.read, planned.batched = _source(parent, called, definition)
        planned.needs, planned.owner = needs_of(definition), owner_of(definition)
        planned.arguments = _simple_arguments(definition, nodes[0], self._schema._strawberry_schema)  # type: ignore[attr-defined]
        return planned

    def _shape(self, type_: GraphQLOutputType, sets: Sequence[SelectionSetNode]) -> Shape:
        nullable = not isinstance(type_, GraphQLNonNull)
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            return Many(nullable, self._shape(type_.of_type, sets))
        if is_leaf_type(type_):
            return Leaf(nullable, type_, _PLAIN.get((type_.name, nullable), frozenset()))
        if is_object_type(type_):
            return One(nullable, self._selection_of(type_, sets))
        assert is_abstract_type(type_)
        possible = self._schema.get_possible_types(type_)
        return OneOf(nullable, type_, {member.name: self._selection_of(member, sets) for member in possible})

    def _selection_of(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Selection:
        if iscoroutinefunction(type_.is_type_of):
            raise Unsupported(f"{type_.name} is told by a coroutine")
        return self.selection(type_, sets)


def _simple_arguments(definition: GraphQLField, node: FieldNode, schema: Any) -> Arguments | None:
    """The arguments that a node gives a field, if it takes any and they are simple."""
    declared = definition_of(definition)
    if not definition.args or not isinstance(declared, StrawberryField):
        return None
    known = {one.graphql_name or camel(one.python_name): one for one in declared.arguments}
    nodes = {argument.name.value: argument for argument in node.arguments or ()}
    arguments = Arguments({}, [])
    for name, argument in definition.args.items():
        if name not in known or argument.default_value is not Undefined or argument.default is not None:
            return None
        if name not in nodes:
            continue
        value, own = nodes[name].value, known[name].python_name
        if id(argument) not in schema.arguments:
            type_ = known[name].type
            schema.arguments[id(argument)] = reader(type_, schema), demands(type_, schema)
        read, demanded = schema.arguments[id(argument)]
        if isinstance(value, VariableNode) and read is not None:
            nullable = not isinstance(argument.type, GraphQLNonNull)
            arguments.variables.append((own, value.name.value, nullable, read, demanded))
        elif is_leaf_type(get_nullable_type(argument.type)) and not isinstance(value, VariableNode):
            arguments.literals[own] = coerce_input_literal(value, argument.type)
        else:
            return None
    return None if Undefined in arguments.literals.values() else arguments


def _rooted(definition: GraphQLField) -> RootAnswer | None:
    """The function of ours that answers a root field."""
    declared = definition_of(definition)
    if isinstance(declared, StrawberryField) and not declared.extensions:
        return declared.metadata.get("rooted")
    return None


def _source(
    parent: GraphQLObjectType, name: str, definition: GraphQLField
) -> tuple[Callable[[Any], Any] | None, BatchFunction | None]:
    """Where a field's values come from. Raises Unsupported for a resolver that wants more than its parent."""
    declared = definition_of(definition)
    if isinstance(declared, StrawberryField) and not declared.extensions:
        if (batched := declared.metadata.get("batched")) is not None:
            return None, batched
        resolver = declared.base_resolver
        if resolver is None:
            return attrgetter(declared.python_name), None
        if not (declared.is_async or declared.arguments or resolver.info_parameter):
            return _called(declared), None
    raise Unsupported(f"{parent.name}.{name} has a resolver of its own")


def _called(declared: StrawberryField) -> Callable[[Any], Any]:
    """A small synchronous resolver over its parent, which it takes as `self` or as a keyword."""
    resolver = declared.base_resolver
    assert resolver is not None
    keyword = resolver.root_parameter or resolver.parent_parameter
    if keyword is not None:
        named = keyword.name
        return lambda parent: resolver(**{named: parent})
    if resolver.self_parameter:
        return resolver
    return lambda _: resolver()
