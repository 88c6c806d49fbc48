"""Where the breadth-first executor joins in, which plans it keeps, and what it leaves to graphql-core."""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    ExecutionResult,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext

from regulars_schema.documents import MOST_ERRORS, Documents, Parsed
from regulars_schema.execution import Execution
from regulars_schema.limits import Limits, beyond_objects
from regulars_schema.permissions import tell_refusals
from regulars_schema.plans import Plan, PlannedField, Unsupported, planned
from regulars_schema.preparing import Coercions, Prepared, preparation_of
from regulars_schema.rendering import Draft, drafts_of

MOST_KEPT = 5_000
"""Fields of all kept plans together; one takes some 700 bytes, and as much SQL may hang on it."""
MOST_FORMS = 8
"""Plans kept of one operation: variables of @skip and @include can give it two to the power of their number of forms."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan, and beside it what the database can write of its fields by itself."""

    plan: Plan
    drafts: Mapping[PlannedField, Draft]


@dataclass(slots=True)
class _Operation:
    """An operation of a kept document: the variables that steer what it asks for, and by their values its plan,
    or why there is none."""

    definition: OperationDefinitionNode
    steering: list[str]
    plans: dict[tuple[Any, ...], KeptPlan | str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(1 if isinstance(kept, str) else kept.plan.size for kept in self.plans.values())


class Plans:
    """The plans of the documents that are kept, the latest used ones, at most `size` fields of them in all.

    A plan is found by its document, its operation, and the values of the variables that steer it. Nothing of the caller
    is in it, nor any other value.
    """

    def __init__(self, documents: Documents, size: int = MOST_KEPT) -> None:
        self._documents, self._size = documents, size
        self._kept: OrderedDict[tuple[str, str | None], _Operation] = OrderedDict()
        self._fields = 0

    def find(self, text: str, prepared: Prepared) -> KeptPlan:
        """The plan of a prepared operation of the document with this text. Raises Unsupported, and GraphQLError for @skip and
        @include of null."""
        key = (text, prepared.operation.name.value if prepared.operation.name else None)
        operation = self._kept.get(key)
        if operation is None or operation.definition is not prepared.operation:
            operation = _Operation(prepared.operation, _steering(prepared))
        form = tuple(prepared.variable_values.coerced.get(name) for name in operation.steering)
        plan = operation.plans.get(form)
        if plan is None:
            plan = _attempted(prepared)
            if len(operation.plans) < MOST_FORMS and self._documents.find(text) is not None:
                self._keep(key, operation, form, plan)
        elif key in self._kept:
            self._kept.move_to_end(key)
        if isinstance(plan, str):
            raise Unsupported(plan)
        return plan

    def _keep(
        self, key: tuple[str, str | None], operation: _Operation, form: tuple[Any, ...], plan: KeptPlan | str
    ) -> None:
        if (elder := self._kept.pop(key, None)) is not None:
            self._fields -= elder.size
        operation.plans[form] = plan
        self._kept[key] = operation
        self._fields += operation.size
        while self._fields > self._size:
            _, oldest = self._kept.popitem(last=False)
            self._fields -= oldest.size

    def __len__(self) -> int:
        return self._fields


def _attempted(prepared: Prepared) -> KeptPlan | str:
    try:
        plan = planned(prepared)
    except Unsupported as reason:
        return str(reason)
    return KeptPlan(plan, drafts_of(plan))


class _Steering(Visitor):
    """Finds the variables in directives."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names[argument.value.name.value] = None


def _steering(prepared: Prepared) -> list[str]:
    found = _Steering()
    parts: list[OperationDefinitionNode | FragmentDefinitionNode] = [prepared.operation]
    for part in (*parts, *prepared.fragment_definitions.values()):
        visit(part, found)
    return list(found.names)


class BreadthFirst:
    """The executor of one schema: its plans, how many operations it has answered, and how many it has left to
    graphql-core, by reason. `enabled` can be turned off, and graphql-core answers everything."""

    def __init__(self, documents: Documents) -> None:
        self.plans = Plans(documents)
        self._coercions = Coercions()
        self._most = documents.limits.objects
        self.enabled = True
        self.answered = 0
        self.left: Counter[str] = Counter()

    def ready(self, asked: ExecutionContext, known: Parsed | None = None) -> Execution | ExecutionResult:
        """What will answer a valid operation, of a known document maybe; or the result, if something is wrong with its
        variables. Raises Unsupported for what graphql-core shall execute."""
        assert asked.query is not None
        prepared = (known and self._prepared_again(asked, known)) or self._prepared(asked)
        if isinstance(prepared, list):
            return ExecutionResult(None, prepared)
        try:
            kept = self.plans.find(asked.query, prepared)
            return Execution(prepared, kept.plan, kept.drafts, self._most)
        except GraphQLError as error:
            return ExecutionResult(None, [error])

    def _prepared_again(self, asked: ExecutionContext, known: Parsed) -> Prepared | None:
        """What graphql-core would make of an operation, as long as nothing is wrong with its variables."""
        name = asked._provided_operation_name
        if name not in known.preparations:
            operation = known.price.operation(name)
            assert operation is not None
            schema = asked.schema._schema
            known.preparations[name] = preparation_of(schema, known.document, operation, self._coercions)
        preparation = known.preparations[name]
        if preparation is None:
            return None
        return preparation.with_variables(asked.root_value, asked.context, asked.variables or {})

    def _prepared(self, asked: ExecutionContext) -> Prepared | list[GraphQLError]:
        assert asked.graphql_document is not None
        built = Executor.build(
            asked.schema._schema,
            asked.graphql_document,
            asked.root_value,
            asked.context,
            asked.variables,
            asked.operation_name,
            max_coercion_errors=MOST_ERRORS,
            hide_suggestions=True,
        )
        return built if isinstance(built, list) else Prepared.of(built)

    async def answer(self, asked: ExecutionContext, ready: Execution | ExecutionResult) -> ExecutionResult:
        """The result of what was asked, which is ready to be answered."""
        if isinstance(ready, ExecutionResult):
            return ready
        self.answered += 1
        return await ready.result()

    async def answer_again(self, asked: ExecutionContext, documents: Documents) -> ExecutionResult | None:
        """The result of an operation of a document that is kept; None for any other, and where there is more to be said of
        it than the answer.

        It does what the schema's extensions do, in the same order, without being called by them one by one: that takes as
        long as a short answer. Raises RateLimited, and GraphQLError for what is too dear.
        """
        known, name = documents.find(asked.query or ""), asked._provided_operation_name
        if known is None or known.introspects or not self.enabled or not known.price.has_one(name):
            return None
        asked.graphql_document = known.document
        try:
            ready = self.ready(asked, known)
        except Unsupported:
            return None
        known.charge(asked.context, name, asked.variables or {}, documents.limits.cost)
        known.tell(asked.context, name)
        result = await self.answer(asked, ready)
        tell_refusals(asked.context, result)
        return result


def bounded_by(limits: Limits) -> type[Executor[Any]]:
    """graphql-core's executor, with the same end to what an answer may hold. Introspection is free here too."""

    class Bounded(StrawberryGraphQLCoreExecutionContext):
        objects = 0

        def complete_object_value(self, return_type: GraphQLObjectType, *given: Any) -> Any:
            self.objects += not return_type.name.startswith("__")
            if self.objects > limits.objects:
                raise beyond_objects(self.objects, limits.objects)
            return super().complete_object_value(return_type, *given)

        def build_response(self, data: dict[str, Any] | None) -> Any:
            response = super().build_response(data)
            if self.objects > limits.objects:
                return ExecutionResult(None, [beyond_objects(self.objects, limits.objects)])
            return response

    return Bounded


def executed_by(executor: BreadthFirst) -> type[SchemaExtension]:
    """The schema extension that lets this executor answer first."""

    class AnsweredBreadthFirst(SchemaExtension):
        async def on_execute(self) -> AsyncIterator[None]:
            asked = self.execution_context
            if executor.enabled:
                try:
                    ready = executor.ready(asked)
                except Unsupported as reason:
                    executor.left[str(reason)] += 1
                else:
                    asked.result = await executor.answer(asked, ready)
            yield

    return AnsweredBreadthFirst
