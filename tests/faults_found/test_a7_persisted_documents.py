"""A7: documents that clients name by their hash: kept from who sent them before, or registered by the shop and then no others."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from regulars_core.shop.registered_documents import registered
from regulars_core.shop.settings import Settings, SettingsError, load_settings
from regulars_core.start import plugins_on
from regulars_core.testing import Databases
from regulars_server.http.persisted import CachedDocuments
from regulars_server.http.request import GraphQLRequest
from tests.support.frontends import GRAPHQL_JSON, Asking, asking_a_server, hash_of, named
from tests.support.keys import make_key
from tests.support.servers import codes, logged_lines, serving

NAMES = "query Names($code: String!) { customer(code: $code) { displayName } shop { name } }"
CREATE = """mutation Create($input: CustomerCreateInput!) { customerCreate(input: $input) {
  customer { id code } userErrors { code path } } }"""


@pytest.fixture(scope="module")
def asking(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Asks a server on SQLite; each test has documents of its own."""
    url = asyncio.run(databases.migrated("sqlite", plugins_on().apps))
    with asking_a_server(url, tmp_path_factory.mktemp("server")) as one:
        yield one


def test_a7_a_client_falls_back_once_and_sends_the_hash_from_then_on(database_url: str, tmp_path: Path) -> None:
    with asking_a_server(database_url, tmp_path) as asking:
        for send, text in ((asking.get, NAMES), (asking.post, f"{NAMES} ")):
            variables = {"variables": {"code": "CUST-1"}}
            missed = send(named(text, **variables))
            [error] = missed.json()["errors"]
            assert (missed.status_code, missed.headers["content-type"]) == (200, "application/json")
            assert error["message"] == "PersistedQueryNotFound"
            assert error["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND", "retryable": False}
            refused = send(named(text, **variables), accept=GRAPHQL_JSON)
            assert (refused.status_code, codes(refused)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
            whole = send(named(text, query=text, **variables))
            again = send(named(text, **variables))
            assert whole.json()["data"] == again.json()["data"] == {"customer": None, "shop": {"name": "My shop"}}
            assert again.json()["extensions"]["cost"]["requested"] == 2
            by_id = send({"documentId": f"sha256:{hash_of(text)}", **variables})
            assert by_id.json()["data"] == again.json()["data"]
        by_hash = {"variables": {"input": {"firstName": "Ana", "lastName": "Li", "idempotencyKey": "k-1"}}}
        first = asking.post(named(CREATE, query=CREATE, **by_hash)).json()
        second = asking.post(named(CREATE, **by_hash)).json()
        assert first["data"] == second["data"]
        assert [one["extensions"]["idempotency"]["replayed"] for one in (first, second)] == [False, True]
        by_get = asking.get(named(CREATE, **by_hash))
        assert (by_get.status_code, by_get.headers["allow"], codes(by_get)) == (405, "POST", ["BAD_REQUEST"])
    told = [line for line in logged_lines(asking.server.log) if line["event"] == "request"]
    lines = [line for line in told if line["place"] == "/graphql"]
    assert {line["method"] for line in lines} == {"GET", "POST"}
    assert lines[0]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert lines[3]["fields"] == "customer,shop"
    text = asking.server.log.read_text()
    assert not [words for words in ("CUST-1", hash_of(NAMES), "Names", "Ana", "sha256", "?") if words in text]


def test_a7_a_hash_that_is_not_of_the_text_is_refused_and_keeps_nothing(asking: Asking) -> None:
    mine, other = "{ shop { timezone } }", "{ shop { country } }"
    wrong = asking.post(named(mine, query=other))
    assert (wrong.status_code, codes(wrong)) == (400, ["BAD_REQUEST"])
    assert codes(asking.post(named(mine))) == codes(asking.post(named(other))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "body",
    [
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "A" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 63}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ["0"]}}},
        {"extensions": {"persistedQuery": "0"}},
        {"extensions": {"persistedQuery": {"version": 1}}, "query": "{ shop { name } }"},
        {"documentId": "0" * 64},
        {"documentId": 7},
        {"documentId": "sha256:" + "0" * 64, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "1" * 64}}},
        {"extensions": {"persistedQuery": None}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}, "query": 7},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}, "query": "  "},
    ],
)
def test_a7_what_names_no_document_is_told_so(asking: Asking, body: dict[str, Any]) -> None:
    answer = asking.post(body)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


def test_a7_what_is_not_valid_is_not_kept(asking: Asking) -> None:
    for text, code in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ shop {", "GRAPHQL_PARSE_FAILED"),
        ("{ customers(first: 100) { nodes { purchases(first: 100) { nodes { id } } } } }", "QUERY_TOO_COMPLEX"),
        ("{" + "a: __typename " * 31 + "}", "QUERY_TOO_COMPLEX"),
        ("# " + "x" * 70_000 + "\n{ shop { name } }", "PAYLOAD_TOO_LARGE"),
        (CREATE, None),
    ]:
        sent = named(text, query=text) if code else named(text, query=text, variables={})
        answer = asking.post(sent) if code else asking.get(sent)
        assert codes(answer) == [code or "BAD_REQUEST"]
        assert codes(asking.post(named(text))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_documents_by_hash_have_the_same_limits(database_url: str) -> None:
    page = "query Page($n: Int!) { customers(first: $n) { nodes { purchases(first: $n) { nodes { id } } } } }"
    settings = Settings(database_url=database_url, max_cost=100, rate_capacity=100, rate_restore=1)
    async with serving(settings) as client:

        async def send(body: dict[str, Any], **more: Any) -> httpx2.Response:
            return await client.send("POST", "/graphql", json=body, **more)

        assert codes(await send(named(page, query=page, variables={"n": 1}))) == []
        dear = await send(named(page, variables={"n": 100}))
        assert dear.json()["errors"][0]["extensions"]["limit"] == "cost"
        assert (await send(named(page, variables={"n": 1}), key=None)).status_code == 401
        assert codes(await send(named(page, variables={"n": 8}))) == []
        empty = await send(named(page, variables={"n": 8}))
        assert (empty.status_code, codes(empty)) == (429, ["RATE_LIMITED"])
        guessed = [await send(named(f"guess {n}")) for n in range(150)]
        assert guessed[0].status_code == 200
        assert (guessed[-1].status_code, codes(guessed[-1])) == (429, ["RATE_LIMITED"])
        assert int(guessed[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_two_shops_of_one_process_know_nothing_of_each_other(database_url: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(database_url.removeprefix("sqlite://")) as one, sqlite3.connect(other) as copy:
        one.backup(copy)
    secret = '{ customer(code: "CUST-SECRET") { displayName } }'
    async with (
        serving(Settings(database_url=database_url)) as mine,
        serving(Settings(database_url=f"sqlite://{other}")) as theirs,
    ):
        assert codes(await mine.send("POST", "/graphql", json=named(secret, query=secret))) == []
        assert codes(await mine.send("POST", "/graphql", json=named(secret))) == []
        assert codes(await theirs.send("POST", "/graphql", json=named(secret))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_who_knows_a_hash_may_see_no_more_than_before(database_url: str) -> None:
    pages = "{ customers { nodes { email } } purchases { nodes { id } } }"
    async with serving(Settings(database_url=database_url)) as client:
        assert codes(await client.send("POST", "/graphql", json=named(pages, query=pages))) == []
        other = await make_key(client.database, "press", "marketing")
        own, by_hash = [
            await client.send("POST", "/graphql", key=other, json=body) for body in ({"query": pages}, named(pages))
        ]
        assert own.json() | {"extensions": None} == by_hash.json() | {"extensions": None}
        introspection = "{ __schema { description } }"
        assert codes(await client.send("POST", "/graphql", json=named(introspection, query=introspection))) == []
        refused = await client.send("POST", "/graphql", key=other, json=named(introspection))
        assert codes(refused) == codes(await client.send("POST", "/graphql", key=other, json={"query": introspection}))


def test_a7_the_cache_is_bounded_and_the_latest_used_stay() -> None:
    cache = CachedDocuments(1_000)

    def request(text: str, *, sent: bool = True) -> GraphQLRequest:
        return GraphQLRequest(text if sent else "", None, None, hash_of(text))

    texts = [f"query Q{n} {{ shop {{ name }} }}".ljust(100) for n in range(1_000)]
    for text in texts[:10]:
        cache.keep(request(text), text)
    assert cache.text_of(request(texts[0], sent=False), 200) == texts[0]
    for text in texts[10:19]:
        cache.keep(request(text), text)
    assert cache.text_of(request(texts[0], sent=False), 200) == texts[0]
    for text in texts:
        cache.keep(request(text), text)
    assert (len(cache._texts), cache._characters) == (10, 1_000)
    cache.keep(request("x" * 1_001), "x" * 1_001)
    assert (len(cache._texts), cache._characters) == (10, 1_000)
    none = CachedDocuments(0)
    none.keep(request("{a}"), "{a}")
    assert not none._texts


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a7_operations_of_an_array_stand_for_themselves(database_url: str) -> None:
    async with serving(Settings(database_url=database_url, max_batch=5)) as client:
        body = [named(NAMES), {"query": "{ shop { name } }"}, named(NAMES, query="{ __typename }")]
        answer = await client.send("POST", "/graphql", json=body)
    told = [[error["extensions"]["code"] for error in one.get("errors", [])] for one in answer.json()]
    assert told == [["PERSISTED_QUERY_NOT_FOUND"], [], ["BAD_REQUEST"]]


def manifest(*texts: str) -> dict[str, Any]:
    operations = [{"id": hash_of(text), "name": "N", "type": "query", "body": text} for text in texts]
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a7_registered_documents_are_the_only_ones(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({hash_of(text): text for text in (NAMES, CREATE)}))
    with asking_a_server(database_url, tmp_path, persisted_documents=str(file)) as asking:
        variables = {"variables": {"code": "CUST-1"}}
        for sent in (named(NAMES, **variables), {"query": NAMES, **variables}, named(NAMES, query=NAMES, **variables)):
            assert asking.post(sent).json()["data"]["shop"] == {"name": "My shop"}
            assert asking.get(sent).json()["data"]["shop"] == {"name": "My shop"}
        other = "{ shop { currencyCode } }"
        assert codes(asking.post(named(other))) == ["PERSISTED_QUERY_NOT_FOUND"]
        required = asking.post({"query": other}, accept=GRAPHQL_JSON)
        assert (required.status_code, codes(required)) == (400, ["PERSISTED_QUERY_REQUIRED"])
        assert codes(asking.post(named(other, query=other))) == ["PERSISTED_QUERY_REQUIRED"]
        assert codes(asking.post(named(other))) == ["PERSISTED_QUERY_NOT_FOUND"]
        assert codes(asking.post(named(NAMES, query=other))) == ["BAD_REQUEST"]
        assert asking.post({"query": "{ __schema { description } }"}).json().get("data") is None
        by_get = asking.get(named(CREATE))
        assert (by_get.status_code, by_get.headers["allow"]) == (405, "POST")


def test_a7_documents_are_registered_in_the_forms_that_tools_write(
    tmp_path: Path, no_settings_from_outside: None
) -> None:
    file = tmp_path / "documents.json"
    for content in ({hash_of(NAMES): NAMES, hash_of(CREATE): CREATE}, manifest(NAMES, CREATE)):
        file.write_text(json.dumps(content))
        settings = load_settings(persisted_documents=file)
        assert settings.persisted_documents == file
        assert dict(registered(file)) == {hash_of(NAMES): NAMES, hash_of(CREATE): CREATE}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "name a file that can be read"),
        ("{", "the file must be JSON"),
        ("[]", "must hold documents by their SHA-256"),
        ("{}", "must hold documents by their SHA-256"),
        (json.dumps({hash_of(NAMES): 7}), "must hold documents by their SHA-256"),
        (json.dumps({hash_of(CREATE): NAMES}), f"should be {hash_of(NAMES)}"),
        (json.dumps({"5d41402abc4b2a76b9719d911017c592": NAMES}), f"should be {hash_of(NAMES)}"),
        (json.dumps({**manifest(NAMES), "operations": [7]}), "must hold documents by their SHA-256"),
        (json.dumps({**manifest(NAMES), "operations": {}}), "must hold documents by their SHA-256"),
    ],
)
def test_a7_a_file_that_cannot_be_used_stops_the_start(
    tmp_path: Path, no_settings_from_outside: None, content: str | None, said: str
) -> None:
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match="REGULARS_PERSISTED_DOCUMENTS: ") as told:
        load_settings(persisted_documents=file)
    assert said in str(told.value)
