"""Columns of exports that plugins add."""

import io
from collections.abc import Sequence

import pytest

from regulars_core.customers.consents.columns import consent_columns
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.exports.columns import Cell, ExportBatch, ExportColumn, ExportColumns, UnknownColumns, export_columns
from regulars_core.exports.customers import FIELDS, export_customers
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.hooks.conftest import OpenWith
from tests.hooks.test_plugins import plugin


async def letters(batch: ExportBatch) -> Sequence[Cell]:
    return [f"={len(customer.first_name)}" for customer in batch.rows]


LETTERS = ExportColumn("letters", "Letters", letters)


async def declared(_: Shop) -> Sequence[ExportColumn]:
    return [
        ExportColumn(name, name, letters, of=of) for name, of in (("attribute.hat", "CUSTOMERS"), ("hat", "PURCHASES"))
    ]  # type: ignore[arg-type]


async def test_they_stand_behind_cores_and_each_name_is_ones(open_with: OpenWith) -> None:
    counting = plugin(regulars_export_columns=lambda: [LETTERS, ExportColumns(declared)])
    shop = await open_with(plugins_on({"counting": counting}))
    consents = [column.name for column in consent_columns(shop.settings)]
    assert list(await export_columns(shop, "CUSTOMERS")) == [*FIELDS, "letters", *consents, "attribute.hat"]
    assert list(await export_columns(shop, "PURCHASES"))[-1] == "hat"
    await register(shop, await give_codes(shop, [checked(shop.settings, NewCustomer("Ana", "Li"))]))
    target = io.StringIO(newline="")
    await export_customers(shop, target, ["attribute.hat", "first_name", "letters"])
    assert target.getvalue() == "attribute.hat,first_name,letters\r\n'=3,Ana,'=3\r\n"
    shop.behind = frozenset({"counting"})
    with pytest.raises(UnknownColumns, match="letters"):
        await export_customers(shop, target, ["letters"])
    twice = {name: plugin(regulars_export_columns=lambda: [LETTERS]) for name in ("a", "b")}
    with pytest.raises(PluginError, match="The export column 'letters' is defined by 'a' and by 'b'"):
        await export_columns(Shop(shop.database, shop.settings, plugins_on(twice)), "CUSTOMERS")
