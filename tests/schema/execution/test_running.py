"""What runs at the same time, what stops, and what is left to graphql-core."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import strawberry

from regulars_core.shop.actors import Actor
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import RequestContext
from regulars_schema.testing import Api
from tests.support.people import Person, nobody, people_schema, said

pytestmark = pytest.mark.one_executor


class Meeting:
    """Two fields that wait for each other: whoever calls them one after the other waits for ever."""

    def __init__(self) -> None:
        self.there = {"one": asyncio.Event(), "two": asyncio.Event()}
        self.running = 0

    def schema(self) -> ComposedSchema:
        fields = [
            batched(self._meet("one", "two"), name="one", returns=int | None, description="Waits for two."),
            batched(self._meet("two", "one"), name="two", returns=int | None, description="Waits for one."),
        ]
        return people_schema(Extension(Person, fields))

    def _meet(self, mine: str, other: str) -> Any:
        async def meet(rows: Sequence[Any], _: RequestContext) -> Sequence[int]:
            self.running += 1
            try:
                self.there[mine].set()
                await self.there[other].wait()
                return [1] * len(rows)
            finally:
                self.running -= 1

        return meet


async def test_the_calls_of_a_level_run_at_the_same_time() -> None:
    data, errors = await asyncio.wait_for(said(Meeting().schema(), "{ everybody { one two } }"), 60)
    assert (data, errors) == ({"everybody": [{"one": 1, "two": 1}] * 2}, [])


async def test_root_fields_run_at_the_same_time() -> None:
    data, _ = await asyncio.wait_for(said(Meeting().schema(), "{ everybody { one } ana { two } }"), 60)
    assert data == {"everybody": [{"one": 1}] * 2, "ana": {"two": 1}}


@pytest.mark.parametrize(
    "document", ["{ everybody { one broken luck } ana { one } }", "{ ana { one echo friends { one } } }"]
)
async def test_whoever_gives_up_leaves_nothing_running(document: str) -> None:
    meeting = Meeting()
    before = asyncio.all_tasks()
    asking = asyncio.create_task(meeting.schema().execute(document, None, nobody()))
    await asyncio.wait_for(meeting.there["one"].wait(), 60)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert meeting.running == 0
    assert asyncio.all_tasks() == before


async def test_what_is_not_for_this_executor_is_left_to_graphql_core_and_counted() -> None:
    def own() -> Any:
        def resolve(info: strawberry.Info) -> str:
            return info.field_name

        field: Any = strawberry.field(resolver=resolve, name="own", description="Wants to know where it is.")
        field.python_name = "own"
        return field

    schema = people_schema(Extension(Person, [own()]))
    for document, data in (
        ("{ ana { own } }", {"ana": {"own": "own"}}),
        ("{ ana { own } again: ana { own } }", {"ana": {"own": "own"}, "again": {"own": "own"}}),
        ('{ __type(name: "Being") { name } }', {"__type": {"name": "Being"}}),
    ):
        assert await said(schema, document) == (data, [])
    assert schema.executor.left == {
        "Person.own has a resolver of its own": 2,
        "introspection": 1,
    }
    assert schema.executor.answered == 0


@pytest.mark.parametrize("directive", ["skip", "include"])
async def test_skipping_by_null_is_refused_and_not_left_to_graphql_core(directive: str) -> None:
    schema = people_schema()
    document = f"query($b: Boolean = true) {{ ana {{ name friends @{directive}(if: $b) {{ name }} }} }}"
    assert await said(schema, document, b=None) == (
        None,
        [
            "Argument 'if' has invalid value: Expected variable '$b' provided to non-null type 'Boolean!' not to be None."
        ],
    )
    assert not schema.executor.left


async def test_a_root_field_with_a_resolver_of_its_own_is_called_as_it_is() -> None:
    async def resolve(info: strawberry.Info, times: int = 2) -> str:
        return f"{info.path.key} {info.python_name}" * times

    field: Any = strawberry.field(resolver=resolve, name="mine", description="Where it is.")
    field.python_name = "mine"
    schema = people_schema(Extension(Query, [field]))
    assert await said(schema, "{ a: mine(times: 1) }") == ({"a": "a mine"}, [])
    assert schema.executor.answered == 1


async def test_permissions_are_asked_each_time_whoever_came_first(api: Api) -> None:
    document = "{ customerGroups { nodes { id customers(first: 1) { totalCount } } } }"
    for role, refused in (("administrator", 0), ("nobody", 1), ("administrator", 0)):
        answer = await Api(api.schema, api.shop, Actor.of_role("key", "till", role)).ask(document)
        assert len(answer.errors) == refused
