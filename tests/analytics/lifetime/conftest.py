"""A shop with analytics whose customers come again as BG/NBD says, on a calendar that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine

import regulars_analytics
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

TODAY = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of analytics."""
    return plugins_on({"analytics": regulars_analytics})


@pytest.fixture
def calendar() -> Iterator[time_machine.Traveller]:
    """The clock, which stands still at noon."""
    with time_machine.travel(TODAY, tick=False) as clock:
        yield clock


@pytest.fixture
async def shop(open_shop: OpenShop, calendar: time_machine.Traveller) -> Shop:
    """A shop that knows nobody yet."""
    return await open_shop()


@pytest.fixture
def api(shop: Shop) -> Api:
    """The shop's owner."""
    return Api.of(shop)


async def sell(shop: Shop, path: Path, sales: list[tuple[str, int, str]]) -> None:
    """Sell to customers of these phone numbers, so many days ago, for these amounts."""
    lines = ["reference,phone,first_name,last_name,purchased_at,name,total"]
    for n, (phone, days, amount) in enumerate(sales):
        day = (TODAY - timedelta(days=days)).isoformat()
        lines.append(f"{path.stem}{n},{phone},Ana{phone[-4:]},Li,{day},Tea,{amount}")
    path.write_text("\n".join(lines), encoding="utf-8")  # noqa: ASYNC240
    report = await import_purchases(shop, path, ImportOptions(), lambda _done, _size: None)
    assert report.rejected == 0


def sales_of_many(customers: int) -> list[tuple[str, int, str]]:
    """Sales to customers who do what BG/NBD and Gamma-Gamma say."""
    random, sales = np.random.default_rng(5), list[tuple[str, int, str]]()
    for n in range(customers):
        rate, leaves, scale = random.gamma(1.2, 1 / 40), random.beta(1, 4), random.gamma(4, 1 / 15)
        at, is_there = float(random.integers(20, 400)), True
        while is_there and at >= 0:
            sales.append((f"55{50_000_000 + n}", int(at), f"{max(random.gamma(5, 1 / scale), 0.01):.2f}"))
            at -= random.exponential(1 / rate)
            is_there = len(sales) == 1 or random.random() >= leaves
    return sales
