"""Shops on both engines, in real files and on a real server, and ways to ask them."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars_core.actors import Actor
from regulars_core.database import Database
from regulars_core.settings import Settings
from regulars_core.shop import Shop
from regulars_schema.breadth_first import BreadthFirst
from regulars_schema.composition import ComposedSchema
from regulars_schema.schema import build_schema
from regulars_server.app import APPS
from tests.asking import Api
from tests.postgres import PostgresMissing, PostgresServer
from tests.twins import Twins

os.environ.setdefault("REGULARS_PLUGINS", "")  # core alone; a plugin's tests name what they want


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own; skips where there is none to start, but not in CI."""
    try:
        started = PostgresServer()
    except PostgresMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    with started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Every test that asks for this runs on both."""
    return str(request.param)


async def _migrate(url: str) -> None:
    database = await Database.open(url, APPS)
    await database.migrate()
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(_migrate(f"sqlite://{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    url = postgres.create_database()
    asyncio.run(_migrate(url))
    return url.rpartition("/")[2]


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database of this test alone."""
    if engine == "sqlite":
        path = tmp_path / "regulars.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite://{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database(template=request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)


OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def open_shop(database_url: str) -> AsyncIterator[OpenShop]:
    """Opens the test's database as a shop with these settings."""
    opened: list[Shop] = []

    async def open_one(**settings: Any) -> Shop:
        given = Settings(**{"database_url": database_url, "country": "MX", **settings})
        shop = Shop(await Database.open(database_url, APPS, pool_size=5, readers=2), given)
        opened.append(shop)
        return shop

    yield open_one
    for shop in opened:
        await shop.database.close()


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A shop that sells in USD and lies in Mexico, by UTC."""
    return await open_shop()


@pytest.fixture(scope="session")
def schema() -> ComposedSchema:
    """The schema of core alone."""
    return build_schema()


@pytest.fixture
def api(shop: Shop, schema: ComposedSchema) -> Api:
    """Asks the shop in GraphQL, as an administrator named `till`, through the same answering as the server."""
    return Api(schema, shop, Actor.of_role("key", "till", "administrator"))


@pytest.fixture(autouse=True)
def twins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    """Every query of every test is answered by both executors, unless the test is marked with `one_executor`."""
    watching = Twins()
    if request.node.get_closest_marker("one_executor") is None:
        answer = BreadthFirst.answer
        monkeypatch.setattr(BreadthFirst, "answer", lambda executor, asked: watching.answer(executor, asked, answer))
    yield watching
    assert not watching.differences, "\n\n".join(watching.differences)
