"""The example plugin, installed as a distribution of its own, passes its own tests on both engines."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, print_ast
from syrupy.assertion import SnapshotAssertion

from tests.support.pages import AS_INSTALLED

EXAMPLE = Path(__file__).parents[1] / "examples" / "regulars_birthday"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the distribution, built and installed by pip."""
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--target", str(folder), str(EXAMPLE)], check=True)
    return folder


def environment(installed: Path, database_url: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {**clean, "PYTHONPATH": str(installed), "REGULARS_DATABASE_URL": database_url, "COLUMNS": "200"}


def test_its_own_tests_pass(installed: Path, database_url: str, tmp_path: Path) -> None:
    own = ["-c", str(EXAMPLE / "pyproject.toml"), "--confcutdir", str(EXAMPLE)]  # nothing of the core's tests
    arguments = ["-q", *AS_INSTALLED, *own]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, str(EXAMPLE / "tests")],
        env=environment(installed, database_url), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_listed_and_off_unless_it_is_asked_for(installed: Path, tmp_path: Path) -> None:
    def regulars(*arguments: str, **more: str) -> str:
        given = environment(installed, f"sqlite://{tmp_path}/x.db") | more
        command = [sys.executable, "-m", "regulars_server", *arguments]
        return subprocess.run(command, env=given, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    for more, on in (({}, "no"), ({"REGULARS_PLUGINS": "+birthday"}, "yes")):
        [row] = [line for line in regulars("plugins", **more).splitlines() if "birthday" in line]
        assert on in row
        assert "1.0.0" in row
        assert "Greets customers on their birthday." in row
    applied = regulars("migrate", REGULARS_PLUGINS="+birthday")
    assert "applied birthday.0001_initial" in applied
    assert "applied birthday.0002_reminders" in applied


PRINT = """
import json
from regulars_core.plugin import plugins_wanted
from regulars_schema.plugin import build_schema, contributions_of

bare = build_schema()
full = build_schema(contributions_of(plugins_wanted(("birthday",))))
print(json.dumps([bare.printed(), full.printed(), build_schema().printed()]))
"""


def added(bare: str, full: str) -> str:
    """What a schema has beyond another, which it must contain: whole types, and of those that both have the new members."""
    known, every = (
        {node.name.value: node for node in parse(text, no_location=True).definitions if hasattr(node, "name")}
        for text in (bare, full)
    )
    found = []
    for name, node in every.items():
        elder: Any = known.pop(name, None)
        if elder is None:
            found.append(print_ast(node))
            continue
        for part in ("fields", "values"):
            there, before = getattr(node, part, None) or (), getattr(elder, part, None) or ()
            assert [one.name.value for one in before if one not in there] == []
            if more := tuple(one for one in there if one not in before):
                extended: Any = replace(node, description=None, **{part: more})  # type: ignore[type-var]
                found.append(f"extend {print_ast(extended)}")
    assert list(known) == []
    return "\n\n".join(found)


def test_what_it_adds_to_the_schema(installed: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    given = environment(installed, f"sqlite://{tmp_path}/x.db")
    done = subprocess.run([sys.executable, "-c", PRINT], env=given, capture_output=True, text=True, check=True)
    bare, full, bare_again = json.loads(done.stdout)
    assert bare == bare_again == (Path(__file__).parents[2] / "schema" / "core.graphql").read_text(encoding="utf-8")
    assert added(bare, full) == snapshot
