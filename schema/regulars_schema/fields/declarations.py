"""The one way to write a field that needs data: a function over all parents of a level.

    @batched(name="stats", returns=CustomerStats | None, description="…")
    async def stats(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StatsRow]: …

    Extension(Customer, [stats])

The function gets the parents in order and answers one value for each, in the same order; a value that is an exception
nulls that parent's field alone. Its keyword arguments are the field's arguments; those that several
fields share are a TypedDict: `**arguments: Unpack[PageArguments]`.

What stands above a function here makes a field of it. A function that answers several fields stays one, and each of them is
made by a call: `batched(purchase_of, name="purchase", …)`.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial, wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, get_type_hints, overload

from strawberry.types.field import StrawberryField

from regulars_core.database import Lookup
from regulars_core.shop.shop import Shop
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.doubts import is_doubtful, settled
from regulars_schema.fields.outcomes import Outcomes
from regulars_schema.fields.pipeline import Pipeline
from regulars_schema.fields.resolvers import Declaration, batch_field, root_field
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import Asked, BatchFunction, GraphQLContext, RequestContext
from regulars_schema.request.errors import Payload

RootFunction = Callable[..., Awaitable[Any]]
F_contra = TypeVar("F_contra", contravariant=True)
P = ParamSpec("P")


class Declarer(Protocol[F_contra, P]):
    """What makes a field of a function: called with the function, or as a decorator above it."""

    @overload
    def __call__(self, function: F_contra, /, *args: P.args, **options: P.kwargs) -> StrawberryField: ...
    @overload
    def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[F_contra], StrawberryField]: ...


def declarer(declare: Callable[Concatenate[F_contra, P], StrawberryField]) -> Declarer[F_contra, P]:
    """Let what is called with a function stand above one, too."""

    @wraps(declare)
    def either(function: F_contra | None = None, /, *args: P.args, **options: P.kwargs) -> Any:
        return partial(declare, **options) if function is None else declare(function, *args, **options)

    return cast(Declarer[F_contra, P], either)


@declarer
def batched(
    function: BatchFunction,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    most: int = 1,
    sql_field: SqlField | None = None,
    refuses: bool = False,
    replica: bool | None = None,
) -> StrawberryField:
    """A field over all parents of a level, called once for them together, unless it is refused. A list that can be long says
    how many it holds at `most`, and costs as much. Where nothing is asked that the `sql_field` does not know, the database may
    write the answer itself, and the function is not called. A field without arguments that may answer Forbidden for some of the
    parents says that it `refuses`. What is decided by, such as a balance, no `replica` may
    answer. Where nothing is said of that, it may answer core's own fields and none of a plugin's."""
    declared = Declaration(name, returns, description, needs, most, sql_field, refuses=refuses, replica=replica)
    return batch_field(_settling(function), declared, function)


@cache
def _settling(function: BatchFunction) -> BatchFunction:
    """The function, of whose arguments the database has said what their conditions mean."""
    if all(one.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD} for one in _parameters(function)):
        return function  # without any arguments of the field's own

    @wraps(function)
    async def settle(parents: Sequence[Any], context: RequestContext, **arguments: Any) -> Sequence[Any]:
        known = await settled(arguments) if is_doubtful(arguments) else arguments
        return await function(parents, context, **known)

    return settle


def _parameters(function: Callable[..., Any]) -> Sequence[Parameter]:
    return list(signature(function).parameters.values())


@declarer
def root(
    function: RootFunction,
    *,
    name: str,
    returns: Any,
    description: str,
    needs: str | None = None,
    most: int = 1,
    sql_field: SqlField | None = None,
    sized_by: str | None = None,
    asks: bool = False,
    replica: bool = False,
) -> StrawberryField:
    """A field of the query itself: `async def customers(context, *, first=None, …)`. A list that can be long says how many it
    holds at `most`, and costs as much. Where nothing is asked that the `sql_field` does not know, the database may write the
    answer itself. A list that has an entry for each entry of an argument says by which argument it is `sized_by`, and costs as
    much. One that `asks` is told by its second argument the names of the fields that are asked of what it answers, so that it
    does nothing in vain. What may be as it was a moment ago, and is not decided by, says that a `replica` may answer it."""

    async def answer(context: GraphQLContext, _: Any, __: str, arguments: dict[str, Any], asked: Asked) -> Any:
        own = (asked(),) if asks else ()
        if not is_doubtful(arguments):
            return await context.request.in_time(lambda: function(context.request, *own, **arguments))

        async def settle() -> Any:
            return await function(context.request, *own, **await settled(arguments))

        return await context.request.in_time(settle)

    declared = Declaration(name, returns, description, needs, most, sql_field, sized_by, replica=replica)
    return root_field(answer, declared, function)


@declarer
def mutation(
    function: RootFunction,
    *,
    name: str,
    description: str,
    needs: str | None = None,
    ahead: Callable[[Shop, Any], Sequence[Lookup]] | None = None,
    turn: Callable[[Any], str | None] | None = None,
) -> StrawberryField:
    """A mutation: `async def customer_create(context, *, input: CustomerCreateInput) -> CustomerCreatePayload`.

    It runs in a transaction, which may run again; what it raises as Refused undoes it and becomes the payload's
    `userErrors`. Its input is IdempotentInput, or RequiredKeyInput where money is at stake: with a key it is done once. What it
    looks up first may be told `ahead`, from the database and its input: then that takes no round to the database of its own.
    Those with the same `turn`, told from the input, wait for each other in this process.
    """
    hints = get_type_hints(function)
    payload = hints["return"]
    assert issubclass(payload, Payload), f"{name} answers no payload"
    assert issubclass(hints["input"], IdempotentInput), (
        f"the input of {name} takes no idempotencyKey: make it IdempotentInput"
    )
    pipeline = Pipeline(name, function, Outcomes(payload), ahead, turn)

    async def answer(context: GraphQLContext, schema: Any, place: str, arguments: dict[str, Any], _: Asked) -> Any:
        return await context.request.in_time(lambda: pipeline.run(context, schema, place, arguments["input"]))

    return root_field(answer, Declaration(name, payload | None, description, needs), function)


__all__ = ["batched", "mutation", "root"]
