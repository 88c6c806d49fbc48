"""docs/ledger.md: its table is what is checked, its queries run, its jobs are there."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import regulars_loyalty
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_loyalty.chain.checks import CHECKS
from regulars_loyalty.jobs import JOBS
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
QUERIES: Sequence[str] = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


def test_the_table_is_what_is_checked() -> None:
    table = PAGE.partition("<!-- checks -->")[2].partition("<!-- end -->")[0]
    assert dict(re.findall(r"\| `(\w+)` \| (.*) \|", table)) == CHECKS


def test_the_jobs_are_there() -> None:
    table = PAGE.partition("## Jobs")[2].partition("## For")[0]
    assert re.findall(r"\| `([\w-]+)` \|", table) == [job.name for job in JOBS]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_queries_run(shop: Shop, query: str) -> None:
    values = {"id": "customer_" + "0" * 32} if "$id" in query else {}
    assert (await Api.of(shop).ask(query, **values)).errors == []


def test_there_are_queries() -> None:
    assert len(QUERIES) == 3
