"""`regulars new-plugin`: the outline of a plugin as a distribution of its own, ready to be installed and tested.

What is copied is the folder `outline` beside this module: a plugin like any other, that our own tests install too. Where the
plugin is to bring a rule, it is `outline_of_rules` with what is there of the rule's use. In names and texts `outline` becomes the
new plugin's name.
"""

import keyword
import re
import shutil
from collections.abc import Collection, Iterator
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from regulars_core.plugins.discovery import installed

OUTLINE = Path(__file__).with_name("outline")
OUTLINE_OF_RULES = Path(__file__).with_name("outline_of_rules")
_NAME = re.compile(r"[a-z]{2,30}")


class NewRule(StrEnum):
    """What a new plugin's rule is for."""

    POINTS = "points"
    TRIGGER = "trigger"
    CONDITION = "condition"
    DISCOUNT = "discount"
    CRITERION = "criterion"


class BadName(Exception):
    """A plugin cannot be called so, or there is something of that name already; the message says which."""


def write_outline(name: str, where: Path, taken: Collection[str] = (), rule: NewRule | None = None) -> Path:
    """Write a new plugin, or one that brings a rule, into the folder `regulars-<name>` under `where`, and answer that folder.

    Raises BadName for a name that is none or is taken (by a plugin, a package, one of `taken`), and where the folder
    exists; nothing is ever overwritten. Raises OSError.
    """
    _check(name, taken)
    folder = where / f"regulars-{name}"
    try:
        folder.mkdir()
    except FileExistsError:
        raise BadName(f"{folder} is there already; nothing was written.") from None
    try:
        for place, source in _files(rule):
            _copy(source, folder / _renamed(place, name), name)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return folder


def _check(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name):
        raise BadName(f"'{name}' is no name for a new plugin: use 2 to 30 small letters, a to z.")
    if keyword.iskeyword(name):
        raise BadName(f"'{name}' is a word of Python; take another name.")
    if name in taken or find_spec(f"regulars_{name}") or any(plugin.name == name for plugin in installed()):
        raise BadName(f"'{name}' is taken; take another name.")


def _files(rule: NewRule | None) -> Iterator[tuple[str, Path]]:
    """What is copied, each file with its place in the new folder."""
    if rule is None:
        yield from ((str(path.relative_to(OUTLINE)), path) for path in _sources(OUTLINE))
        return
    rules = OUTLINE_OF_RULES / "rules"
    for path in _sources(OUTLINE_OF_RULES):
        if rules not in path.parents:
            yield str(path.relative_to(OUTLINE_OF_RULES)), path
    for path in _sources(rules / rule):
        yield f"{'regulars_outline' if path.name == '__init__.py' else 'tests'}/{path.name}", path


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts):
            yield path


def _copy(source: Path, target: Path, name: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8")


def _renamed(text: str, name: str) -> str:
    return text.replace("outline", name).replace("Outline", name.capitalize()).replace("OUTLINE", name.upper())
