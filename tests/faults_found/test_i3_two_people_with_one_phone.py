"""I3: two e-mails that differ are two people, whatever their phone; and nobody is overwritten by the phone alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regulars_core.imports import ImportOptions, import_customers
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api
from tests.imports.conftest import Files, Importing, silent

HEAD = "first_name,last_name,email,phone\n"
ANA = "Ana,Ruiz,ana@x.example,55 1234 5678\n"
LUIS = "Luis,Gil,luis@x.example,55 1234 5678\n"
SALES = "reference,purchased_at,name,total,email,phone,first_name,last_name\n"


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def people(shop: Shop) -> list[tuple[Any, ...]]:
    """Names, e-mail, phone and purchases of everybody, in the order of first names."""
    rows = await shop.database.rows(
        "SELECT c.first_name, c.last_name, c.email, c.phone, s.purchase_count FROM customer c"
        " JOIN customer_stats s ON s.customer_id = c.id ORDER BY c.first_name, c.email"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("batch", [1, 1_000])
async def test_i3_a_second_file_with_another_e_mail_registers_another(
    customers: Importing, everything: Callable[[], Any], shop: Shop, batch: int
) -> None:
    await customers(HEAD + ANA, batch_size=batch)
    report = await customers(HEAD + LUIS, batch_size=batch)
    assert (report.created, report.updated, report.rejected) == (1, 0, 0)
    assert await people(shop) == [
        ("Ana", "Ruiz", "ana@x.example", "+525512345678", 0),
        ("Luis", "Gil", "luis@x.example", "+525512345678", 0),
    ]
    before = await everything()
    report = await customers(HEAD + LUIS + ANA, batch_size=batch)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert await everything() == before


@pytest.mark.parametrize("batch", [1, 1_000])
async def test_i3_a_household_of_a_thousand_in_one_file(customers: Importing, shop: Shop, batch: int) -> None:
    rows = "".join(f"N{n:04},Ruiz,n{n}@x.example,55 1234 5678\n" for n in range(200 if batch == 1 else 1_000))
    report = await customers(HEAD + rows, batch_size=batch)
    assert (report.created, report.rejected) == (rows.count("\n"), 0)


async def test_i3_a_phone_alone_fills_gaps_and_overwrites_nothing(
    customers: Importing, files: Files, everything: Callable[[], Any], shop: Shop
) -> None:
    await customers(HEAD + ANA)
    before = await everything()
    report = await customers("first_name,last_name,phone\nLuis,Gil,55 1234 5678\n")
    assert (report.created, report.updated, report.rejected) == (0, 0, 1)
    [rejected] = files.rejects()
    assert rejected["reject_code"] == "SAME_PHONE"
    assert "first_name, last_name" in rejected["reject_reason"]
    assert "CUST-00001" in rejected["reject_reason"]
    assert await everything() == before
    report = await customers("phone,tags,tax_id\n55 1234 5678,vip,XAXX010101000\n", allow_incomplete=True)
    assert (report.updated, report.rejected) == (1, 0)
    report = await customers("phone,tax_id\n55 1234 5678,XEXX010101000\n", allow_incomplete=True)
    assert (report.updated, report.rejected) == (0, 1)


async def test_i3_a_phone_and_the_same_name_are_one_person(customers: Importing, shop: Shop) -> None:
    """Where two have the phone, the name tells them apart; and who had no e-mail gets one."""
    await customers(HEAD + "Ana,Ruiz,,55 1234 5678\n" + LUIS)
    report = await customers("first_name,last_name,phone,gender\nLUÍS,gil,55 1234 5678,MALE\n")
    assert (report.created, report.updated) == (0, 1)
    report = await customers(HEAD + ANA)
    assert (report.created, report.updated) == (0, 1)
    assert [row[:3] for row in await people(shop)] == [
        ("Ana", "Ruiz", "ana@x.example"),
        ("LUÍS", "gil", "luis@x.example"),
    ]


@pytest.mark.parametrize("batch", [1, 1_000])
async def test_i3_a_purchase_is_not_that_of_another_with_the_phone(
    purchases: Importing, files: Files, shop: Shop, batch: int
) -> None:
    text = (
        SALES
        + "1,2026-05-01,A,1.00,ana@x.example,55 1234 5678,Ana,Ruiz\n"
        + "2,2026-05-02,A,1.00,luis@x.example,55 1234 5678,Luis,Gil\n"
        + "3,2026-05-03,A,1.00,luis@x.example,55 1234 5678,,\n"
        + "4,2026-05-04,A,1.00,eve@x.example,55 1234 5678,,\n"
        + "5,2026-05-05,A,1.00,,55 1234 5678,Luis,Gil\n"
    )
    for _ in range(2):
        await purchases(text, batch_size=batch)
        assert [(row[0], row[4]) for row in await people(shop)] == [("Ana", 1), ("Luis", 3)]
        assert [(row["reference"], row["reject_code"]) for row in files.rejects()] == [("4", "CUSTOMER_UNKNOWN")]


async def test_i3_a_till_finds_nobody_else_by_the_phone(shop: Shop, api: Api, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEAD + ANA)
    await import_customers(shop, path, ImportOptions(), silent)
    luis = {"firstName": "Luis", "lastName": "Gil", "email": "luis@x.example", "phone": "55 1234 5678"}
    made = await api.done("customerCreate", "created customer { email }", {**luis, "matchOn": ["EMAIL", "PHONE"]})
    assert (made["created"], made["customer"]) == (True, {"email": "luis@x.example"})
    eve = {"firstName": "Eve", "lastName": "Sol", "email": "eve@x.example", "phone": "55 1234 5678"}
    lines = [{"name": "A", "quantity": "1", "unitPrice": "1.00"}]
    sold = await api.done(
        "purchaseRecord",
        "customerCreated purchase { customer { email } }",
        {"reference": "T1", "lines": lines, "customer": eve},
    )
    assert (sold["customerCreated"], sold["purchase"]["customer"]) == (True, {"email": "eve@x.example"})
    assert [row[2] for row in await people(shop)] == ["ana@x.example", "eve@x.example", "luis@x.example"]
    found = await api.done(
        "customerCreate", "created customer { email }", {**eve, "email": None, "matchOn": ["EMAIL", "PHONE"]}
    )
    assert (found["created"], found["customer"]) == (False, {"email": "ana@x.example"})
