"""Somebody who is there already is not registered again without a word: exact likenesses, what callers may be told, what the shop
keeps apart."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from regulars_core.customers.duplicates import Traits, likeness
from regulars_core.imports import ImportOptions, import_customers
from regulars_core.shop.actors import Actor
from regulars_core.testing import OpenShop
from regulars_core.verification import verifications_of
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api
from tests.support.keys import holding

ANA = {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"}
MATCHES = "{ customer { id } reasons score }"
MADE = f"customer {{ id }} created possibleDuplicates {MATCHES}"
ERRORS = f"userErrors {{ code path ... on PossibleDuplicates {{ matches {MATCHES} }} }}"
CREATE = f"mutation($input: CustomerCreateInput!) {{ customerCreate(input: $input) {{ {MADE} {ERRORS} }} }}"
UPDATE = f"mutation($input: CustomerUpdateInput!) {{ customerUpdate(input: $input) {{ customer {{ id }} {ERRORS} }} }}"
CHECK = (
    "query($input: CustomerCheckInput!) { customerCheck(input: $input) { email phone phoneFormatted missing"
    f" problems {{ code path ... on PossibleDuplicates {{ matches {MATCHES} }} }} possibleDuplicates {MATCHES} }} }}"
)
WANTED = Traits("a@x.org", "+525512345678", "2345678", "T1", "li, ana", "1990-02-28")


async def create(api: Api, **given: Any) -> Any:
    return (await api.data(CREATE, input=given))["customerCreate"]


async def check(api: Api, **given: Any) -> Any:
    return (await api.data(CHECK, input=given))["customerCheck"]


async def sell(api: Api, reference: str, **customer: Any) -> Any:
    sale = {"reference": reference, "lines": [{"name": "Tea", "total": "5.00"}], "customer": customer}
    payload = f"customerCreated possibleDuplicates {MATCHES} purchase {{ customer {{ id displayName isCompany }} }}"
    return await api.done("purchaseRecord", payload, sale)


def told(entries: Any) -> list[tuple[str, list[str], int]]:
    return [(one["customer"]["id"], one["reasons"], one["score"]) for one in entries]


def codes(problems: Any) -> list[tuple[str, str]]:
    return [(one["code"], ".".join(one["path"])) for one in problems]


@pytest.mark.parametrize(
    ("other", "reasons", "score"),
    [
        (Traits(tax_id="T1"), ["TAX_ID"], 100),
        (Traits(email="a@x.org", name="ek, bo"), ["EMAIL"], 95),
        (Traits(phone="+525512345678", name="li, ana", email="b@x.org"), ["PHONE", "NAME"], 90),
        (Traits(phone="+525512345678"), ["PHONE"], 80),
        (Traits(phone="+525512345678", name="li, bo"), ["PHONE"], 55),
        (Traits(phone="+525512345678", email="b@x.org"), ["PHONE"], 55),
        (Traits(name="li, ana", birth_date="1990-02-28"), ["NAME_AND_BIRTH_DATE"], 85),
        (Traits(name="li, ana", phone="+15512345678", phone_tail="2345678"), ["NAME_AND_PHONE_TAIL"], 75),
        (Traits(name="li, ana", birth_date="1991-02-28"), ["NAME"], 50),
        (Traits(name="li, ana", is_company=True), [], 0),
        (Traits(birth_date="1990-02-28"), [], 0),
        (Traits(), [], 0),
    ],
)  # fmt: skip
def test_how_likely_two_are_one(other: Traits, reasons: list[str], score: int) -> None:
    assert likeness(WANTED, other) == likeness(other, WANTED) == (reasons, score)
    assert likeness(Traits(), other) == ([], 0)


async def test_who_is_there_already_is_asked_about(api: Api) -> None:
    """X82, and the fault itself: the same name and e-mail made two customers without a word."""
    ana = (await create(api, **ANA, idempotencyKey="first"))["customer"]["id"]
    again = {**ANA, "email": "ANA@example.com", "idempotencyKey": "again"}
    for _ in range(2):  # nothing was written, so nothing is kept
        refused = await create(api, **again)
        assert (refused["customer"], refused["created"]) == (None, False)
        assert codes(refused["userErrors"]) == [("POSSIBLE_DUPLICATES", "input")]
        assert told(refused["userErrors"][0]["matches"]) == [(ana, ["EMAIL", "NAME"], 95)]
    forced = await create(api, **again, force=True)
    assert (forced["created"], forced["userErrors"]) == (True, [])
    assert told(forced["possibleDuplicates"]) == [(ana, ["EMAIL", "NAME"], 95)]
    assert await create(api, **again, force=True) == forced  # of the key, matches too
    # A name alone is not enough to ask back, and is told; who is found is no duplicate, and nobody without e-mail is one.
    named = await create(api, firstName="ÁNA", lastName="li.")
    assert named["created"]
    assert told(named["possibleDuplicates"])[0] == (ana, ["NAME"], 50)
    found = await create(api, **ANA, matchOn=["EMAIL"])
    assert (found["created"], found["customer"]["id"], found["possibleDuplicates"]) == (False, ana, [])
    assert (await create(api, firstName="Bo", lastName="Ek"))["possibleDuplicates"] == []


async def test_a_till_is_told_and_never_stopped(api: Api) -> None:
    first = await sell(api, "1", firstName="Ana", lastName="Li")
    again = await sell(api, "2", firstName="Ana", lastName="Li")
    ana = first["purchase"]["customer"]["id"]
    assert (again["customerCreated"], told(again["possibleDuplicates"])) == (True, [(ana, ["NAME"], 50)])
    company = await sell(api, "3", companyName="Acme, S.A.", taxId="ab-12 3")
    acme = company["purchase"]["customer"]
    assert (acme["displayName"], acme["isCompany"]) == ("Acme, S.A.", True)
    taxed = await sell(api, "4", phone="55 1234 5678", taxId="AB123")
    assert told(taxed["possibleDuplicates"]) == [(acme["id"], ["TAX_ID"], 100)]
    found = await sell(api, "5", phone="55 1234 5678", firstName="Zoe")
    assert (found["customerCreated"], found["possibleDuplicates"]) == (False, [])
    assert found["purchase"]["customer"]["id"] == taxed["purchase"]["customer"]["id"]
    nobody = await api.do(
        "purchaseRecord",
        "purchase { id }",
        {
            "reference": "6",
            "lines": [{"name": "Tea", "total": "-1"}],
            "customer": {"email": "x", "birthDate": "1990"},
        },
    )
    assert codes(nobody["userErrors"]) == [
        ("INVALID_EMAIL", "input.customer.email"),
        ("INVALID_DATE", "input.customer.birthDate"),
        ("INVALID_AMOUNT", "input.lines.0.total"),
    ]


async def test_a_form_is_told_everything_at_once(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(unique_fields="email,tax_id", required_fields="first_name,last_name,email"))
    ana = (await create(api, **ANA, birthDate="1990-02-28", taxId="T-1"))["customer"]["id"]
    assert await check(api) == {
        "email": None, "phone": None, "phoneFormatted": None, "missing": ["firstName", "lastName", "email"], "problems": [],
        "possibleDuplicates": [],
    }  # fmt: skip
    typed = {"firstName": "Ana", "lastName": "x" * 121, "email": "nobody", "phone": "12", "birthDate": "1990-02-30"}
    answer = await check(api, **typed)
    assert codes(answer["problems"]) == [
        ("TOO_LONG", "input.lastName"), ("INVALID_EMAIL", "input.email"), ("INVALID_PHONE", "input.phone"),
        ("INVALID_DATE", "input.birthDate"),
    ]  # fmt: skip
    assert answer["missing"] == []
    answer = await check(api, email="ANA@example.com ", phone="55 1234 5678", taxId="t1", companyName="Acme")
    assert (answer["email"], answer["phone"], answer["phoneFormatted"]) == (
        "ana@example.com", "+525512345678", "+52 55 1234 5678",
    )  # fmt: skip
    assert codes(answer["problems"]) == [("NOT_UNIQUE", "input.email"), ("NOT_UNIQUE", "input.taxId")]
    assert told(answer["problems"][1]["matches"]) == [(ana, ["TAX_ID"], 100)]
    assert told(answer["possibleDuplicates"]) == [(ana, ["TAX_ID", "EMAIL"], 100)]
    assert await create(api, firstName="", lastName=" ", companyName="Acme") | {"userErrors": []} == {
        "customer": None, "created": False, "possibleDuplicates": [], "userErrors": [],
    }  # fmt: skip
    fields = (await api.data("{ shop { customerFields { field isRequired isUnique } } }"))["shop"]["customerFields"]
    assert [one["field"] for one in fields if one["isRequired"]] == ["firstName", "lastName", "email"]
    assert [one["field"] for one in fields if one["isUnique"]] == ["email", "taxId"]
    assert len(fields) == 12


async def test_nobody_is_told_by_what_they_may_not_see(open_shop: OpenShop) -> None:
    """What is refused tells by its code that somebody is there; who it is only by what the caller may know."""
    shop, schema = await open_shop(unique_fields="tax_id"), build_schema()
    ana = (await create(Api(schema, shop, Actor.of_role("key", "office", "administrator")), **ANA, birthDate="1990-02-28",
                        taxId="T-1", phone="55 1234 5678"))["customer"]["id"]  # fmt: skip

    def by(*permissions: str) -> Api:
        return Api(schema, shop, Actor("key", "till", [holding("customers.create", *permissions)]))

    terminal, staff, books = (
        by("customers.view"),
        by("customers.view", "customers.view_pii"),
        by("customers.view", "customers.view_sensitive"),
    )
    by_birth = {"firstName": "Ana", "lastName": "Li", "birthDate": "1990-02-28", "phone": "+1 201 234 5678"}
    assert told((await check(staff, **by_birth))["possibleDuplicates"]) == [(ana, ["NAME_AND_BIRTH_DATE"], 85)]
    assert told((await check(terminal, **by_birth))["possibleDuplicates"]) == [(ana, ["NAME"], 50)]
    # By a whole e-mail address or phone number whoever registers may find out.
    assert told((await check(terminal, email="ana@example.com"))["possibleDuplicates"]) == [(ana, ["EMAIL"], 95)]
    for api, known in ((terminal, []), (staff, []), (books, [(ana, ["TAX_ID"], 100)])):
        answer = await check(api, taxId="t1")
        assert told(answer["possibleDuplicates"]) == known
        assert codes(answer["problems"]) == [("NOT_UNIQUE", "input.taxId")] * len(known)
        refused = await create(api, firstName="Bo", lastName="Ek", taxId="T1")
        assert codes(refused["userErrors"]) == [("NOT_UNIQUE", "input.taxId")]
        assert told(refused["userErrors"][0]["matches"]) == known
    # Who may not see customers is told of none, by no way.
    blind = await by().ask(CHECK, input=ANA)
    assert blind.data["customerCheck"]["possibleDuplicates"] is None
    assert {error["extensions"]["permission"] for error in blind.errors} == {"customers.view"}


async def test_what_the_shop_keeps_apart_is_there_once(open_shop: OpenShop, tmp_path: Path) -> None:
    shops = [await open_shop(unique_fields="email,phone,tax_id", duplicate_score="101") for _ in range(2)]
    apis = [Api.of(shop) for shop in shops]
    api = apis[0]
    made = await asyncio.gather(
        *(
            create(apis[n % 2], firstName=f"N{n}", lastName="Li", email="one@example.com", taxId=f"T{n}")
            for n in range(20)
        )
    )
    assert sum(one["created"] for one in made) == 1
    one = next(made["customer"]["id"] for made in made if made["created"])
    for refused in made:
        if not refused["created"]:
            assert codes(refused["userErrors"]) == [("NOT_UNIQUE", "input.email")]
            assert told(refused["userErrors"][0]["matches"]) == [(one, ["EMAIL"], 95)]
    # So it is for changes, of those at the same time too; force passes nothing, and one's own value is one's own.
    others = [(await create(api, firstName=f"B{n}", lastName="Ek", taxId=f"B{n}"))["customer"]["id"] for n in range(6)]
    changed = await asyncio.gather(
        *(
            apis[n % 2].data(UPDATE, input={"id": id_, "taxId": "same-1", "phone": "55 1234 5678"})
            for n, id_ in enumerate(others)
        )
    )
    assert sorted(len(each["customerUpdate"]["userErrors"]) for each in changed) == [0, 2, 2, 2, 2, 2]
    winner = next(each["customerUpdate"]["customer"]["id"] for each in changed if each["customerUpdate"]["customer"])
    own = await api.data(UPDATE, input={"id": winner, "taxId": "SAME 1", "phone": "+525512345678", "firstName": "C"})
    assert own["customerUpdate"]["userErrors"] == []
    forced = await create(api, firstName="D", lastName="D", taxId="s.a.m.e.1", force=True, idempotencyKey="kept")
    assert codes(forced["userErrors"]) == [("NOT_UNIQUE", "input.taxId")]
    assert (
        await create(api, firstName="D", lastName="D", taxId="s.a.m.e.1", force=True, idempotencyKey="kept") == forced
    )
    # In a file one row is rejected, and the others go on.
    file = tmp_path / "people.csv"
    file.write_text(
        "code,first_name,last_name,email,tax_id\nF1,A,A,a@example.com,\nF2,B,B,a@example.com,\nF3,C,C,,SAME/1\nF4,D,D,,\n"
    )
    report = await import_customers(shops[0], file, ImportOptions(), lambda *_: None)
    assert (report.created, report.rejected) == (2, 2)
    assert "NOT_UNIQUE" in (tmp_path / "people.rejects.csv").read_text()
    # A till is never stopped; what repeats is named by codes, and no third one comes in.
    assert (await sell(api, "1", email="one@example.com", firstName="E", matchOn=[]))["customerCreated"]
    [verification] = [each for each in verifications_of(shops[0].plugins) if each.name == "unique-fields"]
    [sentence] = [sentence async for sentence in verification.differences(shops[0])]
    assert sentence.startswith("CUST-")
    assert sentence.endswith("have the same email, which the shop allows once")
    assert "one@example.com" not in sentence
    assert codes((await create(api, firstName="F", lastName="F", email="one@example.com"))["userErrors"]) == [
        ("NOT_UNIQUE", "input.email")
    ]
