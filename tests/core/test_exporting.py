"""Exports: every field, every customer once, and no formula."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.exports import customers as exports
from regulars_core.exports.columns import UnknownColumns, columns_named
from regulars_core.exports.csv_text import safe_cell
from regulars_core.exports.customers import FIELDS, export_customers
from regulars_core.shop.shop import Shop


async def exported(shop: Shop, *fields: str, **days: Any) -> list[list[str]]:
    target = io.StringIO(newline="")
    count = await export_customers(shop, target, fields, **days)
    rows = list(csv.reader(io.StringIO(target.getvalue(), newline="")))
    assert rows[0] == list(fields)
    assert len(rows) == count + 1
    return rows[1:]


async def fill(shop: Shop, *names: str) -> None:
    customers = [checked(shop.settings, NewCustomer(name, "Li")) for name in names]
    await register(shop, await give_codes(shop, customers))


@pytest.mark.parametrize("cell", ["=1", "=", "+1+1", "-1-1", "@a", "\tx", "\rx", "+", "-", "-a", "+.", "-1.2.3", "+１"])
def test_a_formula_is_escaped(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "plain", "-1", "+525512345678", "-12.50", "0.00", "'x", None, 7, -7])
def test_what_is_no_formula_stays(cell: Any) -> None:
    assert safe_cell(cell) == cell


async def test_every_field_can_be_written(shop: Shop) -> None:
    await fill(shop, "Ana")
    [row] = await exported(shop, *FIELDS)
    found = dict(zip(FIELDS, row, strict=True))
    assert (found["code"], found["first_name"], found["group"], found["total_spent"]) == (
        "CUST-00001",
        "Ana",
        "Customers",
        "0.00",
    )
    assert found["average_purchase"] == found["last_purchase_at"] == found["tags"] == ""
    assert found["created_at"].endswith("Z")
    for field in FIELDS:
        assert await exported(shop, field) == [[found[field]]]


async def test_unknown_fields_are_all_named_before_anything_is_written(shop: Shop) -> None:
    target = io.StringIO()
    with pytest.raises(UnknownColumns, match="shoe_size, soul"):
        await export_customers(shop, target, ["code", "shoe_size", "soul"])
    with pytest.raises(UnknownColumns, match="at least one"):
        await columns_named(shop, "CUSTOMERS", [])
    assert target.getvalue() == ""


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_batches_join_without_a_gap_or_a_double(shop: Shop, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """All of them have the same time of registration, so that only the id tells where a batch ends."""
    monkeypatch.setattr(exports, "_BATCH", size)
    await fill(shop, *(f"N{n}" for n in range(7)))

    async def at_once() -> None:
        await shop.database.run("UPDATE customer SET created_at = 5000")

    await shop.database.transaction(at_once)
    assert sorted(row[0] for row in await exported(shop, "first_name")) == [f"N{n}" for n in range(7)]
    assert await exported(shop, "first_name", first_day=date(1970, 1, 2)) == []
    assert len(await exported(shop, "first_name", first_day=date(1970, 1, 1), last_day=date(1970, 1, 1))) == 7
    assert len(await exported(shop, "first_name", first_day=date.min, last_day=date.max)) == 7
    assert await exported(shop, "first_name", first_day=date(1970, 1, 2), last_day=date(1970, 1, 1)) == []


async def test_an_empty_shop_is_a_header(shop: Shop) -> None:
    assert await exported(shop, "code", "tags", "total_spent", "group", "origin_store") == []
