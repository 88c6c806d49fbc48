"""Tables of plugins."""

import pytest

from regulars_core.database import App, NotMigrated, migrations
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.settings import Settings
from regulars_core.start import opened, plugins_on
from regulars_server.app import create_app
from regulars_server.doctor import examine
from tests.hooks.test_plugins import plugin


async def test_a_plugin_that_is_not_migrated_stops_the_start(database_url: str, on: Plugins) -> None:
    settings = Settings(database_url=database_url)
    with pytest.raises(NotMigrated, match=r"lacks stamps\.0001_initial; run `regulars migrate`"):
        async with opened(settings, on):
            pass
    app = create_app(settings, on)
    with pytest.raises(NotMigrated):
        async with app.router.lifespan_context(app):
            pass
    said = [finding.message for finding in await examine(settings, on) if not finding.ok]
    assert said == ["migrations: not applied: stamps.0001_initial; run `regulars migrate`"]
    async with opened(settings, on, migrated=False) as shop:
        assert await migrations.migrate(shop.database) == ["stamps.0001_initial"]
    async with opened(settings, on) as shop:
        assert await shop.database.rows("SELECT * FROM stamps_told") == []
    assert "migrations: all applied" in [finding.message for finding in await examine(settings, on)]
    async with opened(settings, plugins_on()) as shop:
        assert shop.plugins.names == ()


def test_an_app_carries_its_plugins_name() -> None:
    app = App("core", "regulars_core.models", "regulars_core.migrations")
    with pytest.raises(PluginError, match="The plugin 'a' must label its models 'a', not 'core'"):
        _ = plugins_on({"a": plugin(regulars_models=lambda: app)}).apps
