"""The page about files of other programs says what every column becomes, and its own table can be read."""

import csv
import re
from pathlib import Path

import pytest

from regulars_core.imports import profile_of
from tests.imports.profiles.test_programs import FILES, SAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "other-programs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("which", FILES, ids="-".join)
def test_every_column_of_a_sample_stands_in_its_section(which: tuple[str, str]) -> None:
    name, kind = which
    section = PAGE.partition(f"`regulars import {kind} FILE --from {name}`")[2].partition("\n## ")[0]
    with (SAMPLES / f"{FILES[which]}.csv").open(newline="", encoding="utf-8") as file:
        columns = [column for column in next(csv.reader(file)) if "(metadata)" not in column]
    passed = re.search(r"\*Nothing becomes of\* (.*)\.", section)
    assert passed is not None
    told = {*re.findall(r"^\| (.+?) \|", section, re.MULTILINE), *passed[1].split(", ")}
    assert [column for column in columns if column not in told] == []


def test_the_table_on_the_page_is_a_profile(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / "my.toml").write_text(found[1], encoding="utf-8")
    profile = profile_of(str(tmp_path / "my.toml"), "purchases")
    assert profile.title == "The old till"
    assert profile.columns["status"].values["draft"] == "passed over"
