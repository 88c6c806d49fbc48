"""A long list is read to its end whether its rows are found or looked through, in every order."""

from pathlib import Path

import pytest

from regulars_core.customers.reads import SORT_KEYS, customers_source
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.queries.pages import Order, Position, Window
from regulars_core.queries.slices import next_slice
from regulars_core.queries.where import Leaf, Where
from regulars_core.shop.shop import Shop

RARE = Where("leaf", leaf=Leaf("rare", lambda _, __: "c.last_name = 'Rare'"))


async def read(shop: Shop, order: Order, *, looks_through: bool) -> tuple[list[str], int]:
    """The codes in this order, and in how many slices they came."""
    codes, after, count = list[str](), None, 0
    while count == 0 or after is not None:
        position: Position | None = after
        window = Window(order, 1, backward=False, after=position, before=None)
        source = customers_source(window)
        found = await next_slice(shop.database, source, window, RARE, looks_through=looks_through)
        assert len(found.rows) <= 1
        codes += [one.code for one in found.rows]
        after, count = found.after, count + 1
    return codes, count


@pytest.mark.parametrize("name", ["CODE", "NAME", "TOTAL_SPENT"])
async def test_they_are_the_same_rows(shop: Shop, tmp_path: Path, name: str) -> None:
    file = tmp_path / "people.csv"
    rows = [f"C{n:02},N{n % 7},{'Rare' if n in {3, 4, 50} else 'Li'}\n" for n in range(60)]
    file.write_text(f"code,first_name,last_name\n{''.join(rows)}")
    await import_customers(shop, file, ImportOptions(), lambda *_: None)
    order = Order(SORT_KEYS[name], descending=name == "NAME")
    found, _ = await read(shop, order, looks_through=False)
    assert sorted(found) == ["C03", "C04", "C50"]
    looked, count = await read(shop, order, looks_through=True)
    assert (looked, 3 <= count <= 7) == (found, True)
