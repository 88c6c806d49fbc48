"""Every finding has the form that findings/README.md states, and stands in its list."""

import re
import subprocess
from pathlib import Path

import pytest

FINDINGS = Path(__file__).parents[2] / "findings"
SCRIPTS = sorted(FINDINGS.glob("*.sh"))
_PINNED = re.compile(r"[\w.\-@/:]+(?:==|@)\d+(?:\.\d+)+")
_PARTS = ["Expected", "Seen", "With", "Source"]


def comment_of(text: str) -> list[str]:
    lines = text.splitlines()[1:]
    return [
        line.removeprefix("#").strip() for line in lines[: next(n for n, line in enumerate(lines) if line[:1] != "#")]
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_finding_has_the_form(script: Path) -> None:
    text = script.read_text()
    comment = comment_of(text)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert comment[0].endswith(".")
    assert [part for line in comment for part in _PARTS if line.startswith(f"{part}:")] == _PARTS
    assert "https://" in " ".join(comment)
    assert re.search(r"\d+\.\d+", comment[[line[:5] for line in comment].index("With:")])
    for needed in ("set -euo pipefail", "mktemp -d", "trap "):
        assert needed in text
    installs = [line for line in text.splitlines() if "pip install" in line or "npm install" in line]
    assert installs
    for line in installs:
        named = [word for word in line.split("install", 1)[1].split() if not word.startswith("-") and word != "."]
        assert named
        assert [word for word in named if not _PINNED.fullmatch(word)] == []
    assert not re.search(r"\bregulars_\w+|import regulars", text)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert script.stat().st_mode & 0o111 == 0o111, "It is to be run as it is."


def test_the_list_is_the_files() -> None:
    listed = dict(re.findall(r"^- \[\w+\]\((\w+\.sh)\): (.+)$", (FINDINGS / "README.md").read_text(), re.MULTILINE))
    assert listed == {script.name: comment_of(script.read_text())[0] for script in SCRIPTS}
