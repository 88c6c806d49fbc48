"""docs/writing-a-plugin.md, followed from an empty folder: its files written, its commands run, its outputs seen."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-plugin.md"
_BLOCKS = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_PIP = "-m pip install --quiet --disable-pip-version-check --no-deps --target"


class Follower:
    """Does what the page says, as a reader would: in one shell, with an editor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "state"
        self._site, programs = folder / "site", folder / "bin"
        programs.mkdir()
        python = shlex.quote(sys.executable)
        # Installed as metadata only; the source is found where the reader edits it, as with `pip install -e`.
        install = f'{python} {_PIP} {self._site} . && rm -r {self._site}/regulars_visits build 2>/dev/null; true "$@"'
        for name, command in {
            "regulars": f'{python} -m regulars_server.cli.main "$@"',
            "pytest": f'{python} -m pytest -p no:cacheprovider --confcutdir . "$@"',
            "pip": install,
        }.items():
            (programs / name).write_text(f"#!/bin/sh\n{command}\n")
            (programs / name).chmod(0o755)
        paths = f"{folder}/plugins/regulars-visits{os.pathsep}{self._site}"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        self._environment = {**clean, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths}
        self._environment |= {"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
        (folder / "plugins").mkdir()
        self._state.write_text(f"cd {shlex.quote(str(folder / 'plugins'))}\n")

    def run(self, commands: str) -> str:
        """What a block of commands prints; all must succeed."""
        keep = f"{{ export -p; echo cd $(pwd); }} > {self._state}"
        script = f"set -e\n. {self._state}\n{commands}\n{keep}\n"
        done = subprocess.run(
            ["bash", "-c", script], env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout

    def write(self, name: str, text: str) -> None:
        """Save a file of the plugin."""
        path = self._folder / "plugins" / "regulars-visits" / name
        assert path.parent.is_dir()
        path.write_text(text, encoding="utf-8")


def seen(expected: str, printed: str) -> None:
    """Every line that the page shows is in what was printed, in this order; how wide a table is does not matter."""
    rest = " ".join(printed.split())
    for line in (" ".join(shown.split()) for shown in expected.splitlines()):
        if os.environ.get("CI") != "true" and re.fullmatch(r"\d+ passed", line) and " skipped" in rest:
            continue  # no PostgreSQL here
        assert line in rest, f"{line!r} is not in:\n{printed}"
        rest = rest.partition(line)[2]


@pytest.mark.xdist_group("writing-a-plugin")
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    follower, printed, kinds = Follower(tmp_path), "", []
    for kind, title, text in _BLOCKS.findall(PAGE.read_text(encoding="utf-8")):
        kinds.append(kind)
        if kind == "sh":
            printed = follower.run(text)
        elif kind == "text":
            seen(text, printed)
        else:
            assert kind == "python"
            follower.write(title, text)
    assert set(kinds) == {"sh", "text", "python"}
