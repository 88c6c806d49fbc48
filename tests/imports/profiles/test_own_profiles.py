"""Profiles of one's own: what a table can say of how a file is written, and what is wrong with tables."""

import pytest

from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.imports import ImportOptions, ImportRefused, import_customers, import_purchases, profile_of
from regulars_core.primitives.clock import printed
from tests.imports.conftest import silent


@pytest.fixture
def bring(shop, files):
    """Imports a text by the text of a profile."""

    async def run(text, profile, kind="purchases", **options):
        table = files.folder / "my.toml"
        table.write_text(profile, encoding="utf-8")
        work = import_purchases if kind == "purchases" else import_customers
        given = ImportOptions(profile=profile_of(str(table), kind), **options)
        return await work(shop, files.write(text), given, silent)

    return run


async def recorded(shop, columns="total"):
    rows = await shop.database.rows(f"SELECT reference, {columns} FROM purchase ORDER BY reference")
    return {row[0]: row[1] if len(row) == 2 else tuple(row)[1:] for row in rows}


HEAD = "Ref,Day,What,Money\n"
COLUMNS = '[columns]\nreference = "Ref"\npurchased_at = "Day"\nname = "What"\ntotal = "Money"\n'


@pytest.mark.parametrize(
    ("style", "money", "minor"),
    [
        ('thousands = ","\ndecimal = "."', "1,234,567.80", 123_456_780),
        ('thousands = "."\ndecimal = ","', "1.234,5", 123_450),
        ('thousands = "."\ndecimal = ","', "1.234", 123_400),
        ('thousands = " "\ndecimal = ","', "1\u202f234,50", 123_450),
        ('thousands = "\'"\ndecimal = "."', "1’234.50", 123_450),
        ('decimal = "."', "1.200", 120),
        ('currency_signs = "shop"', "$12.50", 1250),
        ('currency_signs = "shop"', "USD 12.50", 1250),
        ('currency_signs = ["kr"]', "12.50 kr", 1250),
        ("", "'12.50", 1250),
        ('decimal = "."\nrounded = true', "12.345", 1235),
        ("rounded = true", "0.0049", 0),
    ],
)
async def test_money_is_read_by_the_signs_that_were_told(shop, bring, style, money, minor):
    report = await bring(f'{HEAD}1,2026-05-01,X,"{money}"\n', f"{COLUMNS}[numbers]\n{style}\n")
    assert (report.created, await recorded(shop)) == (1, {"1": minor})


@pytest.mark.parametrize(
    ("style", "money"),
    [
        ("", "$12.50"),
        ("", "1,234.50"),
        ("", "(5.00)"),
        ("", "5.00-"),
        ('currency_signs = "shop"', "€12.50"),
        ('currency_signs = "shop"', "$$12.50"),
        ('currency_signs = "shop"', "$"),
        ('thousands = ","\ndecimal = "."', "12,34.50"),
        ('thousands = ","\ndecimal = "."', "1234,567.50"),
        ('thousands = ","\ndecimal = "."', "1,23"),
        ('thousands = ","\ndecimal = "."', "1,234,56"),
        ('thousands = "."\ndecimal = ","', "1.234.5"),
        ('thousands = "."\ndecimal = ","', "12.50"),
        ("accounting = true", "(5.00"),
        ("accounting = true", "(-5.00)"),
        ("accounting = true", "-5.00-"),
        ("rounded = true", "1e3"),
    ],
)
async def test_money_with_other_signs_is_rejected(shop, bring, files, style, money):
    await bring(f'{HEAD}1,2026-05-01,X,"{money}"\n', f"{COLUMNS}[numbers]\n{style}\n")
    assert [row["reject_code"] for row in files.rejects()] == ["INVALID_AMOUNT"]
    assert await recorded(shop) == {}


@pytest.mark.parametrize("money", ["(5.00)", "5.00-", "-5.00", "\u22125.00", "$(5.00)", "($5.00)"])
async def test_what_comes_back_is_written_in_several_ways(shop, bring, files, money):
    text = f"Ref,Day,What,Count,Money\n1,2026-05-01,X,-1,{money}\n"
    table = COLUMNS + 'quantity = "Count"\n[numbers]\naccounting = true\ncurrency_signs = "shop"\n'
    await bring(text, table)
    assert await recorded(shop) == {"1": -500}, files.rejects()


async def test_dates_are_joined_from_several_columns_with_the_zone_of_each_row(shop, bring, files):
    text = "Ref,Date,Time,Zone,What,Money\n" + (
        "1,01/05/2026,14:05,Madrid,X,1\n2,2026-05-01,2:05 PM,Asia/Tokyo,X,1\n3,01/05/2026,14:05,,X,1\n"
        "4,01/05/2026,14:05,Nowhere,X,1\n5,01/05/2026,,Madrid,X,1\n"
    )
    table = (
        COLUMNS.replace('"Day"', '["{Date} {Time}", "Date"]')
        + 'time_zone = { of = "Zone", values = { madrid = "Europe/Madrid" } }\n[dates]\nzone = "America/New_York"\n'
        + 'formats = ["%d/%m/%Y %H:%M", "%Y-%m-%d %I:%M %p", "%d/%m/%Y"]\n'
    )
    await bring(text, table)
    assert {reference: printed(at)[:16] for reference, at in (await recorded(shop, "purchased_at")).items()} == {
        "1": "2026-05-01T12:05",
        "2": "2026-05-01T05:05",
        "3": "2026-05-01T18:05",
        "5": "2026-04-30T22:00",
    }
    assert [(row["Ref"], row["reject_code"]) for row in files.rejects()] == [("4", "INVALID_DATE")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
async def test_encodings_and_lines_before_the_header(shop, bring, files, encoding):
    text = 'Sales of May\r\nsep=;\r\nRef;Day;What;Money\r\n1;2026-05-01;"Café\r\nsolo";1,50\r\n2;gestern;Tee;2\r\n'
    told = {"utf-8": "", "utf-8-sig": "", "utf-16": ""}.get(encoding, f'encoding = "{encoding}"\n')
    table = f"{COLUMNS}[file]\nskip = 1\n{told}"
    raw = text.encode(encoding)
    report = await bring(raw, table)
    assert (report.rows, report.created, report.rejected) == (2, 1, 1)
    assert report.samples["INVALID_DATE"][0].line == 6
    [row] = await shop.database.rows("SELECT name FROM purchase_line")
    assert row[0].split() == ["Café", "solo"]
    # What is rejected comes in the same form, and goes in by the same profile once it is mended.
    mended = (files.folder / "file.rejects.csv").read_bytes()
    written = mended.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    report = await bring(written.replace("gestern", "2026-05-02").encode(encoding), table)
    assert (report.created, report.rejected) == (1, 0)


async def test_bytes_that_the_encoding_does_not_know_cost_their_own_row(shop, bring, files):
    raw = f"{HEAD}1,2026-05-01,Caf\x81,1\n2,2026-05-01,Café,2\n".encode("latin-1")
    report = await bring(raw, f'{COLUMNS}[file]\nencoding = "windows-1252"\n')
    assert (report.created, set(report.counts)) == (1, {"INVALID_ENCODING"})
    cut = f"{HEAD}3,2026-05-01,Cafe,3\n4,2026-05-01,X,4".encode("utf-16")[:-1]
    report = await bring(cut, COLUMNS)
    assert (report.created, report.rejected) == (1, 1)


async def test_rows_are_chosen_and_values_fixed(shop, bring, files):
    text = "Ref,Day,What,Money,State\n1,2026-05-01,X,1,Done\n1,2026-05-01,Y,2,\n2,2026-05-01,X,4,Draft\n2,2026-05-01,Y,4,\n"
    table = COLUMNS + '[fixed]\nstore = "Harbour"\nchannel = "till"\n[only]\nState = ["done"]\n'
    report = await bring(text, table, check=True)
    assert (report.created, report.left_out, report.stores_created) == (1, 2, 1)
    with pytest.raises(ImportRefused, match="Not known: 'State'"):
        await bring(text, COLUMNS)
    report = await bring(text, table)
    assert (report.created, report.left_out, report.rows) == (1, 2, 4)
    rows = await shop.database.rows(
        "SELECT s.code, p.channel, p.total FROM purchase p JOIN store s ON s.id = p.store_id"
    )
    assert [tuple(row) for row in rows] == [("HARBOUR", "till", 300)]


@pytest.mark.parametrize(
    ("order", "name", "parts"),
    [
        ("given-first", "Ana María de la Cruz", ("Ana María", "de la Cruz")),
        ("given-first", "Juan Pérez y Gómez", ("Juan", "Pérez y Gómez")),
        ("given-first", "Ludwig van Beethoven", ("Ludwig", "van Beethoven")),
        ("given-first", "Cher", ("Cher", "")),
        ("given-first", "Ruiz, Ana", ("Ruiz, Ana", "")),
        ("family-first", "山田 太郎", ("太郎", "山田")),
        ("family-first", "Yamada Taro", ("Taro", "Yamada")),
        ("family-first", "de la Cruz Ana María", ("Ana María", "de la Cruz")),
        ("latin-given-first", "ヤマダ タロウ", ("ヤマダ タロウ", "")),
        ("latin-given-first", "ﾔﾏﾀﾞ ﾀﾛｳ", ("ﾔﾏﾀﾞ ﾀﾛｳ", "")),
        ("latin-given-first", "김 민준", ("김 민준", "")),
        ("latin-given-first", "Ana Ruiz", ("Ana", "Ruiz")),
        ("whole", "Ana Ruiz", ("Ana Ruiz", "")),
    ],
)
async def test_full_names_are_taken_apart_in_the_order_that_was_told(shop, bring, order, name, parts):
    table = f'full_names = "{order}"\nallow_incomplete = true\n[columns]\nfull_name = "Who"\nemail = "Mail"\n'
    report = await bring(f'Who,Mail\n"{name}",a@example.com\n', table, "customers")
    assert report.created == 1
    [row] = await shop.database.rows("SELECT first_name, last_name FROM customer")
    assert tuple(row) == parts


async def test_tags_phones_of_other_countries_and_words_that_say_nothing(shop, bring, files):
    text = "Mail,Call,Land,Labels\na@example.com,612 34 56 78,es,new / big\nb@example.com,n/a,,-\nc@example.com,'+34612345679,,\n"
    table = (
        'allow_incomplete = true\ntag_separator = "/"\nempty = ["n/a", "-"]\n[columns]\nemail = "Mail"\nphone = "Call"\n'
        'phone_country = "Land"\ntags = "Labels"\n'
    )
    assert (await bring(text, table, "customers")).created == 3, files.rejects()
    rows = await shop.database.rows("SELECT email, phone FROM customer ORDER BY email")
    assert [tuple(row) for row in rows] == [
        ("a@example.com", "+34612345678"),
        ("b@example.com", None),
        ("c@example.com", "+34612345679"),
    ]
    assert sorted(row[0] for row in await shop.database.rows("SELECT tag FROM customer_tag")) == ["big", "new"]


async def test_what_is_told_beside_a_profile_goes_before_it(shop, bring):
    await bring(f"{HEAD}1,2026-05-01,X,1\n", COLUMNS, mapping={"What": "sku"}, reference="{Ref}/{Day}")
    [row] = await shop.database.rows(
        "SELECT p.reference, l.sku FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id"
    )
    assert tuple(row) == ("1/2026-05-01", "X")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("columns = 3", "columns is not what it should be"),
        ("[columns", "my.toml is not TOML"),
        ("colums = {}", "colums is not known"),
        ('[columns]\ntotl = "Money"', "totl is no column of ours"),
        ("[columns]\ntotal = 3", "total is a list of texts"),
        ('[columns]\ntotal = { of = "Money", sign = "left" }', "total.sign is above or below"),
        ('[columns]\ntotal = { from = "Money" }', "total.from is not known"),
        ('[columns]\nstore = "Shop"\n[fixed]\nstore = "X"', "store is both a column and fixed"),
        ('[numbers]\nthousands = "."', "tells the decimal sign as well"),
        ('[numbers]\nthousands = "."\ndecimal = "."', "cannot have the same sign"),
        ('[numbers]\ndecimal = ";"', "a point or a comma"),
        ('[dates]\nzone = "Mars/Olympus"', "is no time zone"),
        ("[file]\nskip = -1", "file.skip is not what it should be"),
        ('full_names = "any"', "full_names is one of given-first"),
        ('[refunds]\ncolumn = "Kind"', "refunds needs a column and values"),
    ],
)
async def test_a_table_that_cannot_be_is_refused(bring, table, reason):
    with pytest.raises(ImportRefused, match=reason):
        await bring(HEAD, table)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (COLUMNS.replace('"Money"', '"Sum"'), "one of the columns unit_price, total"),
        (COLUMNS.replace('"Ref"', '["No", "Id"]'), "There is no column reference, which is made of 'No' or 'Id'"),
        (COLUMNS + '[only]\nState = ["x"]', "told apart by 'State', which is no column"),
        (COLUMNS + '[dates]\nformats = ["%H:%M"]', "does not tell the day"),
        (COLUMNS + '[file]\nencoding = "base64"', "no encoding of text"),
        (COLUMNS + '[file]\nencoding = "klingon"', "no encoding of text"),
        (COLUMNS.replace('"Ref"', '"{Ref"'), "brace without its other one"),
    ],
)
async def test_a_file_that_its_profile_does_not_fit_is_refused(bring, everything, table, reason):
    before = await everything()
    with pytest.raises(ImportRefused, match=reason):
        await bring(HEAD + "1,2026-05-01,X,1\n", table)
    assert await everything() == before


async def test_a_profile_tells_of_what_the_shop_has_declared(shop, bring):
    """Attributes and consents, which are columns in this shop alone: seen when the file is read."""
    head = "Name,Mail,Shoe,Letters,On\n"
    text = f"{head}Ana,ana@x.example,klein,yes,2026-05-01\nBo,bo@x.example,,,\n"
    table = """
        [columns]
        full_name = "Name"
        email = "Mail"
        attribute.size = { of = "Shoe", values = { klein = "S" } }
        "consent.marketing" = { of = "Letters", values = { yes = "GRANTED" } }
        consent_at = "On"
        [fixed]
        "attribute.source" = "shop"
    """
    refused = "attribute.size is told of, and is no column of ours"
    with pytest.raises(ImportRefused, match=refused):
        await bring(text, table, "customers", allow_incomplete=True)
    for new in (NewDefinition("size", "CHOICE", choices=["S", "M"]), NewDefinition("source", "TEXT")):
        await define_attribute(shop, new)
    report = await bring(text, table, "customers", allow_incomplete=True)
    assert (report.created, report.rejected) == (2, 0), report
    rows = await shop.database.rows("SELECT value FROM customer_attribute ORDER BY value")
    assert [row[0] for row in rows] == ["S", "shop", "shop"]
    assert await shop.database.rows("SELECT 1 FROM consent") != []
    for wrong, reason in (
        (table.replace("klein", "x").replace("attribute.size", "attribute.height"), "attribute.height is told of"),
        (table.replace("consent_at", "consented"), "consented is no column of ours"),
    ):
        with pytest.raises(ImportRefused, match=reason):
            await bring(text, wrong, "customers", allow_incomplete=True)
    with pytest.raises(ImportRefused, match="attribute is no column of ours"):
        await bring(HEAD, COLUMNS + 'attribute.size = "Day"\n')
