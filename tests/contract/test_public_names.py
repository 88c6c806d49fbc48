"""What a plugin may use is listed, stands on the docs' page, and is all that the plugins of the box, the outline, the example and
the pages use."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).parents[2]
DOORS = ("regulars_core.plugin", "regulars_schema.plugin")
FOR_TESTS = ("regulars_core.testing", "regulars_schema.testing", "regulars_server.testing")
TORTOISE_WRITES = "regulars_core.database.fields"
"""Migrations name the modules of fields' classes."""
PLUGINS = {
    "tiers": ROOT / "plugins" / "tiers",
    "outline": ROOT / "server" / "regulars_server" / "outline",
    "birthday": ROOT / "tests" / "examples" / "regulars_birthday",
    "stamps": ROOT / "tests" / "support" / "stamps",
    "tally": ROOT / "tests" / "support" / "tally",
}
PAGES = [*ROOT.glob("docs/*.md"), *ROOT.glob("plugins/**/*.md")]


@pytest.mark.parametrize("door", [*DOORS, *FOR_TESTS[:2]])
def test_the_list_is_what_it_was(door: str, snapshot: SnapshotAssertion) -> None:
    """A name that goes breaks plugins; whoever takes one away does it on purpose."""
    module = import_module(door)
    assert module.__all__ == snapshot
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("door", DOORS)
def test_nothing_stands_in_the_door_that_is_not_listed(door: str) -> None:
    module = import_module(door)
    imported = {name for name in vars(module) if not name.startswith("_")}
    assert imported == set(module.__all__)


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


@pytest.mark.parametrize("name", PLUGINS)
def test_plugins_come_through_the_doors(name: str) -> None:
    for path in PLUGINS[name].rglob("*.py"):
        allowed = {*DOORS, *(FOR_TESTS if "test" in path.name or path.parent.name == "tests" else ())}
        if "migrations" in path.parts:
            allowed.add(TORTOISE_WRITES)
        modules = {
            module
            for module in imported(path.read_text(encoding="utf-8"))
            if module.startswith(("regulars_core", "regulars_schema", "regulars_server"))
        }
        assert modules - allowed == set(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_come_through_the_doors(page: Path) -> None:
    """In the code that they show; what generates a part of a page stands in a comment of it."""
    text = re.sub(r"<!-- \[\[\[cog.*?\]\]\] -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = re.findall(r"^\s*from (regulars_(?:core|schema|server)[\w.]*) import", text, flags=re.MULTILINE)
    assert set(shown) - {*DOORS, *FOR_TESTS, TORTOISE_WRITES} == set()
