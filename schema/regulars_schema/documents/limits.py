"""How large a document may be, found in one pass over it before anything slower sees it.

graphql-core's own rules of validation compare every two fields of one name and walk fragments once for each way that
leads to them. Here a fragment is measured once, however often it is spread, so the pass is linear in the document.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from graphql import (
    ArgumentNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from regulars_core.shop.settings import Settings

MAX_VALUE_DEPTH = 20
"""How deep lists and objects may lie in each other, in a document and in its variables."""
MAX_DIGITS = 100
"""Of a number that is written in a document."""
MAX_SPREADS = 100
"""Of fragments, in the whole document."""
MAX_PAIRS = 10_000
"""Pairs of fields of one name in the whole document: so many are compared while it is validated."""
_MAX_WALK = 60  # fields, inline fragments and spreads inside each other: what this pass itself can stand
_MAX_DIRECTIVES_IN_ONE_PLACE = 4  # only @skip and @include are known, and neither may be repeated
_LISTS_OF_TYPES = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})
_MAX_LISTS_OF_TYPES = 2  # lists of types inside each other; every tool's introspection query has one
_INTROSPECTION = frozenset({"__schema", "__type"})
_ENOUGH = 1_000_000  # counts stop here: fragments that spread fragments would make them astronomical


@dataclass(frozen=True)
class Limits:
    """The largest document that is answered; `objects` are what its answer may hold, which nothing but the data tells."""

    bytes: int = 65_536
    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 10
    directives: int = 20
    operations: int = 10
    variables: int = 50
    cost: int = 10_000
    objects: int = 200_000

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the shop has set them."""
        return cls(
            bytes=settings.max_document_bytes,
            tokens=settings.max_tokens,
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            root_fields=settings.max_root_fields,
            directives=settings.max_directives,
            operations=settings.max_operations,
            variables=settings.max_variables,
            cost=settings.max_cost,
            objects=settings.max_objects,
        )


def too_complex(what: str, count: int, most: int, name: str) -> GraphQLError:
    """The refusal of a document with so many of something, and the limit that it is beyond, by its name."""
    return GraphQLError(
        f"{what}: {'more than ' if count >= _ENOUGH else ''}{count}, and at most {most} are answered.",
        extensions={"code": "QUERY_TOO_COMPLEX", "limit": name, "most": most},
    )


def beyond_objects(count: int, most: int) -> GraphQLError:
    """The refusal of an answer with so many objects, or more: they are not counted to the end."""
    return too_complex("Objects in the answer", count, most, "answer")


def _invalid(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})


def refuse_excess(document: DocumentNode, limits: Limits) -> None:
    """Raise GraphQLError if the document is beyond a limit, or if its fragments spread each other in a circle."""
    operations = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
    if len(operations) > limits.operations:
        raise too_complex("Operations", len(operations), limits.operations, "operations")
    _Measurement(document, limits).measure(operations)


class _Shape(NamedTuple):
    """What a selection set amounts to with its fragments, at any depth; `fields` are those of its own level."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    lists_of_types: int = 0


class _Measurement:
    """One document; each of its nodes is looked at once."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        fragments = [part for part in document.definitions if isinstance(part, FragmentDefinitionNode)]
        self._fragments = {part.name.value: part for part in fragments}
        if len(self._fragments) < len(fragments):
            raise _invalid("Two fragments have one name.")
        self._known: dict[str, _Shape] = {}
        self._open: set[str] = set()
        self._names: Counter[str] = Counter()
        self._spreads = 0

    def measure(self, operations: Sequence[OperationDefinitionNode]) -> None:
        for name in self._fragments:  # those that nobody spreads are validated too
            self._within(self._fragment(name, 0))
        for operation in operations:
            variables = operation.variable_definitions or ()
            if len(variables) > self._limits.variables:
                raise too_complex("Variables", len(variables), self._limits.variables, "variables")
            directives = self._directives(operation.directives)
            for variable in variables:
                directives += self._directives(variable.directives)
                self._value(variable.default_value)
            shape = self._selections(operation.selection_set, 0)
            if shape.fields > self._limits.root_fields:
                raise too_complex("Fields of the root", shape.fields, self._limits.root_fields, "rootFields")
            self._within(shape._replace(directives=shape.directives + directives))
        pairs = sum(count * (count - 1) // 2 for count in self._names.values())
        if pairs > MAX_PAIRS:
            raise too_complex("Pairs of fields of one name", pairs, MAX_PAIRS, "pairs")

    def _within(self, shape: _Shape) -> None:
        limits = self._limits
        if shape.depth > limits.depth:
            raise too_complex("Fields inside each other", shape.depth, limits.depth, "depth")
        if shape.aliases > limits.aliases:
            raise too_complex("Aliases", shape.aliases, limits.aliases, "aliases")
        if shape.directives > limits.directives:
            raise too_complex("Directives", shape.directives, limits.directives, "directives")
        if shape.lists_of_types > _MAX_LISTS_OF_TYPES:
            raise too_complex(
                "Lists of types inside each other", shape.lists_of_types, _MAX_LISTS_OF_TYPES, "introspection"
            )

    def _fragment(self, name: str, level: int) -> _Shape:
        if name not in self._known:
            if name in self._open:
                raise _invalid("A fragment spreads itself, directly or by way of others.")
            definition = self._fragments[name]
            self._open.add(name)
            shape = self._selections(definition.selection_set, level + 1)
            self._open.discard(name)
            directives = self._directives(definition.directives)
            introspecting = definition.type_condition.name.value.startswith("__")
            self._known[name] = shape._replace(
                directives=min(shape.directives + directives, _ENOUGH), depth=0 if introspecting else shape.depth
            )
        return self._known[name]

    def _selections(self, selections: SelectionSetNode | None, level: int) -> _Shape:
        if level > _MAX_WALK:
            raise too_complex("Selections inside each other", level, _MAX_WALK, "nesting")
        depth = aliases = directives = fields = lists = 0
        for selection in selections.selections if selections else ():
            directives += self._directives(selection.directives)
            if isinstance(selection, FieldNode):
                part = self._field(selection, level)
            elif isinstance(selection, FragmentSpreadNode):
                self._spreads += 1
                if self._spreads > MAX_SPREADS:
                    raise too_complex("Spreads of fragments", self._spreads, MAX_SPREADS, "spreads")
                known = selection.name.value in self._fragments  # what is not there, validation tells
                part = self._fragment(selection.name.value, level) if known else _Shape()
            else:
                assert isinstance(selection, InlineFragmentNode)
                part = self._selections(selection.selection_set, level + 1)
            depth, lists = max(depth, part.depth), max(lists, part.lists_of_types)
            aliases, fields = min(aliases + part.aliases, _ENOUGH), min(fields + part.fields, _ENOUGH)
            directives = min(directives + part.directives, _ENOUGH)
        return _Shape(depth, aliases, directives, fields, lists)

    def _field(self, field: FieldNode, level: int) -> _Shape:
        self._names[(field.alias or field.name).value] += 1
        self._arguments(field.arguments)
        inner = self._selections(field.selection_set, level + 1)
        # What an introspection asks is the same for all, and its usual form is deeper than what shops are asked.
        depth = 1 if field.name.value in _INTROSPECTION else inner.depth + 1
        return inner._replace(
            depth=depth,
            aliases=inner.aliases + (field.alias is not None),
            fields=1,
            lists_of_types=inner.lists_of_types + (field.name.value in _LISTS_OF_TYPES),
        )

    def _directives(self, directives: Sequence[DirectiveNode | ConstDirectiveNode] | None) -> int:
        if not directives:
            return 0
        if len(directives) > _MAX_DIRECTIVES_IN_ONE_PLACE:
            raise too_complex(
                "Directives in one place", len(directives), _MAX_DIRECTIVES_IN_ONE_PLACE, "directivesInOnePlace"
            )
        for directive in directives:
            self._arguments(directive.arguments)
        return len(directives)

    def _arguments(self, arguments: Sequence[ArgumentNode] | None) -> None:
        for argument in arguments or ():
            self._value(argument.value)

    def _value(self, value: ValueNode | None) -> None:
        """Refuse literals that are nested too deep, or too long a number; without recursion, since they have no other
        bound."""
        waiting: list[tuple[Node, int]] = [] if value is None else [(value, 0)]
        while waiting:
            node, depth = waiting.pop()
            if isinstance(node, ListValueNode):
                inner: Sequence[Node] = node.values
            elif isinstance(node, ObjectValueNode):
                inner = [field.value for field in node.fields]
            else:
                if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAX_DIGITS:
                    raise too_complex("Digits of a number", len(node.value), MAX_DIGITS, "digits")
                continue
            if depth >= MAX_VALUE_DEPTH:
                raise too_complex("Lists and objects inside each other", depth + 1, MAX_VALUE_DEPTH, "valueDepth")
            waiting += [(part, depth + 1) for part in inner]
