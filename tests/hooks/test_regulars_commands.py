"""Commands of plugins, and what the command line says of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from regulars_core.plugins.owners import PluginError
from regulars_core.start import plugins_on
from regulars_server.cli.main import app
from regulars_server.cli.plugins import commands_of
from tests.hooks.conftest import STAMPS
from tests.hooks.test_plugins import plugin

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., None]) -> Run:
    for name in os.environ:
        if name.startswith("REGULARS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    install(STAMPS)

    def command(*arguments: str, plugins: str = "stamps") -> Any:
        monkeypatch.setenv("REGULARS_PLUGINS", plugins)
        return CliRunner().invoke(app, arguments)

    return command


def test_from_an_empty_folder(run: Run) -> None:
    done = run("migrate")
    assert done.stdout.splitlines()[-1] == "applied stamps.0001_initial"
    done = run("stamps", "count")
    assert (done.exit_code, done.stdout) == (0, "0\n")
    assert "tidy-stamps" in run("jobs", "list").stdout
    assert "ran tidy-stamps" in run("jobs", "run", "--once").stdout
    assert "stamps" in run("--help").stdout
    assert "Count what was written down." in run("stamps", "--help").stdout
    assert "plugins: stamps" in run("doctor").stdout


def test_what_is_installed_and_on(run: Run) -> None:
    [row] = [line for line in run("plugins").stdout.splitlines() if "stamps" in line]
    assert "yes" in row
    [row] = [line for line in run("plugins", plugins="").stdout.splitlines() if "stamps" in line]
    assert "no" in row
    off = run("stamps", "count", plugins="")
    assert off.exit_code == 1
    assert "'stamps' is of a plugin that is off" in off.stderr
    wrong = run("plugins", plugins="tiers")
    assert wrong.exit_code == 1
    assert "REGULARS_PLUGINS names tiers, which is not installed; installed: stamps." in wrong.stderr
    assert run("--help", plugins="tiers").exit_code == 0


def test_a_name_of_cores_cannot_be_taken() -> None:
    def named() -> typer.Typer:
        return typer.Typer()

    on = plugins_on({"jobs": plugin(regulars_commands=named)})
    with pytest.raises(PluginError, match="The command 'jobs' is defined by 'core' and by 'jobs'"):
        commands_of(on, {"jobs": None})
    with pytest.raises(PluginError, match=r"'a' must answer regulars_commands with a typer\.Typer"):
        commands_of(plugins_on({"a": plugin(regulars_commands=lambda: 1)}), {})
