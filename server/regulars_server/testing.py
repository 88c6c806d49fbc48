"""pytest's fixtures for a shop on both engines; a plugin's tests take them by `pytest_plugins = ["regulars_server.testing"]`.

A test that asks for `shop` or `api` runs twice: on a SQLite file and on a PostgreSQL server that the tests start for
themselves. Without PostgreSQL's programs the second is skipped; in CI (`CI=true`) it fails. Needs the extra `testing`.
"""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from regulars_core.database import Engine
from regulars_core.plugins.host import Plugins
from regulars_core.shop.mistakes import PREFIX
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import (
    ENGINES,
    Databases,
    OpenShop,
    PostgresMissing,
    PostgresServer,
    databases_folder,
    opened_shop,
)
from regulars_schema.testing import Api
from regulars_server import demo
from regulars_server.cli.main import app

fill_with_demo = demo.fill
"""Fills a new shop with what `regulars demo` shows: two years of purchases, made up from a seed."""
command_line = app
"""The command line, for typer's `CliRunner`: the commands of plugins that are on hang on it."""

_NEW_OBJECTS = 200_000  # between two looks for garbage: one every 700 or 2,000 took a fifth of the time


def pytest_collection_finish() -> None:
    """Modules, schemas and tests stay until the end: a look through all of them takes up to two seconds and finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20)


@pytest.fixture(scope="session")
def _folder() -> Iterator[Path]:
    """Where the databases of both engines are kept."""
    with databases_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(_folder: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own; skips where there is none to start, but not in CI."""
    try:
        started = PostgresServer(within=_folder)
    except PostgresMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    with started:
        yield started


@pytest.fixture(scope="session")
def databases(_folder: Path, request: pytest.FixtureRequest) -> Databases:
    """Makes databases of both engines."""
    return Databases(_folder, lambda: request.getfixturevalue("postgres"))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every test that asks for this runs on both."""
    name: Engine = request.param
    if name == "postgres":
        request.getfixturevalue("postgres")
    return name


@pytest.fixture
def plugins() -> Plugins:
    """The plugins of `shop`: none, until a conftest.py overrides this with `plugins_wanted(("visits",))`."""
    return plugins_on()


@pytest.fixture
async def database_url(engine: Engine, databases: Databases, plugins: Plugins) -> AsyncIterator[str]:
    """The URL of a migrated database of this test alone."""
    url = await databases.migrated(engine, plugins.apps)
    yield url
    databases.drop(url)


@pytest.fixture
def no_settings_from_outside() -> Iterator[None]:
    """Nothing of the environment decides what a shop is like."""
    # A patch of our own: the test's `monkeypatch`, which may stop the clock, is to be undone before the shop is closed.
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patch.delenv(name)
        yield


@pytest.fixture
async def open_shop(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> AsyncIterator[OpenShop]:
    """Opens the test's database as a shop with these settings: `await open_shop(visits_goal=3)`."""
    async with AsyncExitStack() as stack:

        async def open_one(*, plugins: Plugins = plugins, **settings: Any) -> Shop:
            return await stack.enter_async_context(opened_shop(database_url, plugins, **settings))

        yield open_one


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    """A shop with the plugins, by the settings' defaults."""
    return await open_shop()


@pytest.fixture
def api(shop: Shop) -> Api:
    """Asks the shop in GraphQL, as an administrator."""
    return Api.of(shop)
