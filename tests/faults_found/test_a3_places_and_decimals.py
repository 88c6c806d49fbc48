"""A3: whatever is malformed says where it stands, and decimals are read as clients' decimal types print them."""

from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.request.errors import answered
from regulars_schema.testing import Api
from regulars_schema.types.scalars import parse_decimal

SALE = "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created userErrors { code path } } }"
TEA = {"name": "Tea", "unitPrice": "2.00"}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards})


def sale(**given: Any) -> dict[str, Any]:
    return {"idempotencyKey": "k", "reference": "R", "lines": [TEA], **given}


IN_DOCUMENTS: list[tuple[str, tuple[int, int], list[str]]] = [
    ("{ customers(where: {totalSpent: {gte: 5.5}}) { totalCount } }", (1, 39), ["where", "totalSpent", "gte"]),
    ('{ customers(where: {all: [{createdAt: {after: "2026"}}]}) { totalCount } }', (1, 47),
     ["where", "all", "0", "createdAt", "after"]),
    ('mutation { purchaseRecord(input: {idempotencyKey: "k", reference: "R", lines: [{name: "a", unitPrice: "1"},\n'
     '{name: "b", unitPrice: "1"},\n{name: "c", unitPrice: "1,50"}]}) { created } }',
     (3, 24), ["input", "lines", "2", "unitPrice"]),
    ('query($a: Decimal = "1,5") { customers(where: {totalSpent: {gte: $a}}) { totalCount } }', (1, 21),
     ["where", "totalSpent", "gte"]),
    ('{ customers(where: {tier: {in: ["A"], at: "noon"}}) { totalCount } }', (1, 43), ["where", "tier", "at"]),
    ('{ customers(where: {points: {gte: "1e3"}}) { totalCount } }', (1, 35), ["where", "points", "gte"]),
    ('{ customers(where: {credit: {gte: "much"}}) { totalCount } }', (1, 35), ["where", "credit", "gte"]),
    ("{ customers(first: \"ten\") { totalCount } }", (1, 20), ["first"]),
    ("{ customers(orderBy: {field: SHOE_SIZE}) { totalCount } }", (1, 30), ["orderBy", "field"]),
    ("{ customers(orderBy: {direction: ASC}) { totalCount } }", (1, 22), ["orderBy", "field"]),
    ("{ customers(where: {shoeSize: 42}) { totalCount } }", (1, 21), ["where", "shoeSize"]),
    ("{ customers(where: 42) { totalCount } }", (1, 20), ["where"]),
    ("{ customers(shoeSize: 42) { totalCount } }", (1, 13), ["shoeSize"]),
    ("{ node { id } }", (1, 3), ["id"]),
    ('fragment P on Customer { purchases(where: {purchasedAt: {after: "x"}}) { totalCount } }\n'
     '{ customers { nodes { ...P } } }', (1, 65), ["where", "purchasedAt", "after"]),
    ('{ shop @include(if: "yes") { name } }', (1, 21), ["if"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "location", "argument"), IN_DOCUMENTS)
async def test_a3_a_value_in_a_document(
    api: Api, document: str, location: tuple[int, int], argument: list[str]
) -> None:
    [error] = (await api.ask(document)).errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert (error["locations"][0]["line"], error["locations"][0]["column"]) == location


WHERE = "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"
IN_VARIABLES: list[tuple[str, dict[str, Any], list[list[str]]]] = [
    (WHERE, {"w": {"all": [{"createdAt": {"after": "2026"}}, {"totalSpent": {"gte": 5.5}}]}},
     [["where", "all", "0", "createdAt", "after"], ["where", "all", "1", "totalSpent", "gte"]]),
    ("query($w: CustomerWhere!) { customers(where: {all: [{}, $w]}) { totalCount } }", {"w": {"tag": {"in": 3}}},
     [["where", "all", "1", "tag", "in"]]),
    ("query($a: Decimal) { customers(where: {totalSpent: {gte: $a}}) { totalCount } }", {"a": "x"},
     [["where", "totalSpent", "gte"]]),
    ("query($n: Int!) { customers(first: $n) { totalCount } }", {}, [["first"]]),
    ("query($n: Int!) { shop { name } ...F } fragment F on Query { customers(first: $n) { totalCount } }", {"n": "x"},
     [["first"]]),
    (SALE, {"input": sale(lines=[TEA, TEA, {**TEA, "unitPrice": "1,5", "quantity": 2.5}])},
     [["input", "lines", "2", "quantity"], ["input", "lines", "2", "unitPrice"]]),
    (SALE, {"input": {"idempotencyKey": "k", "lines": [{"nam": "a"}]}}, [["input", "reference"], ["input", "lines", "0", "nam"]]),
    (SALE, {"input": sale(purchasedAt="yesterday")}, [["input", "purchasedAt"]]),
    ("query A($n: Int) { customers(first: $n) { totalCount } } query B($n: Int) { customers(last: $n) { totalCount } }",
     {"n": "x"}, [["last"]]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "variables", "arguments"), IN_VARIABLES)
async def test_a3_a_value_of_a_variable(
    api: Api, document: str, variables: dict[str, Any], arguments: list[list[str]]
) -> None:
    for _ in range(2):
        context = GraphQLContext(RequestContext(api.shop, api.actor))
        name = "B" if "query B" in document else None
        result = await api.schema.execute(document, variables, context, operation_name=name)
        told = [answered(error) for error in result.errors or ()]
        assert [error["extensions"].get("argument") for error in told] == arguments
        assert all(error["extensions"]["code"] == "BAD_USER_INPUT" and error["locations"] for error in told)


async def test_a10_a_missing_field_does_not_print_the_values_that_are_there(api: Api) -> None:
    given = {
        "idempotencyKey": "k",
        "lines": [{"name": "Secret", "unitPrice": "2.00"}],
        "customer": {"taxId": "XAXX010101000"},
    }
    [error] = (await api.ask(SALE, input=given)).errors
    assert error["message"] == (
        "Variable '$input' has invalid value: Expected value of type 'PurchaseRecordInput' to include required field 'reference'."
    )
    wrong: list[tuple[str, Any, str]] = [
        ("first: $v", {"a": "Secret"}, "Int cannot represent non-integer value."),
        ("search: $v", ["Secret"], "String cannot represent a non string value."),
        ("where: $v", ["Secret", {"taxId": "Secret"}], "Expected value of type 'CustomerWhere' to be an object."),
        (
            "where: $v",
            {"tag": {"Secret": "x", "in": None}},
            "Expected value of non-null type '[String!]!' not to be null.",
        ),
    ]
    for argument, value, words in wrong:
        type_ = {"first": "Int", "search": "String", "where": "CustomerWhere"}[argument.split(":")[0]]
        answer = await api.ask(f"query($v: {type_}) {{ customers({argument}) {{ totalCount }} }}", v=value)
        assert words in answer.errors[0]["message"]
        assert "Secret" not in answer.errors[0]["message"].replace("unknown field 'Secret'", "")


READ: list[tuple[object, str]] = [
    (5, "5"), (0, "0"), (-3, "-3"), ("12.5", "12.5"), ("1e+21", "1000000000000000000000"), ("1E+3", "1000"), ("1.05e1", "10.5"),
    ("1.0E-7", "0.0000001"), ("25e-2", "0.25"), ("0E-8", "0"), ("12.50000000000000000000", "12.5"), ("10.50", "10.5"),
    ("0.1e22", "1000000000000000000000"), (2**53 - 1, "9007199254740991"), ("9007199254740993", "9007199254740993"),
]  # fmt: skip
REFUSED: list[object] = [
    5.0, 5.5, 1e21, float("nan"), float("inf"), True, None, [], {}, "NaN", "Infinity", "-0", "-0.00", "-0e3", "+1", "1.", ".5",
    "01", "1,5", "1 000", " 1", "", "0x10", "१", "1_000", "--1", "1e", "e3", "1e1000", "1e999999999",
    "1" * 81, 2**53, "1e+2.5",
]  # fmt: skip


@pytest.mark.parametrize(("value", "number"), READ)
def test_a3_what_clients_print_is_read(value: object, number: str) -> None:
    assert parse_decimal(value) == Decimal(number)


@pytest.mark.parametrize("value", REFUSED, ids=str)
def test_a3_what_is_rounded_or_no_number_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        parse_decimal(value)


async def test_a3_whole_numbers_are_taken(api: Api) -> None:
    lines = [
        {"name": "Tea", "unitPrice": 2, "quantity": 3},
        {"name": "Cup", "unitPrice": "4e+0", "quantity": "1.0000000000"},
    ]
    made = await api.done(
        "purchaseRecord",
        "purchase { total { amount } lines { quantity } }",
        {"reference": "R1", "lines": lines, "shipping": 5, "payments": [{"method": "cash", "amount": 15}]},
    )
    assert made["purchase"] == {"total": {"amount": "15.00"}, "lines": [{"quantity": "3"}, {"quantity": "1"}]}
    found = await api.data(
        "query($a: Decimal) { one: purchases(where: {total: {gte: 15}}) { totalCount }"
        ' two: purchases(where: {total: {gte: $a, lt: "1e+2"}}) { totalCount } }',
        a=15,
    )
    assert found == {"one": {"totalCount": 1}, "two": {"totalCount": 1}}


async def test_a3_a_whole_number_is_the_same_input_as_its_text(api: Api) -> None:
    for price in ("2.00", 2, "2", "0.2e1"):
        made = await api.done(
            "purchaseRecord",
            "created",
            {"idempotencyKey": "same", "reference": "R", "lines": [{"name": "a", "unitPrice": price}]},
        )
        assert made["created"]


async def test_a3_what_no_column_can_keep_is_told_by_path(api: Api) -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("unitPrice", "1e+21", "INVALID_AMOUNT"), ("unitPrice", "2.001", "INVALID_AMOUNT"),
        ("unitPrice", "2.000000000000000000000000000000000000000001", "INVALID_AMOUNT"), ("total", 10**15, "INVALID_AMOUNT"),
        ("quantity", "1e+21", "INVALID_QUANTITY"), ("quantity", "1.0000001", "INVALID_QUANTITY"),
        ("quantity", "1.000000000000000000000000000000000000000001", "INVALID_QUANTITY"),
    ]  # fmt: skip
    for field, value, code in wrong:
        made = await api.do("purchaseRecord", "created", sale(lines=[{**TEA, field: value}]))
        told = [(error["code"], error["path"]) for error in made["userErrors"]]
        assert told == [(code, ["input", "lines", "0", field])], (field, value)


async def test_a3_filters_of_any_size_are_exact(api: Api) -> None:
    for bound in ("1e+21", "5.001", "5.000000000000000000000000000000000001"):
        [error] = (
            await api.ask("query($a: Decimal) { customers(where: {totalSpent: {gte: $a}}) { totalCount } }", a=bound)
        ).errors
        assert error["extensions"]["argument"][:2] == ["where", "totalSpent"]
