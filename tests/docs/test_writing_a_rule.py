"""docs/writing-a-rule.md, followed from an empty folder by somebody who has never written a rule."""

import re
from pathlib import Path

import pytest

from tests.support.pages import blocks, follow

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-rule.md"
RULES = ("tuesdays", "variety", "three", "half", "mornings")


@pytest.mark.xdist_group("writing-a-plugin")
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    assert follow(PAGE, tmp_path, "regulars-bakery") == {"sh", "text", "python"}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_ten_lines(rule: str) -> None:
    """How many lines somebody writes, and how many steps it takes until the rule is in force: commands, files, mutations."""
    own = {title: text for _, title, text in blocks(PAGE) if title}
    lines = [line for line in own[f"regulars_bakery/{rule}.py"].splitlines() if line.strip()]
    first = next(text for kind, _, text in blocks(PAGE) if kind == "sh")
    in_force = re.findall(r'"(pointsProgramUpdate|promotionCreate|rewardSystemCreate)"', own["tests/test_in_a_shop.py"])
    mutations = {"tuesdays": in_force[:1], "variety": in_force[1:]}.get(rule, ["one"])
    steps = len(first.splitlines()) + len(["the rule", "the list of rules"]) + len(mutations)
    print(f"{rule}: {len(lines)} lines, {steps} steps")  # shown by `pytest -rP`
    assert len(lines) <= 10
    assert steps <= 8
