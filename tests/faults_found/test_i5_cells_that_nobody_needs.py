"""I5: a contact that cannot be read costs no sale where another names who bought; and by a flag none where nobody does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regulars_core.customers.rules import NewCustomer
from regulars_core.shop.shop import Shop
from tests.imports.conftest import Files, Importing
from tests.support.commands import Regulars, register

HEAD = "reference,purchased_at,name,total,customer_code,email,phone,first_name,last_name\n"
ANA = "Q0,2026-05-01,A,1.00,CUST-00001,ana@x.example,55 1234 5678,Ana,Ruiz\n"


async def whose(shop: Shop) -> dict[str, str | None]:
    rows = await shop.database.rows(
        "SELECT p.reference, c.code FROM purchase p LEFT JOIN customer c ON c.id = p.customer_id"
    )
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("batch", [1, 1_000])
@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("CUST-00001,,n/a,,", "INVALID_PHONE"),
        ("CUST-00001,n/a,,,", "INVALID_EMAIL"),
        (",ana@x.example,n/a,,", "INVALID_PHONE"),
        (",n/a,55 1234 5678,,", "INVALID_EMAIL"),
    ],
)
async def test_i5_another_cell_names_the_buyer(
    purchases: Importing, everything: Callable[[], Any], shop: Shop, batch: int, cells: str, code: str
) -> None:
    text = HEAD + ANA + f"Q1,2026-05-02,A,1.00,{cells}\n"
    report = await purchases(text, batch_size=batch)
    assert (report.created, report.rejected) == (2, 0)
    assert await whose(shop) == {"Q0": "CUST-00001", "Q1": "CUST-00001"}
    assert report.told_counts == {code: 1}
    [sample] = report.told[code]
    assert (sample.line, sample.reason.partition(":")[0]) == (3, code.removeprefix("INVALID_").lower())
    before = await everything()
    report = await purchases(text, batch_size=batch)
    assert (report.created, report.unchanged) == (0, 2)
    assert await everything() == before


async def test_i5_a_newcomer_lacks_what_could_not_be_read(purchases: Importing, shop: Shop) -> None:
    report = await purchases(HEAD + "Q1,2026-05-02,A,1.00,,eva@x.example,n/a,Eva,Sol\n")
    assert (report.created, report.customers_created) == (1, 1)
    row = await shop.database.row("SELECT first_name, email, phone FROM customer")
    assert tuple(row) == ("Eva", "eva@x.example", None)


NOBODY = (
    "Q1,2026-05-02,A,1.00,,,n/a,,\nQ2,2026-05-02,A,1.00,,n/a,,Eva,Sol\nQ3,2026-05-02,A,1.00,,,,Eva,Sol\n"
    "Q4,2026-05-02,A,1.00,NEW-1,,,,\n"
)


async def test_i5_where_nobody_names_the_buyer_it_takes_a_flag(purchases: Importing, files: Files, shop: Shop) -> None:
    report = await purchases(HEAD + NOBODY)
    assert (report.created, report.rejected) == (0, 4)
    codes = ["INVALID_PHONE", "INVALID_EMAIL", "NO_IDENTITY", "CUSTOMER_UNKNOWN"]
    assert [row["reject_code"] for row in files.rejects()] == codes
    for created in (4, 0):
        report = await purchases(HEAD + NOBODY, may_be_nobody=True)
        assert (report.created, report.unchanged, report.rejected) == (created, 4 - created, 0)
        assert list(report.told_counts) == (codes if created else codes[:3])
    assert await whose(shop) == {"Q1": None, "Q2": None, "Q3": None, "Q4": None}
    assert tuple(await shop.database.row("SELECT count(*) FROM customer")) == (0,)


async def test_i5_later_rows_may_say_otherwise_what_is_not_needed(
    purchases: Importing, files: Files, shop: Shop
) -> None:
    text = (
        HEAD
        + ANA
        + "Q1,2026-05-02,A,1.00,CUST-00001,ana@x.example,,Ana,Ruiz\nQ1,,B,1.00,cust-00001,other@x.example,n/a,Anna,Ruis\n"
        + "Q2,2026-05-02,A,1.00,,ana@x.example,55 1234 5678,,\nQ2,,B,1.00,,other@x.example,,,\n"
    ).replace("cust-00001", "")
    report = await purchases(text)
    assert (report.created, report.rejected) == (2, 1)
    assert report.told_counts == {"CONTRADICTION": 4}
    assert {row["reject_code"] for row in files.rejects()} == {"CONTRADICTION"}
    assert await whose(shop) == {"Q0": "CUST-00001", "Q1": "CUST-00001"}


def test_i5_the_command_tells_it(regulars: Regulars, database_url: str, elsewhere: Path) -> None:
    register(database_url, NewCustomer("Ana", "Ruiz"))
    (elsewhere / "sales.csv").write_text(
        HEAD + "Q1,2026-05-02,A,1.00,CUST-00001,,n/a,,\nQ2,2026-05-02,A,1.00,,,n/a,,\n"
    )
    done = regulars("import", "purchases", "sales.csv", database_url=database_url)
    assert done.exit_code == 1
    assert "INVALID_PHONE: 1 taken all the same, such as\n  line 2: phone: This is not a phone number" in done.stdout
    done = regulars("import", "purchases", "sales.csv", "--may-be-nobody", database_url=database_url)
    assert done.exit_code == 0
    assert "INVALID_PHONE: 2 taken all the same" in done.stdout
