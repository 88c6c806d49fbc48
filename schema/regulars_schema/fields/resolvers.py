"""How a field of ours joins a Strawberry type: what it says of itself, and the resolver through which graphql-core asks it.

The breadth-first executor calls a field's function itself; what it leaves to graphql-core comes through a resolver, parent by
parent.
"""

import inspect
from asyncio import shield
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Any, get_args, get_type_hints

from strawberry import UNSET, Info
from strawberry.annotation import StrawberryAnnotation
from strawberry.dataloader import DataLoader
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.nodes import SelectedField

from regulars_schema.executor.pushdown import SqlField
from regulars_schema.request.context import BatchFunction, GraphQLContext, RootAnswer
from regulars_schema.request.permissions import needing


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a field says of itself: its name in GraphQL, its type as an annotation, the permission that it needs beyond its
    type's own, how many objects it holds at most, how the database may write it, by which argument it is as long as that,
    whether it `refuses` by what it finds, though it has no arguments, and whether a replica may answer it, as far as it says."""

    name: str
    returns: Any
    description: str
    needs: str | None = None
    most: int = 1
    sql_field: SqlField | None = None
    sized_by: str | None = None
    refuses: bool = False
    replica: bool | None = None


def batch_field(function: BatchFunction, declared: Declaration, signature: Callable[..., Any]) -> StrawberryField:
    """A field that a function answers for all parents of a level; its arguments are the keyword arguments of `signature`.
    Raises TypeError for one that needs a permission and is not nullable."""

    async def resolve(root: Any, info: Info[GraphQLContext, None], **arguments: Any) -> Any:
        context = info.context
        # The arguments follow from the place in the document; aliases with equal ones share a loader.
        place = (function, id(info._raw_info.field_nodes[0]))
        loader = context.loaders.get(place)
        if loader is None:
            call = (function, repr(arguments), *_place(info))
            loader = context.loaders.get(call)
            if loader is None:
                levels: list[list[Any]] = []

                async def load(parents: list[Any]) -> Sequence[Any]:
                    levels.append(parents)  # for as long as the loader knows them by where they lie in memory
                    return await context.request.in_time(lambda: function(parents, context.request, **arguments))

                loader = context.loaders[call] = DataLoader(load, cache_key_fn=id)
            context.loaders[place] = loader
        # Where null propagates, graphql-core cancels what waits beside it; others may wait for the same value.
        return await shield(loader.load(root))

    return _field(resolve, declared, signature, batched=function)


def _place(info: Info[GraphQLContext, None]) -> list[str]:
    """Where the parents stand in the answer, without their places in lists."""
    return [key for key in info._raw_info.path.as_list()[:-1] if isinstance(key, str)]


def root_field(answer: RootAnswer, declared: Declaration, signature: Callable[..., Any]) -> StrawberryField:
    """A field of the query or the mutation; its arguments are the keyword arguments of `signature`. Raises TypeError for one
    that needs a permission and is not nullable."""

    async def resolve(info: Info[GraphQLContext, None], **arguments: Any) -> Any:
        place = str(info._raw_info.path.key)
        return await answer(info.context, info.schema, place, arguments, lambda: _asked(info.selected_fields))

    return _field(resolve, declared, signature, rooted=answer)


def _asked(fields: Sequence[Any]) -> Set[str]:
    """The names of the fields that are asked below these, those in fragments too."""
    names: set[str] = set()
    for one in fields:
        for below in one.selections:
            names |= {below.name} if isinstance(below, SelectedField) else _asked([below])
    return names


class _DeclaredArguments(StrawberryResolver[Any]):
    """A resolver whose arguments are declared beside its function, not read from it; copies of generic types keep them."""

    @cached_property
    def arguments(self) -> list[StrawberryArgument]:
        declared: list[StrawberryArgument] = self.wrapped_func.declared_arguments  # type: ignore[union-attr]
        return declared


def _field(
    resolve: Any,
    declared: Declaration,
    signature: Callable[..., Any],
    batched: BatchFunction | None = None,
    rooted: RootAnswer | None = None,
) -> StrawberryField:
    name, needs = declared.name, declared.needs
    if needs is not None and NoneType not in get_args(declared.returns):
        raise TypeError(f"{name} needs {needs}, so it must be nullable: what is refused is null")
    resolve.declared_arguments = list(_arguments(signature))
    return StrawberryField(
        python_name=name,
        graphql_name=name,
        base_resolver=_DeclaredArguments(resolve),
        type_annotation=StrawberryAnnotation(declared.returns),
        description=needing(declared.description, needs),
        metadata={
            "needs": needs,
            "batched": batched,
            "rooted": rooted,
            "most": declared.most,
            "sql_field": declared.sql_field,
            "sized_by": declared.sized_by,
            "refuses": declared.refuses,
            "replica": declared.replica,
        },
    )


def _arguments(function: Callable[..., Any]) -> Iterator[StrawberryArgument]:
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
