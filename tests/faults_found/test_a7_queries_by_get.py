"""A7: queries by GET, as urql sends them by default: never a mutation, and with everything that holds for POST."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from regulars_core.shop.settings import Settings
from regulars_core.start import plugins_on
from regulars_core.testing import Databases
from tests.support.frontends import GRAPHQL_JSON, Asking, asking_a_server
from tests.support.servers import codes, logged_lines, serving

SHOP = "query Shop { shop { name } }"
CREATE = """mutation Create { customerCreate(input: {firstName: "Ana", lastName: "Li", idempotencyKey: "k-1"}) {
  customer { id } userErrors { code } } }"""
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def asking(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Asks a server on SQLite."""
    url = asyncio.run(databases.migrated("sqlite", plugins_on().apps))
    with asking_a_server(url, tmp_path_factory.mktemp("server")) as one:
        yield one


def test_a7_a_query_in_a_url_is_answered_as_its_post_is(database_url: str, tmp_path: Path) -> None:
    with asking_a_server(database_url, tmp_path) as asking:
        made = asking.post({"query": CREATE}).json()["data"]["customerCreate"]["customer"]
        find = "query Find($id: ID!, $q: String!) { customer(id: $id) { lastName } customerSearch(query: $q) { lastName } }"
        body = {"query": find, "operationName": "Find", "variables": {"id": made["id"], "q": "ána & lí+%"}}
        for accept in ("application/json", GRAPHQL_JSON):
            by_get, by_post = asking.get(body, accept=accept), asking.post(body, accept=accept)
            assert (by_get.status_code, by_get.json()["data"]) == (200, by_post.json()["data"])
            assert by_get.json()["data"]["customer"] == {"lastName": "Li"}
            assert by_get.headers["content-type"] == by_post.headers["content-type"] == accept
            assert by_get.headers["cache-control"] == "no-store"
            assert by_get.headers["x-request-id"]
        mutation = asking.get({"query": CREATE})
        assert (mutation.status_code, mutation.headers["allow"], codes(mutation)) == (405, "POST", ["BAD_REQUEST"])
        again = asking.get({"query": CREATE})  # a document that is known goes another way
        assert (again.status_code, "data" in again.json()) == (405, False)
        both = {"query": f"{SHOP} {CREATE}"}
        assert asking.get({**both, "operationName": "Shop"}).json()["data"] == {"shop": {"name": "My shop"}}
        assert asking.get({**both, "operationName": "Create"}).status_code == 405
        assert asking.get({**both, "operationName": "Shop"}).status_code == 200
        assert asking.get(both).status_code == 400
        count = asking.post({"query": "{ customers { totalCount } }"}).json()["data"]["customers"]
        assert count == {"totalCount": 1}
    lines = [one for one in logged_lines(asking.server.log) if one["event"] == "request" and one["method"] == "GET"]
    asked = [one for one in lines if one["place"] == "/graphql"]
    assert (asked[0]["kind"], asked[0]["fields"]) == ("query", "customer,customerSearch")
    text = asking.server.log.read_text()
    assert not [words for words in (made["id"], "Find", "Ana", "query=", "variables") if words in text]


def test_a7_no_other_page_can_ask_by_a_simple_request(asking: Asking) -> None:
    simple = f"/graphql?query={quote(SHOP)}"
    for headers in (
        {},
        {"cookie": "session=1"},
        {"origin": "https://other.example", "content-type": "text/plain"},
        {"authorization": "Basic YTpi"},
        {"x-apollo-operation-name": "Shop", "apollo-require-preflight": "true"},
    ):
        answer = asking.send("GET", simple, headers={"authorization": "", **headers})
        assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
        assert "access-control-allow-origin" not in answer.headers
    key = asking._key
    in_url = asking.send(
        "GET", f"{simple}&access_token={key}&authorization=Bearer%20{key}", headers={"authorization": ""}
    )
    assert in_url.status_code == 401
    assert asking.send("GET", simple).json()["data"] == {"shop": {"name": "My shop"}}


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_pages_of_others_are_asked_before_they_may_get(database_url: str) -> None:
    preflight = {"origin": "https://shop.example", "access-control-request-method": "GET",
                 "access-control-request-headers": "authorization"}  # fmt: skip
    async with serving(Settings(database_url=database_url, cors_origins=("https://shop.example",))) as client:
        allowed = await client.send("OPTIONS", "/graphql", key=None, headers=preflight)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://shop.example")
        assert "GET" in allowed.headers["access-control-allow-methods"]
        other = await client.send(
            "OPTIONS", "/graphql", key=None, headers={**preflight, "origin": "https://evil.example"}
        )
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "BAD_REQUEST"),
        ("query=", "BAD_REQUEST"),
        ("query=%20", "BAD_REQUEST"),
        ("Query={__typename}", "BAD_REQUEST"),
        ("query={__typename}&query={__typename}", "BAD_REQUEST"),
        ("query={__typename}&variables=x", "BAD_REQUEST"),
        ("query={__typename}&variables=[1]", "BAD_REQUEST"),
        ("query={__typename}&variables=1", "BAD_REQUEST"),
        ("query={__typename}&extensions=[]", "BAD_REQUEST"),
        ("query={__typename}&operationName=No", "BAD_REQUEST"),
        ("query=%ff", "BAD_REQUEST"),
        ("query=%ed%a0%80", "BAD_REQUEST"),
        ("query={__typename}&" + "&".join(f"a{n}=1" for n in range(40)), "BAD_REQUEST"),
        ("query={__typename}%00", "BAD_USER_INPUT"),
        ('query=query($a:String!){customerSearch(query:$a){id}}&variables={"a":"\\u0000"}', "BAD_USER_INPUT"),
        ('query=query($a:String!){customerSearch(query:$a){id}}&variables={"a":"\\ud800"}', "BAD_REQUEST"),
        ('query={__typename}&variables={"a":' + "[" * 40 + "]" * 40 + "}", "QUERY_TOO_COMPLEX"),
        ("query={__typename", "GRAPHQL_PARSE_FAILED"),
        ("query={nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("query=subscription{nothing}", "BAD_REQUEST"),
        ("query={" + "shop{plugins{name}}" * 1 + "node(id:1){" + "...on+Customer{purchases{nodes{customer{" * 4 + "id"
         + "}}}}" * 4 + "}}", "QUERY_TOO_COMPLEX"),
        ("query={" + "a:__typename+" * 31 + "}", "QUERY_TOO_COMPLEX"),
        ("query={" + "__typename+" * 2_100 + "}", "QUERY_TOO_COMPLEX"),
        ("query={customers(first:100){nodes{purchases(first:100){nodes{id}}}}}", "QUERY_TOO_COMPLEX"),
        ("query={customers(first:101){nodes{id}}}", "BAD_USER_INPUT"),
    ],
)  # fmt: skip
def test_a7_a_url_is_held_against_the_same_limits(asking: Asking, url: str, code: str) -> None:
    answer = asking.send("GET", f"/graphql?{quote(url, safe='&=+%')}")
    assert codes(answer) == [code], answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code in {200, 400, 405}


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_a_url_has_the_size_the_rate_and_the_permissions_of_a_body(database_url: str) -> None:
    settings = Settings(
        database_url=database_url,
        max_body_bytes=1_024,
        max_document_bytes=512,
        max_cost=20,
        rate_capacity=20,
        rate_restore=1,
    )
    async with serving(settings) as client:

        async def get(query: str, **more: Any) -> httpx2.Response:
            return await client.send("GET", "/graphql", params={"query": query}, **more)

        long = await get("# " + "x" * 600 + "\n{ shop { name } }")
        assert (long.status_code, codes(long)) == (413, ["PAYLOAD_TOO_LARGE"])
        longer = await get("# " + "x" * 1_100 + "\n{ shop { name } }")
        assert (longer.status_code, codes(longer)) == (413, ["PAYLOAD_TOO_LARGE"])
        assert (await get("{ shop { name } }", key=None)).status_code == 401
        dear = await get("{ customers(first: 30) { nodes { id } } }")
        assert dear.json()["errors"][0]["extensions"]["limit"] == "cost"
        last = [await get("{ customers(first: 10) { nodes { id } } }") for _ in range(4)][-1]
        assert (last.status_code, codes(last)) == (429, ["RATE_LIMITED"])
        assert last.headers["retry-after"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_a_shop_can_keep_what_is_asked_out_of_urls(database_url: str) -> None:
    async with serving(Settings(database_url=database_url, query_by_get=False)) as client:
        got = await client.send("GET", "/graphql", params={"query": SHOP})
        assert (got.status_code, got.headers["allow"], codes(got)) == (405, "POST", ["BAD_REQUEST"])
        assert "preferGetMethod: false" in got.json()["errors"][0]["message"]
        put = await client.send("PUT", "/graphql")
        assert (put.status_code, put.headers["allow"]) == (405, "POST")
        assert (await client.send("GET", "/graphql", key=None, headers={"accept": BROWSER})).status_code == 307


def test_a10_the_address_opened_in_a_browser_leads_to_graphiql(asking: Asking) -> None:
    visit = asking.send("GET", "/graphql", headers={"accept": BROWSER, "authorization": ""})
    assert (visit.status_code, visit.headers["location"]) == (307, "/graphiql")
    page = asking.send("GET", visit.headers["location"], headers={"authorization": ""})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    # Programs are told what is wrong with what they ask, whatever else they accept.
    assert asking.send("GET", "/graphql", headers={"accept": BROWSER}).status_code == 400
    assert (
        asking.send(
            "GET", f"/graphql?query={quote(SHOP)}", headers={"accept": BROWSER, "authorization": ""}
        ).status_code
        == 401
    )
    assert asking.send("GET", "/graphql", headers={"authorization": ""}).status_code == 401
    assert asking.send("POST", "/graphql", headers={"accept": BROWSER, "authorization": ""}).status_code == 401


def test_a10_the_schema_says_what_it_is_and_tells_its_types_in_order(asking: Asking) -> None:
    answer = asking.get({"query": "{ __schema { description types { name } } }"}).json()["data"]["__schema"]
    assert answer["description"].startswith("The API of one shop")
    names = [one["name"] for one in answer["types"]]
    assert names == sorted(names)
    printed = asking.send("GET", "/schema.graphql").text
    assert printed.startswith(f'"""\n{answer["description"]}\n"""\nschema {{')
    types = [
        line.split()[1] for line in printed.splitlines() if line.startswith(("type ", "interface ", "input ", "enum "))
    ]
    assert types == sorted(types)
