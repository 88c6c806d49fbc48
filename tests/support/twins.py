"""The same query by both executors: breadth-first, and graphql-core as the one to be equal to."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextvars import Context as Variables
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, execute

from regulars_schema.documents.documents import MAX_ERRORS
from regulars_schema.executor.execution import Execution
from regulars_schema.executor.executor import BreadthFirst, Operation
from regulars_schema.request.context import GraphQLContext

Place = tuple[str | int, ...]
Answer = Callable[[BreadthFirst, Operation, Execution | ExecutionResult], Awaitable[ExecutionResult]]


class Twins:
    """Watches an executor: every query that it answers is answered by graphql-core too. `differences` are the ones between
    the answers, `compared` how many were compared."""

    def __init__(self) -> None:
        self.differences: list[str] = []
        self.compared = 0

    async def answer(
        self, executor: BreadthFirst, operation: Operation, ready: Execution | ExecutionResult, answer: Answer
    ) -> ExecutionResult:
        """The executor's own answer."""
        ours = await answer(executor, operation, ready)
        if operation.document.price.kind(operation.name) == OperationType.QUERY.value:
            # In variables of its own: it is no part of what the test counts or traces.
            context = GraphQLContext(operation.context.request)
            theirs = await asyncio.create_task(by_graphql_core(operation, context), context=Variables())
            self.compared += 1
            plain = ExecutionResult(read(ours.data), ours.errors)
            found = [*differing(plain, theirs), *refused_otherwise(plain, operation.context, context)]
            self.differences += [f"{one}\nin {operation.text}\n{operation.variables}" for one in found]
        return ours


def read(data: Any) -> Any:
    """The data of an answer, also where the database has written it and the door will pass it on as it is."""
    return orjson.loads(orjson.dumps(data))


async def by_graphql_core(operation: Operation, context: GraphQLContext) -> ExecutionResult:
    """The answer of graphql-core; what it refuses is noted in the context."""
    result = execute(
        operation.schema,
        operation.document.document,
        operation.root_value,
        context,
        operation.variables,
        operation.name,
        max_coercion_errors=MAX_ERRORS,
        hide_suggestions=True,
    )
    return result if isinstance(result, ExecutionResult) else await result


def differing(ours: ExecutionResult, theirs: ExecutionResult) -> list[str]:
    """How two answers differ: in their data, in the order of their fields, or in their errors."""
    if repr(ours.data) != repr(theirs.data):
        return [f"data: {ours.data}\n  and {theirs.data}"]
    here, there = _by_null(ours), _by_null(theirs)
    return [
        f"errors at {place}: {here[place]} and {there[place]}"
        for place in {*here, *there}
        if Counter(here[place]) != Counter(there[place]) and not _left_open(place, here[place], there[place])
    ]


def refused_otherwise(result: ExecutionResult, ours: GraphQLContext, theirs: GraphQLContext) -> list[str]:
    """How refusals differ. Where a null has swallowed objects, some of those have been refused something and some not yet."""
    swallowed = {_names(_nulled(result.data, error) or ()) for error in result.errors or ()}
    here, there = (
        {
            place: (refusal.count, refusal.path)
            for place, refusal in context.refusals.items()
            if not any(place[1 : len(null) + 1] == null for null in swallowed)
        }
        for context in (ours, theirs)
    )
    return [] if here == there else [f"refusals: {here} and {there}"]


def _names(place: Place) -> tuple[str, ...]:
    return tuple(key for key in place if isinstance(key, str))


Told = tuple[Place | None, str, Any, Any]
"""An error's path, message and locations, and how many it stands for."""


def _by_null(result: ExecutionResult) -> defaultdict[Place | None, list[Told]]:
    """The errors by the place of the null that stands for them."""
    found: defaultdict[Place | None, list[Told]] = defaultdict(list)
    for error in result.errors or ():
        found[_nulled(result.data, error)].append(_told(error))
    return found


def _nulled(data: Any, error: GraphQLError) -> Place | None:
    if error.path is None:
        return None
    path = tuple(error.path)
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        data = data[key]
    return path if data is None else ("a value", *path)


def _told(error: GraphQLError) -> Told:
    locations = tuple((place.line, place.column) for place in error.locations or ())
    path = None if error.path is None else tuple(error.path)
    return path, error.message, locations, getattr(error.original_error, "refused", None)


def _left_open(place: Place | None, ours: list[Told], theirs: list[Told]) -> bool:
    """Where several errors end in one null, the specification (6.4.4) leaves open which of them are told."""
    below = [told for told in (*ours, *theirs) if told[0] != place]
    return place is not None and bool(below) and len(ours) == 1 and bool(theirs)
