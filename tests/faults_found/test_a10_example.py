"""A10: whoever opens a plugin's folder finds out what it is, how it is switched on, and what it adds."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "examples" / "regulars_birthday"
PLUGINS = [EXAMPLE, *sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())]


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_a10_a_plugin_has_a_readme_whose_links_lead_somewhere(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    assert "REGULARS_PLUGINS" in text
    assert [link for link in re.findall(r"\]\(([^)#]+)", text) if not (folder / link).exists()] == []


def test_a10_that_of_the_example_tells_everything_it_adds() -> None:
    text = (EXAMPLE / "README.md").read_text()
    source = "\n".join(path.read_text() for path in (EXAMPLE / "regulars_birthday").glob("*.py"))
    added = {
        *re.findall(r'\bname="(\w+)"', source),
        *re.findall(r'(?:Leaf|SortKey)\(\s*"(\w+)"', source),
        *re.findall(r'= "(birthday\.\w+)", "', source),
        *re.findall(r'"(birthday\.\w+)"', source),
        *re.findall(r'(?:Problem|TooYoung|checks\.fail)\("(\w+)"', source),
        *re.findall(r'Job\("(\w+)"', source),
        *[f"REGULARS_BIRTHDAY_{name.upper()}" for name in re.findall(r"(\w+): int = Field", source)],
    } - {"TOO_YOUNG", "NOT_FOUND"}
    assert len(added) >= 10
    assert [name for name in sorted(added) if name not in text] == []
    for name in re.findall(r"`(regulars_birthday/\w+\.py|migrations/|tests/)`", text):
        assert (EXAMPLE / name).exists() or (EXAMPLE / "regulars_birthday" / name).exists()
