"""docs/reports.md: its documents and its command are run, and answer what it says; its kinds are those that there are."""

import json
import os
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

import regulars_analytics
from regulars_analytics.reports.kinds import KINDS
from regulars_core.bulk.worker import do_whole_jobs
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import OpenShop
from tests.analytics.reports.test_reports import Desk
from tests.cli.conftest import elsewhere, regulars  # noqa: F401
from tests.support.commands import Regulars

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"analytics": regulars_analytics})


async def test_the_page(open_shop: OpenShop) -> None:
    shop = await open_shop()
    desk = await Desk.of(shop)
    pairs = [(one, told) for (kind, one), (other, told) in pairwise(BLOCKS) if (kind, other) == ("graphql", "json")]
    assert len(pairs) == 2
    for asked, told in pairs:
        assert {"data": await desk.api.data(asked.replace("9f0c…", "9f0c"))} == json.loads(told)
        await do_whole_jobs(shop, imports=False)


def test_the_command(regulars: Regulars, database_url: str, elsewhere: Path) -> None:  # noqa: F811
    [(command, told)] = [
        (one, said) for (kind, one), (other, said) in pairwise(BLOCKS) if (kind, other) == ("sh", "text")
    ]
    done = regulars(*shlex.split(command)[1:], database_url=database_url, plugins="analytics")
    assert (done.exit_code, done.stdout) == (0, told), done.stderr
    assert all((elsewhere / name).stat().st_size for name in told.split())
    log = regulars("export-log", database_url=database_url, plugins="analytics")
    assert log.stdout.count("REPORT") == 2
    wrong = regulars("analytics", "report", "tarot", database_url=database_url, plugins="analytics")
    assert (wrong.exit_code, wrong.stderr) == (1, "There is no such report; `reportKinds` lists them.\n")
    assert "REGULARS_PLUGINS" not in os.environ


def test_its_kinds() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert listed.keys() == KINDS.keys()
    for name, metrics in listed.items():
        assert set(re.findall(r"`([a-z_]+)`", metrics)) == {one.name for one in KINDS[name].metrics}
