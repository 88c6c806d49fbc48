"""What is filled quickly for measuring is what the product would have written."""

import pytest

from benchmarks import crowd
from benchmarks.crowd import crowd_of, fill_crowd
from benchmarks.filled import prove
from regulars_core.testing import OpenShop


async def test_a_crowd_is_consistent(open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL, which makes three of each, too."""
    shop = await open_shop()
    monkeypatch.setattr(crowd, "MADE", 200)
    await fill_crowd(shop, crowd_of(600))
    await prove(shop)
    indexes = (
        "pg_indexes WHERE schemaname = current_schema()" if shop.database.engine == "postgres" else "sqlite_master"
    )
    made = {
        row[0]
        for row in await shop.database.rows(f"SELECT {'indexname' if 'pg' in indexes else 'name'} FROM {indexes}")
    }
    assert {"customer_by_name", "stats_total_spent", "purchase_time", "tag_customers", "attribute_value"} <= made
    for table, least in (
        ("purchase", 2_500),
        ("purchase_line", 2_500),
        ("customer_tag", 170),
        ("consent_in_force", 390),
    ):
        [row] = await shop.database.rows(f"SELECT count(*) FROM {table}")
        assert row[0] >= least, table
    [row] = await shop.database.rows("SELECT count(DISTINCT sku), min(sku) FROM purchase_line")
    assert tuple(row) == (100, "SKU-0")
