"""How large a document may be, and what it costs: counted before anything of it is executed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query
from strawberry.schema.exceptions import CannotGetOperationTypeError

from regulars_core.customers.reads import CustomerRow
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension
from regulars_schema.customers.types import Customer
from regulars_schema.documents.documents import Documents, parsed
from regulars_schema.documents.limits import Limits
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api

LIMITS = Limits()


def chain(length: int, end: str) -> str:
    """Fragments of which each spreads the next one."""
    return " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(length)) + (
        f" fragment F{length} on Query {{ {end} }}"
    )


def doubling(length: int, end: str) -> str:
    """Fragments of which each spreads the next one twice: the ways through them are two to the power of `length`."""
    return " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(length)) + (
        f" fragment F{length} on Query {{ {end} }}"
    )


def deep(depth: int) -> str:
    """Fields inside each other."""
    return "{" + " a {" * (depth - 1) + " b " + "}" * depth


BEYOND = {
    "depth": [deep(13), "{ ...F } fragment F on Query " + deep(13)],
    "aliases": [
        "{"
        + " ".join(f"a{n}: shop {{ name }}" for n in range(5))
        + " shop {"
        + " ".join(f"b{n}: name" for n in range(26))
        + "} }",
        "{ ...F0 } " + doubling(5, "a: __typename"),
    ],
    "rootFields": ["{" + " __typename" * 11 + "}", "{ ...F0 } " + doubling(30, "__typename")],
    "directives": [
        "{ shop {" + " name @skip(if: false) @include(if: true)" * 11 + "} }",
        "query Q @a @b @c @d { shop "
        + "".join(f"@a{n} @b{n} @c{n} @d{n} {{ shop " for n in range(5))
        + "{a}"
        + "}" * 6,
    ],
    "directivesInOnePlace": ["{ __typename " + "@skip(if: false) " * 5 + "}"],
    "operations": [" ".join(f"query Q{n} {{ __typename }}" for n in range(60))],
    "variables": ["query(" + " ".join(f"$v{n}: Int" for n in range(51)) + ") { __typename }"],
    "tokens": ["{" + " name" * 2_001 + "}", "#\n" * 2_001 + "{ __typename }"],
    "spreads": ["{ shop {" + " ...F" * 101 + "} } fragment F on Shop { name }"],
    "nesting": ["{" + "... {" * 61 + "__typename" + "}" * 62, "{ ...F0 } " + chain(61, "__typename")],
    "pairs": ["{ shop {" + " name" * 160 + "} }"],
    "valueDepth": [
        "{ customers(where: " + "{all: [" * 11 + "]}" * 11 + ") { totalCount } }",
        "query($w: CustomerWhere = " + "{not: " * 21 + "{}" + "}" * 21 + ") { __typename }",
        "{ __typename @skip(if: " + "[" * 21 + "]" * 21 + ") }",
    ],
    "digits": ["{ customers(first: " + "9" * 101 + ") { totalCount } }", "{ a(b: -1." + "0" * 5_000 + ") }"],
    "introspection": ["{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"],
    "bytes": ["{ __typename }".ljust(65_537)],
}


@pytest.mark.parametrize(("limit", "document"), [(limit, one) for limit, all_ in BEYOND.items() for one in all_])
def test_what_is_beyond_a_limit_is_refused_and_the_limit_named(
    schema: ComposedSchema, limit: str, document: str
) -> None:
    with pytest.raises(GraphQLError) as refused:
        parsed(document, schema._schema, LIMITS)
    assert refused.value.extensions is not None
    assert refused.value.extensions["limit"] == limit
    assert refused.value.extensions["code"] in {"QUERY_TOO_COMPLEX", "PAYLOAD_TOO_LARGE"}


@pytest.mark.parametrize(
    "document",
    [
        deep(12),
        "{" + " __typename" * 10 + "}",
        "{ shop {" + " ".join(f"b{n}: name" for n in range(30)) + "} }",
        " ".join(f"query Q{n} {{ __typename }}" for n in range(10)),
        "{ shop {" + " ...F" * 100 + "} } fragment F on Shop { name }",
        "{ ...F0 } " + chain(40, "__typename"),
        "{ customers(where: " + "{all: [" * 10 + "]}" * 10 + ") { totalCount } }",
        "{ __typename }".ljust(65_536),
        "{ ...Nobody }",
        "type A { a: Int }",
    ],
)
def test_what_is_within_the_limits_goes_on(schema: ComposedSchema, document: str) -> None:
    parsed(document, schema._schema, LIMITS)


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ... { shop { ...C } } } fragment C on Shop { ...A }",
        "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { __typename } fragment A on Query { __typename }",
    ],
)
def test_circles_and_double_names_go_no_further(schema: ComposedSchema, document: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        parsed(document, schema._schema, LIMITS)
    assert refused.value.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{ __typename }", {}, 0),
        ("{ shop { name currencyCode } }", {}, 1),
        ("{ viewer { name } shop { name } }", {}, 2),
        ("{ customers { totalCount } }", {}, 0),
        ("{ customers { nodes { id } } }", {}, 20),
        ("{ customers { edges { cursor node { id group { name } } } } }", {}, 40),
        ("{ customers { pageInfo { hasNextPage } nodes { id } } }", {}, 21),
        ("{ customers(first: 3) { nodes { id } edges { node { id } } } }", {}, 6),
        ("{ customers(last: 7) { nodes { id } } }", {}, 7),
        ("{ customers(first: 0) { nodes { id } } }", {}, 0),
        ("{ customers(first: -5) { nodes { id } } }", {}, 0),
        ("{ customers(first: 99999999999) { nodes { id } } }", {}, 100),
        ("{ customers(first: 100) { nodes { stats { purchaseCount } purchases(first: 20) { nodes { lines { sku } } } } } }",
         {}, 100 * (1 + 1 + 20 * (1 + 1))),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 5}, 5),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": None}, 20),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": "many"}, 100),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": True}, 100),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 60.0}, 60),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 1e300}, 100),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 60.5}, 100),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": [1]}, 100),
        ("query($n: Int = 50) { customers(first: $n) { nodes { id } } }", {"n": None}, 20),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {}, 20),
        ("query($n: Int = 50) { customers(first: $n) { nodes { id } } }", {}, 50),
        ("query($n: Int = 50) { customers(first: $n) { nodes { id } } }", {"n": 2}, 2),
        ("query($n: Int) { customers(last: $n) { ...P } } fragment P on CustomerConnection { nodes { ...C } }"
         " fragment C on Customer { group { name } purchases(first: $n) { nodes { id } } }", {"n": 10}, 10 * (1 + 1 + 10)),
        ("{ customerSearch(query: \"a\") { id } }", {}, 20),
        ("{ customerSearch(query: \"a\", first: 50) { id group { name } } }", {}, 100),
        ('{ node(id: "x") { ... on Customer { group { name } } ... on Purchase { lines { sku } } } }', {}, 3),
        ("{ a: customers(first: 2) { nodes { id } } b: customers(first: 3) { nodes { id } } }", {}, 5),
        ('mutation { customerSuspend(input: {id: "x"}) { customer { id group { name } } userErrors { code } } }', {}, 4),
        ('mutation { customersAssignGroup(input: {groupId: "x", customerIds: []}) { customers { id group { name } } } }',
         {}, 1 + 250 * (1 + 1)),
        ("{ __schema { types { fields { name } } } __type(name: \"Shop\") { name } }", {}, 0),
        ("{ nothing { at { all } } shop { ...Nobody } }", {}, 1),
        ("{ ...F0 } " + doubling(40, "shop { name }"), {}, 10**12),
    ],
)  # fmt: skip
def test_what_a_document_costs(schema: ComposedSchema, document: str, variables: dict[str, Any], cost: int) -> None:
    price = parsed(document, schema._schema, replace(LIMITS, root_fields=10**7)).price
    assert price.cost(None, variables) == cost
    assert price.cost(None, variables) == cost  # what is remembered is the same


def test_a_list_with_a_declared_size_costs_as_much() -> None:
    async def friends(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[list[CustomerRow]]:
        return [[] for _ in customers]

    given: dict[str, Any] = {"returns": list[Customer], "description": "Customers."}
    many = [batched(friends, name="many", most=7, **given), batched(friends, name="some", **given)]
    schema = build_schema([Contribution("friends", extensions=[Extension(Customer, many)])])
    document = "{ customers(first: 3) { nodes { many { many { id } some { id } } } } }"
    assert parsed(document, schema._schema, LIMITS).price.cost(None, {}) == 3 * (1 + 7 * (1 + 7 + 1))


def test_each_operation_has_its_own_cost(schema: ComposedSchema) -> None:
    price = parsed(
        "query A($n: Int = 4) { customers(first: $n) { nodes { id } } } mutation B { __typename } query C { shop { name } }",
        schema._schema, LIMITS,
    ).price  # fmt: skip
    assert [price.cost(name, {}) for name in ("A", "B", "C", "D")] == [4, 0, 1, 0]
    assert price.cost("A", {"n": 9}) == 9
    assert (price.kind("B"), price.fields("A"), price.fields("C")) == ("mutation", ("customers",), ("shop",))


@pytest.mark.parametrize("order", [("absent", "null"), ("null", "absent")])
def test_what_is_remembered_of_null_is_not_what_is_remembered_of_absent(
    schema: ComposedSchema, order: tuple[str, ...]
) -> None:
    price = parsed("query($n: Int = 60) { customers(first: $n) { nodes { id } } }", schema._schema, LIMITS).price
    given: dict[str, dict[str, Any]] = {"absent": {}, "null": {"n": None}}
    assert {name: price.cost(None, given[name]) for name in order} == {"absent": 60, "null": 20}


def test_what_is_remembered_of_costs_has_an_end(schema: ComposedSchema) -> None:
    price = parsed("query($n: Int) { customers(first: $n) { nodes { id } } }", schema._schema, LIMITS).price
    assert [price.cost(None, {"n": n % 101}) for n in range(1_000)] == [n % 101 for n in range(1_000)]
    assert len(price._known) <= 32


@pytest.fixture
def small(shop: Shop) -> Callable[..., Api]:
    """Asks the shop with other limits."""

    def with_limits(**limits: int) -> Api:
        schema = build_schema(documents=Documents(limits=replace(LIMITS, **limits)))
        return Api(schema, shop, Actor.of_role("key", "till", "administrator"))

    return with_limits


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_document_that_is_kept_is_held_against_its_cost_each_time(small: Callable[..., Api]) -> None:
    api = small(cost=100)
    document = "query($n: Int) { customers(first: $n) { nodes { id group { name } } } }"
    for _ in range(2):
        assert (await api.ask(document, n=50)).codes == []
        answer = await api.ask(document, n=51)
        assert answer.codes == ["QUERY_TOO_COMPLEX"]
        assert answer.errors[0]["extensions"] == {
            "code": "QUERY_TOO_COMPLEX", "limit": "cost", "most": 100, "retryable": False
        }  # fmt: skip


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_document_of_several_operations_is_charged_though_none_of_them_is_named(api: Api) -> None:
    charged: list[int] = []
    context = GraphQLContext(RequestContext(api.shop, api.actor), charge=charged.append)
    with pytest.raises(CannotGetOperationTypeError):
        await api.schema.execute("query A { shop { name } } query B { __typename }", context_value=context)
    assert charged == [1]


async def purchase_of(api: Api, lines: int) -> str:
    """The id of a new purchase with so many lines."""
    given = [{"name": f"Thing {n}", "quantity": "1", "unitPrice": "1.00"} for n in range(lines)]
    recorded = await api.done(
        "purchaseRecord",
        "purchase { id }",
        {"reference": f"R{lines}", "purchasedAt": "2026-01-01T00:00:00Z", "lines": given},
    )
    found: str = recorded["purchase"]["id"]
    return found


def to_and_fro(times: int, end: str = "__typename") -> str:
    """A purchase, its lines, their purchase, its lines, …"""
    for _ in range(times):
        end = f"lines {{ purchase {{ {end} }} }}"
    return f"query($id: ID!) {{ purchase(id: $id) {{ {end} }} }}"


IN_THE_ANSWER = {
    "purchase": (to_and_fro(2), 1 + 10 + 10 + 100 + 100),
    "fields": (to_and_fro(2, "id lines { id }"), 1 + 10 + 10 + 100 + 100 + 1_000),
    "interface": ("query($id: ID!) { node(id: $id) { ... on Purchase { lines { purchase { lines { id } } } } } }", 121),
    "null": (to_and_fro(1, "customer { id }"), 1 + 10 + 10),
    "merged": ("query($id: ID!) { purchases { nodes { lines { id } } } purchase(id: $id) { lines { id } } }", 23),
}


@pytest.mark.one_executor
@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("breadth_first", [True, False])
@pytest.mark.parametrize("case", IN_THE_ANSWER)
async def test_an_answer_holds_so_many_objects_wherever_they_stand(
    small: Callable[..., Api], case: str, breadth_first: bool
) -> None:
    document, objects = IN_THE_ANSWER[case]
    enough, too_few = small(objects=objects), small(objects=objects - 1)
    id = await purchase_of(enough, 10)
    for api in (enough, too_few):
        api.schema.executor.enabled = breadth_first
    assert (await enough.ask(document, id=id)).codes == []
    answer = await too_few.ask(document, id=id)
    assert answer.data is None
    assert answer.errors == [
        {
            "message": f"Objects in the answer: {answer.errors[0]['message'].split()[4]} and at most {objects - 1} are answered.",
            "extensions": {"code": "QUERY_TOO_COMPLEX", "limit": "answer", "most": objects - 1, "retryable": False},
        }
    ]


@pytest.mark.one_executor
@pytest.mark.parametrize("most", [3, 2])
async def test_braces_in_texts_are_no_objects(small: Callable[..., Api], most: int) -> None:
    api = small(objects=most)
    for name in ("{" * 50, '{"' * 20):
        await api.done("customerCreate", "created", {"firstName": name, "lastName": "{"})
    answer = await api.ask("{ customers { nodes { firstName } } }")
    assert answer.codes == ([] if most == 3 else ["QUERY_TOO_COMPLEX"])


@pytest.mark.one_executor
@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("end", ["__typename", "customer { taxId }"])
async def test_an_answer_that_grows_with_its_depth_is_refused_and_a_long_purchase_is_not(api: Api, end: str) -> None:
    id = await purchase_of(api, 1_000)
    answer = await api.ask(to_and_fro(1, end), id=id)
    assert answer.codes == []
    assert len(answer.data["purchase"]["lines"]) == 1_000
    for times in (2, 5):
        assert (await api.ask(to_and_fro(times, end), id=id)).codes == ["QUERY_TOO_COMPLEX"]


@pytest.mark.one_executor
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_comes_after_too_large_an_answer_is_not_begun(small: Callable[..., Api]) -> None:
    api = small(objects=10)
    id = await purchase_of(small(), 10)
    document = (
        'mutation($id: ID!) { purchaseVoid(input: {idempotencyKey: "v", purchaseId: $id}) { purchase { lines { id } } }'
        ' customerCreate(input: {firstName: "Ana", lastName: "Li"}) { customer { id } } }'
    )
    assert (await api.ask(document, id=id)).codes == ["QUERY_TOO_COMPLEX"]
    assert (await api.data("{ customers { totalCount } }"))["customers"]["totalCount"] == 0


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_tools_ask_to_know_the_schema_is_answered(api: Api) -> None:
    longest = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    )
    for query in (longest, get_introspection_query(descriptions=False)):
        data = await api.data(query)
        assert {"name": "Customer"}.items() <= next(
            one for one in data["__schema"]["types"] if one["name"] == "Customer"
        ).items()
    answer = await api.ask(
        "{ __schema { types { ...T } } } fragment T on __Type { fields { type { fields { type { fields { name } } } } } }"
    )
    assert answer.codes == ["QUERY_TOO_COMPLEX"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_limits_are_settings(small: Callable[..., Api]) -> None:
    assert (await small(depth=1).ask("{ shop { name } }")).codes == ["QUERY_TOO_COMPLEX"]
    assert (await small(depth=2).ask("{ shop { name } }")).codes == []
    assert (await small(tokens=6).ask("{ shop { name } }")).codes == []
    assert (await small(tokens=5).ask("{ shop { name } }")).codes == ["QUERY_TOO_COMPLEX"]
    assert (await small(bytes=5).ask("{ shop { name } }")).codes == ["PAYLOAD_TOO_LARGE"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_only_who_may_read_the_schema_is_helped_to_guess_names(shop: Shop, schema: ComposedSchema) -> None:
    document = "{ shop { naem currencyCod } customer(cod: 1) { id } }"
    helped = await Api(schema, shop, Actor.of_role("key", "till", "administrator")).ask(document)
    alone = await Api(schema, shop, Actor.of_role("key", "till", "cashier")).ask(document)
    assert any("Did you mean" in error["message"] for error in helped.errors)
    assert not any("Did you mean" in error["message"] for error in alone.errors)
    many = await Api(schema, shop, Actor.of_role("key", "till", "administrator")).ask("{ shop {" + " nope" * 50 + "} }")
    assert len(many.errors) <= 6


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_mistakes_in_variables_help_nobody_and_have_an_end(api: Api) -> None:
    document = "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"
    answer = await api.ask(document, w={f"statu{n}": 1 for n in range(600)})
    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert len(answer.errors) <= 6
    assert not any("Did you mean" in error["message"] for error in answer.errors)
