"""Who may read the schema, and what errors tell of it to who may not."""

import pytest

from regulars_core.shop.actors import Actor
from regulars_schema.documents.documents import Documents
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api

READING = [
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Customer") { name } }',
    "{ shop { name } ...All } fragment All on Query { it: __schema { queryType { name } } }",
    "{ ... on Query { ... { __schema { queryType { name } } } } }",
]
MISTAKEN = [
    "{ custmers { totalCount } }",
    "{ customers { nodes { firstNam } } }",
    "{ customers(ordrBy: null) { totalCount } }",
    "{ customers(orderBy: { field: NAM }) { totalCount } }",
    "{ customers(where: { statu: null }) { totalCount } }",
    "query($x: CustomerWher) { customers(where: $x) { totalCount } }",
    "{ node(id: 1) { code } }",
]


@pytest.fixture
def cashier(api: Api) -> Api:
    return Api(api.schema, api.shop, Actor.of_role("key", "till", "cashier"))


@pytest.mark.parametrize("document", READING)
async def test_reading_the_schema_needs_its_permission(api: Api, document: str) -> None:
    schema = build_schema(documents=Documents(5_000))
    admin, cashier = (
        Api(schema, api.shop, Actor.of_role("key", "till", role)) for role in ("administrator", "cashier")
    )
    refused = await cashier.ask(document)
    assert (refused.data, refused.codes) == (None, ["FORBIDDEN"])
    assert refused.errors[0]["extensions"]["permission"] == "schema.introspect"
    for _ in range(2):  # the second time from the kept documents
        assert (await admin.ask(document)).errors == []
        again = await cashier.ask(document)
        assert (again.data, again.codes) == (None, ["FORBIDDEN"])


async def test_everybody_reads_names_of_types(cashier: Api) -> None:
    document = '{ __typename shop { __typename name } customers(search: "__schema __type") { totalCount } }'
    assert (await cashier.data(document))["__typename"] == "Query"


@pytest.mark.parametrize("document", MISTAKEN)
async def test_errors_suggest_nothing_without_it(api: Api, cashier: Api, document: str) -> None:
    told, untold = await api.ask(document), await cashier.ask(document)
    assert any("Did you mean" in error["message"] for error in told.errors), told.errors
    assert untold.errors
    assert not any("Did you mean" in error["message"] for error in untold.errors)


async def test_wrong_variables_suggest_nothing_to_anybody(api: Api, cashier: Api) -> None:
    asked = "customers(orderBy: $order, where: $where) { totalCount }"
    document = f"query($order: CustomerOrderBy, $where: CustomerWhere) {{ {asked} }}"
    for variables in (
        {"order": {"field": "NAM"}},
        {"where": {"stats": None}},
        {"where": {"status": {"in": ["ACTIV"]}}},
    ):
        told, untold = await api.ask(document, **variables), await cashier.ask(document, **variables)
        assert "Did you mean" not in told.errors[0]["message"], told.errors
        assert untold.errors == told.errors
