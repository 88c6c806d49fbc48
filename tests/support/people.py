"""A small schema without a database, in which every rule of execution can be seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any, cast

import strawberry
from graphql import ExecutionResult

from regulars_core.shop.actors import Actor
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension, Query
from regulars_schema.documents.documents import Documents
from regulars_schema.documents.limits import Limits
from regulars_schema.fields.declarations import batched, root
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.schema import build_schema

Text = Annotated[str | None, strawberry.argument(description="Anything.")]


async def trade(rows: Sequence[Any], _: RequestContext) -> Sequence[str]:
    """What persons do."""
    return [f"{row.name} trades" for row in rows]


async def toil(rows: Sequence[Any], _: RequestContext) -> Sequence[str]:
    """What robots do."""
    return [f"{row.name} toils" for row in rows]


@strawberry.interface(description="Somebody.")
class Being:
    """Two types implement it."""

    name: str = strawberry.field(description="The name.")
    job: str | None = strawberry.field(description="What they do.")


@requires(None)
@strawberry.type(description="A person.")
class Person(Being):
    """Over Row."""

    nick: str | None = strawberry.field(description="The nickname.")
    job: str | None = batched(trade, name="job", returns=str | None, description="A trade.")  # type: ignore[assignment]
    age: int | None = strawberry.field(description="In years.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        """Those who are no robots."""
        return isinstance(value, Row) and not value.robot


@requires(None)
@strawberry.type(description="A robot.")
class Robot(Being):
    """Over Row."""

    age: int = strawberry.field(description="In years; never null.")
    job: str | None = batched(toil, name="job", returns=str | None, description="Toil.")  # type: ignore[assignment]

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        """Those who are robots."""
        return isinstance(value, Row) and value.robot


@dataclass
class Row:
    """Anybody."""

    name: str
    nick: str | None = None
    age: Any = None
    robot: bool = False
    friends: list[Any] = field(default_factory=list)
    luck: Any = 1


ANA = Row("Ana", "an", 30)
BO = Row("Bo", None, "old", luck=ValueError("no luck"))
CY = Row("Cy", None, 5, robot=True, luck=None)
ANA.friends, BO.friends = [BO, ANA], [ANA, None, BO]

CALLS: list[tuple[str, int]] = []
"""The calls of batch functions, and for how many parents."""


async def friends(rows: Sequence[Row], _: RequestContext) -> Sequence[Any]:
    """Lists, some with holes."""
    CALLS.append(("friends", len(rows)))
    return [row.friends for row in rows]


async def luck(rows: Sequence[Row], _: RequestContext) -> Sequence[Any]:
    """A number, null, or an exception."""
    CALLS.append(("luck", len(rows)))
    return [row.luck for row in rows]


async def broken(rows: Sequence[Row], _: RequestContext) -> Sequence[Any]:
    """Raises."""
    raise ValueError("broken")


async def echo(rows: Sequence[Row], _: RequestContext, *, text: Text = None, times: int = 2) -> Sequence[str]:
    """What is said, and how often."""
    CALLS.append(("echo", len(rows)))
    return [f"{row.name}: {text!r} {times}" for row in rows]


async def everybody(_: RequestContext) -> list[Row]:
    """Two persons."""
    return [ANA, BO]


async def beings(_: RequestContext) -> list[Any]:
    """Two persons, a robot, nobody, and what is neither."""
    return [ANA, CY, None, object()]


async def loner(_: RequestContext) -> Row:
    """One without friends."""
    return Row("Lo")


async def ana(_: RequestContext) -> Row:
    """One person."""
    return ANA


def _field(function: Any, name: str, returns: Any) -> Any:
    return batched(function, name=name, returns=returns, description="A field.")


def people_schema(*extensions: Extension) -> ComposedSchema:
    """Core, these people, and more."""
    fields = [
        _field(friends, "friends", list[Person | None]),
        _field(friends, "strictFriends", list[Person] | None),
        _field(luck, "luck", int | None),
        _field(luck, "strictLuck", int),
        _field(broken, "broken", int | None),
        _field(broken, "strictBroken", int),
        _field(echo, "echo", str | None),
    ]
    told = [
        (everybody, "everybody", list[Person] | None),
        (everybody, "everybodyOrNull", list[Person | None] | None),
        (beings, "beings", list[Being | None] | None),
        (loner, "loner", Person | None),
        (ana, "ana", Person | None),
        (ana, "strictAna", Person),
    ]
    roots = [root(function, name=name, returns=returns, description="A root.") for function, name, returns in told]
    mine = [Extension(Person, fields), Extension(Query, roots), *extensions]
    deep = Documents(limits=Limits(depth=100))
    return build_schema([Contribution("people", extensions=mine, types=[Person, Robot])], deep)


def nobody() -> GraphQLContext:
    """A request of an administrator to no shop at all, in which no plugin is behind."""
    no_shop = SimpleNamespace(behind=frozenset(), memory={}, refuse_behind=lambda owner: None)
    return GraphQLContext(RequestContext(cast(Any, no_shop), Actor.of_role("key", "till", "administrator")))


async def said(schema: ComposedSchema, document: str, **variables: Any) -> Any:
    """The data, and where there are errors."""
    CALLS.clear()
    result = await schema.execute(document, variables, nobody())
    return result.data, paths(result)


def paths(result: Any) -> list[str]:
    """The places and the messages of errors."""
    assert isinstance(result, ExecutionResult) or hasattr(result, "errors")
    return [
        f"{'.'.join(str(key) for key in error.path)}: {error.message}" if error.path else error.message
        for error in result.errors or ()
    ]
