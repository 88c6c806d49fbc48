"""D5: one row that cannot be kept is rejected, whatever is wrong with it, and never ends the file."""

from collections.abc import Sequence

import pytest

from regulars_core.customers.rules import NewCustomer, checked, city_key, tag_key
from regulars_core.groups.service import create_group, name_key
from regulars_core.hookspecs import hookimpl
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.primitives.errors import Refused
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.imports.conftest import Files, Importing, silent

GROWING = "ßŉǰΐﬃև"
"""Letters whose capitals are two letters or three."""


async def test_d5_a_code_is_measured_in_capitals(customers: Importing, files: Files, shop: Shop) -> None:
    fits = [letter * (40 // len(letter.upper())) for letter in GROWING]
    long = [code + code[0] for code in fits]
    rows = [f"{code},Ana,Li" for code in ["C1", *fits, *long, "C4"]]
    report = await customers("code,first_name,last_name\n" + "\n".join(rows))
    assert (report.created, report.rejected) == (2 + len(fits), len(long))
    assert [(row["code"], row["reject_code"]) for row in files.rejects()] == [(code, "TOO_LONG") for code in long]
    kept = await shop.database.rows("SELECT code FROM customer")
    assert {row[0] for row in kept} == {"C1", "C4", *(code.upper() for code in fits)}
    again = await customers("code,first_name,last_name\n" + "\n".join(rows))
    assert (again.created, again.unchanged) == (0, report.created)


async def test_and_so_of_who_bought(purchases: Importing, files: Files) -> None:
    rows = [f"R{n},2026-01-02,Bread,1.00,{'ß' * (19 + n)},Ana,Li" for n in range(3)]
    head = "reference,purchased_at,name,unit_price,customer_code,first_name,last_name\n"
    report = await purchases(head + "\n".join(rows))
    assert (report.created, report.customers_created, report.rejected) == (2, 2, 1)
    assert [row["reject_code"] for row in files.rejects()] == ["TOO_LONG"]


def test_where_one_is_typed_as_well() -> None:
    with pytest.raises(Refused) as refused:
        checked(Settings(), NewCustomer("Ana", "Li", code="ß" * 21))
    assert [(one.code, one.path) for one in refused.value.problems] == [("TOO_LONG", ("code",))]


async def test_whatever_is_folded_still_fits(customers: Importing, shop: Shop) -> None:
    """Names, tags, cities, groups and e-mails have keys that grow: eighteen letters of one, for some."""
    rows = ["code,first_name,last_name,tags,billing_city,group,email"]
    letters = ["ß", "ΐ", "ﷺ", "ﬃ", "İ", "क़"]
    for n, letter in enumerate(letters):
        some = ",".join([letter * 50, letter * 50, letter * 30, letter * 50, letter * 50])
        rows += [f"C{n},{some},", f"D{n},{some},{letter * 30}@example.com"]
        assert len(name_key(letter * 120)) <= 160
    report = await customers("\n".join(rows))
    assert report.created >= len(letters)
    assert report.created + report.rejected == 2 * len(letters)
    await create_group(shop, "٭" * 120, None)


def test_two_long_names_never_become_one() -> None:
    for key, most in ((tag_key, 96), (city_key, 160), (name_key, 160)):
        assert key("ß" * most) != key("ß" * (most - 1))
        assert len(key("ß" * most)) == most
        assert key("Ábc") == "abc"


class Breaking:
    """A plugin that cannot bear some customers."""

    @hookimpl
    async def customers_registered(self, customers: Sequence[object]) -> None:
        if any(getattr(one, "last_name", "") == "Unlucky" for one in customers):
            raise TimeoutError("secret")


async def test_what_a_plugin_breaks_at_is_rejected(shop: Shop, files: Files, caplog: pytest.LogCaptureFixture) -> None:
    broken = Shop(shop.database, shop.settings, plugins_on({"breaking": Breaking()}))
    rows = [f"C{n},Ana,{'Unlucky' if n == 7 else 'Li'}" for n in range(20)]
    path = files.write("code,first_name,last_name\n" + "\n".join(rows))
    report = await import_customers(broken, path, ImportOptions(), silent)
    assert (report.created, report.rejected) == (19, 1)
    [rejected] = files.rejects()
    assert (rejected["code"], rejected["reject_code"]) == ("C7", "INTERNAL")
    assert "secret" not in rejected["reject_reason"]
    error_id = rejected["reject_reason"].rstrip(".").rpartition(" ")[2]
    assert f"error {error_id} in a row of an imported file" in caplog.text
