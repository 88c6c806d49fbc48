"""What commands there are, how they are set, and what they say of the schema and the plugins."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import Regulars


def test_without_a_command_it_says_what_there_is(regulars: Regulars) -> None:
    said = regulars()
    assert said.exit_code == 2
    for command in (
        "serve",
        "demo",
        "migrate",
        "export",
        "key",
        "plugins",
        "schema",
        "jobs",
        "verify",
        "backup",
        "restore",
        "doctor",
    ):
        assert command in said.output


def test_the_schema_is_printed_written_and_compared(regulars: Regulars, elsewhere: Path) -> None:
    printed = regulars("schema")
    assert printed.exit_code == 0
    names_in_order = [line.split()[1] for line in printed.stdout.splitlines() if line.startswith("type ")]
    assert names_in_order == sorted(names_in_order)
    assert "Customer" in names_in_order
    assert regulars("schema", "--check").exit_code == 1
    (elsewhere / "schema").mkdir()
    assert regulars("schema", "--write").exit_code == 0
    assert (elsewhere / "schema" / "core.graphql").read_text() == printed.stdout
    assert regulars("schema", "--check").exit_code == 0
    (elsewhere / "schema" / "core.graphql").write_text(printed.stdout + "\n")
    assert regulars("schema", "--check").exit_code == 1


def test_plugins_and_version(regulars: Regulars) -> None:
    listed = regulars("plugins", plugins="tiers")
    [row] = [line for line in listed.stdout.splitlines() if " tiers " in line]
    assert "yes" in row
    assert "Tiers: customers move up by what they buy" in row
    assert regulars("version").stdout.strip()


def test_wrong_settings_are_told_all_at_once(regulars: Regulars, elsewhere: Path) -> None:
    (elsewhere / "regulars.toml").write_text('country = "mx"\ncolour = "red"\n')
    wrong = regulars(
        "verify", currency="EURO", timezone="Mars/Olympus", database_pool="many", sqlite_readers="0", shop_name="",
        database_url="mysql://user:hunter2@host/name", colour="blue", shade="dark",
    )  # fmt: skip
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    for name in (
        "CURRENCY",
        "TIMEZONE",
        "DATABASE_POOL",
        "SQLITE_READERS",
        "SHOP_NAME",
        "DATABASE_URL",
        "COUNTRY",
        "COLOUR",
        "SHADE",
    ):
        assert f"REGULARS_{name}" in wrong.stderr, name
    assert "hunter2" not in wrong.stderr
    assert not (elsewhere / "regulars.db").exists()


def test_settings_come_from_the_file_and_the_environment_wins(regulars: Regulars, elsewhere: Path) -> None:
    (elsewhere / "regulars.toml").write_text('database_url = "sqlite://of-file.db"\ncurrency = "EUR"\n')
    assert regulars("migrate").exit_code == 0
    assert (elsewhere / "of-file.db").exists()
    assert "settings: EUR" in regulars("doctor").stdout
    assert "settings: JPY" in regulars("doctor", currency="JPY").stdout
    assert regulars("migrate", database_url="sqlite://of-environment.db").exit_code == 0
    assert (elsewhere / "of-environment.db").exists()
    (elsewhere / "regulars.toml").write_text("currency = EUR\n")
    broken = regulars("doctor")
    assert broken.exit_code == 1
    assert "regulars.toml" in broken.stderr


def test_as_a_program(elsewhere: Path) -> None:
    """The same in a process of its own: status, streams, and no traceback."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **{f"REGULARS_{name.upper()}": value for name, value in settings.items()}}
        return subprocess.run(
            [sys.executable, "-m", "regulars_server", *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("migrate").returncode == 0
    key = run("key", "create", "--name", "till", "--role", "administrator")
    assert (key.returncode, key.stderr) == (0, "")
    assert key.stdout.startswith("rk_")
    exported = run("export", "customers", "--fields", "code")
    assert (exported.returncode, exported.stdout, exported.stderr) == (0, "code\n", "0 customers\n")
    wrong = run("doctor", currency="EURO")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "REGULARS_CURRENCY" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    (elsewhere / "letter.db").write_text("Dear Ana" * 1_000)
    for arguments in (["verify"], ["doctor"], ["migrate"], ["restore", "--yes", "nowhere.db"]):
        done = run(*arguments, database_url="sqlite://letter.db")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


SHOES = """
import pytest

from regulars_core.plugin import SortKey, hookimpl
from regulars_schema.plugin import Contribution, CustomerOrderField, SortField

@hookimpl
def regulars_schema():
    key = SortKey("SIZE", "c.code", "c.id", str)
    return Contribution(__name__, sorts=[SortField(CustomerOrderField, key, "By the size of their shoes.")])
"""


def test_plugins_that_cannot_be_on_together(
    regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("shoes", "feet"):
        told = tmp_path / f"{name}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (told / "entry_points.txt").write_text(f"[regulars]\n{name} = {name}\n")
        (tmp_path / f"{name}.py").write_text(SHOES)
    monkeypatch.syspath_prepend(tmp_path)
    for command in ("schema", "doctor"):
        conflicting = regulars(command, plugins="shoes,feet")
        assert conflicting.exit_code == 1
        assert re.search(
            "CustomerOrderField.SIZE is defined by '(shoes|feet)' and by '(shoes|feet)'", conflicting.output
        )
        assert regulars(command, plugins="shoes").output.count("is defined by") == 0
