"""I1: what can only be one of a few values is one of them, by whatever door it comes in; and what is wrong already is named."""

import pytest

from regulars_core.customers.changes import change, set_status
from regulars_core.customers.columns import COLUMNS
from regulars_core.customers.erasure.requests import request_erasure
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.primitives.errors import Refused
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_core.verification import verifications_of
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.testing import Api
from tests.imports.conftest import Files, Importing
from tests.support.commands import Regulars
from tests.support.commands import register as registered
from tests.support.commands import write as written

HEAD = "first_name,last_name,email,gender,preferred_contact\n"
SEARCHED = '{ customers(first: 5) { nodes { gender preferredContact } } customerSearch(query: "paz") { gender } }'


async def one(shop: Shop, **columns: str) -> str:
    customer = checked(shop.settings, NewCustomer("Jo", "Paz", **columns))
    return (await register(shop, await give_codes(shop, [customer])))[0]


async def told(shop: Shop) -> list[str]:
    [choices] = [one for one in verifications_of(shop.plugins) if one.name == "choices"]
    return [line async for line in choices.differences(shop)]


@pytest.mark.parametrize(
    ("cell", "kept"), [("Female", "FEMALE"), ("non-binary", "NON_BINARY"), (" Non Binary ", "NON_BINARY"), ("", None)]
)
async def test_i1_members_are_read_in_any_case(customers: Importing, shop: Shop, cell: str, kept: str | None) -> None:
    report = await customers(HEAD + f"Jo,Paz,jo@x.example,{cell},e-mail\n".replace("e-mail", "Email"))
    assert report.created == 1
    row = await shop.database.row("SELECT gender, preferred_contact FROM customer")
    assert tuple(row) == (kept, "EMAIL")
    answer = await Api.of(shop).data(SEARCHED)
    assert answer["customerSearch"] == [{"gender": kept}]
    report = await customers(HEAD + f"Jo,Paz,jo@x.example,{cell},sms\n")
    assert report.updated == 1


@pytest.mark.parametrize("cell", ["F", "woman", "FEMALE MALE", "'FEMALE", "ＭＡＬＥ"])
async def test_i1_anything_else_is_rejected(customers: Importing, files: Files, shop: Shop, cell: str) -> None:
    report = await customers(HEAD + f"Jo,Paz,jo@x.example,{cell},\nEva,Sol,eva@x.example,,carrier pigeon\n")
    assert (report.created, report.rejected) == (0, 2)
    assert [row["reject_code"] for row in files.rejects()] == ["INVALID_CHOICE"] * 2
    assert [row["reject_reason"].partition(":")[0] for row in files.rejects()] == ["gender", "preferred_contact"]
    await customers(HEAD + "Jo,Paz,jo@x.example,MALE,\n")
    report = await customers(HEAD + f"Jo,Paz,jo@x.example,{cell},\n")
    assert (report.updated, report.rejected) == (0, 1)


async def test_i1_services_refuse_it_whoever_asks(shop: Shop) -> None:
    """As a plugin or a command would: no type of the API stands before these."""
    id_ = await one(shop, gender="female")
    for change_it in (
        change(shop, id_, {"gender": "F"}),
        change(shop, id_, {"preferred_contact": "FAX"}),
        set_status(shop, id_, "GONE"),
        request_erasure(shop, id_, operator(shop.permissions), "BOREDOM"),
    ):
        with pytest.raises(Refused) as refused:
            await change_it
        assert [problem.code for problem in refused.value.problems] == ["INVALID_CHOICE"]
    with pytest.raises(Refused):
        checked(shop.settings, NewCustomer("Jo", "Paz", gender="F"))


def test_i1_members_are_those_of_the_api(schema: ComposedSchema) -> None:
    kinds = {
        "gender": "Gender",
        "preferred_contact": "ContactMethod",
        "contact_frequency": "ContactFrequency",
        "contact_time": "ContactTime",
    }
    members = {column.name: set(column.members) for column in COLUMNS if column.members}
    assert members == {
        name: set(schema._schema.type_map[kind].values)  # type: ignore[attr-defined]
        for name, kind in kinds.items()
    }


async def test_i1_verify_names_rows_that_are_wrong_already(customers: Importing, shop: Shop) -> None:
    await one(shop, gender="MALE")
    assert await told(shop) == []
    ids = [await one(shop) for _ in range(3)]

    async def past_the_services() -> None:
        for column, value, id_ in zip(
            ("gender", "preferred_contact", "status"), ("Female", "Fax", "x"), ids, strict=True
        ):
            await shop.database.run(f"UPDATE customer SET {column} = $1 WHERE id = $2", value, id_)

    await shop.database.transaction(past_the_services)
    assert await told(shop) == [
        "CUST-00002: gender is none of FEMALE, MALE, NON_BINARY, UNDISCLOSED",
        "CUST-00003: preferred_contact is none of EMAIL, PHONE, SMS, POST, MESSENGER",
        "CUST-00004: status is none of ACTIVE, ERASED, INACTIVE, MERGED, SUSPENDED",
    ]
    await customers("code,first_name,last_name,gender\nCUST-00002,Jo,Paz,Female\n")  # the file again mends it
    assert [line.partition(":")[0] for line in await told(shop)] == ["CUST-00003", "CUST-00004"]


def test_i1_verify_and_doctor_tell_it(regulars: Regulars, database_url: str) -> None:
    registered(database_url, NewCustomer("Jo", "Paz"))
    written(database_url, "UPDATE customer SET gender = 'Female'")
    for command in ("verify", "doctor"):
        done = regulars(command, database_url=database_url)
        assert done.exit_code == 1
        assert "CUST-00001: gender is none of FEMALE, MALE, NON_BINARY, UNDISCLOSED" in done.output
