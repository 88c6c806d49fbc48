"""Customers from a file: registered when new, changed where they differ, and left alone otherwise."""

from regulars_core.primitives.clock import printed

HEAD = (
    "code,first_name,last_name,preferred_name,email,phone,birth_date,gender,tax_id,preferred_contact,group,store,tags,"
    "billing_line1,billing_city,billing_country,shipping_recipient,shipping_city,created_at\n"
)
ANA = (
    "A1,Ana,Ruiz,Anita,ANA@Example.com,55 1234 5678,1990-05-17,Female,RUAA900517,EMAIL,Wholesale,Centro,coffee|Early bird,"
    "Calle 1,México,mx,Ana R.,Puebla,2020-03-01\n"
)


async def test_every_column_is_kept(customers, shop):
    report = await customers(HEAD + ANA)
    assert (report.rows, report.created, report.customers_created, report.rejected) == (1, 1, 1, 0)
    row = await shop.database.row(
        "SELECT c.code, c.first_name, c.last_name, c.preferred_name, c.email, c.phone, c.birth_date, c.gender, c.tax_id,"
        " c.preferred_contact, g.name, s.code, c.created_at FROM customer c JOIN customer_group g ON g.id = c.group_id"
        " JOIN store s ON s.id = c.origin_store_id"
    )
    assert tuple(row)[:-1] == (
        "A1", "Ana", "Ruiz", "Anita", "ana@example.com", "+525512345678", "1990-05-17", "FEMALE", "RUAA900517", "EMAIL",
        "Wholesale", "CENTRO",
    )  # fmt: skip
    assert printed(row[-1]) == "2020-03-01T00:00:00.000Z"
    tags = await shop.database.rows("SELECT tag FROM customer_tag ORDER BY tag")
    assert [tag[0] for tag in tags] == ["Early bird", "coffee"]
    addresses = await shop.database.rows(
        "SELECT kind, recipient, line1, city, country FROM customer_address ORDER BY kind"
    )
    assert [tuple(address) for address in addresses] == [
        ("BILLING", None, "Calle 1", "México", "MX"),
        ("SHIPPING", "Ana R.", None, "Puebla", None),
    ]


async def test_the_same_file_again_changes_nothing(customers, everything):
    text = HEAD + ANA + "B1,Eva,Sol,,,,,,,,WHOLESALE,,,,,,,,\n"
    await customers(text)
    before = await everything()
    report = await customers(text)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert await everything() == before


async def test_a_known_customer_gets_what_differs_and_keeps_what_is_not_told(customers, shop):
    await customers(HEAD + ANA)
    report = await customers(
        "email,first_name,last_name,phone,tags,billing_city,group\nana@example.com,Ana,Ruiz Sol,,New,Toluca,\n"
    )
    assert (report.created, report.updated, report.unchanged) == (0, 1, 0)
    row = await shop.database.row("SELECT code, last_name, phone, version FROM customer")
    assert tuple(row) == ("A1", "Ruiz Sol", "+525512345678", 2)
    address = await shop.database.row("SELECT line1, city, country FROM customer_address WHERE kind = 'BILLING'")
    assert tuple(address) == ("Calle 1", "Toluca", "MX")
    assert len(await shop.database.rows("SELECT 1 FROM customer_tag")) == 3
    group = await shop.database.row("SELECT g.name FROM customer c JOIN customer_group g ON g.id = c.group_id")
    assert group[0] == "Wholesale"


async def test_recognised_by_code_else_email_else_phone(customers):
    head = "code,first_name,last_name,email,phone\n"
    await customers(head + "A,Ana,Ruiz,ana@example.com,55 1234 5678\n")
    report = await customers(
        head + "a,Ana,Ruiz,,\n,Ana,Ruiz,ANA@example.com,\n,Ana,Ruiz,,+52 55 1234 5678\n,Ana,Ruiz,ana@example.com,\n"
        "B,Ana,Ruiz,ana@example.com,\n"
    )
    assert (report.created, report.unchanged, report.rejected) == (1, 4, 0)


async def test_of_two_rows_that_disagree_on_one_customer_the_first_counts(customers, files, everything):
    text = "code,first_name,last_name,email\nA,Ana,Ruiz,ana@example.com\nB,Eva,Sol,\nA,Ana,Ruiz Sol,\nA,Ana,Ruiz,\n"
    for batch in (1000, 1):
        report = await customers(text, batch_size=batch)
        assert (report.created + report.unchanged, report.updated, report.rejected) == (3, 0, 1)
        assert [(row["reject_line"], row["reject_code"]) for row in files.rejects()] == [("4", "REPEATED_CUSTOMER")]
    before = await everything()
    await customers(text)
    assert await everything() == before


async def test_codes_are_given_by_shop_and_store(customers, shop):
    head = "code,first_name,last_name,email,store\n"
    await customers(head + "CUST-00041,Ana,Ruiz,,\n,Eva,Sol,eva@example.com,\n,Leo,Paz,leo@example.com,s-07\n")
    rows = await shop.database.rows("SELECT code FROM customer ORDER BY first_name")
    assert [row[0] for row in rows] == ["CUST-00041", "CUST-00042", "CUST-S07-00001"]


async def test_what_cannot_be_a_customer_is_rejected_and_the_rest_goes_on(customers, files, shop):
    head = (
        "code,first_name,last_name,email,phone,birth_date,tags,billing_postal_code,billing_country,group,created_at\n"
    )
    broken = {
        ",Ana,Ruiz,,,,,,,,": "NO_IDENTITY",
        "1,,Ruiz,,,,,,,,": "REQUIRED",
        "2,Ana,Ruiz,nobody,,,,,,,": "INVALID_EMAIL",
        "3,Ana,Ruiz,,12,,,,,,": "INVALID_PHONE",
        "4,Ana,Ruiz,,,17/05/1990,,,,,": "INVALID_DATE",
        "5,Ana,Ruiz,,,1790-01-01,,,,,": "INVALID_DATE",
        "6,Ana,Ruiz,,,,!!!,,,,": "INVALID_TEXT",
        f"7,Ana,Ruiz,,,,,{'9' * 33},,,": "TOO_LONG",
        "8,Ana,Ruiz,,,,,,Mexico,,": "INVALID_COUNTRY",
        f"9,Ana,Ruiz,,,,,,,{'g' * 121},": "TOO_LONG",
        "10,Ana,Ruiz,,,,,,,,soon": "INVALID_DATE",
        "11,Ana": "WRONG_NUMBER_OF_CELLS",
    }
    report = await customers(head + "OK,Ana,Ruiz,,,,,,,,\n" + "\n".join(broken) + "\n")
    assert (report.created, report.rejected) == (1, len(broken))
    assert [row["reject_code"] for row in files.rejects()] == list(broken.values())
    assert files.rejects()[7]["reject_reason"].startswith("billing_postal_code: ")
    assert (await shop.database.row("SELECT count(*) FROM customer_group"))[0] == 1


async def test_dates_in_the_shops_own_way(customers, shop):
    head = "code,first_name,last_name,birth_date,created_at\n"
    await customers(head + "A,Ana,Ruiz,17/05/1990,01/03/2020 10:30\n", date_format="%d/%m/%Y %H:%M")
    row = await shop.database.row("SELECT birth_date, created_at FROM customer")
    assert (row[0], printed(row[1])) == ("1990-05-17", "2020-03-01T10:30:00.000Z")


async def test_new_customers_are_found_by_the_search(customers, shop):
    await customers(HEAD + ANA)
    row = await shop.database.row("SELECT names, contact FROM customer_text")
    assert "ruiz" in row[0]
    assert "525512345678" in row[1]


async def test_names_in_capitals_are_written_as_people_would(customers, purchases, shop):
    text = "code,first_name,last_name\nA1,JUAN,DE LA CRUZ\nA2,ana maría,McDONALD\nA3,Ana,o'neill\n"
    told = await customers(text, proper_case=True)
    again = await customers(text, proper_case=True)
    assert (told.created, again.unchanged) == (3, 3)
    head = "reference,purchased_at,name,total,customer_code,full_name\n"
    await purchases(
        f'{head}R1,2026-01-01,Tea,5,A4,"LIN, ANA"\nR2,2026-01-01,Tea,5,A5,EVA SOL\n',
        proper_case=True,
        allow_incomplete=True,
    )
    rows = await shop.database.rows("SELECT first_name, last_name FROM customer ORDER BY code")
    assert [tuple(row) for row in rows] == [
        ("Juan", "de la Cruz"), ("Ana María", "McDONALD"), ("Ana", "O'Neill"), ("Lin, Ana", ""), ("Eva Sol", ""),
    ]  # fmt: skip
