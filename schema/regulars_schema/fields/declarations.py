"""The one way to write a field that needs data: a function over all parents of a level.

    async def stats_of(customers: Sequence[CustomerRow], batch: RequestContext) -> Sequence[StatsRow]: …

    Extension(Customer, [batched(stats_of, name="stats", returns=CustomerStats | None, description="…")])

The function gets the parents in order and answers one value for each, in the same order; a value that is an exception
nulls that parent's field alone. Its keyword arguments are the field's arguments; those that several
fields share are a TypedDict: `**asked: Unpack[PageArguments]`.
"""

import inspect
from asyncio import shield
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cached_property
from types import NoneType
from typing import Any, get_args, get_type_hints

from strawberry import UNSET, Info
from strawberry.annotation import StrawberryAnnotation
from strawberry.dataloader import DataLoader
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from regulars_core.database import Database, Lookup
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.outcomes import Outcomes
from regulars_schema.fields.pipeline import Pipeline
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import BatchFunction, GraphQLContext, RootAnswer
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import needing

RootFunction = Callable[..., Awaitable[Any]]


def batched(
    function: BatchFunction,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    most: int = 1,
    sql_field: SqlField | None = None,
) -> StrawberryField:
    """A field over all parents of a level, called once for them together, unless it is refused. A list that can be long says
    how many it holds at `most`, and costs as much. Where nothing is asked that is not `rendered`, the database may write the
    answer itself, and the function is not called.

    The breadth-first executor calls the function itself; what it leaves to graphql-core comes here, parent by parent.
    """

    async def resolve(root: Any, info: Info[GraphQLContext, None], **arguments: Any) -> Any:
        context = info.context
        # The arguments follow from the place in the document; aliases with equal ones share a loader.
        place = (function, id(info._raw_info.field_nodes[0]))
        loader = context.loaders.get(place)
        if loader is None:
            call = (function, repr(arguments), *_place(info))
            loader = context.loaders.get(call)
            if loader is None:
                kept: list[list[Any]] = []

                async def load(parents: list[Any]) -> Sequence[Any]:
                    kept.append(parents)  # for as long as the loader knows them by where they lie in memory
                    return await context.request.in_time(lambda: function(parents, context.request, **arguments))

                loader = context.loaders[call] = DataLoader(load, cache_key_fn=id)
            context.loaders[place] = loader
        # Where null propagates, graphql-core cancels what waits beside it; others may wait for the same value.
        return await shield(loader.load(root))

    return _field(
        resolve, function, name, returns, description, needs, batched=function, most=most, sql_field=sql_field
    )


def _place(info: Info[GraphQLContext, None]) -> list[str]:
    """Where the parents stand in the answer, without their places in lists."""
    return [key for key in info._raw_info.path.as_list()[:-1] if isinstance(key, str)]


def root(
    function: RootFunction,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    sql_field: SqlField | None = None,
) -> StrawberryField:
    """A field of the query itself: `async def customers(batch, *, first=None, …)`. Where nothing is asked that is not
    `rendered`, the database may write the answer itself."""

    async def answer(context: GraphQLContext, _: Any, __: str, arguments: dict[str, Any]) -> Any:
        return await context.request.in_time(lambda: function(context.request, **arguments))

    return _root(answer, function, name, returns, description, needs, sql_field)


def mutation(
    function: RootFunction,
    *,
    name: str,
    description: str,
    needs: str | None = None,
    ahead: Callable[[Database, Any], Sequence[Lookup]] | None = None,
) -> StrawberryField:
    """A mutation: `async def customer_create(batch, *, input: CustomerCreateInput) -> CustomerCreatePayload`.

    It runs in a transaction, which may run again; what it raises as Refused undoes it and becomes the payload's
    `userErrors`. Its input is IdempotentInput, or RequiredKeyInput where money is at stake: with a key it is done once. What it
    looks up first may be told `ahead`, from the database and its input: then that takes no round to the database of its own.
    """
    hints = get_type_hints(function)
    payload = hints["return"]
    assert issubclass(payload, Payload), f"{name} answers no payload"
    assert issubclass(hints["input"], IdempotentInput), (
        f"the input of {name} takes no idempotencyKey: make it IdempotentInput"
    )
    pipeline = Pipeline(name, function, Outcomes(payload), ahead)

    async def answer(context: GraphQLContext, schema: Any, place: str, arguments: dict[str, Any]) -> Any:
        return await context.request.in_time(lambda: pipeline.run(context, schema, place, arguments["input"]))

    return _root(answer, function, name, payload | None, description, needs)


def _root(
    answer: RootAnswer,
    function: Any,
    name: str,
    returns: Any,
    description: str,
    needs: str | None,
    sql_field: SqlField | None = None,
) -> StrawberryField:
    """The breadth-first executor calls `answer` itself; what it leaves to graphql-core comes through a resolver."""

    async def resolve(info: Info[GraphQLContext, None], **arguments: Any) -> Any:
        return await answer(info.context, info.schema, str(info._raw_info.path.key), arguments)

    return _field(resolve, function, name, returns, description, needs, rooted=answer, sql_field=sql_field)


class _DeclaredArguments(StrawberryResolver[Any]):
    """A resolver whose arguments are declared beside its function, not read from it; copies of generic types keep them."""

    @cached_property
    def arguments(self) -> list[StrawberryArgument]:
        declared: list[StrawberryArgument] = self.wrapped_func.declared_arguments  # type: ignore[union-attr]
        return declared


def _field(
    resolve: Any,
    function: Any,
    name: str,
    returns: Any,
    description: str,
    needs: str | None,
    batched: BatchFunction | None = None,
    rooted: RootAnswer | None = None,
    most: int = 1,
    sql_field: SqlField | None = None,
) -> StrawberryField:
    if needs is not None and NoneType not in get_args(returns):
        raise TypeError(f"{name} needs {needs}, so it must be nullable: what is refused is null")
    resolve.declared_arguments = list(_arguments(function))
    return StrawberryField(
        python_name=name,
        graphql_name=name,
        base_resolver=_DeclaredArguments(resolve),
        type_annotation=StrawberryAnnotation(returns),
        description=needing(description, needs),
        metadata={"needs": needs, "batched": batched, "rooted": rooted, "most": most, "rendered": sql_field},
    )


def _arguments(function: Any) -> Iterator[StrawberryArgument]:
    """A function's own keyword arguments, and those of the TypedDict that it shares with others."""
    hints = get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            yield _argument(parameter.name, hints[parameter.name], parameter.default)
        elif parameter.kind is parameter.VAR_KEYWORD:
            [shared] = get_args(hints[parameter.name])
            for name, hint in get_type_hints(shared, include_extras=True).items():
                yield _argument(name, hint, None)


def _argument(name: str, hint: Any, default: Any) -> StrawberryArgument:
    # An absent argument is absent, and prints no `= null`.
    unset = default in {inspect.Parameter.empty, None}
    annotation = StrawberryAnnotation(hint)
    return StrawberryArgument(name, None, annotation, default=UNSET if unset else default)


__all__ = ["batched", "mutation", "root"]
