"""A customer is a person or a company, known by one name, or by a phone alone."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from regulars_core.customers.columns import COLUMNS
from regulars_core.exports.customers import export_customers
from regulars_core.imports import ImportOptions, ImportRefused, import_customers
from regulars_core.shop.setting_types import CustomerField
from regulars_core.shop.settings import SettingsError, load_settings
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

NAMES = "id code firstName lastName companyName isCompany displayName"


async def create(api: Api, **given: Any) -> Any:
    return (await api.done("customerCreate", f"customer {{ {NAMES} }}", given))["customer"]


async def codes(api: Api, mutation: str, **given: Any) -> list[tuple[str, str]]:
    made = await api.do(mutation, "customer { id }", given)
    return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]


async def names(api: Api, arguments: str) -> list[str]:
    found = await api.data(f"{{ customers({arguments}) {{ nodes {{ displayName }} }} }}")
    return [one["displayName"] for one in found["customers"]["nodes"]]


async def test_whoever_can_be_told_from_others_is_a_customer(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(required_fields="", duplicate_score="101"))
    acme = await create(api, companyName="  Ácme   S.A. ")
    assert (acme["firstName"], acme["lastName"], acme["companyName"]) == ("", "", "Ácme S.A.")
    assert (acme["isCompany"], acme["displayName"]) == (True, "Ácme S.A.")
    zoe = await create(api, firstName="Zoe", companyName="Ácme S.A.")
    assert (zoe["isCompany"], zoe["displayName"]) == (False, "Zoe")
    asked = await create(api, lastName="Ek", companyName="Beta", isCompany=True)
    assert (asked["isCompany"], asked["displayName"]) == (True, "Ek")
    phone = await create(api, phone="55 1234 5678")
    assert (phone["displayName"], phone["isCompany"]) == (phone["code"], False)
    assert (await create(api, preferredName="Pepa", companyName="Casa"))["displayName"] == "Pepa"
    assert await codes(api, "customerCreate", taxId="T1") == [("REQUIRED", "input.firstName")]
    assert await codes(api, "customerCreate", isCompany=True) == [("REQUIRED", "input.companyName")]
    # Who is known by one thing is not left with none.
    assert await codes(api, "customerUpdate", id=phone["id"], phone=None) == [("REQUIRED", "input.phone")]
    assert await codes(api, "customerUpdate", id=phone["id"], phone="", email="x") == [("INVALID_EMAIL", "input.email")]
    assert await codes(api, "customerUpdate", id=phone["id"], phone=None, firstName="Al") == []
    # They are sorted, found and filtered by what they are called.
    assert await names(api, "orderBy: {field: NAME}") == ["Ácme S.A.", "Al", "Pepa", "Ek", "Zoe"]
    assert await names(api, 'where: {companyName: {in: ["ACME sa"]}}') == []
    assert await names(api, 'where: {companyName: {in: ["acme s a"]}, isCompany: true}') == ["Ácme S.A."]
    assert await names(api, "where: {isCompany: false}, orderBy: {field: NAME}") == ["Al", "Zoe"]
    assert sorted(await names(api, 'search: "acm"')) == ["Zoe", "Ácme S.A."]
    assert await codes(api, "customerUpdate", id=zoe["id"], companyName="Gamma", taxId="x-1.2") == []
    assert await names(api, 'search: "gamm", where: {taxId: {in: ["X12"]}}') == ["Zoe"]
    assert await names(api, 'where: {taxId: {in: ["--"]}}') == []


async def test_what_is_required_is_a_setting(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(required_fields="first_name,last_name,email,birth_date"))
    assert await codes(api, "customerCreate", firstName="Ana", email="x", phone="12") == [
        ("REQUIRED", "input.lastName"), ("REQUIRED", "input.birthDate"), ("INVALID_EMAIL", "input.email"),
        ("INVALID_PHONE", "input.phone"),
    ]  # fmt: skip
    assert await codes(api, "customerCreate", companyName="Acme") == [("REQUIRED", "input.email")]
    acme = await create(api, companyName="Acme", email="a@example.com")
    assert await codes(api, "customerUpdate", id=acme["id"], companyName=" ", email=None, phone="12") == [
        ("INVALID_PHONE", "input.phone"), ("REQUIRED", "input.companyName"), ("REQUIRED", "input.email"),
    ]  # fmt: skip
    # To become a person it takes what a person must have; what is not touched stays as it is.
    assert await codes(api, "customerUpdate", id=acme["id"], isCompany=False) == [
        ("REQUIRED", "input.firstName"), ("REQUIRED", "input.lastName"),
    ]  # fmt: skip
    given = {"id": acme["id"], "isCompany": False, "firstName": "Ana", "lastName": "Li"}
    assert await codes(api, "customerUpdate", **given) == []
    assert await codes(api, "customerUpdate", id=acme["id"], isCompany=None, tags=["x"]) == []
    # At a till nothing of it is.
    sale = {"reference": "1", "lines": [{"name": "Tea", "total": "1.00"}], "customer": {"phone": "55 1234 5678"}}
    sold = await api.done("purchaseRecord", "customerCreated purchase { customer { id code displayName } }", sale)
    buyer = sold["purchase"]["customer"]
    assert (sold["customerCreated"], buyer["displayName"]) == (True, buyer["code"])
    assert await codes(api, "customerUpdate", id=buyer["id"], tags=["x"]) == []
    empty = {**sale, "reference": "2", "customer": {"taxId": "T"}}
    refused = await api.do("purchaseRecord", "purchase { id }", empty)
    assert [(one["code"], ".".join(one["path"])) for one in refused["userErrors"]] == [
        ("REQUIRED", "input.customer.firstName")
    ]


async def test_files_of_companies_come_in_and_go_out(open_shop: OpenShop, tmp_path: Path) -> None:
    shop, file = await open_shop(), tmp_path / "companies.csv"
    file.write_text(
        "company_name,email,is_company\nAcme,a@example.com,\nBeta,b@example.com,no\nGamma,g@example.com,yes\n"
    )
    report = await import_customers(shop, file, ImportOptions(), lambda *_: None)
    assert (report.created, report.rejected) == (2, 1)  # Beta is a person without a name
    report = await import_customers(shop, file, ImportOptions(allow_incomplete=True), lambda *_: None)
    assert (report.created, report.unchanged, report.rejected) == (1, 2, 0)
    again = tmp_path / "again.csv"
    again.write_text("email,is_company,phone\nb@example.com,true,\n,,55 1234 5678\n")
    with pytest.raises(ImportRefused, match="There is no column first_name"):
        await import_customers(shop, again, ImportOptions(), lambda *_: None)
    report = await import_customers(shop, again, ImportOptions(allow_incomplete=True), lambda *_: None)
    assert (report.created, report.updated) == (1, 1)
    written = io.StringIO()
    await export_customers(shop, written, ["company_name", "is_company", "phone"])
    assert list(csv.reader(io.StringIO(written.getvalue())))[1:] == [
        ["Acme", "true", ""], ["Gamma", "true", ""], ["Beta", "true", ""], ["", "false", "+525512345678"],
    ]  # fmt: skip


def test_settings_name_the_columns_that_there_are() -> None:
    assert list(CustomerField.__args__) == [column.name for column in COLUMNS]
    with pytest.raises(SettingsError) as told:
        load_settings(required_fields="first_name,shoe_size", unique_fields="gender", duplicate_score=49)
    for name in ("REGULARS_REQUIRED_FIELDS", "REGULARS_UNIQUE_FIELDS", "REGULARS_DUPLICATE_SCORE"):
        assert name in str(told.value)


UNSEEN = ["\u200b", "\u2060\u200d", "\u00ad", "\ufeff", "\u202e", "\u3164", "\u2800 \u115f"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
async def test_p10_what_cannot_be_seen_is_no_name(open_shop: OpenShop, tmp_path: Path, unseen: str) -> None:
    api = Api.of(await open_shop())
    assert await codes(api, "customerCreate", firstName=unseen, lastName="Li") == [("REQUIRED", "input.firstName")]
    assert await codes(api, "customerCreate", companyName=unseen) == [
        ("REQUIRED", "input.firstName"), ("REQUIRED", "input.lastName"),
    ]  # fmt: skip
    bare = {"reference": "1", "lines": [{"name": "Tea", "total": "1.00"}], "customer": {"firstName": unseen}}
    assert await api.refused("purchaseRecord", bare) == ["REQUIRED"]
    phone = {**bare, "customer": {"firstName": unseen, "phone": "55 1234 5678"}}
    sold = await api.done("purchaseRecord", "purchase { customer { displayName code } }", phone)
    assert sold["purchase"]["customer"]["displayName"] == sold["purchase"]["customer"]["code"]
    seen = await create(
        api, firstName=f"Zo{unseen}e", lastName="\U0001f469\u200d\U0001f373"
    )  # joined as they were typed
    assert (seen["firstName"], seen["lastName"]) == (" ".join(f"Zo{unseen}e".split()), "\U0001f469\u200d\U0001f373")
    file = tmp_path / "people.csv"
    file.write_text(f"code,first_name,last_name\nA,{unseen},Li\nB,Bo,Ek\n")
    report = await import_customers(api.shop, file, ImportOptions(), lambda *_: None)
    assert (report.created, report.rejected) == (1, 1)
