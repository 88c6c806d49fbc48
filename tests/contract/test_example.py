"""The example plugin, installed as a distribution of its own, passes its own tests on both engines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "regulars_birthday"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the distribution, built and installed by pip."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), str(EXAMPLE)], check=True)
    return folder


def environment(installed: Path, database_url: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    return {**clean, "PYTHONPATH": str(installed), "REGULARS_DATABASE_URL": database_url, "COLUMNS": "200"}


def test_its_own_tests_pass(installed: Path, database_url: str, tmp_path: Path) -> None:
    own = ["-c", str(EXAMPLE / "pyproject.toml"), "--confcutdir", str(EXAMPLE)]  # nothing of the core's tests
    arguments = ["-q", "-p", "no:cacheprovider", *own]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, str(EXAMPLE / "tests")],
        env=environment(installed, database_url), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_listed_and_off_unless_it_is_asked_for(installed: Path, tmp_path: Path) -> None:
    def regulars(*arguments: str, **more: str) -> str:
        given = environment(installed, f"sqlite://{tmp_path}/x.db") | more
        command = [sys.executable, "-m", "regulars_server.cli", *arguments]
        return subprocess.run(command, env=given, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    for more, on in (({}, "no"), ({"REGULARS_PLUGINS": "+birthday"}, "yes")):
        [row] = [line for line in regulars("plugins", **more).splitlines() if "birthday" in line]
        assert on in row
        assert "1.0.0" in row
        assert "Greets customers on their birthday." in row
    assert "applied birthday.0001_initial" in regulars("migrate", REGULARS_PLUGINS="+birthday")
