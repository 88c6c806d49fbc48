"""The steps by which a document becomes an answer: one list, for what is asked for the first time and for what is asked again.

Strawberry takes them in the hooks of its extensions. To call those, through context managers, takes as long as a short
answer; so a document that is kept goes a quicker way, on which the same steps are taken one after another, but for those that
are taken once for a document.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence

import graphql
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from regulars_schema.documents.documents import mistakes_in, parsed
from regulars_schema.documents.introspection import forbidden_introspection
from regulars_schema.documents.places import place_in_answer
from regulars_schema.executor.executor import BreadthFirst, Operation
from regulars_schema.executor.plan import Unsupported
from regulars_schema.request import permissions


class Invalid(Exception):
    """A document that does not fit the schema, or that the caller may not send."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


Step = Callable[[Operation], None]
"""Raises Invalid, and GraphQLError for what is not answered for any other reason."""


def read(operation: Operation) -> None:
    """Find the document, or parse it and hold it against the limits."""
    documents = operation.executor.documents
    known = documents.find(operation.text)
    operation.is_known = known is not None
    operation.document = known or parsed(operation.text, operation.schema, documents.limits)


def charge(operation: Operation) -> None:
    """Take what the operation costs from what the caller has left. It depends on the variables, so it is counted each time."""
    most = operation.executor.documents.limits.cost
    operation.document.charge(operation.context, operation.name, operation.variables, most)


def refuse_ambiguity(operation: Operation) -> None:
    """Raise CannotGetOperationTypeError if it is not clear which operation is meant."""
    operation.document.refuse_ambiguity(operation.name)


def refuse_writing(operation: Operation) -> None:
    """Raise InvalidOperationTypeError for anything but a query where nothing else may be asked."""
    if operation.context.reads_only:
        operation.document.refuse_writing(operation.name)


def refuse_introspection(operation: Operation) -> None:
    """Refuse a document that reads the schema to a caller who may not."""
    document = operation.document
    if document.introspects and (refusal := forbidden_introspection(document.document, operation.context)):
        raise Invalid([refusal])


def validate(operation: Operation) -> None:
    """Hold the document against the schema."""
    if errors := mistakes_in(operation.document.document, operation.schema, operation.context):
        raise Invalid(errors)


def keep(operation: Operation) -> None:
    """Keep the document, now that it is valid: whoever sent it, who may ask it is looked at every time."""
    operation.executor.documents.keep(operation.text, operation.document)


def note(operation: Operation) -> None:
    """Note for the log what the operation asks for."""
    operation.document.note(operation.context, operation.name)


async def answer(operation: Operation) -> None:
    """Execute the operation breadth-first, or leave it to graphql-core."""
    executor = operation.executor
    if operation.ready is None and executor.enabled:
        try:
            operation.ready = executor.ready(operation)
        except Unsupported as reason:
            executor.left[str(reason)] += 1
    if operation.ready is not None:
        operation.result = await executor.answer(operation, operation.ready)


def place_mistakes(operation: Operation) -> None:
    """Say of values that were not accepted where they stand."""
    if operation.result is not None and operation.result.errors:
        document = operation.document.document
        place_in_answer(operation.result.errors, operation.schema, document, operation.variables)


def tell_refusals(operation: Operation) -> None:
    """Tell of what was refused, after everything else."""
    if operation.result is not None:
        permissions.tell_refusals(operation.context, operation.result)


PARSING: Sequence[Step] = (read, charge, refuse_ambiguity, refuse_writing)
VALIDATION: Sequence[Step] = (refuse_introspection, validate, keep, note)
EXECUTION: Callable[[Operation], Awaitable[None]] = answer
CONCLUSION: Sequence[Step] = (place_mistakes, tell_refusals)
"""The steps in their order, by the hooks in which Strawberry takes them."""

ONCE: Collection[Step] = frozenset({read, validate, keep})
"""Those that need not be taken again for a document that is kept."""
_AGAIN = tuple(step for step in (*PARSING, *VALIDATION) if step not in ONCE)


def step_by_step(executor: BreadthFirst) -> type[SchemaExtension]:
    """The schema extension that takes the steps as Strawberry comes to them."""

    class StepByStep(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            theirs = self.execution_context
            self._operation = Operation(
                executor,
                theirs.schema._schema,
                theirs.query or "",
                theirs._provided_operation_name,
                theirs.variables or {},
                theirs.context,
                theirs.root_value,
            )
            self._take(PARSING)
            theirs.graphql_document = self._operation.document.document
            yield

        def on_validate(self) -> Iterator[None]:
            errors: list[GraphQLError] = []
            try:
                self._take(VALIDATION)
            except Invalid as invalid:
                errors = invalid.errors
            self.execution_context.pre_execution_errors = errors
            yield

        async def on_execute(self) -> AsyncIterator[None]:
            await EXECUTION(self._operation)
            self.execution_context.result = self._operation.result
            yield  # what was left to graphql-core is answered here
            if isinstance(self.execution_context.result, graphql.ExecutionResult):
                self._operation.result = self.execution_context.result
            self._take(CONCLUSION)

        def _take(self, steps: Sequence[Step]) -> None:
            for step in steps:
                if not (self._operation.is_known and step in ONCE):
                    step(self._operation)

    return StepByStep


async def answered_again(operation: Operation) -> ExecutionResult | None:
    """The result of an operation of a document that is kept; None for any other, and for what Strawberry or graphql-core has
    to say more of. Then no step has been taken."""
    try:
        if not _is_foreseen(operation):
            return None
        for step in _AGAIN:
            step(operation)
        await EXECUTION(operation)
        for step in CONCLUSION:
            step(operation)
    except Invalid as invalid:
        return PreExecutionError(None, invalid.errors)
    except InvalidOperationTypeError:
        raise
    except Exception as error:
        refusal = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        return PreExecutionError(None, [refusal])
    result = operation.result
    assert result is not None
    return ExecutionResult(result.data, result.errors)


def _is_foreseen(operation: Operation) -> bool:
    """Whether it is clear which operation is meant, of a document that is kept, and what will answer it breadth-first."""
    executor = operation.executor
    document = executor.documents.find(operation.text)
    if document is None or not executor.enabled or not document.price.has_one(operation.name):
        return False
    operation.document = document
    operation.is_known = True
    try:
        operation.ready = executor.ready(operation)
    except (
        Exception
    ):  # Unsupported; or what nobody foresaw, for which Strawberry has taken every step before it comes so far
        return False
    return True
