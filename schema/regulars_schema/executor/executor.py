"""Where the breadth-first executor joins in, which plans it keeps, and what it leaves to graphql-core."""

from collections import Counter
from collections.abc import AsyncIterator

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
)
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from regulars_schema.documents.documents import MAX_ERRORS, Documents, Parsed
from regulars_schema.documents.operations import BoundOperation, Coercions, preparation_of
from regulars_schema.executor.execution import Execution
from regulars_schema.executor.plan import Unsupported
from regulars_schema.executor.plan_cache import Plans
from regulars_schema.request.permissions import tell_refusals


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

    def _prepared_again(self, asked: ExecutionContext, known: Parsed) -> BoundOperation | None:
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

    def _prepared(self, asked: ExecutionContext) -> BoundOperation | list[GraphQLError]:
        assert asked.graphql_document is not None
        built = Executor.build(
            asked.schema._schema,
            asked.graphql_document,
            asked.root_value,
            asked.context,
            asked.variables,
            asked.operation_name,
            max_coercion_errors=MAX_ERRORS,
            hide_suggestions=True,
        )
        return built if isinstance(built, list) else BoundOperation.of(built)

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
