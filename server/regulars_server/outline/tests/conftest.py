"""Tests that ask for `shop` or `api` run on SQLite and on PostgreSQL, with the plugin on."""

import pytest

from regulars_core.plugins import Plugins

pytest_plugins = ["regulars_server.testing"]


@pytest.fixture
def plugins() -> Plugins:
    return Plugins.wanted(("outline",))
