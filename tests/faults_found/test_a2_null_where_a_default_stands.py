"""A2: a variable that may be null stands where null may not be, since a default lets it (GraphQL 5.8.5)."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, hookimpl, plugins_on
from regulars_schema.plugin import (
    Contribution,
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    Query,
    RequestContext,
    mutation,
    requires,
    root,
    value_or_none,
)
from regulars_schema.request.context import GraphQLContext
from regulars_schema.testing import Api

Place = tuple[str, ...]


@strawberry.input(one_of=True, description="One way to say who.")
class WhoInput:
    """A plugin's input of which exactly one field is given."""

    name: strawberry.Maybe[str] = strawberry.field(description="By name.")
    age: strawberry.Maybe[int] = strawberry.field(description="By age.")


@strawberry.input(description="Somebody to greet.")
class GreetInput(IdempotentInput):
    """A plugin's input with a default."""

    who: WhoInput = strawberry.field(description="Whom.")
    loudly: bool = strawberry.field(default=True, description="Whether everybody hears it.")


@requires(None)
@strawberry.type(description="What greet answers.")
class GreetPayload(Payload):
    """Payload of greet."""

    count: int = strawberry.field(default=1, description="How many were greeted.")


@root(name="who", returns=str | None, description="Says who it is.")
async def who(context: RequestContext, *, who: WhoInput, often: int = 1) -> str:
    return f"{value_or_none(who.name) or value_or_none(who.age)}" * often


@strawberry.input(description="Somebody to listen to.")
class ListenInput:
    """A plugin's input with a field that may be absent but not null."""

    name: strawberry.Maybe[str] = strawberry.field(description="By name.")
    others: strawberry.Maybe[list[WhoInput] | None] = strawberry.field(description="Who else.")


@root(name="heard", returns=int | None, description="Says how many were heard.")
async def heard(
    context: RequestContext, *, softly: strawberry.Maybe[bool] = None, of: list[ListenInput] | None = None
) -> int:
    return len(of or ())


@mutation(name="greet", description="Greets somebody. Codes: `NOT_FOUND`.")
async def greet(context: RequestContext, *, input: GreetInput) -> GreetPayload:
    return GreetPayload()


class Greeting:
    """A plugin with inputs of its own."""

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return Contribution("greeting", extensions=[Extension(Query, [who, heard]), Extension(Mutation, [greet])])


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on(
        {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards, "greeting": Greeting()}
    )


NULLS: list[tuple[str, list[str]]] = [
    ("query($n: OrderDirection) { customers(orderBy: {field: NAME, direction: $n}) { totalCount } }", ["orderBy", "direction"]),
    ('query($n: String = "a") { customerSearch(query: $n) { id } }', ["query"]),
    ('query($n: ID = "a") { node(id: $n) { id } }', ["id"]),
    ('query($n: [String!] = ["a"]) { customers(where: {tag: {in: $n}}) { totalCount } }', ["where", "tag", "in"]),
    ('query($n: String = "a") { customers(where: {all: [{tag: {in: ["b", $n]}}]}) { totalCount } }',
     ["where", "all", "0", "tag", "in", "1"]),
    ('mutation($n: String = "a") { noteAdd(input: {customerId: "x", body: $n}) { userErrors { code } } }', ["input", "body"]),
    ('query($n: Int = 2) { who(who: {name: "Ana"}, often: $n) }', ["often"]),
    ('query($n: WhoInput = {name: "Ana"}) { who(who: $n) }', ["who"]),
    ('mutation($n: Boolean) { greet(input: {who: {age: 3}, loudly: $n}) { count } }', ["input", "loudly"]),
    ("query($n: Boolean = true) { shop @include(if: $n) { name } }", ["if"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "argument"), NULLS)
async def test_a2_the_place_of_a_null_is_named(
    api: Api, document: str, argument: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        for _ in range(3):  # the first time, and as a document that is known
            answer = await api.ask(document, n=None)
            [error] = answer.errors
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument, "retryable": False}
            assert error["message"].endswith("not to be null.")
            assert error["locations"]
    assert not caplog.records


ABSENT_ONLY: list[tuple[str, dict[str, Any], list[str]]] = [
    ("{ heard(softly: null) }", {}, ["softly"]),
    ("query($n: Boolean) { heard(softly: $n) }", {"n": None}, ["softly"]),
    ("{ heard(of: [{name: null}]) }", {}, ["of", "0", "name"]),
    ("query($n: String) { heard(of: [{}, {name: $n}]) }", {"n": None}, ["of", "1", "name"]),
    ("query($n: [ListenInput!]) { heard(softly: true, of: $n) }", {"n": [{}, {}, {"name": None}]}, ["of", "2", "name"]),
    ("query($n: ListenInput!) { heard(of: [{name: \"Ana\"}, $n]) }", {"n": {"others": None, "name": None}}, ["of", "1", "name"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "variables", "argument"), ABSENT_ONLY)
async def test_a2_null_where_something_may_only_be_absent(
    api: Api, document: str, variables: dict[str, Any], argument: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        [error] = (await api.ask(document, **variables)).errors
        assert error["message"] == "This must not be null."
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument, "retryable": False}
        assert error["locations"]
    assert not caplog.records
    assert await api.data("query($n: [ListenInput!]) { heard(of: $n) }", n=[{"name": "Ana"}, {}]) == {"heard": 2}


SAMPLES = {
    "String": '"a"', "ID": '"a"', "Int": "1", "Boolean": "true", "Decimal": '"1"', "BigInt": "1", "Date": '"2026-01-01"',
    "DateTime": '"2026-01-01T00:00:00Z"', "CurrencyCode": '"USD"', "EmailAddress": '"a@example.com"',
    "PhoneNumber": '"+525512345678"',
}  # fmt: skip
"""A literal of each scalar."""


def sample(type_: GraphQLInputType) -> str:
    """A literal of a type, with nothing in it that may be absent."""
    plain: Any = get_nullable_type(type_)
    if is_list_type(plain):
        return f"[{sample(plain.of_type)}]"
    if is_enum_type(plain):
        return next(iter(plain.values))
    if plain.name in SAMPLES:
        return SAMPLES[plain.name]
    if plain.name == "WhoInput":
        return '{name: "Ana"}'
    needed = [f"{name}: {sample(one.type)}" for name, one in plain.fields.items() if is_non_null_type(one.type)]
    return "{" + ", ".join(needed) + "}"


def nulls(type_: Any, way: Place, above: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any, Place]]:
    """Literals of a type with `$n` at each place where null may not be, the type of the place, and the way there."""
    if is_non_null_type(type_):
        yield "$n", type_.of_type, way
        type_ = type_.of_type
    if is_list_type(type_):
        for literal, of, place in nulls(type_.of_type, (*way, "0"), above):
            yield f"[{literal}]", of, place
    elif is_input_object_type(type_) and type_.name not in above and not type_.is_one_of:
        for name, field in type_.fields.items():
            others = [
                f"{other}: {sample(one.type)}"
                for other, one in type_.fields.items()
                if other != name and is_non_null_type(one.type)
            ]
            for literal, of, place in nulls(field.type, (*way, name), above | {type_.name}):
                yield "{" + ", ".join([f"{name}: {literal}", *others]) + "}", of, place


def selected(type_: Any) -> str:
    return "" if get_named_type(type_).name in SAMPLES or is_enum_type(get_named_type(type_)) else "{ __typename }"


def documents(kind: str, type_: GraphQLObjectType) -> Iterator[tuple[str, Place]]:
    """A document for each place in the arguments of a root type where null may not be."""
    for name, field in type_.fields.items():
        for argument, declared in field.args.items():
            others = [
                f", {other}: {sample(one.type)}"
                for other, one in field.args.items()
                if other != argument and isinstance(one.type, GraphQLNonNull)
            ]
            for literal, of, place in nulls(declared.type, (argument,)):
                asked = f"{name}({argument}: {literal}{''.join(others)}) {selected(field.type)}"
                yield f"{kind}($n: {of} = {sample(of)}) {{ {asked} }}", place


@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_a2_every_place_of_the_schema(api: Api, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    types = {"query": api.schema._schema.query_type, "mutation": api.schema._schema.mutation_type}
    root_type = types[kind]
    assert root_type is not None
    wrong, tried = [], 0
    for document, place in documents(kind, root_type):
        for _ in range(2):
            answer = await api.ask(document, n=None)
            told = [(error["extensions"]["code"], error["extensions"].get("argument")) for error in answer.errors]
            if told != [("BAD_USER_INPUT", list(place))]:
                wrong.append((document, told))
        tried += 1
    assert (wrong, tried > {"query": 40, "mutation": 300}[kind]) == ([], True)
    assert not caplog.records


ONE_OF: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("{ who(who: {}) }", {}, "exactly one", ["who"]),
    ('{ who(who: {name: "Ana", age: 3}) }', {}, "exactly one", ["who"]),
    ("{ who(who: {name: null}) }", {}, "exactly one", ["who"]),
    ("query($w: WhoInput!) { who(who: $w) }", {"w": {}}, "exactly one", ["who"]),
    ("query($w: WhoInput!) { who(who: $w) }", {"w": {"name": "Ana", "age": 3}}, "exactly one", ["who"]),
    ("query($w: WhoInput!) { who(who: $w) }", {"w": {"age": None}}, "exactly one", ["who", "age"]),
    ("query($w: WhoInput!) { who(who: $w) }", {"w": {"height": 3}}, "unknown field 'height'", ["who", "height"]),
    ("query($w: WhoInput!) { who(who: $w) }", {"w": {"age": "old"}}, "Int cannot represent", ["who", "age"]),
    ("mutation($w: WhoInput!) { greet(input: {who: $w}) { count } }", {"w": {}}, "exactly one", ["input", "who"]),
    ("mutation($w: GreetInput!) { greet(input: $w) { count } }", {"w": {"who": {}}}, "exactly one", ["input", "who"]),
    ("query($w: String) { who(who: {name: $w}) }", {"w": None}, "must be non-nullable", ["who"]),
]


@pytest.mark.parametrize(("document", "variables", "words", "argument"), ONE_OF)
async def test_a2_every_mistake_of_a_one_of_input_is_told_as_what_it_is(
    api: Api, document: str, variables: dict[str, Any], words: str, argument: list[str]
) -> None:
    for _ in range(2):
        answer = await api.ask(document, **variables)
        first = answer.errors[0]
        assert words in first["message"], first
        assert (first["extensions"]["code"], first["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)
        assert first["locations"]


async def test_a2_a_one_of_input_works(api: Api) -> None:
    document = "query($w: WhoInput!) { who(who: $w) }"
    assert [(await api.data(document, w=one))["who"] for one in ({"name": "Ana"}, {"age": 3})] == ["Ana", "3"]
    assert await api.data('{ who(who: {name: "Ana"}) }') == {"who": "Ana"}
    assert "input WhoInput @oneOf" in api.schema.as_str()


@pytest.mark.parametrize("wrong", [{}, {"name": None}, {"name": "Ana", "age": 3}])
async def test_a2_a_known_document_keeps_its_cost_and_its_line(api: Api, wrong: dict[str, Any]) -> None:
    document = "query Known($w: WhoInput!) { who(who: $w) customers(first: 7) { nodes { id } } }"
    noted = []
    for variables in ({"w": wrong}, {"w": {"name": "Ana"}}, {"w": wrong}, {"w": wrong}):
        charged: list[int] = []
        context = GraphQLContext(RequestContext(api.shop, api.actor), charge=charged.append)
        await api.schema.execute(document, variables, context)
        noted.append((charged, context.cost, context.operation))
    assert noted == [([7], 7, ("query", ("customers", "who")))] * 4
