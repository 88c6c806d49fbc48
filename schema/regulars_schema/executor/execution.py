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

Errors are values until everything is answered; then `null_propagation` gives them their paths. What is asked for is in `plan`,
how values become answers in `completion`, and what the database can write by itself in `pushdown`.
"""

import dataclasses
from asyncio import TaskGroup
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
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
from regulars_core.shop.shop import CatchingUp
from regulars_schema.documents.limits import beyond_objects
from regulars_schema.documents.operations import BoundOperation
from regulars_schema.executor.completion import Completion
from regulars_schema.executor.levels import Level
from regulars_schema.executor.null_propagation import Denied, NullPropagation
from regulars_schema.executor.plan import ExecutionField, Leaf, One, Plan, Selection
from regulars_schema.executor.pushdown import Pushdown
from regulars_schema.executor.statements import Statement, objects_in
from regulars_schema.request.context import BatchFunction, GraphQLContext, RequestContext
from regulars_schema.request.permissions import definition_of, may_be_refused


@dataclass(slots=True, eq=False)
class Call:
    """One call of a batch function, and the fields that it answers: usually one, more where aliases or fragments ask for
    the same with the same arguments."""

    function: BatchFunction
    arguments: dict[str, Any]
    fields: list[tuple[Level, ExecutionField]] = dataclasses.field(default_factory=list)

    async def columns(self, context: RequestContext) -> list[list[Any]]:
        """A column for each field that is answered; an exception is a value."""
        levels = [level.parents for level, _ in self.fields]
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
    """One execution of an operation: its variables are bound, the plan says what it asks for, and `pushdowns` what of that the
    database can write.

    Of an answer that would hold more than `max_objects` objects nothing is answered. Equal rows share an answer here, so that a
    short document that goes to and fro between purchases and their lines is soon done; but each is written wherever it
    stands, and that is what is counted.
    """

    def __init__(
        self, bound: BoundOperation, plan: Plan, pushdowns: Mapping[ExecutionField, Pushdown], max_objects: int
    ) -> None:
        self._bound = bound
        self._plan = plan
        self._pushdowns = pushdowns
        self._max_objects = max_objects
        self._objects = 0
        self._estimated: list[tuple[str, int]] = []
        self._context: GraphQLContext = bound.context_value
        self._suspects: set[ExecutionField] = set()
        self._types: dict[int, Selection] = {}

    @property
    def may_read_replica(self) -> bool:
        """Whether all that is asked may be answered by what a replica knows."""
        return self._plan.replica

    async def result(self) -> ExecutionResult:
        """The answer, with its errors. Raises nothing that a field has raised."""
        root = self._plan.root
        answer = root.blank.copy()
        level = Level(root, [self._bound.root_value], [answer], [1])
        if self._bound.operation.operation is OperationType.MUTATION:
            for field in root.fields:
                await self._resolve(level, field)
                if self._excessive:
                    break
        else:
            await _together([self._resolve(level, field) for field in root.fields])
        if self._excessive:
            return ExecutionResult(None, [beyond_objects(self._objects, self._max_objects)])
        if not self._suspects:
            return ExecutionResult(answer, None)
        propagation = NullPropagation(self._suspects, self._types, self._note_denial)
        data = propagation.data(root, answer)
        return ExecutionResult(data, propagation.errors or None)

    async def _resolve(self, root: Level, field: ExecutionField) -> None:
        """A root field, and everything below it; or all of it by the database."""
        if field in self._pushdowns and self._push_down(statement := Statement(root), field):
            await self._write(statement)
            return
        try:
            value = await (self._resolved(root, field) if field.rooted is None else self._rooted(root, field))
        except Exception as error:
            value = error
        await self._advance(
            self._complete(root, field, [value] if field.rooted is None else _with_denials(field, [value]))
        )

    async def _rooted(self, root: Level, field: ExecutionField) -> Any:
        assert field.rooted is not None
        if field.needs is not None and not self._context.request.actor.may(field.needs):
            return Denied(field.needs)
        if field.owner is not None:
            self._context.request.shop.refuse_behind(field.owner)
        schema = self._bound.schema._strawberry_schema  # type: ignore[attr-defined]
        arguments = self._arguments(root, field)
        return await field.rooted(self._context, schema, field.name, arguments, field.asked)

    async def _resolved(self, root: Level, field: ExecutionField) -> Any:
        """By its own resolver, which asks for its permission itself."""
        definition = field.definition
        arguments = get_argument_values(definition, field.nodes[0], self._bound.variable_values)
        assert definition.resolve is not None
        value = definition.resolve(self._bound.root_value, self._info(root, field), **arguments)
        return await value if isawaitable(value) else value

    async def _advance(self, levels: list[Level]) -> None:
        """Answer all fields of these levels, and of the levels below."""
        calls, statements = self._read(levels)
        if not self._excessive:
            await _together([*map(self._call, calls), *map(self._write, statements)])

    @property
    def _excessive(self) -> bool:
        if self._objects > self._max_objects:
            for text, weight in self._estimated:
                self._objects += weight * (objects_in(text) - text.count("{"))
            self._estimated.clear()
        return self._objects > self._max_objects

    async def _write(self, statement: Statement) -> None:
        """Let the database write fields of a level."""
        texts, level = await statement.texts(self._context.request), statement.level
        if isinstance(texts, Exception):
            for field in statement.fields:
                self._complete(level, field, [texts] * len(level.parents))
            return
        as_value: Callable[[str], Any] = Fragment if self._context.as_json else loads
        for field, column in zip(statement.fields, texts, strict=True):
            for answer, text, weight in zip(level.answers, column, level.weights, strict=True):
                answer[field.name] = as_value(text)
                # Text may hold braces too. Who counts them alone is ten times as quick, and seldom has to look closer.
                self._objects += weight * text.count("{")
                self._estimated.append((text, weight))

    async def _call(self, call: Call) -> None:
        columns = await call.columns(self._context.request)
        below: list[Level] = []
        for (level, field), column in zip(call.fields, columns, strict=True):
            below += self._complete(level, field, _with_denials(field, column))
        await self._advance(below)

    def _read(self, levels: list[Level]) -> tuple[Sequence[Call], Sequence[Statement]]:
        """Answer what can be read off the parents, down to where something must be fetched: by these calls, or by statements
        that the database answers whole."""
        calls: dict[Any, Call] = {}
        statements: list[Statement] = []
        for level in levels:  # which grows by the levels that are found below
            statement: Statement | None = None
            for field in level.selection.fields:
                if field.needs is not None and not self._context.request.actor.may(field.needs):
                    levels += self._complete(level, field, [Denied(field.needs)] * len(level.parents))
                elif field.owner is not None and field.owner in self._context.request.shop.behind:
                    levels += self._complete(level, field, [CatchingUp(field.owner)] * len(level.parents))
                elif field.read is not None:
                    levels += self._complete(level, field, _read_off(field, level.parents))
                else:
                    statement = statement or Statement(level)
                    if not self._push_down(statement, field):
                        levels += self._join_call(calls, level, field)
            if statement is not None and statement.fields:
                statements.append(statement)
        return list({id(call): call for call in calls.values()}.values()), statements

    def _push_down(self, statement: Statement, field: ExecutionField) -> bool:
        """Let this statement write a field, if the database can and the caller may see all of it; or else its function must be
        called."""
        context, pushdown = self._context.request, self._pushdowns.get(field)
        if pushdown is None or not statement.has_room(pushdown) or not all(map(context.actor.may, pushdown.needs)):
            return False
        if context.shop.behind:  # whose fields are answered by errors
            return False
        values: list[Any] = []
        try:
            subquery = pushdown.subquery(context, partial(self._arguments, statement.level), values)
        except Exception:  # for which there is a place and a path in the ordinary way
            return False
        if subquery is not None:
            statement.take(pushdown, subquery, values)
        return subquery is not None

    def _join_call(self, calls: dict[Any, Call], level: Level, field: ExecutionField) -> list[Level]:
        """Join the call that this field needs. The levels below, if its arguments have failed already."""
        assert field.batched is not None
        place = (field.batched, id(field.nodes[0]))
        call = calls.get(place)
        if call is None:
            try:
                arguments = self._arguments(level, field)
            except Exception as error:
                return self._complete(level, field, _with_denials(field, [error] * len(level.parents)))
            same = (field.batched, repr(arguments), level.path)
            call = calls.get(same) or Call(field.batched, arguments)
            calls[place] = calls[same] = call
        call.fields.append((level, field))
        return []

    def _arguments(self, level: Level, field: ExecutionField) -> dict[str, Any]:
        """CoerceArgumentValues (6.4.1), in Python's terms."""
        if not field.definition.args:
            return {}
        values = self._bound.variable_values
        if field.arguments and (simple := field.arguments.of(values.coerced, self._context.request.demand)) is not None:
            return simple
        coerced = get_argument_values(field.definition, field.nodes[0], values)
        declared = definition_of(field.definition)
        schema = self._bound.schema._strawberry_schema  # type: ignore[attr-defined]
        info: Info[Any, Any] = schema.config.info_class(_raw_info=self._info(level, field), _field=declared)
        registry = schema.schema_converter.scalar_registry
        return convert_arguments(coerced, declared.arguments, registry, schema.config, info)

    def _complete(self, level: Level, field: ExecutionField, values: list[Any]) -> list[Level]:
        if type(field.shape) is Leaf and field.shape.plain.issuperset(map(type, values)):
            for answer, value in zip(level.answers, values, strict=True):
                answer[field.name] = value
            return []
        if type(field.shape) is One and len(values) == 1 and type(values[0]) in field.shape.selection.taken:
            return self._complete_one(level, field, field.shape.selection, values)
        completion = Completion(level, field, self._info, self._types)
        completion.complete(values)
        if completion.failed:
            self._suspect(level, field)
        self._objects += completion.objects
        return [] if self._excessive else completion.below

    def _complete_one(
        self, level: Level, field: ExecutionField, selection: Selection, values: list[Any]
    ) -> list[Level]:
        """What `Completion` makes of a single object of a known class, which is most of what a mutation answers."""
        answer = selection.blank.copy()
        level.answers[0][field.name] = answer
        self._objects += level.weights[0]
        if self._excessive or not selection.fields:
            return []
        return [Level(selection, values, [answer], level.weights, (*level.path, field.name), (level, field))]

    def _suspect(self, level: Level, field: ExecutionField) -> None:
        """Remember the way to a failure."""
        above: tuple[Level, ExecutionField] | None = (level, field)
        while above is not None:
            level, field = above
            self._suspects.add(field)
            above = level.above

    def _note_denial(self, refusal: Denied, field: ExecutionField, path: Sequence[str | int]) -> None:
        info = self._resolve_info(field, path)
        self._context.refuse(refusal.permission, info, shop_wide=refusal.shop_wide, store=refusal.store)

    def _info(self, level: Level, field: ExecutionField) -> GraphQLResolveInfo[Any]:
        """What may be asked about a field of a level, which has no single path: there are no numbers in this one."""
        return self._resolve_info(field, (*level.path, field.name))

    def _resolve_info(self, field: ExecutionField, keys: Sequence[str | int]) -> GraphQLResolveInfo[Any]:
        path = None
        for key in keys:
            path = Path(path, key, None)
        assert path is not None
        return self._bound.executor.build_resolve_info(field.definition, field.nodes, field.parent, path)


def _with_denials(field: ExecutionField, values: list[Any]) -> list[Any]:
    """Arguments ask for permissions too; what they are refused is told like what the field itself is refused."""
    if (
        may_be_refused(field.definition)
        and field.shape.nullable
        and any(isinstance(value, Forbidden) for value in values)
    ):
        return [
            Denied(value.permission, shop_wide=value.shop_wide, store=value.store)
            if isinstance(value, Forbidden)
            else value
            for value in values
        ]
    return values


def _read_off(field: ExecutionField, parents: list[Any]) -> list[Any]:
    read = field.read
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
