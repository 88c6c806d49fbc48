"""The breadth-first executor: each field is answered once per level, for all parents that stand there.

graphql-core goes from object to object, and from field to field in each. Here it is the other way round. A *level* is all
objects of a type that stand at one place of the answer, such as every line of every purchase of a page of customers. Of
each of its fields the values of all parents make a *column*: read off the parents, or fetched by one call of the field's
batch function. Completing a column writes it into the answers and shows the levels below. So an answer of 8,000 objects
takes some dozen steps:

1. the root fields' functions are called, all at once, or one after another in a mutation; what the database can write by
   itself is one statement instead, and done;
2. whatever can be read off the parents is read, level below level, and the calls that are needed are gathered; again, what
   the database can write by itself becomes one statement a level;
3. each call is made once, all of them at the same time, and as soon as one has answered its levels go on with 2.

Errors are values until everything is answered; then `failures` gives them their paths. What is asked for is in `plans`, how
values become answers in `completion`.
"""

from asyncio import TaskGroup
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLResolveInfo,
    OperationType,
    get_argument_values,
)
from graphql.pyutils import Path
from orjson import Fragment, loads
from strawberry import Info
from strawberry.exceptions import WrongNumberOfResultsReturned
from strawberry.types.arguments import convert_arguments

from regulars_core.primitives.errors import Forbidden
from regulars_schema.documents.limits import beyond_objects
from regulars_schema.documents.operations import BoundOperation
from regulars_schema.executor.completion import Completion
from regulars_schema.executor.levels import Level
from regulars_schema.executor.null_propagation import Denied, NullPropagation
from regulars_schema.executor.plan import ExecutionField, Leaf, Plan, Selection
from regulars_schema.executor.pushdown import Pushdown
from regulars_schema.executor.statements import Statement, objects_in
from regulars_schema.request.context import BatchFunction, GraphQLContext, RequestContext
from regulars_schema.request.permissions import definition_of


@dataclass(slots=True, eq=False)
class Call:
    """One call of a batch function, and the fields that it answers: usually one, more where aliases or fragments ask for
    the same with the same arguments."""

    function: BatchFunction
    arguments: dict[str, Any]
    asked: list[tuple[Level, ExecutionField]] = field(default_factory=list)

    async def columns(self, context: RequestContext) -> list[list[Any]]:
        """A column for each field that is answered; an exception is a value."""
        levels = [level.parents for level, _ in self.asked]
        parents = levels[0]
        if len(levels) > 1:
            parents = list({id(parent): parent for level in levels for parent in level}.values())
        try:
            values = list(await context.in_time(lambda: self.function(parents, context, **self.arguments)))
            if len(values) != len(parents):
                raise WrongNumberOfResultsReturned(expected=len(parents), received=len(values))
        except Exception as error:
            values = [error] * len(parents)
        if len(levels) == 1:
            return [values]
        known = dict(zip(map(id, parents), values, strict=True))
        return [[known[id(parent)] for parent in level] for level in levels]


class Execution:
    """One execution of an operation: graphql-core has prepared its variables, and the plan says what it asks for.

    Of an answer that would hold more than `most` objects nothing is answered. Equal rows share an answer here, so that a
    short document that goes to and fro between purchases and their lines is soon done; but each is written wherever it
    stands, and that is what is counted.
    """

    def __init__(
        self, prepared: BoundOperation, plan: Plan, drafts: Mapping[ExecutionField, Pushdown], most: int
    ) -> None:
        self._prepared = prepared
        self._plan = plan
        self._drafts = drafts
        self._most = most
        self._objects = 0
        self._estimated: list[tuple[str, int]] = []
        self._context: GraphQLContext = prepared.context_value
        self._suspects: set[ExecutionField] = set()
        self._types: dict[int, Selection] = {}

    async def result(self) -> ExecutionResult:
        """The answer, with its errors. Raises nothing that a field has raised."""
        root = self._plan.root
        answer = root.blank.copy()
        level = Level(root, [self._prepared.root_value], [answer], [1])
        if self._prepared.operation.operation is OperationType.MUTATION:
            for asked in root.fields:
                await self._resolve(level, asked)
                if self._excessive:
                    break
        else:
            await _together([self._resolve(level, asked) for asked in root.fields])
        if self._excessive:
            return ExecutionResult(None, [beyond_objects(self._objects, self._most)])
        if not self._suspects:
            return ExecutionResult(answer, None)
        settlement = NullPropagation(self._suspects, self._types, self._withhold)
        data = settlement.data(root, answer)
        return ExecutionResult(data, settlement.errors or None)

    async def _resolve(self, root: Level, asked: ExecutionField) -> None:
        """A root field, and everything below it; or all of it by the database."""
        statement = Statement(root)
        if self._written(statement, asked):
            await self._write(statement)
            return
        try:
            value = await (self._resolved(root, asked) if asked.rooted is None else self._rooted(root, asked))
        except Exception as error:
            value = error
        await self._advance(
            self._completed(root, asked, [value] if asked.rooted is None else _withheld(asked, [value]))
        )

    async def _rooted(self, root: Level, asked: ExecutionField) -> Any:
        assert asked.rooted is not None
        if asked.needs is not None and not self._context.request.actor.may(asked.needs):
            return Denied(asked.needs)
        schema = self._prepared.schema._strawberry_schema  # type: ignore[attr-defined]
        return await asked.rooted(self._context, schema, asked.name, self._arguments(root, asked))

    async def _resolved(self, root: Level, asked: ExecutionField) -> Any:
        """By its own resolver, which asks for its permission itself."""
        definition = asked.definition
        arguments = get_argument_values(definition, asked.nodes[0], self._prepared.variable_values)
        assert definition.resolve is not None
        value = definition.resolve(self._prepared.root_value, self._info(root, asked), **arguments)
        return await value if isawaitable(value) else value

    async def _advance(self, levels: list[Level]) -> None:
        """Answer all fields of these levels, and of the levels below."""
        calls, statements = self._read(levels)
        if not self._excessive:
            await _together([*map(self._make, calls), *map(self._write, statements)])

    @property
    def _excessive(self) -> bool:
        if self._objects > self._most:
            for text, weight in self._estimated:
                self._objects += weight * (objects_in(text) - text.count("{"))
            self._estimated.clear()
        return self._objects > self._most

    async def _write(self, statement: Statement) -> None:
        """Let the database write fields of a level."""
        texts, level = await statement.texts(self._context.request), statement.level
        if isinstance(texts, Exception):
            for asked in statement.asked:
                self._completed(level, asked, [texts] * len(level.parents))
            return
        taken: Callable[[str], Any] = Fragment if self._context.as_json else loads
        for asked, column in zip(statement.asked, texts, strict=True):
            for answer, text, weight in zip(level.answers, column, level.weights, strict=True):
                answer[asked.name] = taken(text)
                # Text may hold braces too. Who counts them alone is ten times as quick, and seldom has to look closer.
                self._objects += weight * text.count("{")
                self._estimated.append((text, weight))

    async def _make(self, call: Call) -> None:
        columns = await call.columns(self._context.request)
        below: list[Level] = []
        for (level, asked), column in zip(call.asked, columns, strict=True):
            below += self._completed(level, asked, _withheld(asked, column))
        await self._advance(below)

    def _read(self, levels: list[Level]) -> tuple[Sequence[Call], Sequence[Statement]]:
        """Answer what can be read off the parents, down to where something must be fetched: by these calls, or by statements
        that the database answers whole."""
        calls: dict[Any, Call] = {}
        statements: list[Statement] = []
        for level in levels:  # which grows by the levels that are found below
            statement = Statement(level)
            for asked in level.selection.fields:
                if asked.needs is not None and not self._context.request.actor.may(asked.needs):
                    levels += self._completed(level, asked, [Denied(asked.needs)] * len(level.parents))
                elif asked.read is not None:
                    levels += self._completed(level, asked, _read_off(asked, level.parents))
                elif not self._written(statement, asked):
                    levels += self._called(calls, level, asked)
            if statement.asked:
                statements.append(statement)
        return list({id(call): call for call in calls.values()}.values()), statements

    def _written(self, statement: Statement, asked: ExecutionField) -> bool:
        """Let the database write a field, if it can and the caller may see all of it; or else its function must be called."""
        context, draft = self._context.request, self._drafts.get(asked)
        if draft is None or not statement.has_room(draft) or not all(map(context.actor.may, draft.needs)):
            return False
        given: list[Any] = []
        try:
            wanted = draft.hanging(context, partial(self._arguments, statement.level), given)
        except Exception:  # for which there is a place and a path in the ordinary way
            return False
        if wanted is not None:
            statement.take(draft, wanted, given)
        return wanted is not None

    def _called(self, calls: dict[Any, Call], level: Level, asked: ExecutionField) -> list[Level]:
        """Join the call that this field needs. The levels below, if its arguments have failed already."""
        assert asked.batched is not None
        place = (asked.batched, id(asked.nodes[0]))
        call = calls.get(place)
        if call is None:
            try:
                arguments = self._arguments(level, asked)
            except Exception as error:
                return self._completed(level, asked, _withheld(asked, [error] * len(level.parents)))
            same = (asked.batched, repr(arguments), level.path)
            call = calls.get(same) or Call(asked.batched, arguments)
            calls[place] = calls[same] = call
        call.asked.append((level, asked))
        return []

    def _arguments(self, level: Level, asked: ExecutionField) -> dict[str, Any]:
        """CoerceArgumentValues (6.4.1), in Python's terms."""
        if not asked.definition.args:
            return {}
        values = self._prepared.variable_values
        if asked.arguments and (simple := asked.arguments.of(values.coerced)) is not None:
            return simple
        coerced = get_argument_values(asked.definition, asked.nodes[0], values)
        declared = definition_of(asked.definition)
        schema = self._prepared.schema._strawberry_schema  # type: ignore[attr-defined]
        info: Info[Any, Any] = schema.config.info_class(_raw_info=self._info(level, asked), _field=declared)
        registry = schema.schema_converter.scalar_registry
        return convert_arguments(coerced, declared.arguments, registry, schema.config, info)

    def _completed(self, level: Level, asked: ExecutionField, values: list[Any]) -> list[Level]:
        if type(asked.shape) is Leaf and asked.shape.plain.issuperset(map(type, values)):
            for answer, value in zip(level.answers, values, strict=True):
                answer[asked.name] = value
            return []
        completion = Completion(level, asked, self._info, self._types)
        completion.complete(values)
        if completion.failed:
            self._suspect(level, asked)
        self._objects += completion.objects
        return [] if self._excessive else completion.below

    def _suspect(self, level: Level, asked: ExecutionField) -> None:
        """Remember the way to a failure."""
        above: tuple[Level, ExecutionField] | None = (level, asked)
        while above is not None:
            level, asked = above
            self._suspects.add(asked)
            above = level.above

    def _withhold(self, refusal: Denied, asked: ExecutionField, path: Sequence[str | int]) -> None:
        self._context.refuse(refusal.permission, self._resolve_info(asked, path), shop_wide=refusal.shop_wide)

    def _info(self, level: Level, asked: ExecutionField) -> GraphQLResolveInfo[Any]:
        """What may be asked about a field of a level, which has no single path: there are no numbers in this one."""
        return self._resolve_info(asked, (*level.path, asked.name))

    def _resolve_info(self, asked: ExecutionField, keys: Sequence[str | int]) -> GraphQLResolveInfo[Any]:
        path = None
        for key in keys:
            path = Path(path, key, None)
        assert path is not None
        return self._prepared.executor.build_resolve_info(asked.definition, asked.nodes, asked.parent, path)


def _withheld(asked: ExecutionField, values: list[Any]) -> list[Any]:
    """Arguments ask for permissions too; what they are refused is told like what the field itself is refused."""
    if asked.definition.args and asked.shape.nullable and any(isinstance(value, Forbidden) for value in values):
        return [
            Denied(value.permission, shop_wide=value.shop_wide) if isinstance(value, Forbidden) else value
            for value in values
        ]
    return values


def _read_off(asked: ExecutionField, parents: list[Any]) -> list[Any]:
    read = asked.read
    assert read is not None
    try:
        return list(map(read, parents))
    except Exception:  # somewhere: each by itself, then
        return [_attempted(read, parent) for parent in parents]


def _attempted(read: Any, parent: Any) -> Any:
    try:
        return read(parent)
    except Exception as error:
        return error


async def _together(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do all of this at the same time; if one is stopped, so are the others, and none is left running."""
    if len(works) == 1:
        await works[0]
    elif works:
        async with TaskGroup() as group:
            for work in works:
                group.create_task(work)
