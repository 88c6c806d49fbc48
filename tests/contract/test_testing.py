"""What plugins' tests may rely on: the names, what they do, and that they need no pytest."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

import regulars_schema.testing
from regulars_core import hookspecs
from regulars_core.database import Engine
from regulars_core.start import plugins_on
from regulars_core.testing import Databases, Listener, little_of_everything, misses_nothing, opened_shop, statements
from regulars_schema.testing import Api
from tests.support import stamps

EVENTS = set(hookspecs.EVENTS) - {"customers_erased"}
"""What is told as it happens; who is erased is told by a job."""


def test_the_names() -> None:
    asking = inspect.getmembers(Api, inspect.isroutine)
    assert {name for name, _ in asking if name[0] != "_"} == {"ask", "data", "do", "done", "of", "refused"}
    assert {"Answer", "Api"} <= vars(regulars_schema.testing).keys()
    from regulars_server import testing as fixtures_of  # pytest has loaded it by then

    fixtures = {
        "postgres",
        "databases",
        "engine",
        "plugins",
        "database_url",
        "open_shop",
        "shop",
        "api",
        "no_settings_from_outside",
    }
    found = {
        name
        for name, value in vars(fixtures_of).items()
        if type(value).__name__.startswith("Fixture") and name[0] != "_"
    }
    assert found == fixtures


def test_without_pytest() -> None:
    program = "import sys; sys.modules['pytest'] = None; import regulars_core.testing, regulars_schema.testing"
    subprocess.run([sys.executable, "-c", program], check=True)


async def test_a_listener_hears_every_event(database_url: str) -> None:
    listener = Listener()
    async with opened_shop(database_url, plugins_on({"listener": listener})) as shop:
        await little_of_everything(shop)
    assert {event for event, _ in listener.heard} == EVENTS
    voided = [row for event, rows in listener.heard if event == "purchases_voided" for row in rows]
    assert [row.reference for row in voided if hasattr(row, "reference")] == ["a2", "a8"]


async def test_statements_are_counted_and_listed(shop: Any) -> None:
    with statements(shop, 1):
        await shop.database.rows("SELECT 1")
    with pytest.raises(AssertionError, match=r"1 statements were run, not 2:\n1\. SELECT 7"), statements(shop, 2):
        await shop.database.rows("SELECT 7")


async def test_a_plugin_that_misses_nothing(databases: Databases, engine: Engine) -> None:
    on = plugins_on({"stamps": stamps, "listener": Listener()})
    await misses_nothing(databases, engine, on, "stamps", stamps_per_visit=2)


async def test_a_plugin_that_misses_something(
    databases: Databases, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes down at which position of the day it was told, which no replay can know."""
    write, calls = stamps._write, 0

    async def forgetful(shop: Any, event: str, amounts: Any) -> None:
        nonlocal calls
        calls += 1
        await write(shop, event, [(key, calls) for key, _ in amounts])

    monkeypatch.setattr(stamps, "_write", forgetful)
    with pytest.raises(AssertionError, match=r"(?s)was off differs.*- stamps_told: key=.*\+ stamps_told: key="):
        await misses_nothing(databases, engine, plugins_on({"stamps": stamps}), "stamps")


async def test_a_plugin_without_tables_has_nothing_to_compare(databases: Databases) -> None:
    with pytest.raises(ValueError, match="The plugin 'listener' has no tables"):
        await misses_nothing(databases, "sqlite", plugins_on({"listener": Listener()}), "listener")
