import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regulars_core.database import App, Database, migrations
from regulars_server.cli.drift import main
from tests.database.conftest import SHOP

MODELS = """
class Thing(Model):
    id = IdField(primary_key=True)
    class Meta:
        table = "thing"
"""


def test_the_shop_has_all_its_migrations(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [SHOP]) == 0
    assert capsys.readouterr().out == ""


def source(printed: str) -> str:
    return Path(printed.partition(": ")[0]).read_text()


async def test_what_is_missing_is_named_and_written_on_request(
    url: str, write_app: Callable[..., App], capsys: pytest.CaptureFixture[str]
) -> None:
    app = write_app("core", MODELS, {})
    assert await asyncio.to_thread(main, [], [app]) == 1
    printed = capsys.readouterr().out
    assert "core has no migration for: Create model Thing" in printed
    assert "make migrations" in printed
    assert await asyncio.to_thread(main, ["--write"], [app]) == 0
    printed = capsys.readouterr().out
    assert "0001_initial.py: " in printed
    assert "from regulars_core.database.fields import IdField" in source(printed)
    assert await asyncio.to_thread(main, [], [app]) == 0
    database = await Database.open(url, [app])
    assert await migrations.migrate(database) == ["core.0001_initial"]
    await database.close()


def test_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "regulars_server.cli.drift"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == (1 if done.stdout else 0)
