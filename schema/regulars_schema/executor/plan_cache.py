"""The plans of the documents that are kept, and beside each what the database can write of it by itself."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from regulars_schema.documents.documents import Documents
from regulars_schema.documents.operations import BoundOperation
from regulars_schema.executor.plan import ExecutionField, Plan, Unsupported
from regulars_schema.executor.planner import planned
from regulars_schema.executor.pushdown import Pushdown, pushdowns_of

MAX_CACHED_FIELDS = 5_000
"""Fields of all cached plans together; one takes some 700 bytes, and as much SQL may hang on it."""
MAX_FORMS = 8
"""Plans cached of one operation: variables of @skip and @include can give it two to the power of their number of forms."""


@dataclass(frozen=True, slots=True)
class CachedPlan:
    """A plan, and beside it what the database can write of its fields by itself."""

    plan: Plan
    pushdowns: Mapping[ExecutionField, Pushdown]


@dataclass(slots=True)
class _Operation:
    """An operation of a kept document: the variables that steer what it asks for, and by their values its plan,
    or why there is none."""

    definition: OperationDefinitionNode
    steering: list[str]
    plans: dict[tuple[Any, ...], CachedPlan | str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(1 if isinstance(cached, str) else cached.plan.size for cached in self.plans.values())


class Plans:
    """The plans of the documents that are kept, the latest used ones, at most `size` fields of them in all.

    A plan is found by its document, its operation, and the values of the variables that steer it. Nothing of the caller
    is in it, nor any other value.
    """

    def __init__(self, documents: Documents, size: int = MAX_CACHED_FIELDS) -> None:
        self._documents, self._size = documents, size
        self._operations: OrderedDict[tuple[str, str | None], _Operation] = OrderedDict()
        self._fields = 0

    def find(self, text: str, bound: BoundOperation) -> CachedPlan:
        """The plan of an operation of the document with this text. Raises Unsupported, and GraphQLError for @skip and
        @include of null."""
        key = (text, bound.operation.name.value if bound.operation.name else None)
        operation = self._operations.get(key)
        if operation is None or operation.definition is not bound.operation:
            operation = _Operation(bound.operation, _steering(bound))
        form = tuple(bound.variable_values.coerced.get(name) for name in operation.steering)
        plan = operation.plans.get(form)
        if plan is None:
            plan = _attempted(bound)
            if len(operation.plans) < MAX_FORMS and self._documents.find(text) is not None:
                self._keep(key, operation, form, plan)
        elif key in self._operations:
            self._operations.move_to_end(key)
        if isinstance(plan, str):
            raise Unsupported(plan)
        return plan

    def _keep(
        self, key: tuple[str, str | None], operation: _Operation, form: tuple[Any, ...], plan: CachedPlan | str
    ) -> None:
        if (replaced := self._operations.pop(key, None)) is not None:
            self._fields -= replaced.size
        operation.plans[form] = plan
        self._operations[key] = operation
        self._fields += operation.size
        while self._fields > self._size:
            _, oldest = self._operations.popitem(last=False)
            self._fields -= oldest.size

    def __len__(self) -> int:
        return self._fields


def _attempted(bound: BoundOperation) -> CachedPlan | str:
    try:
        plan = planned(bound)
    except Unsupported as reason:
        return str(reason)
    return CachedPlan(plan, pushdowns_of(plan))


class _SteeringVariables(Visitor):
    """Finds the variables in directives."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names[argument.value.name.value] = None


def _steering(bound: BoundOperation) -> list[str]:
    visitor = _SteeringVariables()
    parts: list[OperationDefinitionNode | FragmentDefinitionNode] = [bound.operation]
    for part in (*parts, *bound.fragment_definitions.values()):
        visit(part, visitor)
    return list(visitor.names)
