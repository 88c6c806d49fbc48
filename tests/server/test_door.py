"""Who may wait how long for how much: negotiation, arrays, rates, deadlines, overload, and the headers of every answer."""

import asyncio
import logging
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from regulars_core.database import Database
from regulars_core.database.postgres import connection
from regulars_core.shop.settings import Settings, SettingsError, load_settings
from regulars_core.start import plugins_on
from regulars_server.http.errors import GRAPHQL_JSON, PLAIN_JSON, HttpError
from regulars_server.http.negotiation import refuse_other_than_json, response_media
from tests.support import slow
from tests.support.servers import codes, serving
from tests.support.silent import Silence


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", PLAIN_JSON),
        ("  ", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        ("application/json", PLAIN_JSON),
        ("APPLICATION/JSON; charset=utf-8", PLAIN_JSON),
        ("application/graphql-response+json", GRAPHQL_JSON),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_JSON),
        ("application/json;q=0.9, application/graphql-response+json", GRAPHQL_JSON),
        ("application/json, application/graphql-response+json", GRAPHQL_JSON),
        ("application/json, application/graphql-response+json;q=0.9", PLAIN_JSON),
        ("application/graphql-response+json;q=0, */*", PLAIN_JSON),
        ("application/json;q=0, */*", GRAPHQL_JSON),
        ("text/html, application/*;q=0.1", PLAIN_JSON),
        ("text/html,*/*;q=0.001", PLAIN_JSON),
        ("application/graphql-response+json;q=0.5, */*;q=0.4", GRAPHQL_JSON),
        ("application/json;q=nonsense, application/graphql-response+json", GRAPHQL_JSON),
        (", ,;;,*/*", PLAIN_JSON),
        ("text/html", None),
        ("application/jso", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("application/graphql+json", None),
        ("text/event-stream", None),
        ("nonsense", None),
        ("a/b," * 60 + "application/json", None),  # so long a list is nobody's
    ],
)
def test_what_is_accepted_is_answered(accept: str, media: str | None) -> None:
    if media is not None:
        assert response_media(accept) == media
        return
    with pytest.raises(HttpError) as refused:
        response_media(accept)
    assert (refused.value.status, refused.value.code) == (406, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("content_type", "encoding", "taken"),
    [
        ("application/json", "", True),
        ("application/json;charset=utf-8", "identity", True),
        ("application/json; charset=UTF8 ; x=y", "", True),
        ("application/json; charset = utf-8", "", True),
        ("application/json; charset=utf-16", "", False),
        ("application/json; charset=", "", False),
        ("application/json; charset=utf-8; charset=latin-1", "", False),
        ("application/json", "gzip", False),
        ("application/json", "identity, br", False),
        ("application/graphql-response+json", "", False),
        ("application/json, application/json", "", False),
        ("text/json", "", False),
    ],
)
def test_a_body_is_plain_json(content_type: str, encoding: str, taken: bool) -> None:
    headers = {"content-type": content_type} | ({"content-encoding": encoding} if encoding else {})
    if taken:
        refuse_other_than_json(headers)
        return
    with pytest.raises(HttpError) as refused:
        refuse_other_than_json(headers)
    assert refused.value.status == 415


Opened = Callable[..., Any]


@pytest.fixture
def open_door(database_url: str) -> Opened:
    """Serves the test's database with these settings; the plugin is on."""

    def opened(**settings: Any) -> Any:
        return serving(Settings(database_url=database_url, country="MX", **settings), plugins_on({"slow": slow}))

    return opened


async def at_work(database: Database) -> int:
    """How many statements of ours the engine is still busy with, or connections that it does not have back."""
    if database.engine == "sqlite":
        engine = database._root
        return len(engine.readers) - len(engine._idle) + engine.writing.locked()
    pool = database._root._pool
    row = await database.row(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
        " AND pid <> pg_backend_pid()"
    )
    assert row is not None
    return int(row[0]) + pool.lent


@pytest.mark.one_executor  # a second answer would meet the deadline too
async def test_a_deadline_ends_the_statement_and_undoes_the_transaction(open_door: Opened) -> None:
    async with open_door(request_seconds=1) as client:
        reads = await asyncio.gather(*(client.ask("{ slow shop { name } }") for _ in range(12)))
        for read in reads:
            assert (read.status_code, codes(read)) == (200, ["TIMEOUT"])
            assert read.json()["data"] == {"slow": None, "shop": {"name": "My shop"}}
            assert read.json()["errors"][0]["extensions"]["retryable"] is True
        writes = await client.ask(
            'mutation { a: slowWrite(input: {name: "first", wait: false}) { done }'
            ' b: slowWrite(input: {name: "second", wait: true}) { done }'
            ' c: slowWrite(input: {name: "third", wait: false}) { done } }'
        )
        assert writes.json()["data"] == {"a": {"done": True}, "b": None, "c": None}  # the first did commit
        assert codes(writes) == ["TIMEOUT", "TIMEOUT"]
        assert await at_work(client.database) == 0
        stores = await client.ask("{ stores { nodes { name } } }")
        assert stores.json()["data"] == {"stores": {"nodes": [{"name": "first"}]}}
        # Under its key what was cut off can be sent again, and is done once.
        again = 'mutation { slowWrite(input: {name: "%s", wait: %s, idempotencyKey: "%s"}) { done } }'
        assert codes(await client.ask(again % ("k", "true", "key"))) == ["TIMEOUT"]
        assert await at_work(client.database) == 0
        keys = await client.database.rows("SELECT * FROM idempotency_key")
        assert list(keys) == []


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.one_executor  # it counts
async def test_a_statement_stopped_for_its_length_is_not_to_be_sent_again(
    open_door: Opened, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "100ms")
    async with open_door(request_seconds=5) as client:
        for asked in (
            "{ slow }",
            'mutation { slowWrite(input: {name: "k", wait: true}) { done } }',
            'mutation { slowWrite(input: {name: "k", wait: true, idempotencyKey: "key"}) { done } }',
        ):
            answer = await client.ask(asked)
            assert (answer.status_code, codes(answer)) == (200, ["STATEMENT_TIMEOUT"])
            [error] = answer.json()["errors"]
            assert error["extensions"]["retryable"] is False
            assert "too long" in error["message"]
        assert await at_work(client.database) == 0


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.one_executor  # it counts
async def test_a_deadline_in_a_commit_is_told_as_that_where_no_key_knows(database_url: str, engine: str) -> None:
    silence = Silence.to(database_url)
    async with (
        silence.before(database_url) as url,
        serving(Settings(database_url=url, request_seconds=1, jobs=False), plugins_on({"slow": slow})) as client,
    ):
        for key, retryable in (("", False), (', idempotencyKey: "key"', True)):
            silence.fall_at(b"COMMIT")
            answer = await client.ask(f'mutation {{ slowWrite(input: {{name: "k", wait: false{key}}}) {{ done }} }}')
            assert codes(answer) == ["TIMEOUT"]
            assert answer.json()["errors"][0]["extensions"]["retryable"] is retryable
        assert client.database._root._pool.lent == 0


async def test_more_than_can_be_worked_on_is_refused_at_once(open_door: Opened) -> None:
    async with open_door(request_seconds=60, max_concurrent=3) as client:
        asked = [asyncio.create_task(client.ask("{ slow }")) for _ in range(12)]
        for refused in islice(asyncio.as_completed(asked), 9):
            answer = await refused
            assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
            assert answer.headers["retry-after"] == "1"
        at_it = [one for one in asked if not one.done()]
        assert len(at_it) == 3
        for one in at_it:
            one.cancel()
        await asyncio.wait(at_it)
        assert codes(await client.ask("{ __typename }")) == []  # the places are free again
        async with asyncio.timeout(30):
            while await at_work(client.database):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_key_that_asks_for_too_much_waits(open_door: Opened) -> None:
    async with open_door(rate_capacity=100, max_cost=100, rate_restore=1) as client:
        first = await client.ask("{ customers(first: 60) { nodes { id } } }")
        assert first.json()["extensions"]["cost"] == {"requested": 60, "remaining": 40, "restoreRate": 1}
        refused = await client.ask("{ customers(first: 60) { nodes { id } } }")
        assert (refused.status_code, codes(refused)) == (429, ["RATE_LIMITED"])
        assert 15 <= int(refused.headers["retry-after"]) <= 20
        assert refused.json()["errors"][0]["extensions"]["retryable"] is True
        assert codes(await client.ask("{ customers(first: 30) { nodes { id } } }")) == []  # so much is there
        spent = [(await client.ask("{ nonsense")).status_code for _ in range(20)]
        assert spent[-1] == 429  # what cannot be read is not free
        assert (await client.send("POST", "/graphql", key=None)).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_arrays_of_operations_are_refused_unless_the_shop_takes_them(open_door: Opened) -> None:
    one = {"query": "{ __typename }"}
    async with open_door() as client:
        refused = await client.send("POST", "/graphql", json=[one])
        assert (refused.status_code, codes(refused)) == (400, ["BAD_REQUEST"])
    async with open_door(max_batch=3) as client:
        asked = [one, {"query": "{ nonsense }"}, {"query": "{ shop { name } }", "operationName": "Nobody"}]
        answers = (await client.send("POST", "/graphql", json=asked)).json()
        assert [answer.get("data") for answer in answers] == [{"__typename": "Query"}, None, None]
        told = [[error["extensions"]["code"] for error in answer.get("errors", [])] for answer in answers]
        assert told == [[], ["GRAPHQL_VALIDATION_FAILED"], ["BAD_REQUEST"]]
        for wrong in ([], [one] * 4, [one, 7], [[one]]):
            refused = await client.send("POST", "/graphql", json=wrong)
            assert (refused.status_code, codes(refused)) == (400, ["BAD_REQUEST"]), wrong


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_every_answer_has_an_id_and_the_headers_of_a_careful_server(open_door: Opened) -> None:
    async with open_door() as client:
        for method, path in (
            ("GET", "/health"),
            ("GET", "/nowhere"),
            ("POST", "/graphql"),
            ("GET", "/graphql"),
            ("GET", "/"),
        ):
            answer = await client.send(method, path, key=None)
            assert len(answer.headers["x-request-id"]) == 32, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["cache-control"] == "no-store", path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert "strict-transport-security" not in answer.headers
            assert "access-control-allow-origin" not in answer.headers
        page = await client.send("GET", "/graphiql", key=None)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-cache"
        for given, kept in [
            ("a-1.B_2", True),
            ("x" * 64, True),
            ("x" * 65, False),
            ("ana@example.com", False),
            ("a b", False),
        ]:
            answer = await client.send("GET", "/health", headers={"x-request-id": given})
            assert (answer.headers["x-request-id"] == given) is kept


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_pages_of_others_may_ask_only_where_the_shop_says_so(open_door: Opened) -> None:
    preflight = {"origin": "https://shop.example", "access-control-request-method": "POST",
                 "access-control-request-headers": "authorization,content-type"}  # fmt: skip
    async with open_door() as client:
        closed = await client.send("OPTIONS", "/graphql", key=None, headers=preflight)
        assert closed.status_code == 405
        assert not [name for name in closed.headers if name.startswith("access-control")]
    async with open_door(cors_origins=("https://shop.example",)) as client:
        opened = await client.send("OPTIONS", "/graphql", key=None, headers=preflight)
        assert (opened.status_code, opened.headers["access-control-allow-origin"]) == (200, "https://shop.example")
        asked = await client.send(
            "POST", "/graphql", json={"query": "{ __typename }"}, headers={"origin": "https://shop.example"}
        )
        assert asked.headers["access-control-allow-origin"] == "https://shop.example"
        assert "access-control-allow-credentials" not in asked.headers
        other = await client.send(
            "OPTIONS", "/graphql", key=None, headers=preflight | {"origin": "https://other.example"}
        )
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_figures_are_for_those_who_may_see_them(open_door: Opened) -> None:
    async with open_door() as client:
        assert (await client.send("GET", "/metrics")).status_code == 404
    async with open_door(metrics=True) as client:
        assert (await client.send("GET", "/metrics", key=None)).status_code == 401
        await client.ask("{ customers(first: 7) { nodes { id } } }")
        await client.ask("{ nonsense }")
        await client.send("GET", "/ana@example.com", key=None)
        text = (await client.send("GET", "/metrics")).text
        assert 'regulars_requests_total{code="",place="/graphql",status="200"} 1.0' in text
        assert 'regulars_requests_total{code="GRAPHQL_VALIDATION_FAILED",place="/graphql",status="200"} 1.0' in text
        assert 'regulars_requests_total{code="BAD_REQUEST",place="elsewhere",status="404"} 1.0' in text
        assert 'regulars_requests_total{code="UNAUTHENTICATED",place="/metrics",status="401"} 1.0' in text
        assert 'regulars_request_cost_bucket{le="10.0"} 2.0' in text
        assert "regulars_requests_in_flight 1.0" in text  # the one that asks
        assert "ana@" not in text


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_log_says_who_asked_for_what_in_our_own_words(
    open_door: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "regulars")
    async with open_door() as client:
        await client.send(
            "POST", "/graphql", headers={"x-request-id": "r-1"},
            json={"query": "query Ana5512345678 { secret: shop { name } customers(first: 3) { nodes { id } } }",
                  "operationName": "Ana5512345678"},
        )  # fmt: skip
        await client.send("GET", "/ana@example.com?key=rk_secret", key=None)
        broken = await client.ask("{ mine: broken }")
    lines = [record for record in caplog.records if record.name == "regulars.access"]
    said = [{name: vars(line).get(name) for name in ("request_id", "kind", "fields", "status", "cost", "code", "place")}
            for line in lines]  # fmt: skip
    assert said[0] == {"request_id": "r-1", "kind": "query", "fields": "customers,shop", "status": 200, "cost": 4,
                       "code": None, "place": "/graphql"}  # fmt: skip
    assert (said[1]["status"], said[1]["code"], said[1]["place"]) == (404, "BAD_REQUEST", "elsewhere")
    assert vars(lines[0])["key_id"] == client.key.split("_")[1]
    [error] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert broken.json()["errors"][0]["extensions"]["errorId"] in error.getMessage()
    assert "broken" in error.getMessage()
    assert "mine" not in error.getMessage()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("cors_origins", "https://shop.example/", "without a slash"),
        ("cors_origins", "shop.example", "write origins as"),
        ("rate_capacity", "9999", "must fit"),
        ("log_level", "loud", "debug"),
        ("request_seconds", "0", "greater than 0"),
        ("max_batch", "1000", "less than or equal"),
    ],
)
def test_settings_of_the_door_are_checked(monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"REGULARS_{setting.upper()}", value)
    with pytest.raises(SettingsError, match=f"(?s)REGULARS_{setting.upper()}.*{said}"):
        load_settings()


def test_origins_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_CORS_ORIGINS", "https://a.example, http://localhost:5173,*")
    assert load_settings().cors_origins == ("https://a.example", "http://localhost:5173", "*")
