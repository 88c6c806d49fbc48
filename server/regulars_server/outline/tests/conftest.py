"""Tests that ask for `shop` or `api` run on SQLite and on PostgreSQL, with the plugin on."""

import pytest

from regulars_core.plugin import Plugins, plugins_wanted

pytest_plugins = ["regulars_server.testing"]


@pytest.fixture
def plugins() -> Plugins:
    return plugins_wanted(("outline",))
