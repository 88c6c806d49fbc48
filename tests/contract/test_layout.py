"""The house: floors without circles, rooms that can be overlooked, and pages that name what is there."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "regulars_core": ROOT / "core",
    "regulars_schema": ROOT / "schema",
    "regulars_server": ROOT / "server",
    "regulars_tiers": ROOT / "plugins" / "tiers",
    "regulars_analytics": ROOT / "plugins" / "analytics",
}
MAX_MODULES, MAX_LINES, MAX_FUNCTION_LINES = 20, 400, 70
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("plugins/**/*.md")]
FOLDERS = ("core", "schema", "server", "plugins", "tests", "docs", "benchmarks", "examples", "changelog")


def modules() -> Iterator[Path]:
    """Every module that is no migration, and not of the outline, which is copied and not imported."""
    for package, folder in PACKAGES.items():
        for path in sorted((folder / package).rglob("*.py")):
            if not {"migrations", "outline", "outline_of_rules"} & set(path.parts):
                yield path


@pytest.fixture(scope="module")
def imports() -> Mapping[str, set[str]]:
    """Module → what it imports, type-only imports counted, and those inside of functions."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def refuse_circles(imports: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        raise AssertionError(f"These import each other in a circle: {' → '.join(error.args[1])}") from None


def test_no_circle_of_modules(imports: Mapping[str, set[str]]) -> None:
    refuse_circles(imports)


def test_no_circle_of_folders(imports: Mapping[str, set[str]]) -> None:
    """In each folder, whatever stands in it: a module, or a folder with all that is in it."""
    inside: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, imported in imports.items():
        for other in imported:
            ours, theirs = module.split("."), other.split(".")
            shared = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
            if shared is not None:  # or one is the folder of the other
                inside[".".join(ours[:shared])][ours[shared]].add(theirs[shared])
    for folder in inside.values():
        refuse_circles(folder)


def test_a_circle_would_be_found() -> None:
    with pytest.raises(AssertionError, match=r"in a circle: (a → b → a|b → a → b)"):
        refuse_circles({"a": {"b"}, "b": {"a"}, "c": {"a"}})


def test_no_folder_holds_more_than_can_be_overlooked() -> None:
    counted: dict[Path, int] = defaultdict(int)
    for path in modules():
        counted[path.parent] += 1
    assert {str(folder): n for folder, n in counted.items() if n > MAX_MODULES} == {}


def test_no_module_and_no_function_is_longer_than_can_be_read_at_once() -> None:
    long = []
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > MAX_LINES:
            long.append(f"{path}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                long += [f"{path}: {node.name} has {lines} lines"] if lines > MAX_FUNCTION_LINES else []
    assert long == []


def test_a_module_is_a_noun() -> None:
    names = {path.stem for path in modules()}
    assert names.isdisjoint({"util", "utils", "helper", "helpers", "common", "misc", "base_utils"})
    assert {name for name in names if name.endswith("ing")} <= {"testing"}


def test_rules_are_pure() -> None:
    """From the door they take what knows no database and no shop."""
    impure = []
    for path in modules():
        if "rules" not in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "regulars_core.plugin":
                door = ast.parse((ROOT / "core" / "regulars_core" / "plugin.py").read_text(encoding="utf-8"))
                origins = {
                    a.name: one.module for one in door.body if isinstance(one, ast.ImportFrom) for a in one.names
                }
                pure = ("regulars_core.primitives.", "regulars_core.rules.", "regulars_core.plugins.owners")
                impure += [f"{path}: {a.name}" for a in node.names if not str(origins[a.name]).startswith(pure)]
    assert impure == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_what_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = re.findall(rf"(?<![\w./\"-])((?:{'|'.join(FOLDERS)})/[\w./*-]*[\w*])", text)
    gone = [path for path in paths if not list(ROOT.glob(path))]
    names = set(re.findall(r"(?<![\w.])regulars_(?:core|schema|server|tiers)(?:\.\w+)+", text))
    assert gone + [name for name in sorted(names) if not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, rest = name.partition(".")
    found = import_module(module)
    for part in rest.split("."):
        try:
            found = getattr(found, part) if hasattr(found, part) else import_module(f"{found.__name__}.{part}")
        except (AttributeError, ModuleNotFoundError):
            return False
    return True
