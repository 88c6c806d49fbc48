"""Shops with the stamps plugin, and the plugin as if it were installed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from regulars_core.database import Database, migrations
from regulars_core.plugins import discovery
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import Settings, load_settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.testing import Api
from tests.imports.conftest import Files
from tests.support import stamps
from tests.support.cards import Cards

STAMPS = EntryPoint("stamps", "tests.support.stamps", "regulars")
OpenWith = Callable[..., Awaitable[Shop]]


@pytest.fixture
def on() -> Plugins:
    return plugins_on({"stamps": stamps})


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets these entry points be the installed ones."""

    def those(*entries: EntryPoint) -> None:
        monkeypatch.setattr(discovery, "entry_points", lambda group: list(entries))

    return those


@pytest.fixture
async def open_with(database_url: str) -> AsyncIterator[OpenWith]:
    """Opens the test's database with plugins, migrated."""
    opened: list[Shop] = []

    async def open_one(plugins: Plugins, settings: Settings | None = None, **told: Any) -> Shop:
        database = await Database.open(database_url, plugins.apps, pool_size=5, readers=2)
        await migrations.migrate(database)
        given = settings or load_settings(plugins.settings_models, database_url=database_url, country="MX", **told)
        shop = Shop(database, given, plugins)
        opened.append(shop)
        return shop

    yield open_one
    for shop in opened:
        await shop.database.close()


@pytest.fixture
async def stamped(open_with: OpenWith, on: Plugins) -> Shop:
    """A shop with the plugin."""
    return await open_with(on)


@pytest.fixture
def asking(stamped: Shop) -> Api:
    """Asks the shop with the plugin."""
    return Api.of(stamped)


@pytest.fixture
def cards() -> Cards:
    return Cards()


@pytest.fixture
async def with_cards(open_with: OpenWith, cards: Cards) -> Api:
    """Asks a shop in which groups have cards."""
    return Api.of(await open_with(plugins_on({"cards": cards})))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    folder = tmp_path / "files"
    folder.mkdir()
    return Files(folder)


def basket(reference: str = "R1", total: str = "5.00", **more: Any) -> dict[str, Any]:
    """The input of a purchase."""
    lines = [{"name": "Tea", "total": total}]
    return {"reference": reference, "lines": lines, "purchasedAt": "2026-01-01T00:00:00Z", **more}
