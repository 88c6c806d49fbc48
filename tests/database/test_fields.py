from decimal import Decimal
from uuid import UUID

import pytest
from tortoise.exceptions import ValidationError

from regulars_core.database import Database
from regulars_core.database.fields import IdField, QuantityField
from tests.database.apps.shop.models import Customer, Order

HEX = "0190aaaa0000700080000000000000ff"


def test_ids_have_one_form() -> None:
    field = IdField()
    for given in (HEX, HEX.upper(), str(UUID(HEX)), UUID(HEX)):
        assert field.to_db_value(given, Customer) == field.to_python_value(given) == HEX
    assert field.to_db_value(None, Customer) is None
    for wrong in ("", "x", HEX[1:], 7, HEX + "0", b"0" * 32):
        with pytest.raises(ValidationError):
            field.to_db_value(wrong, Customer)


def test_quantities_are_exact() -> None:
    field = QuantityField()
    for text in ("0", "1.5", "-0.000001", "9223372036854.775807"):
        stored = field.to_db_value(Decimal(text), Order)
        assert isinstance(stored, int)
        assert field.to_python_value(stored) == Decimal(text)
    for wrong in ("0.0000001", "NaN", "Infinity", "9223372036854.775808"):
        with pytest.raises(ValidationError):
            field.to_db_value(Decimal(wrong), Order)


async def test_the_columns(shop: Database) -> None:
    if shop.engine == "postgres":
        rows = await shop.rows(
            "SELECT table_name || '.' || column_name, data_type, collation_name FROM information_schema.columns "
            "WHERE table_name IN ('customer', 'shop_order')"
        )
        found = {name: (kind, collation) for name, kind, collation in rows}
        assert found["customer.id"] == found["shop_order.customer_id"] == ("uuid", None)
        assert found["customer.created_at"] == found["customer.balance"] == ("bigint", None)
        assert found["shop_order.quantity"] == ("bigint", None)
        assert found["customer.name"] == ("character varying", "C")
    else:
        rows = [
            (f"{table}.{name}", kind)
            for table in ("customer", "shop_order")
            for name, kind in await shop.rows("SELECT name, type FROM pragma_table_info($1)", table)
        ]
        columns = dict(rows)
        assert columns["customer.id"] == columns["shop_order.customer_id"] == "CHAR(32)"
        assert columns["customer.created_at"] == columns["shop_order.quantity"] == "BIGINT"
        assert columns["customer.name"] == "VARCHAR(100)"
