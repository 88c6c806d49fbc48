"""A plain column of a customer is described once; what is written out for people beside that forgets none."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from tortoise.fields import CharField

from regulars_core.customers.columns import COLUMNS, NAMES, ColumnChanges, NewColumns
from regulars_core.customers.models import Customer
from regulars_core.customers.reads import CustomerRow
from regulars_core.imports.customer_rows import CUSTOMERS
from regulars_schema.customers import types
from regulars_schema.customers.inputs import CustomerCreateInput, CustomerUpdateInput
from regulars_schema.schema import build_schema

IMPORTING = Path(__file__).parents[2] / "docs" / "importing.md"


def test_every_column_is_in_every_form_of_a_customer() -> None:
    assert [field.name for field in fields(NewColumns)] == list(ColumnChanges.__annotations__) == list(NAMES)
    assert set(NAMES) <= set(CustomerRow.__slots__)
    columns = Customer._meta.fields_map
    assert {column.name: column.blank is None for column in COLUMNS} == {name: columns[name].null for name in NAMES}


def test_a_text_is_as_long_as_the_table_has_room_for() -> None:
    columns = {name: field for name, field in Customer._meta.fields_map.items() if isinstance(field, CharField)}
    as_given = {column.name: column.max_length for column in COLUMNS}
    # A phone number is written with spaces and brackets, which are not kept; a tax id that is sealed is longer.
    assert {name: columns[name].max_length for name in NAMES} == {**as_given, "phone": 16, "tax_id": 512}


@pytest.mark.parametrize("form", [types.Customer, CustomerCreateInput, CustomerUpdateInput])
def test_every_column_is_in_the_schema(form: Any) -> None:
    # A tax id may be sealed: it is read of all customers of a level at once, and no attribute of their rows.
    apart = {"tax_id"} if form is types.Customer else set()
    assert set(NAMES) - {field.name for field in fields(form)} == apart
    assert "taxId: String" in build_schema().printed().partition("\ntype Customer ")[2].partition("\n}")[0]


def test_the_page_about_importing_names_every_column() -> None:
    page = IMPORTING.read_text(encoding="utf-8").partition("\n## Customers\n")[2]
    plain = [name for name in CUSTOMERS.columns if not name.startswith(("billing_", "shipping_"))]
    assert [name for name in plain if f"`{name}`" not in page] == []
