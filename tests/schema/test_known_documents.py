"""A document that was asked before goes a shorter way, and what comes of it is the same."""

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import FrameType
from typing import Any

import pytest
import strawberry
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from regulars_core.primitives.errors import RateLimited
from regulars_core.shop.actors import Actor
from regulars_schema.documents.documents import Documents
from regulars_schema.documents.limits import Limits
from regulars_schema.executor import steps
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])

PAGE = "query Page($n: Int!) { customers(first: $n) { nodes { id } } }"
OPERATIONS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "a query": (PAGE, None, {"n": 3}),
    "by its name": (PAGE, "Page", {"n": 3}),
    "without a variable": (PAGE, None, {}),
    "a variable of another type": (PAGE, None, {"n": "many"}),
    "too dear by its variables": (PAGE, None, {"n": 100}),
    "a bad argument": ("query($n: Int) { customers(first: $n) { nodes { id } } }", None, {"n": -1}),
    "null where none may be": ("query($n: Boolean!) { shop @skip(if: $n) { name } }", None, {"n": None}),
    "one of two": ("query A { shop { name } } query B { shop { timezone } }", "B", {}),
    "neither of two": ("query A { shop { name } } query B { shop { timezone } }", "C", {}),
    "beside what reads the schema": ("query A { shop { name } } query B { __schema { types { name } } }", "A", {}),
    "what reads the schema": ("{ __type(name: \"Shop\") { name } shop { name } }", None, {}),
    "refused": ("{ shop { name } audit { nodes { id } } }", None, {}),
    "failing": ("{ customer { id } }", None, {}),
    "a mutation": (
        'mutation { customerCreate(input: {firstName: "", lastName: "Li"}) { customer { id } userErrors { code } } }', None, {},
    ),
}  # fmt: skip


async def answered(api: Api, case: str, actor: Actor) -> tuple[Any, ...]:
    """Everything that comes of an operation: data, errors, and what is charged and noted."""
    query, name, variables = OPERATIONS[case]
    charged: list[int] = []
    context = GraphQLContext(RequestContext(api.shop, actor), charge=charged.append)
    try:
        result = await api.schema.execute(query, variables, context, operation_name=name)
    except Exception as error:
        return type(error), charged
    told = [(error.formatted, type(error.original_error)) for error in result.errors or ()]
    return isinstance(result, PreExecutionError), result.data, told, charged, context.cost, context.operation


@pytest.fixture
def small(api: Api) -> Api:
    """A client that may ask for 99 objects."""
    return Api(build_schema((), Documents(limits=Limits(cost=99))), api.shop, api.actor)


@pytest.mark.parametrize("role", ["administrator", "cashier"])
@pytest.mark.parametrize("case", OPERATIONS)
async def test_it_is_answered_and_charged_as_the_first_time(small: Api, case: str, role: str) -> None:
    actor = Actor.of_role("key", "till", role, small.shop.permissions)
    first = await answered(small, case, actor)
    assert [await answered(small, case, actor) for _ in range(3)] == [first] * 3


@pytest.mark.parametrize("case", ["a query", "one of two", "too dear by its variables", "refused", "a mutation"])
async def test_strawberry_is_not_asked_again(small: Api, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query, name, variables = OPERATIONS[case]
    await small.schema.execute(
        query, variables | {"n": 1}, GraphQLContext(RequestContext(small.shop, small.actor)), operation_name=name
    )
    monkeypatch.delattr(strawberry.Schema, "execute")
    result = await small.schema.execute(
        query, variables, GraphQLContext(RequestContext(small.shop, small.actor)), operation_name=name
    )
    assert result.data or result.errors


async def test_both_ways_take_every_step(small: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those that are taken once for a document."""
    every = [*steps.PARSING, *steps.VALIDATION, steps.EXECUTION, *steps.CONCLUSION]
    assert [step.__name__ for step in every] == [
        *("read", "charge", "refuse_ambiguity"),
        *("refuse_writing", "refuse_introspection", "validate", "keep", "note"),
        *("answer", "place_mistakes", "tell_refusals"),
    ]
    assert {steps.read, steps.validate, steps.keep} == steps.ONCE
    assert await steps_of(small, every) == every
    monkeypatch.delattr(strawberry.Schema, "execute")
    assert await steps_of(small, every) == [step for step in every if step not in steps.ONCE]


async def steps_of(small: Api, every: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """The steps that are taken for an operation, in order."""
    taken: list[Callable[..., Any]] = []
    by_code = {step.__code__: step for step in every}

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (step := by_code.get(frame.f_code)) is not None and step not in taken:
            taken.append(step)  # a coroutine is called again whenever it goes on

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        result = await small.schema.execute(
            PAGE, {"n": 1}, GraphQLContext(RequestContext(small.shop, small.actor)), operation_name="Page"
        )
    finally:
        sys.setprofile(before)
    assert not result.errors
    return taken


async def test_a_kind_of_operation_that_is_not_allowed_is_refused_again(api: Api) -> None:
    for allowed in (None, {OperationType.MUTATION}, {OperationType.MUTATION}):
        context = GraphQLContext(RequestContext(api.shop, api.actor))
        with nullcontext() if allowed is None else pytest.raises(InvalidOperationTypeError):
            await api.schema.execute("{ shop { name } }", context_value=context, allowed_operation_types=allowed)


async def test_who_has_asked_for_too_much_is_refused(api: Api) -> None:
    def charge(cost: int) -> None:
        raise RateLimited(3.0)

    await api.data(PAGE, n=2)
    result = await api.schema.execute(
        PAGE, {"n": 2}, GraphQLContext(RequestContext(api.shop, api.actor), charge=charge)
    )
    assert isinstance(result, PreExecutionError)
    assert [type(error.original_error) for error in result.errors or ()] == [RateLimited]
