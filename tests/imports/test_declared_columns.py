"""Attributes and consents in files: what is exported comes back as it was, and a file decides no more than anybody may."""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import Definition, GivenAttribute
from regulars_core.customers.consents.columns import consent_columns
from regulars_core.customers.consents.entries import ConsentEntry
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.exports.columns import export_columns
from regulars_core.exports.customers import export_customers
from regulars_core.imports import ImportOptions, ImportRefused, import_customers
from regulars_core.imports.customer_rows import known_layout
from regulars_core.imports.files.columns import read_header
from regulars_core.imports.files.encodings import as_utf8
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.sent import columns_of
from regulars_core.plugin import DAY_MS, Plugins
from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_schema.testing import Api
from tests.imports.conftest import Files, Importing, silent

ATTRIBUTES = (
    NewDefinition("card", "TEXT", is_sensitive=True),
    NewDefinition("size", "CHOICE", choices=["S", "M"]),
    NewDefinition("height", "NUMBER"),
    NewDefinition("since", "DATE"),
    NewDefinition("till_id", "TEXT", is_unique=True),
)
COLUMNS = ["code", "first_name", "last_name", *(f"attribute.{one.name}" for one in ATTRIBUTES)]


async def declare(shop: Shop) -> None:
    for one in ATTRIBUTES:
        await define_attribute(shop, one)


@pytest.fixture
async def another(engine: Engine, databases: Databases, plugins: Plugins) -> AsyncIterator[Shop]:
    """A second shop, in a database of its own, which asks for proof."""
    url = await databases.migrated(engine, plugins.apps)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opened_shop(url, plugins, country="MX", consent_proof="marketing"))
    databases.drop(url)


async def exported(shop: Shop, fields: Sequence[str]) -> str:
    target = io.StringIO(newline="")
    await export_customers(shop, target, fields)
    return target.getvalue()


async def test_what_a_shop_has_declared_comes_back_as_it_went(shop: Shop, another: Shop, tmp_path: Path) -> None:
    fields = [*COLUMNS, *(one.name for one in consent_columns(shop.settings))]
    for one in (shop, another):
        await declare(one)
        assert set(fields) <= (await export_columns(one, "CUSTOMERS")).keys()
    ago = [Instant(now() - days * DAY_MS) for days in range(9)]
    agreed = ConsentEntry("GRANTED", "till", None, "marketing", ago[5], "SIGNED", "file 7", "v1")
    said: list[list[ConsentEntry]] = [
        [agreed, ConsentEntry("WITHDRAWN", "web", "EMAIL", "marketing", ago[3])],
        [agreed, ConsentEntry("PENDING", "web", "SMS", "data_collection", ago[2])],
        [ConsentEntry("WITHDRAWN", "letter", None, "profiling", ago[1])],
        [],
    ]
    values = [
        {"card": "=4-4", "size": "m", "height": "1.80", "since": "2020-02-29", "till_id": "T1"},
        {"size": "S"},
        {},
        {},
    ]
    declared = await declared_attributes(shop.database)
    people = [
        NewCustomer(
            "Ana", f"Li {n}", attributes=[GivenAttribute(*pair) for pair in has.items()], consents=consents
        )
        for n, (has, consents) in enumerate(zip(values, said, strict=True))
    ]  # fmt: skip
    await register(shop, await give_codes(shop, [checked(shop.settings, one, declared=declared) for one in people]))
    first = await exported(shop, fields)
    path = tmp_path / "people.csv"
    path.write_bytes(first.encode())
    dry = await import_customers(another, path, ImportOptions(check=True), silent)
    report = await import_customers(another, path, ImportOptions(), silent)
    assert [(one.created, one.rejected) for one in (dry, report)] == [(4, 0)] * 2, report.samples
    assert await exported(another, fields) == first
    for one, records in ((shop, 5), (another, 5)):
        report = await import_customers(one, path, ImportOptions(), silent)
        assert (report.unchanged, report.rejected) == (4, 0)
        [(written,)] = await one.database.rows("SELECT count(*) FROM consent")
        assert written == records


async def test_a_file_decides_no_more_than_anybody_may(customers: Importing, files: Files, shop: Shop) -> None:
    await declare(shop)
    ago = [printed(Instant(now() - days * DAY_MS)) for days in range(9)]
    head = (
        "code,first_name,last_name,attribute.card,Attribute size,attribute.till_id,consent.marketing.email,consent_at\n"
    )
    await customers(f"{head}A,Ana,Li,C1,S,T1,granted,{ago[5]}\nB,Bo,Li,,,T2,withdrawn,\n")
    rejected = await customers(
        f"{head}C,Cy,Li,,XL,,,\nD,Di,Li,,,T1,,\nE,Eb,Li,,,,granted,\nF,Fa,Li,,,,perhaps,{ago[1]}\nG,Gi,Li,,,,granted,soon\n"
        "H,Ho,Li,,,T9,,\nI,Io,Li,,,T9,,\n"
    )
    assert (rejected.created, rejected.rejected) == (1, 6)  # of two with one value the first
    told = {(one["code"], one["reject_code"]) for one in files.rejects()}
    assert told == {
        ("C", "INVALID_ATTRIBUTE"), ("D", "NOT_UNIQUE"), ("E", "REQUIRED"), ("F", "INVALID_CHOICE"), ("G", "INVALID_DATE"),
        ("I", "NOT_UNIQUE"),
    }  # fmt: skip
    assert "attribute.size" in str(files.rejects())

    async def a() -> str:
        return (await exported(shop, ["attribute.size", "attribute.card", "consent.marketing.email"])).splitlines()[1]

    # What is empty says nothing; an older yes is kept, and lifts no refusal; the same file again writes nothing.
    for row, outcome, shown in (
        ("A,Ana,Li,,m,,,", (1, 0), "M,C1,granted"),
        (f"A,Ana,Li,,,,withdrawn,{ago[2]}", (1, 0), "M,C1,withdrawn"),
        (f"A,Ana,Li,,,,granted,{ago[5]}", (0, 1), "M,C1,withdrawn"),
        (f"A,Ana,Li,,,,granted,{ago[4]}", (1, 0), "M,C1,withdrawn"),
        (f"A,Ana,Li,,,,granted,{ago[4]}", (0, 1), "M,C1,withdrawn"),
        ("A,Ana,Li,,,,withdrawn,", (0, 1), "M,C1,withdrawn"),
        (f"A,Ana,Li,C2,,,granted,{ago[1]}", (1, 0), "M,C2,granted"),
    ):
        done = await customers(f"{head}{row}\n")
        assert ((done.updated, done.unchanged), await a()) == (outcome, shown), row
    # Whom the phone alone tells is filled up, and overwritten in nothing; of who was merged what is new is handed on.
    await customers("code,first_name,last_name,phone\nP,Pi,Li,55 1234 5678\n")
    phone = "phone,first_name,last_name,attribute.size,attribute.card,consent.marketing\n"
    filled = await customers(f"{phone}55 1234 5678,,,S,,withdrawn\n", allow_incomplete=True)
    other = await customers(f"{phone}55 1234 5678,,,M,C7,\n", allow_incomplete=True)
    assert (filled.updated, other.rejected, files.rejects()[0]["reject_code"]) == (1, 1, "SAME_PHONE")
    assert "attribute.size" in files.rejects()[0]["reject_reason"]
    api = Api.of(shop)
    ids = {
        code: (await api.data("query($c: String!) { customer(code: $c) { id } }", c=code))["customer"]["id"]
        for code in "ABP"
    }
    await api.done("customersMerge", "__typename", {"survivorId": ids["P"], "absorbedIds": [ids["B"]]})
    again = await customers(f"{head}B,Bo,Li,,,T2,withdrawn,\n")
    handed = await customers(f"{head}B,Bo,Li,,,,granted,{ago[0]}\n")
    clash = await customers(f"{head}B,Bo,Li,,M,,,\n")
    assert (again.unchanged, handed.updated, clash.rejected) == (1, 1, 1)
    assert files.rejects()[0]["reject_code"] == "ALREADY_MERGED"
    # What the shop requires must be in the file; what is declared anew meanwhile is noticed.
    await define_attribute(shop, NewDefinition("height", "NUMBER", is_required=True))
    with pytest.raises(ImportRefused, match=r"There is no column attribute\.height"):
        await customers(f"{head}Z,Zo,Li,,,,,\n")

    async def redeclare(*_: object) -> None:
        await define_attribute(shop, NewDefinition("size", "CHOICE", choices=["S", "M", "L"]))

    text = "code,first_name,last_name,attribute.size\nX,Xu,Li,S\nY,Yo,Li,S\n"
    with pytest.raises(ImportRefused, match=r"Declared otherwise .* size"):
        await customers(text, allow_incomplete=True, batch_size=1, after_batch=redeclare)


def test_a_column_is_what_it_is_called_and_else_what_alone_is_called_so() -> None:
    attributes = {
        name: Definition(name, name, name, None, "TEXT", [], False, False, False) for name in ("size", "size_")
    }
    settings = Settings(country="MX", consent_purposes=("marketing", "marketing_email", "profiling"))
    layout = known_layout(settings, attributes)
    own = [*(f"attribute.{name}" for name in attributes), *(one.name for one in consent_columns(settings))]
    header = ",".join(["code", *own]).encode() + b"\n"
    lines = as_utf8(io.BytesIO(header), "utf-8")
    places = read_header(lines, layout, Profile(), {}, None, "utf-8").places
    assert [name for name, place in sorted(places.items(), key=lambda one: one[1])] == ["code", *own]
    names = [
        " Attribute.Size",
        "Attribute Size",
        "CONSENT.marketing.EMAIL",
        "consent marketing email",
        "Consent profiling sms",
    ]
    assert [one.suggestion for one in columns_of(",".join(names).encode() + b"\n", "customers", layout)] == [
        "attribute.size", None, "consent.marketing.email", None, "consent.profiling.sms",
    ]  # fmt: skip
    with pytest.raises(ImportRefused, match="Not known: 'consent marketing email'"):
        read_header(
            as_utf8(io.BytesIO(b"code,consent marketing email\n"), "utf-8"), layout, Profile(), {}, None, "utf-8"
        )
