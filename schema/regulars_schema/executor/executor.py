"""The executor of a schema: which plans it keeps, and what it leaves to graphql-core."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLSchema,
)

from regulars_core.database.replica import reading_replica
from regulars_schema.documents.documents import MAX_ERRORS, Documents, ParsedDocument
from regulars_schema.documents.operations import BoundOperation, Coercers, template_of
from regulars_schema.executor.execution import Execution
from regulars_schema.executor.plan_cache import Plans
from regulars_schema.request.context import GraphQLContext


@dataclass(slots=True, eq=False)
class Operation:
    """An operation that somebody asks for, by its name unless it is the only one, and how far it has come: its document once
    that has been read, whether that was kept already, what will answer it, and its result."""

    executor: "BreadthFirst"
    schema: GraphQLSchema
    text: str
    name: str | None
    variables: dict[str, Any]
    context: GraphQLContext
    root_value: Any
    document: ParsedDocument = field(init=False)
    is_known: bool = False
    ready: Execution | ExecutionResult | None = None
    result: ExecutionResult | None = None


class BreadthFirst:
    """The executor of one schema: its documents and plans, how many operations it has answered, and how many it has left to
    graphql-core, by reason. `enabled` can be turned off, and graphql-core answers everything."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.plans = Plans(documents)
        self._coercers = Coercers()
        self._max_objects = documents.limits.objects
        self.enabled = True
        self.answered = 0
        self.left: Counter[str] = Counter()

    def ready(self, operation: Operation) -> Execution | ExecutionResult:
        """What will answer a valid operation; or the result, if something is wrong with its variables. Raises Unsupported for
        what graphql-core shall execute."""
        bound = (operation.is_known and self._from_template(operation)) or self._from_graphql_core(operation)
        if isinstance(bound, list):
            return ExecutionResult(None, bound)
        try:
            cached = self.plans.find(operation.text, bound)
            return Execution(bound, cached.plan, cached.pushdowns, self._max_objects)
        except GraphQLError as error:
            return ExecutionResult(None, [error])

    def _from_template(self, operation: Operation) -> BoundOperation | None:
        """What graphql-core would make of an operation, as long as nothing is wrong with its variables."""
        document, name = operation.document, operation.name
        if name not in document.templates:
            definition = document.price.operation(name)
            assert definition is not None
            document.templates[name] = template_of(operation.schema, document.document, definition, self._coercers)
        template = document.templates[name]
        if template is None:
            return None
        return template.bind(operation.root_value, operation.context, operation.variables)

    def _from_graphql_core(self, operation: Operation) -> BoundOperation | list[GraphQLError]:
        built = Executor.build(
            operation.schema,
            operation.document.document,
            operation.root_value,
            operation.context,
            operation.variables,
            operation.name,
            max_coercion_errors=MAX_ERRORS,
            hide_suggestions=True,
        )
        return built if isinstance(built, list) else BoundOperation.of(built)

    async def answer(self, operation: Operation, ready: Execution | ExecutionResult) -> ExecutionResult:
        """The result of an operation, which is ready to be answered."""
        if isinstance(ready, ExecutionResult):
            return ready
        self.answered += 1
        if not ready.may_read_replica:
            return await ready.result()
        request = operation.context.request
        with reading_replica(request.database, request.after):
            return await ready.result()
