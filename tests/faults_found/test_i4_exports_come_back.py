"""I4: what is exported can be imported again, and is the same then; what one function writes the other reads."""

import io
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import Address, NewCustomer, checked
from regulars_core.exports.customers import COUNTED, DEFAULTS, FIELDS, export_customers
from regulars_core.groups.service import create_group
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.plugin import Plugins
from regulars_core.primitives.cells import escaped, joined, parted, unescaped
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import create_store
from regulars_core.testing import Databases, Engine, opened_shop
from tests.imports.conftest import Files, Importing, silent
from tests.support.commands import Regulars
from tests.support.commands import register as registered

COUNT = 1_000
HOSTILE = (
    "-", "'-", "''-", "'", "''", "'s-Hertogenbosch", "=1+1", "'=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "'+34 600",
    "+34", "-5", "-5.", "'-5", '"', '""', 'a"b', "a,b", "a;b", "a\tb", "a|b", "\\", "\\|", "a\\\\b|", "#REF!", "%", "NULL", "nil",
    "0", "007", "1e5", "TRUE", "Ñandú", "Işık", "李", "ｱﾝﾅ", "O'Brien", "אבג", "e\u0301", "\ufeffx", "x\u200bx", "\x01", "\x7f",
    "reject_line", "code", "２", "＝1", "-１", "+.", "@", "=",
)  # fmt: skip


@st.composite
def cells(draw: st.DrawFn) -> str:
    return draw(st.text(st.sampled_from("'=+-@\t\r|\\1.5 aé")) | st.text())


@given(cells())
def test_i4_escaping_has_an_inverse(cell: str) -> None:
    for as_it_came in (True, False):
        written = escaped(cell, as_it_came=as_it_came)
        assert unescaped(written) == cell
        assert written.startswith("'") or not written.startswith(("=", "@", "\t", "\r"))


@given(st.lists(cells(), min_size=1))
def test_i4_joining_has_an_inverse(texts: list[str]) -> None:
    assert parted(joined(texts)) == texts


def test_i4_what_was_not_joined_is_parted_as_ever() -> None:
    assert parted("coffee|Early bird|") == ["coffee", "Early bird", ""]
    assert parted("C:\\temp|x") == ["C:\\temp", "x"]
    assert parted("a, b\\, c", ", ") == ["a", "b, c"]


@pytest.fixture
async def another(engine: Engine, databases: Databases, plugins: Plugins) -> AsyncIterator[Shop]:
    """A second shop, in a database of its own."""
    url = await databases.migrated(engine, plugins.apps)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opened_shop(url, plugins, country="MX"))
    databases.drop(url)


def texts(rng: random.Random) -> str:
    """Something hostile, alone or within other things."""
    return rng.choice(("", "", "A", " ")) + rng.choice(HOSTILE) + rng.choice(("", "", "z", " -"))


def someone(rng: random.Random, n: int, groups: Sequence[str], stores: Sequence[str]) -> NewCustomer:
    def maybe(value: Any) -> Any:
        return value if rng.random() < 0.5 else None

    return NewCustomer(
        first_name=f"{texts(rng)}x" if n % 7 else texts(rng), last_name=texts(rng), company_name=maybe(texts(rng)),
        preferred_name=maybe(texts(rng)), email=f"n{n}@x.example", phone=maybe(f"55 1234 {n:04}"), tax_id=maybe(texts(rng)),
        birth_date=maybe(f"19{rng.randrange(10, 99)}-0{rng.randrange(1, 9)}-11"), gender=maybe(rng.choice(("MALE", "FEMALE"))),
        preferred_contact=maybe("SMS"), contact_frequency=maybe("WEEKLY"), contact_time=maybe("MORNING"),
        is_company=maybe(rng.random() < 0.5), group_id=rng.choice(groups),
        origin_store_id=maybe(rng.choice(stores)), tags=[f"t{texts(rng)}" for _ in range(rng.randrange(4))],
        billing_address=maybe(Address(line1=texts(rng), city=texts(rng), country="MX")),
        shipping_address=maybe(Address(recipient=texts(rng), postal_code=texts(rng))),
        code=maybe(f"-{n}" if n % 2 else f"'={n}"), created_at=1_600_000_000_000 + rng.randrange(10**11),
    )  # fmt: skip


async def fill(shop: Shop) -> None:
    rng = random.Random(20)
    groups = [await create_group(shop, name, None) for name in ("'=Wholesale", "-", "A|B")]
    stores = [await create_store(shop, code, f"Store {code}") for code in ("S01", "S02")]
    people = [checked(shop.settings, someone(rng, n, groups, stores), complete=False) for n in range(COUNT)]
    await register(shop, await give_codes(shop, people))


async def exported(shop: Shop, fields: Sequence[str]) -> str:
    target = io.StringIO(newline="")
    await export_customers(shop, target, fields)
    return target.getvalue()


@pytest.mark.parametrize("fields", [FIELDS, DEFAULTS], ids=["every field", "the default fields"])
async def test_i4_export_import_export_is_the_same_bytes(
    shop: Shop, another: Shop, everything: Callable[[], Any], tmp_path: Path, fields: Sequence[str]
) -> None:
    await fill(shop)
    first = await exported(shop, fields)
    path = tmp_path / "people.csv"
    path.write_bytes(first.encode())
    report = await import_customers(another, path, ImportOptions(allow_incomplete=True), silent)
    assert (report.created, report.rejected) == (COUNT, 0)
    assert set(report.passed_over) == set(COUNTED) & set(fields)
    assert await exported(another, fields) == first
    before = await everything()
    report = await import_customers(shop, path, ImportOptions(allow_incomplete=True), silent)
    assert (report.unchanged, report.rejected) == (COUNT, 0)
    assert await everything() == before


async def test_i4_an_escaped_name_is_the_name_again(customers: Importing, shop: Shop) -> None:
    await customers("first_name,last_name,email\n'-,'s-Hertogenbosch,a@x.example\n''=x,'5,b@x.example\n")
    rows = await shop.database.rows("SELECT first_name, last_name FROM customer ORDER BY email")
    assert [tuple(row) for row in rows] == [("-", "'s-Hertogenbosch"), ("'=x", "'5")]


async def test_i4_columns_that_no_file_sets_are_passed_over(customers: Importing, shop: Shop) -> None:
    report = await customers("code,first_name,last_name,Total Spent,status\nA,Ana,Ruiz,12.00,SUSPENDED\n")
    assert (report.created, list(report.passed_over)) == (1, ["Total Spent", "status"])
    assert tuple(await shop.database.row("SELECT status FROM customer")) == ("ACTIVE",)


async def test_i4_a_rejected_row_comes_back_as_it_was(customers: Importing, files: Files, shop: Shop) -> None:
    await customers("first_name,last_name,email,gender\n''-,'-,a@x.example,F\n")
    [row] = files.rejects()
    assert (row["first_name"], row["last_name"]) == ("''-", "'-")
    mended = (files.folder / "file.rejects.csv").read_text().replace(",F,", ",FEMALE,")
    await import_customers(shop, files.write(mended, "mended.csv"), ImportOptions(), silent)
    assert tuple(await shop.database.row("SELECT first_name, last_name FROM customer")) == ("'-", "-")


def test_i4_by_command_with_the_default_fields(regulars: Regulars, database_url: str) -> None:
    registered(database_url, NewCustomer("Ana", "-", email="ana@x.example", phone="55 1234 5678"))
    done = regulars("export", "customers", "-o", "out.csv", database_url=database_url)
    assert done.exit_code == 0
    done = regulars("import", "customers", "out.csv", database_url=database_url, country="MX")
    assert (done.exit_code, "1 as they were" in done.stdout) == (0, True), done.output
