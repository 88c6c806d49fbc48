"""docs/points-rules.md, followed from an empty folder."""

from pathlib import Path

import pytest

from tests.support.pages import follow

PAGE = Path(__file__).parents[2] / "docs" / "points-rules.md"


@pytest.mark.xdist_group("writing-a-plugin")
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    assert follow(PAGE, tmp_path, "regulars-mornings") == {"sh", "text", "python"}
