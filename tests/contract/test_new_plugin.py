"""`regulars new-plugin` writes a distribution that can be installed and tested at once, and overwrites nothing."""

import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regulars_core.plugins import discovery
from regulars_server.cli.main import app
from regulars_server.new_plugin import OUTLINE, BadName, NewRule, write_outline
from tests.support.pages import AS_INSTALLED


def environment(site: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {**clean, "PYTHONPATH": str(site), "COLUMNS": "200"}


def install(site: Path, *folders: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", str(site), *map(str, folders)], check=True)


def outcome_of(site: Path, *folders: Path) -> str:
    """What pytest prints of the tests of these plugins, which pass; the settings are those of the first."""
    command = [sys.executable, "-m", "pytest", "-q", "-rs", *AS_INSTALLED, "-c", str(folders[0] / "pyproject.toml")]
    below = ["--rootdir", str(site.parent), "--confcutdir", str(site.parent)]
    done = subprocess.run(
        [*command, *below, *(str(folder / "tests") for folder in folders)],
        env=environment(site), cwd=folders[0], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass_on_both_engines(tmp_path: Path) -> None:
    folder = write_outline("visits", tmp_path)
    assert folder == tmp_path / "regulars-visits"
    everything = "".join(path.read_text() + path.name for path in folder.rglob("*") if path.is_file())
    assert "outline" not in everything.lower()
    install(tmp_path / "site", folder)
    printed = outcome_of(tmp_path / "site", folder)
    assert "9 passed" in printed or ("5 passed, 4 skipped" in printed and os.environ.get("CI") != "true")
    listed = subprocess.run(
        [sys.executable, "-m", "regulars_server", "plugins"],
        env=environment(tmp_path / "site"), cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Counts what customers buy." in listed.stdout
    nothing = subprocess.run(
        [sys.executable, "-m", "regulars_server", "new-migration", "visits", "more"],
        env=environment(tmp_path / "site"), cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert nothing.stdout == "Nothing to do: the migrations make what the models say.\n"


def test_rules_keep_the_laws_and_are_in_force_in_a_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their own tests put each in force through the API, and see what a customer has of it."""
    monkeypatch.chdir(tmp_path)
    for rule in NewRule:
        made = CliRunner().invoke(app, ["new-plugin", "--rule", rule, f"our{rule}"])
        folder = f"regulars-our{rule}"
        assert made.stdout == f"Wrote {folder}. Next: cd {folder} && pip install -e '.[dev]' && pytest\n"
        everything = "".join(path.read_text() + path.name for path in Path(folder).rglob("*") if path.is_file())
        assert "outline" not in everything.lower()
    folders = [tmp_path / f"regulars-our{rule}" for rule in NewRule]
    install(tmp_path / "site", *folders)
    printed, rules = outcome_of(tmp_path / "site", *folders), len(NewRule)
    without_postgres = f"{2 * rules} passed, {rules} skipped" in printed and os.environ.get("CI") != "true"
    assert f"{3 * rules} passed" in printed or without_postgres


def test_everything_of_the_outline_is_written(tmp_path: Path) -> None:
    def files(folder: Path) -> list[str]:
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if not re.search(r"__pycache__|(^|/)\.", str(path)))

    written = files(write_outline("visits", tmp_path))
    assert written == sorted(name.replace("outline", "visits") for name in files(OUTLINE))


@pytest.mark.parametrize(
    "name", ["", "v", "Visits", "vis-its", "v1", "vis_its", "../visits", "vísits", "a" * 31, "class"]
)
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName, match=r"is no name for a new plugin|is a word of Python"):
        write_outline(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["core", "schema", "server", "stamps", "jobs"])
def test_names_that_are_taken(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "entry_points", lambda group: [EntryPoint("stamps", "tests.support.stamps", group)])
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-plugin", name])
    assert done.exit_code == 1
    assert f"'{name}' is taken; take another name." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "regulars-visits"
    kept.mkdir()
    (kept / "mine").write_text("mine")
    done = CliRunner().invoke(app, ["new-plugin", "visits"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "regulars-visits is there already; nothing was written." in done.stderr
    assert [path.name for path in kept.iterdir()] == ["mine"]
    (tmp_path / "regulars-cards").symlink_to(tmp_path / "nowhere")
    assert CliRunner().invoke(app, ["new-plugin", "cards"]).exit_code == 1
    made = CliRunner().invoke(app, ["new-plugin", "points"])
    assert made.stdout == "Wrote regulars-points. Next: cd regulars-points && pip install -e '.[dev]' && pytest\n"


def test_a_migration_needs_an_installed_plugin_and_a_name() -> None:
    for arguments, said in (
        (["nobody", "more"], "names nobody, which is not installed"),
        (["nobody", "../more"], "'../more' is no name for a migration"),
    ):
        done = CliRunner().invoke(app, ["new-migration", *arguments])
        assert done.exit_code == 1
        assert said in done.stderr
