"""A page of the docs, followed from an empty folder: its files written, its commands run, its outputs seen."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

_BLOCKS = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
AS_INSTALLED = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:syrupy")
"""pytest's options for somebody who has installed `regulars[testing]` and nothing else."""
_PIP = "-m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --target"


class Follower:
    """Does what a page says, as a reader would: in one shell, with an editor; what it writes belongs to one plugin."""

    def __init__(self, folder: Path, plugin: str) -> None:
        self._folder, self._plugin = folder, plugin
        self._state = folder / "state"
        self._site, programs = folder / "site", folder / "bin"
        programs.mkdir()
        python, package = shlex.quote(sys.executable), plugin.replace("-", "_")
        # Installed as metadata only; the source is found where the reader edits it, as with `pip install -e`.
        install = f'{python} {_PIP} {self._site} . && rm -r {self._site}/{package} build 2>/dev/null; true "$@"'
        for name, command in {
            "regulars": f'{python} -m regulars_server "$@"',
            "pytest": f'{python} -m pytest {" ".join(AS_INSTALLED)} --confcutdir . "$@"',
            "pip": install,
        }.items():
            (programs / name).write_text(f"#!/bin/sh\n{command}\n")
            (programs / name).chmod(0o755)
        paths = [f"{folder}/plugins/{plugin}", str(self._site), *filter(None, [os.environ.get("PYTHONPATH")])]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        self._environment = {**clean, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        self._environment |= {"PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
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
        path = self._folder / "plugins" / self._plugin / name
        assert path.parent.is_dir()
        path.write_text(text, encoding="utf-8")


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """The blocks of a page in their order: kind, where it is written, text."""
    return _BLOCKS.findall(page.read_text(encoding="utf-8"))


def follow(page: Path, folder: Path, plugin: str) -> set[str]:
    """Do what a page says in an empty folder, and compare what it shows; answers which kinds of blocks it has."""
    follower, printed, kinds = Follower(folder, plugin), "", set()
    for kind, title, text in blocks(page):
        kinds.add(kind)
        if kind == "sh":
            printed = follower.run(text)
        elif kind == "text":
            seen(text, printed)
        else:
            assert title, f"nobody knows where to write: {text}"
            follower.write(title, text)
    return kinds


def seen(expected: str, printed: str) -> None:
    """Every line that the page shows is in what was printed, in this order; how wide a table is does not matter."""
    rest = " ".join(printed.split())
    for line in (" ".join(shown.split()) for shown in expected.splitlines()):
        if os.environ.get("CI") != "true" and re.fullmatch(r"\d+ passed", line) and " skipped" in rest:
            continue  # no PostgreSQL here
        assert line in rest, f"{line!r} is not in:\n{printed}"
        rest = rest.partition(line)[2]
