import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import strawberry
import uvicorn
from graphql import OperationDefinitionNode, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from regulars_server.graphiql import Example, examples, routes, somebody
from tests.support import graphiql_browser

KEY = "rk_example"
EVERYTHING = frozenset({"analytics", "loyalty", "rewards", "tiers"})
TITLES = ["Customers", "Search", "Best customers", "Latest purchases", "The shop", "Record a purchase"]
TITLES += ["A profile", "Notes", "Give back", "The first page"]


@strawberry.type
class Viewer:
    name: str


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self) -> Viewer:
        return Viewer(name="Ana at the till")


SCHEMA = strawberry.Schema(Query)


async def small_graphql(request: Request) -> Response:
    """Knows one key, its holder and its own schema; every other document is answered with nothing found."""
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        return JSONResponse({"errors": [{"message": "Unknown key."}]}, status_code=401)
    body = await request.json()
    if body["query"].startswith("# "):
        [operation] = [node for node in parse(body["query"]).definitions if isinstance(node, OperationDefinitionNode)]
        assert operation.name is not None
        assert body["operationName"] == operation.name.value
        return JSONResponse({"data": {"asked": operation.name.value}})
    result = await SCHEMA.execute(body["query"], operation_name=body.get("operationName"))
    return JSONResponse({"data": result.data})


def app() -> Starlette:
    return Starlette(routes=[*routes(), Route("/graphql", small_graphql, methods=["POST"])])


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def test_page(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphiql")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Security-Policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "<title>Regulars · GraphiQL</title>" in response.text


async def test_page_names_no_other_host_and_holds_no_inline_script(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    assert "//" not in page
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
    assert not re.search(r"\son\w+=", page)


async def test_style_sheet_loads_nothing(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    [name] = re.findall(r'href="(graphiql/static/[^"]+\.css)"', page)
    style = (await client.get(f"/{name}")).text
    assert "@import" not in style
    assert all(address.startswith("data:image/") for address in re.findall(r"url\(['\"]?([^)]{12})", style))


async def test_files_that_the_page_names_are_kept_for_ever(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    names = re.findall(r'(?:href|src)="(graphiql/static/[^"]+)"', page)
    assert sorted(name.rpartition(".")[2] for name in names) == ["css", "js"]
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
    for name in names:
        response = await client.get(f"/{name}")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == types[name.rpartition(".")[2]]
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "sourceMappingURL" not in response.text


async def test_compressed_and_plain_are_the_same_file(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    [name] = re.findall(r'src="(graphiql/static/[^"]+\.js)"', page)
    plain = await client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
    compressed = await client.get(f"/{name}", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Vary"] == "Accept-Encoding"
    assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert compressed.content == plain.content


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"), ("br, GZIP;q=0.5, *", "gzip"), ("gzip ; q=0.01", "gzip"),
        ("gzip;q=0", None), ("br, gzip; q=0.0, identity", None), ("identity", None), ("gzip;q=0.000", None),
    ],
)  # fmt: skip
async def test_compressed_for_those_who_take_it(
    client: httpx2.AsyncClient, accepted: str, encoding: str | None
) -> None:
    response = await client.get("/graphiql", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding


async def test_unchanged_page_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    first = await client.get("/graphiql")
    again = await client.get("/graphiql", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = await client.get("/graphiql", headers={"If-None-Match": 'W/"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "missing.js",
        "index.html",
        "__init__.py",
        "../__init__.py",
        "..%2f__init__.py",
        "%2e%2e/__init__.py",
        "..%5c__init__.py",
        "%2fetc%2fpasswd",
        "sub/graphiql.js",
        "%00",
        "",
    ],
)
async def test_other_names_are_not_found(client: httpx2.AsyncClient, name: str) -> None:
    response = await client.get(f"/graphiql/static/{name}")
    assert response.status_code == 404


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/examples.json", "/graphiql/static/anything.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_only_reading_is_allowed(client: httpx2.AsyncClient, method: str, path: str) -> None:
    response = await client.request(method, path)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


async def test_examples(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphiql/examples.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    answered = response.json()["examples"]
    assert response.json()["somebody"] == somebody()
    assert [example["title"] for example in answered] == TITLES
    assert [example["name"] for example in answered] == [example.name for example in examples()]
    assert {example.name for example in examples(EVERYTHING)} > {example.name for example in examples()}


@pytest.mark.parametrize("example", examples(EVERYTHING), ids=lambda example: example.name)
def test_example_explains_itself_and_holds_one_named_operation(example: Example) -> None:
    assert example.query.startswith(f"# {example.title}\n#\n# ")
    [operation] = parse(example.query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None


@pytest.fixture
def served() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app(), host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


needs_chromium = pytest.mark.skipif(graphiql_browser.CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.mark.browser
@needs_chromium
def test_every_tab_runs_in_a_browser_and_nothing_leaves_for_another_host(served: str, tmp_path: Path) -> None:
    visit = graphiql_browser.run_examples(served, KEY, tmp_path / "graphiql.png")
    assert visit.complaints == []
    assert visit.foreign_requests(served) == []
    assert visit.page_title == "Regulars · GraphiQL"
    assert visit.tabs == TITLES
    assert [(answer.title, answer.status) for answer in visit.answers] == [(title, 200) for title in TITLES]
    assert all("errors" not in answer.body for answer in visit.answers)
    assert {answer.authorization for answer in visit.answers} == {f"Bearer {KEY}"}
    assert "Signed in as Ana at the till" in visit.bar
    assert (tmp_path / "graphiql.png").stat().st_size > 10_000


@pytest.mark.browser
@needs_chromium
def test_key_leaves_the_address_and_tabs_outlive_a_reload(served: str) -> None:
    visit = graphiql_browser.run_examples(served, KEY)
    assert urlsplit(visit.address).path == "/graphiql"
    assert "#" not in visit.address
    assert KEY not in visit.local_storage
    assert visit.tabs_after_reload == TITLES
    assert visit.active_after_reload == TITLES[-1]


@pytest.mark.browser
@needs_chromium
def test_without_a_key_nothing_is_asked(served: str) -> None:
    visit = graphiql_browser.bar_without_key(served, None)
    assert "Paste a key to begin" in visit.bar
    assert not any(url.endswith("/graphql") for url in visit.requested)


@pytest.mark.browser
@needs_chromium
def test_a_refused_key_is_said_in_the_bar(served: str) -> None:
    visit = graphiql_browser.bar_without_key(served, "rk_wrong")
    assert "The server does not accept this key." in visit.bar
    assert "Forget key" in visit.bar


@pytest.mark.browser
@needs_chromium
def test_a_pasted_key_signs_in(served: str) -> None:
    visit = graphiql_browser.bar_without_key(served, KEY)
    assert visit.complaints == []
    assert "Signed in as Ana at the till" in visit.bar
