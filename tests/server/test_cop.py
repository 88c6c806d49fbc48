"""The twelve checks that graphql-cop publishes, each as it asks and as it judges, with a key that may do everything."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from regulars_core.shop.settings import Settings
from tests.support.keys import make_key
from tests.support.servers import Client, serving


@pytest.fixture
def engine() -> str:
    """None of this reaches a database."""
    return "sqlite"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[Client]:
    async with serving(Settings(database_url=database_url)) as opened:
        yield opened


async def asked(client: Client, query: str, **more: Any) -> httpx2.Response:
    return await client.send("POST", "/graphql", json={"query": query, "operationName": "cop"}, **more)


async def test_alias_overloading(client: Client) -> None:
    answer = await asked(client, "query cop { " + " ".join(f"alias{n}:__typename" for n in range(101)) + " }")
    assert "data" not in answer.json()


async def test_batch_queries(client: Client) -> None:
    answer = await client.send("POST", "/graphql", json=[{"query": "query cop { __typename }"}] * 10)
    assert not isinstance(answer.json(), list)


async def test_queries_by_get(client: Client) -> None:
    """It warns of these, since a link could send them; ours need the key in a header, which no link sends."""
    answer = await client.send("GET", "/graphql", key=None, params={"query": "query cop {__typename}"})
    assert (answer.status_code, "data" in answer.json()) == (401, False)


async def test_mutations_by_get(client: Client) -> None:
    answer = await client.send("GET", "/graphql", params={"query": "mutation cop {__typename}"})
    assert (answer.status_code, "data" in answer.json()) == (405, False)


async def test_queries_in_a_form(client: Client) -> None:
    answer = await client.send("POST", "/graphql", data={"query": "query cop {__typename}"})
    assert (answer.status_code, "data" in answer.json()) == (415, False)


async def test_tracing(client: Client) -> None:
    answer = await asked(client, "query cop { __typename }", headers={"apollo-tracing": "1", "x-apollo-tracing": "1"})
    assert answer.json()["extensions"].keys() == {"cost"}
    wrong = await asked(client, "qwerty cop { abc }")
    assert [error["extensions"].keys() for error in wrong.json()["errors"]] == [{"code", "retryable"}]
    assert "stack" not in wrong.text.lower()


async def test_field_duplication(client: Client) -> None:
    answer = await asked(client, "query cop { " + "__typename \n" * 500 + " }")
    assert "data" not in answer.json()


async def test_field_suggestions(database_url: str) -> None:
    """Only who may read the whole schema is helped to guess at it; here somebody who may not."""
    async with serving(Settings(database_url=database_url)) as client:
        cashier = replace(client, key=await make_key(client.database, "till", "cashier"))
        answer = await asked(cashier, "query cop { __schema { directive } shop { nam } custmers { id } }")
        assert "data" not in answer.json()
        assert "did you mean" not in answer.text.lower()


@pytest.mark.parametrize("path", ["/", "/graphiql", "/playground", "/console", "/graphql"])
async def test_graphiql_shows_nothing_without_a_key(client: Client, path: str) -> None:
    """The page itself is ours, public and empty; everything it shows it asks for with the key of whoever opens it."""
    page = await client.send("GET", path, key=None, headers={"accept": "text/html"})
    assert "customer_" not in page.text
    query = await client.send("POST", "/graphql", key=None, json={"query": "query cop { __typename }"})
    assert (query.status_code, "data" in query.json()) == (401, False)


async def test_introspection(client: Client) -> None:
    """It is closed to everybody without a key, and to keys without the permission."""
    for query in (
        "query cop { __schema { types { name fields { name } } } }",
        'query cop { __type(name: "Query") { name } }',
    ):
        assert (await asked(client, query, key=None)).status_code == 401
    assert (await client.send("GET", "/schema.graphql", key=None)).status_code == 401


async def test_directive_overloading(client: Client) -> None:
    answer = await asked(client, "query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }")
    assert len(answer.json()["errors"]) == 1


async def test_circular_introspection(client: Client) -> None:
    circle = "fields { type { " * 4 + "name" + " } }" * 4
    answer = await asked(client, "query cop { __schema { types { " + circle + " } } }")
    assert "data" not in answer.json()


async def test_circular_fragments(client: Client) -> None:
    """Not among the twelve; a later version asks it."""
    answer = await asked(client, "query cop { __schema { ...A } } fragment A on __Schema { __typename ...B } "
                                 "fragment B on __Schema { ...A }")  # fmt: skip
    assert "data" not in answer.json()
