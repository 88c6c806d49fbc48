"""PostgreSQL plans a filtered list for the values at hand, however often it was asked for before."""

import pytest

from regulars_core.customers.filters import LEAVES, NOT_GONE
from regulars_core.customers.reads import NEWEST_FIRST, page_of_customers
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Where
from regulars_core.testing import OpenShop

TIMES = 8
"""After five times PostgreSQL may take the plan for any values."""


@pytest.mark.usefixtures("postgres")  # skipped where there is no PostgreSQL
async def test_a_filtered_list_is_planned_for_its_values(open_shop: OpenShop) -> None:
    shop = await open_shop(database_pool=1)
    if shop.database.engine == "sqlite":
        pytest.skip("SQLite keeps no plans for any values")
    window = Window(NEWEST_FIRST, 20, False, None, None)
    tagged = Where("all", (NOT_GONE, Where("tag", leaf=LEAVES["tag"], conditions=(("in", ["vip"]),))))
    for where in (NOT_GONE, tagged):
        for _ in range(TIMES):
            await (await page_of_customers(shop.database, window, where)).count()
    plans = await shop.database.rows(
        "SELECT statement LIKE '%tag_key%', generic_plans, custom_plans FROM pg_prepared_statements"
        " WHERE statement LIKE '%NOT IN (''MERGED''%' AND statement NOT LIKE '%pg_prepared%'"
    )
    filtered = [row[1:] for row in plans if row[0]]
    assert [tuple(row) for row in filtered] == [(0, TIMES)] * 2
    assert all(row[1] > 0 for row in plans if not row[0])
