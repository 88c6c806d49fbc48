"""Tests that ask for `api` run on SQLite and on PostgreSQL, with the plugin and those whose rules it may bring."""

import pytest

from regulars_core.plugin import Plugins, plugins_wanted

pytest_plugins = ["regulars_server.testing"]


@pytest.fixture
def plugins() -> Plugins:
    return plugins_wanted(("tiers", "loyalty", "rewards", "outline"))
