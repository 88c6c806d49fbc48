"""The door: what comes in by HTTP, what is turned away, and in which words."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, migrations
from regulars_core.keys import authentication
from regulars_core.keys.authentication import REMEMBERED_SECONDS
from regulars_core.keys.credentials import ALPHABET
from regulars_core.primitives.errors import Refused
from regulars_core.shop.settings import Settings
from regulars_server.app import create_app
from tests.support.keys import make_key, revoke

CODES = {
    "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "QUERY_TOO_COMPLEX",
    "PAYLOAD_TOO_LARGE", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_REQUIRED", "TIMEOUT", "STATEMENT_TIMEOUT", "UNAVAILABLE", "INTERNAL",
}  # fmt: skip
"""The closed list of docs/serving.md."""
WORDS_OF_OURS = (
    "Traceback",
    "sqlite3",
    "asyncpg",
    "tortoise",
    "SELECT",
    "regulars_core",
    "OperationalError",
    ".py",
    "no such table",
)


@dataclass
class Door:
    """A client of one application, with a valid key unless another is given."""

    client: httpx2.AsyncClient
    database: Database
    key: str

    async def send(self, method: str, path: str, *, key: str | None = "", **request: Any) -> httpx2.Response:
        headers = {
            **({} if key is None else {"authorization": f"Bearer {key or self.key}"}),
            **request.pop("headers", {}),
        }
        return await self.client.request(method, path, headers=headers, **request)

    async def post(self, content: bytes | str, **headers: str) -> httpx2.Response:
        given = {
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.send("POST", "/graphql", content=content, headers=given)

    async def ask(self, query: str, *, accept: str = "application/json", **request: Any) -> httpx2.Response:
        return await self.post(json.dumps({"query": query, **request}), accept=accept)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Door]:
    """The application of these settings, started, and a client with a key."""
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        database = app.state.shop.database
        yield Door(client, database, await make_key(database, "till", "administrator"))


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async with serving(Settings(database_url=database_url, country="MX", jobs=False)) as opened:
        yield opened


def refusal(response: httpx2.Response) -> tuple[int, str]:
    """The status and the one code of a refusal, whose form is checked."""
    assert response.headers["content-type"].startswith(("application/json", "application/graphql-response+json"))
    body = response.json()
    assert "data" not in body
    [error] = body["errors"]
    assert error["message"]
    assert error["extensions"]["code"] in CODES
    assert isinstance(error["extensions"]["retryable"], bool)
    assert not [word for word in WORDS_OF_OURS if word in response.text]
    return response.status_code, error["extensions"]["code"]


def errors(response: httpx2.Response) -> list[str]:
    """The codes of the errors of an answer."""
    assert response.status_code == 200, response.text
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]


def without_cost(response: httpx2.Response) -> dict[str, Any]:
    """An answer without what every answer says of its cost."""
    body: dict[str, Any] = response.json()
    cost = body.pop("extensions")["cost"]
    assert cost.keys() == {"requested", "remaining", "restoreRate"}
    return body


def wrong_keys(key: str) -> dict[str, str]:
    """Headers that are nearly right."""
    head, id_, rest = key.split("_")
    other = next(c for c in ALPHABET if c != rest[0])
    swapped = next(c for c in ALPHABET if c != id_[0])
    return {
        "nothing": "",
        "no scheme": key,
        "another scheme": f"Basic {key}",
        "no key": "Bearer",
        "cut off": f"Bearer {key[:-1]}",
        "longer": f"Bearer {key}0",
        "mistyped": f"Bearer {head}_{id_}_{other}{rest[1:]}",
        "mistyped id": f"Bearer {head}_{swapped}{id_[1:]}_{rest}",
        "in lower case": f"Bearer {key.lower()}",
        "two": f"Bearer {key}, Bearer {key}",
        "an injection": "Bearer ' OR 1=1 --",
        "not ascii": "Bearer rk_ñ",
        "very long": "Bearer " + "rk_" * 5_000,
    }


async def test_only_a_live_key_opens(door: Door) -> None:
    for what, header in wrong_keys(door.key).items():
        headers = {"authorization": header.encode()} if header else {}
        answer = await door.client.post("/graphql", json={"query": "{ shop { name } }"}, headers=headers)
        assert refusal(answer) == (401, "UNAUTHENTICATED"), what
        assert answer.headers["www-authenticate"] == "Bearer", what
        printed = await door.client.get("/schema.graphql", headers=headers)
        assert refusal(printed) == (401, "UNAUTHENTICATED"), what
    assert without_cost(await door.ask("{ shop { name } }")) == {"data": {"shop": {"name": "My shop"}}}
    spaced = await door.client.post(
        "/graphql", json={"query": "{ viewer { name roles } }"}, headers={"authorization": f"bearer   {door.key} "}
    )
    assert without_cost(spaced) == {"data": {"viewer": {"name": "till", "roles": ["administrator"]}}}


async def test_the_printed_schema_needs_its_permission(door: Door) -> None:
    key = await make_key(door.database, "till", "cashier")
    assert refusal(await door.send("GET", "/schema.graphql", key=key)) == (403, "FORBIDDEN")
    assert "type Customer" in (await door.send("GET", "/schema.graphql")).text
    headers = {"authorization": f"Bearer {key}"}
    asked = await door.client.post("/graphql", json={"query": "{ __schema { queryType { name } } }"}, headers=headers)
    assert [error["extensions"]["code"] for error in asked.json()["errors"]] == ["FORBIDDEN"]
    assert "data" not in asked.json()


async def test_a_well_formed_key_of_nobody_and_a_wrong_secret_are_refused_alike(door: Door, tmp_path: Any) -> None:
    """Keys whose checksum is right: one that another shop made, and one with another key's secret under a known id."""
    elsewhere = await Database.open(f"sqlite://{tmp_path}/other.db", [CORE_APP])
    await migrations.migrate(elsewhere)
    foreign = await make_key(elsewhere, "till", "administrator")
    foreign_id = foreign.split("_")[1]

    async def rename() -> None:
        await elsewhere.run("UPDATE api_key SET name = 'x' WHERE id = $1", foreign_id)
        await door.database.transaction(copy)

    async def copy() -> None:
        await door.database.run(
            "INSERT INTO api_key (id, name, secret_sha256, created_at) VALUES ($1, 'x', $2, 0)",
            foreign_id,
            "0" * 64,
        )

    unknown = await door.send("POST", "/graphql", key=foreign, json={"query": "{ shop { name } }"})
    await elsewhere.transaction(rename)
    await elsewhere.close()
    wrong = await door.send("POST", "/graphql", key=foreign, json={"query": "{ shop { name } }"})
    assert refusal(unknown) == refusal(wrong) == (401, "UNAUTHENTICATED")
    assert unknown.content == wrong.content


async def test_a_revoked_key_is_refused_within_five_seconds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert REMEMBERED_SECONDS <= 5
    assert errors(await door.ask("{ shop { name } }")) == []
    await make_key(door.database, "spare", "administrator")
    await revoke(door.database, door.key)
    with pytest.raises(Refused, match="NOT_FOUND"):
        await revoke(door.database, door.key)
    later = authentication.time.monotonic() + 5
    monkeypatch.setattr(authentication.time, "monotonic", lambda: later)
    assert refusal(await door.ask("{ shop { name } }")) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
async def test_graphql_is_asked_by_post_and_get_only(door: Door, method: str) -> None:
    answer = await door.client.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    if method != "HEAD":
        assert refusal(answer) == (405, "BAD_REQUEST")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("", False),
        ("text/plain", False),
        ("application/graphql", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/jsonp", False),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-8", True),
        ('Application/JSON;charset="UTF-8"', True),
    ],
)
async def test_the_body_is_json_and_says_so(door: Door, content_type: str, accepted: bool) -> None:
    answer = await door.send(
        "POST", "/graphql", content=b'{"query":"{__typename}"}', headers={"content-type": content_type}
    )
    if accepted:
        assert without_cost(answer) == {"data": {"__typename": "Query"}}
    else:
        assert refusal(answer) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_REQUEST"),
        (b"{", "BAD_REQUEST"),
        (b"{'query': 1}", "BAD_REQUEST"),
        (b'{"query":"{__typename}"} trailing', "BAD_REQUEST"),
        (b"\xff\xfe", "BAD_REQUEST"),
        (b'{"query":"\xff"}', "BAD_REQUEST"),
        ('\ufeff{"query":"{__typename}"}'.encode(), "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b'"{__typename}"', "BAD_REQUEST"),
        (b'[{"query":"{__typename}"}]', "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query":null}', "BAD_REQUEST"),
        (b'{"query":""}', "BAD_REQUEST"),
        (b'{"query":"  \\n"}', "BAD_REQUEST"),
        (b'{"query":7}', "BAD_REQUEST"),
        (b'{"query":{"a":1}}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":[]}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":"{}"}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","operationName":3}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":{"a":NaN}}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":{"a":"\\ud800"}}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":{"\\udfff":1}}', "BAD_REQUEST"),
        (b'{"query":"{__typename}","variables":{"a":"\\u0000"}}', "BAD_USER_INPUT"),
        (b'{"query":"{__typename}","variables":{"a":[{"b\\u0000":1}]}}', "BAD_USER_INPUT"),
        (b'{"query":"{__typename}","variables":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}", "BAD_REQUEST"),
        (b'{"query":"{__typename}","operationName":"Other"}', "BAD_REQUEST"),
        (b'{"query":"query A {__typename} query B {__typename}"}', "BAD_REQUEST"),
        (b'{"query":"fragment F on Shop { name }"}', "BAD_REQUEST"),
    ],
)
async def test_what_is_not_one_request_is_refused(door: Door, body: bytes, code: str) -> None:
    assert refusal(await door.post(body)) == (400, code)


async def test_text_that_no_database_keeps_is_refused_before_it_gets_there(door: Door) -> None:
    variables = {"i": {"firstName": "A\0", "lastName": "B"}}
    document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
    assert refusal(await door.ask(document, variables=variables)) == (400, "BAD_USER_INPUT")
    for literal in (r'"a\u0000"', r'"\u{0}"', r'"""a' + "\0" + '"""', r'"\uD800"', r'"\uD800\u0041"'):
        answer = await door.ask(f"{{ customers(search: {literal}) {{ totalCount }} }}")
        assert "data" not in answer.json(), literal
        assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}, literal
    written = r'mutation { customerCreate(input: {firstName: "a\u0000b", lastName: "c"}) { created } }'
    for _ in range(2):  # a refused document is not remembered as a good one
        answer = await door.ask(written)
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_USER_INPUT"]
    assert without_cost(await door.ask("{ customers { totalCount } }")) == {"data": {"customers": {"totalCount": 0}}}


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_body_has_an_end(door: Door) -> None:
    most = 262_144
    around = len(json.dumps({"query": "{__typename}", "pad": ""}))
    fits = await door.post(json.dumps({"query": "{__typename}", "pad": "x" * (most - around)}))
    assert without_cost(fits) == {"data": {"__typename": "Query"}}
    assert refusal(await door.post(json.dumps({"query": "{__typename}", "pad": "x" * (most - around + 1)}))) == (
        413,
        "PAYLOAD_TOO_LARGE",
    )
    name = {"query": "{__typename}", "variables": {"name": "x" * 2_000_000}}
    assert refusal(await door.post(json.dumps(name))) == (413, "PAYLOAD_TOO_LARGE")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    answer = await door.send("POST", "/graphql", content=endless(), headers=headers)
    assert refusal(answer) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("hello", None, "GRAPHQL_PARSE_FAILED"),
        ("{ shop { name }", None, "GRAPHQL_PARSE_FAILED"),
        ("{" + "shop{" * 5_000, None, "QUERY_TOO_COMPLEX"),
        ("{" + "shop{" * 900, None, "QUERY_TOO_COMPLEX"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ shop { nothing } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ shop }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ customer(id: 1, id: 2) { id } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { customerCreate { created } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Nope) { shop { name } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($a: Int) { customers(first: $a) { totalCount } }", {"a": "ten"}, "BAD_USER_INPUT"),
        ("query($a: Int) { customers(first: $a) { totalCount } }", {"a": 2**31}, "BAD_USER_INPUT"),
        ("query($a: Int) { customers(first: $a) { totalCount } }", {"a": 1.5}, "BAD_USER_INPUT"),
        ("query($a: ID!) { node(id: $a) { id } }", None, "BAD_USER_INPUT"),
        ("query($a: ID!) { node(id: $a) { id } }", {"a": None}, "BAD_USER_INPUT"),
        ("query($a: CustomerWhere) { customers(where: $a) { totalCount } }", {"a": {"x": 1}}, "BAD_USER_INPUT"),
        ("query($a: CustomerWhere) { customers(where: $a) { totalCount } }", {"a": {"any": [None]}}, "BAD_USER_INPUT"),
    ],
)
async def test_every_stage_has_its_code(door: Door, query: str, variables: Any, code: str) -> None:
    plain = await door.ask(query, variables=variables)
    assert (plain.status_code, plain.headers["content-type"]) == (200, "application/json")
    assert {error["extensions"]["code"] for error in plain.json()["errors"]} == {code}
    assert "data" not in plain.json()
    strict = await door.ask(query, variables=variables, accept="application/graphql-response+json")
    assert (strict.status_code, strict.headers["content-type"]) == (400, "application/graphql-response+json")
    assert strict.json()["errors"] == plain.json()["errors"]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_answers_form_is_what_the_client_accepts(door: Door) -> None:
    for accept, media in [
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ]:
        answer = await door.ask("{ shop { name } }", accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), accept
    # An error in one field is no refusal of the request.
    partial = await door.ask('{ shop { name } node(id: "x") { id } }', accept="application/graphql-response+json")
    assert partial.status_code == 200
    assert partial.json()["data"] == {"shop": {"name": "My shop"}, "node": None}
    [error] = partial.json()["errors"]
    assert error["path"] == ["node"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": ["id"], "retryable": False}
    # Neither is one in the only field there is.
    alone = await door.ask('{ node(id: "x") { id } }', accept="application/graphql-response+json")
    assert (alone.status_code, alone.json()["data"]) == (200, {"node": None})


async def rename(database: Database, table: str, name: str) -> None:
    async def work() -> None:
        await database.run(f"ALTER TABLE {table} RENAME TO {name}")

    await database.transaction(work)


async def test_what_nobody_foresaw_nulls_its_field_and_stands_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    made = await door.ask(
        'mutation { customerCreate(input: {firstName: "Ana", lastName: "Li", tags: ["vip"]}) { customer { id } } }'
    )
    customer = made.json()["data"]["customerCreate"]["customer"]["id"]
    await rename(door.database, "customer_note", "gone")
    caplog.clear()
    answer = await door.ask(
        f'{{ customer(id: "{customer}") {{ firstName notes {{ totalCount }} tags }} shop {{ name }} }}'
    )
    body = answer.json()
    assert answer.status_code == 200
    assert body["data"] == {
        "customer": {"firstName": "Ana", "notes": None, "tags": ["vip"]},
        "shop": {"name": "My shop"},
    }
    [error] = body["errors"]
    assert error["path"] == ["customer", "notes"]
    assert error["extensions"].keys() == {"code", "errorId", "retryable"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert not [word for word in (*WORDS_OF_OURS, "customer_note") if word in answer.text]
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert error["extensions"]["errorId"] in record.getMessage()
    assert record.exc_info is not None
    # A mutation that fails so says nothing of what its sibling has done, and undoes nothing of it.
    both = await door.ask(
        f'mutation {{ noteAdd(input: {{customerId: "{customer}", body: "x"}}) {{ note {{ id }} }}'
        f' customerSuspend(input: {{id: "{customer}"}}) {{ customer {{ status }} }} }}'
    )
    assert both.json()["data"] == {"noteAdd": None, "customerSuspend": {"customer": {"status": "SUSPENDED"}}}
    assert [error["extensions"]["code"] for error in both.json()["errors"]] == ["INTERNAL"]


async def test_a_fault_outside_graphql_is_json_too(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    await rename(door.database, "api_key", "gone")
    for method, path in (("POST", "/graphql"), ("GET", "/schema.graphql")):
        caplog.clear()
        answer = await door.send(method, path, **({"json": {"query": "{__typename}"}} if method == "POST" else {}))
        assert refusal(answer) == (500, "INTERNAL")
        error_id = answer.json()["errors"][0]["extensions"]["errorId"]
        assert [record for record in caplog.records if error_id in record.getMessage() and record.exc_info]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_other_places(door: Door) -> None:
    assert refusal(await door.client.get("/nowhere")) == (404, "BAD_REQUEST")
    assert refusal(await door.client.post("/health")) == (405, "BAD_REQUEST")
    front = await door.client.get("/")
    assert (front.status_code, front.headers["location"]) == (307, "/graphiql")
    page = await door.client.get("/graphiql")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await door.client.get("/graphiql/static/..%2Findex.html")).status_code == 404


async def test_health_ready_and_the_printed_schema(door: Door) -> None:
    assert (await door.client.get("/health")).json() == {"status": "alive"}
    assert (await door.client.get("/ready")).json() == {"status": "ready"}
    printed = await door.send("GET", "/schema.graphql")
    assert printed.headers["content-type"].startswith("text/plain")
    assert "type Customer implements Node {" in printed.text
    await door.database.transaction(
        lambda: door.database.run("INSERT INTO tortoise_migrations (app, name, applied_at) SELECT app, '0999_x', applied_at"
                                  " FROM tortoise_migrations LIMIT 1")
    )  # fmt: skip
    late = await door.client.get("/ready")
    assert (late.status_code, late.json()) == (503, {"status": "not ready", "reason": "migrations"})
    assert (await door.client.get("/health")).status_code == 200


async def test_many_at_once_are_told_apart(door: Door) -> None:
    """Requests that run side by side answer each their own client."""
    keys = [await make_key(door.database, f"till {n}", "administrator") for n in range(12)]
    answers = await asyncio.gather(
        *(door.send("POST", "/graphql", key=key, json={"query": "{ viewer { name } }"}) for key in keys * 3)
    )
    names = [answer.json()["data"]["viewer"]["name"] for answer in answers]
    assert names == [f"till {n}" for n in range(12)] * 3
