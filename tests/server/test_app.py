"""The application: it starts on the right database or not at all, and two of them do not know of each other."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database, DatabaseTooNew, NotMigrated, Unavailable, migrations
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import WrongCurrency
from regulars_core.testing import Databases
from regulars_server.app import create_app
from regulars_server.testing import command_line
from tests.support.keys import make_key
from tests.support.servers import COMMAND, Server, environment, free_port, key_to, raw

NOBODY = "postgres://nobody@127.0.0.1:1/nothing"


def refused_to_serve(url: str, folder: Path, **settings: str) -> str:
    """What `regulars serve` says on its way out."""
    done = subprocess.run(
        [*COMMAND, "serve", "--port", str(free_port())],
        env=environment(url, **settings), cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return " ".join(done.stderr.split())


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Database, httpx2.AsyncClient]]:
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield app.state.shop.database, client


async def opened(url: str) -> Database:
    return await Database.open(url, [CORE_APP])


async def with_database(url: str, work: Callable[[Database], Any]) -> None:
    """Do something to a database that nobody else uses."""
    database = await opened(url)

    async def inside() -> None:
        await work(database)

    await database.transaction(inside)
    await database.close()


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without a table in it."""
    if engine == "sqlite":
        (tmp_path / "empty.db").touch()
        yield f"sqlite://{tmp_path}/empty.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop(url)


async def age(database: Database) -> None:
    """As if a later version had been here."""
    await database.run(
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " SELECT app, '0999_tomorrow', applied_at FROM tortoise_migrations WHERE app = 'core' LIMIT 1"
    )


async def sell_in_euros(database: Database) -> None:
    await database.run(
        "INSERT INTO purchase (id, reference, store_id, purchased_at, recorded_at, status, currency, prices_include_tax,"
        " subtotal, discount, shipping, tax, total, refunded, digest)"
        " SELECT $1, 'R', id, 0, 0, 'PAID', 'EUR', false, 1, 0, 0, 0, 1, 0, '' FROM store WHERE code = 'MAIN'",
        "1" * 32,
    )


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def start(settings: Settings) -> None:
    async with running(settings):
        raise AssertionError("it has started")


async def test_an_empty_database_is_refused_with_the_command_that_mends_it(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(NotMigrated, match=r"core\.0001_initial.*run `regulars migrate`"):
        await start(Settings(database_url=empty_url))
    assert "run `regulars migrate`" in refused_to_serve(empty_url, tmp_path)
    database = await opened(empty_url)
    assert await migrations.pending(database)
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_mistyped_path_makes_no_database(engine: str, tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/mistyped.db"
    with pytest.raises(NotMigrated, match=r"mistyped\.db.*regulars migrate"):
        await start(Settings(database_url=url))
    assert "regulars migrate" in refused_to_serve(url, tmp_path)
    assert files(tmp_path) == set()


async def test_a_database_from_the_future_is_refused(database_url: str, tmp_path: Path) -> None:
    await with_database(database_url, age)
    with pytest.raises(DatabaseTooNew, match=r"core\.0999_tomorrow.*newer"):
        await start(Settings(database_url=database_url))
    said = refused_to_serve(database_url, tmp_path)
    assert "core.0999_tomorrow" in said
    assert "install that version" in said


async def test_a_database_with_another_currency_is_refused(database_url: str, tmp_path: Path) -> None:
    await with_database(database_url, sell_in_euros)
    with pytest.raises(WrongCurrency, match="holds purchases in EUR, but REGULARS_CURRENCY is USD"):
        await start(Settings(database_url=database_url))
    assert "REGULARS_CURRENCY is JPY" in refused_to_serve(database_url, tmp_path, currency="JPY")
    async with running(Settings(database_url=database_url, currency="EUR")) as (_, client):
        assert (await client.get("/ready")).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        NOBODY,
        "sqlite:///nowhere/at/all/shop.db",
        "sqlite://",
        "sqlite://:memory:",
        "postgres://",
        "postgres://user@host:port/name",
        "mysql://user:hunter2@host/name",
    ],
)
def test_a_database_that_cannot_be_is_refused_in_a_sentence(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command_line, ["serve", "--port", str(free_port())], env={"REGULARS_DATABASE_URL": url})
    assert (done.exit_code, done.stdout, type(done.exception)) == (1, "", SystemExit)
    assert done.stderr
    assert "hunter2" not in done.stderr


async def test_a_database_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await start(Settings(database_url=NOBODY))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_is_no_database_is_refused_in_a_sentence(engine: str, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Ana, " * 1_000)
    assert refused_to_serve(f"sqlite://{tmp_path}/letter.db", tmp_path)
    assert (tmp_path / "letter.db").read_text() == "Dear Ana, " * 1_000


async def test_two_applications_in_one_process_do_not_bleed(database_url: str, databases: Databases) -> None:
    here = Settings(database_url=database_url, shop_name="Here", country="MX")
    there = Settings(database_url=await databases.migrated("sqlite"), shop_name="There", currency="JPY", country="JP")
    async with running(here) as (database, client), running(there) as (other_database, other):
        keys = [
            await make_key(database, "a", "administrator"),
            await make_key(other_database, "b", "administrator"),
        ]
        create = 'mutation { customerCreate(input: {firstName: "A", lastName: "%s"}) { customer { code } userErrors { code } } }'
        look = "{ shop { name currencyCode country } viewer { name } customers { nodes { lastName } } }"
        answers = []
        for shop, key in ((client, keys[0]), (other, keys[1])) * 2:
            headers = {"authorization": f"Bearer {key}"}
            name = "Here" if shop is client else "There"
            made = await shop.post("/graphql", json={"query": create % name}, headers=headers)
            assert made.json()["data"]["customerCreate"]["userErrors"] == []
            answers.append((await shop.post("/graphql", json={"query": look}, headers=headers)).json()["data"])
        for shop, key in ((client, keys[1]), (other, keys[0])):
            refused = await shop.post("/graphql", json={"query": look}, headers={"authorization": f"Bearer {key}"})
            assert refused.status_code == 401
    assert answers[2] == {
        "shop": {"name": "Here", "currencyCode": "USD", "country": "MX"},
        "viewer": {"name": "a"},
        "customers": {"nodes": [{"lastName": "Here"}] * 2},
    }
    assert answers[3] == {
        "shop": {"name": "There", "currencyCode": "JPY", "country": "JP"},
        "viewer": {"name": "b"},
        "customers": {"nodes": [{"lastName": "There"}] * 2},
    }


def test_a_real_server_answers_over_a_socket(database_url: str, tmp_path: Path) -> None:
    key = asyncio.run(key_to(database_url))
    with Server(database_url, tmp_path) as server:
        address = server.address
        assert httpx2.get(f"{address}/ready").json() == {"status": "ready"}
        headers = {"authorization": f"Bearer {key}"}
        query = {"query": "query($i: CustomerCreateInput!) { __typename }"}
        asked = httpx2.post(f"{address}/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
        assert (asked.status_code, asked.json()["data"]) == (200, {"viewer": {"name": "till"}})
        assert httpx2.post(f"{address}/graphql", json=query).status_code == 401
        too_large = httpx2.post(f"{address}/graphql", content=b"x" * 300_000, headers={
            **headers, "content-type": "application/json"})  # fmt: skip
        assert (too_large.status_code, too_large.json()["errors"][0]["extensions"]["code"]) == (
            413,
            "PAYLOAD_TOO_LARGE",
        )
        got = httpx2.get(f"{address}/graphql")
        assert got.status_code == 401
        assert "server" not in got.headers
        garbage = raw(address, b"GARBAGE\r\n\r\n")
        assert garbage == b"" or garbage.startswith(b"HTTP/1.1 400")
        cut_off = raw(address, f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                      "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{".encode())  # fmt: skip
        assert b"Traceback" not in cut_off
        assert httpx2.get(f"{address}/health").status_code == 200
    assert server.process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in server.log.read_text()
    assert key not in server.log.read_text()


def test_a_revoked_key_is_felt_by_another_process(database_url: str, tmp_path: Path) -> None:
    asyncio.run(key_to(database_url))  # the last administrator cannot be revoked
    key = asyncio.run(key_to(database_url))
    with Server(database_url, tmp_path) as server, ExitStack() as opened:
        address = server.address
        idle = opened.enter_context(closing(HTTPConnection(address.removeprefix("http://"))))
        idle.request("GET", "/ready")
        assert idle.getresponse().read()
        left = time.monotonic()
        headers = {"authorization": f"Bearer {key}"}
        asked = httpx2.post(f"{address}/graphql", json={"query": "{ shop { name } }"}, headers=headers)
        assert asked.status_code == 200
        revoked = subprocess.run(
            [*COMMAND, "key", "revoke", key.split("_")[1]], env=environment(database_url), cwd=tmp_path, check=True
        )
        assert revoked.returncode == 0
        deadline = time.monotonic() + 60
        while (
            httpx2.post(f"{address}/graphql", json={"query": "{ shop { name } }"}, headers=headers).status_code == 200
        ):
            assert time.monotonic() < deadline, "the key still opens"
            time.sleep(0.25)
        # Longer than httpx keeps a connection, and than uvicorn would by itself: whoever uses it again finds it open.
        time.sleep(max(0.0, left + 5.5 - time.monotonic()))
        idle.request("GET", "/ready")
        assert idle.getresponse().status == 200
