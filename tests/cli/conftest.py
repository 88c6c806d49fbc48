"""A folder to run commands in, and what runs them."""

import os
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from regulars_server.cli.main import app
from tests.support.commands import Regulars


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own to work in, and no settings from outside."""
    for name in os.environ:
        if name.startswith("REGULARS_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def regulars(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Regulars:
    """Runs a command; settings are given as keywords."""

    def run(*arguments: str, answer: str | None = None, **settings: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in {"plugins": "", **settings}.items():
                patch.setenv(f"REGULARS_{name.upper()}", value)
            patch.setenv("COLUMNS", "200")
            result = CliRunner().invoke(app, arguments, input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
