"""`regulars new-plugin`: the outline of a plugin as a distribution of its own, ready to be installed and tested.

What is copied is the folder `outline` beside this module: a plugin like any other, that our own tests install too. In its
names and texts `outline` becomes the new plugin's name.
"""

import keyword
import re
import shutil
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from regulars_core.plugins.discovery import installed

OUTLINE = Path(__file__).with_name("outline")
_NAME = re.compile(r"[a-z]{2,30}")


class BadName(Exception):
    """A plugin cannot be called so, or there is something of that name already; the message says which."""


def write_outline(name: str, where: Path, taken: Collection[str] = ()) -> Path:
    """Write a new plugin into the folder `regulars-<name>` under `where`, and answer that folder.

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
        _copy(name, folder)
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


def _copy(name: str, folder: Path) -> None:
    for source in sorted(OUTLINE.rglob("*")):
        place = source.relative_to(OUTLINE)
        if source.is_file() and not any(part.startswith((".", "__pycache__")) for part in place.parts):
            target = folder / _renamed(str(place), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8")


def _renamed(text: str, name: str) -> str:
    return text.replace("outline", name).replace("Outline", name.capitalize())
