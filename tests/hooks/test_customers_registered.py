"""Plugins hear of new customers, inside the transaction that makes them."""

from collections.abc import Sequence

import pytest

from regulars_core.customers.reads import CustomerRow
from regulars_core.database.postgres import connection
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.hooks.test_plugins import plugin
from tests.imports.conftest import Files, silent
from tests.support.stamps import told


async def test_by_a_form_and_at_a_till(asking: Api) -> None:
    await asking.done("customerCreate", "created", {"firstName": "Ana", "lastName": "Li"})
    person = {"firstName": "Bo", "lastName": "Ek", "email": "bo@example.com"}
    await asking.done("purchaseRecord", "created", basket(customer=person))
    await asking.done("purchaseRecord", "created", basket("R2", customer=person))
    keys = await told(asking.shop)
    assert [key.partition(":")[0] for key in keys] == ["customers_registered"] * 2 + ["purchases_recorded"] * 2


async def test_a_refusal_undoes_it_and_is_told(asking: Api) -> None:
    made = await asking.do("customerCreate", "created", {"firstName": "Ana", "lastName": "Unlucky"})
    assert made["userErrors"] == [
        {"__typename": "InvalidInput", "code": "UNLUCKY", "message": "Nobody of this name is wanted.",
         "path": ["input", "lastName"]}
    ]  # fmt: skip
    person = {"firstName": "Bo", "lastName": "Unlucky", "email": "bo@example.com"}
    assert await asking.refused("purchaseRecord", basket(customer=person)) == ["UNLUCKY"]
    assert await asking.data("{ customers { totalCount } purchases { totalCount } }") == {
        "customers": {"totalCount": 0},
        "purchases": {"totalCount": 0},
    }


async def test_an_import_rejects_only_the_culprit(stamped: Shop, files: Files) -> None:
    rows = [f"C{n},Ana,{'Unlucky' if n == 7 else 'Li'}" for n in range(40)]
    path = files.write("code,first_name,last_name\n" + "\n".join(rows))
    report = await import_customers(stamped, path, ImportOptions(), silent)
    assert (report.created, report.rejected) == (39, 1)
    assert [row["code"] for row in files.rejects()] == ["C7"]
    assert len(await told(stamped)) == 39


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_an_import_takes_fewer_at_once_where_many_take_too_long(
    open_with: OpenWith, files: Files, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "300ms")

    async def slow(shop: Shop, customers: Sequence[CustomerRow]) -> None:
        if len(customers) > 5:
            await shop.database.rows("SELECT pg_sleep(60)")

    shop = await open_with(plugins_on({"slow": plugin(customers_registered=slow)}))
    path = files.write("code,first_name,last_name\n" + "\n".join(f"C{n},Ana,Li" for n in range(11)))
    report = await import_customers(shop, path, ImportOptions(), silent)
    assert (report.created, report.rejected) == (11, 0)
