"""The plugin as a shop meets it."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import regulars_birthday
from conftest import Asking
from typer.testing import CliRunner

from regulars_core.plugin import Shop, day_of, now
from regulars_core.testing import ImportOptions, drift, import_customers, jobs_of
from regulars_schema.plugin import build_schema
from regulars_server.testing import command_line

SALE = {"reference": "R1", "lines": [{"name": "Rum", "total": "9.00"}], "purchasedAt": "2026-01-01T00:00:00Z"}


@pytest.fixture
def today(shop: Shop) -> date:
    return day_of(now(), shop.settings.zone)


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def contents(shop: Shop) -> Mapping[str, list[Any]]:
    """Every row of every table."""
    tables = [row[0] for row in await shop.database.rows(TABLES[shop.database.engine])]
    return {table: sorted(map(repr, await shop.database.rows(f'SELECT * FROM "{table}"'))) for table in tables}


async def test_its_migrations_make_its_tables() -> None:
    assert await drift([regulars_birthday.regulars_models()]) == []


async def test_a_reminder_is_the_shops_unless_the_customer_has_one(asking: Asking) -> None:
    own = await asking.customer("Ana", remindDaysBefore=0)
    for given in ({}, {"remindDaysBefore": None}):
        await asking.customer("Bo", **given)
    found = await asking.data("{ customers(orderBy: {field: CODE}) { nodes { remindDaysBefore } } }")
    assert [node["remindDaysBefore"] for node in found["customers"]["nodes"]] == [0, 7, 7]
    for given, days in (({"remindDaysBefore": 3}, 3), ({"lastName": "Ek"}, 3), ({"remindDaysBefore": None}, 7)):
        made = await asking.do("customerUpdate", "customer { remindDaysBefore }", id=own, **given)
        assert made["customer"]["remindDaysBefore"] == days


@pytest.mark.parametrize("days", [-1, 366])
async def test_days_that_cannot_be_are_refused_where_they_stand(asking: Asking, days: int) -> None:
    before = await contents(asking.shop)
    made = await asking.do("customerCreate", "created", firstName="A", lastName="B", remindDaysBefore=days)
    problem = {"__typename": "InvalidInput", "code": "INVALID_DAYS", "path": ["input", "remindDaysBefore"]}
    assert made["userErrors"] == [problem]
    after = await contents(asking.shop)
    assert {table for table in after if after[table] != before[table]} <= {"code_block"}  # a code may be skipped


async def test_reminders_count_under_a_key(asking: Asking) -> None:
    document = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { created } }"
    ana = {"firstName": "Ana", "lastName": "Li", "idempotencyKey": "k"}
    for days, works in ((3, True), (3, True), (4, False)):
        result = await asking.result(document, i={**ana, "remindDaysBefore": days})
        assert (not result.errors) is works
    assert await asking.data("{ customers { totalCount } }") == {"customers": {"totalCount": 1}}


async def test_an_import_leaves_reminders_to_the_shop(asking: Asking, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("code,first_name,last_name\nC1,Ana,Li\nC2,Bo,Ek\n", encoding="utf-8")
    await import_customers(asking.shop, path, ImportOptions(), lambda *_: None)
    found = await asking.data("{ customers { nodes { greetings remindDaysBefore } } }")
    assert found["customers"]["nodes"] == [{"greetings": 0, "remindDaysBefore": 7}] * 2


async def test_who_is_too_young_buys_nothing(asking: Asking, today: date) -> None:
    young = await asking.customer("Bo", birthDate=f"{today.year - 1}-01-01")
    before = await contents(asking.shop)
    for _ in range(2):  # under the same key it is the same answer
        made = await asking.do("purchaseRecord", "created", idempotencyKey="k", customerId=young, **SALE)
        assert made["userErrors"] == [
            {"__typename": "TooYoung", "code": "TOO_YOUNG", "path": ["input", "customerId"], "youngest": 18}
        ]
    after = await contents(asking.shop)
    assert {table for table in after if after[table] != before[table]} == {"idempotency_key"}


@pytest.mark.parametrize("born", ["1990-01-01", None])
async def test_everybody_else_buys(asking: Asking, born: str | None) -> None:
    buyer = await asking.customer("Ana", birthDate=born)
    made = await asking.do("purchaseRecord", "created", idempotencyKey="k", customerId=buyer, **SALE)
    assert made == {"created": True, "userErrors": []}


async def test_a_customer_is_greeted_once_a_day(asking: Asking) -> None:
    ana = await asking.customer("Ana")
    for key, codes in (("a", []), ("b", ["GREETED_TODAY"]), ("a", []), ("b", ["GREETED_TODAY"])):
        made = await asking.do("birthdayGreetingSend", "customer { greetings }", customerId=ana, idempotencyKey=key)
        assert [error["code"] for error in made["userErrors"]] == codes
        assert made["customer"] == (None if codes else {"greetings": 1})
    nobody = f"customer_{'0' * 32}"
    made = await asking.do("birthdayGreetingSend", "customer { id }", customerId=nobody)
    assert [(error["code"], error["path"]) for error in made["userErrors"]] == [("NOT_FOUND", ["input", "customerId"])]


async def test_greetings_of_who_is_merged_count_for_the_survivor(asking: Asking) -> None:
    ana, other = await asking.customer("Ana"), await asking.customer("Anna")
    await asking.do("birthdayGreetingSend", "customer { id }", customerId=other)
    given = {"survivorId": ana, "absorbedIds": [other], "idempotencyKey": "a"}
    merge = (await asking.do("customersMerge", "customersMerge { mergeId }", **given))["customersMerge"]
    made = await asking.do("birthdayGreetingSend", "customer { id greetings }", customerId=other)
    assert made["customer"] == {"id": ana, "greetings": 2}
    await asking.do("customersUnmerge", "customers { id }", **merge, idempotencyKey="b")
    found = await asking.data("{ customers(orderBy: {field: CODE}) { nodes { greetings } } }")
    assert [node["greetings"] for node in found["customers"]["nodes"]] == [1, 1]


async def test_greeting_needs_a_permission(asking: Asking, shop: Shop) -> None:
    ana = await asking.customer("Ana")
    document = "mutation($i: BirthdayGreetingSendInput!) { birthdayGreetingSend(input: $i) { customer { id } } }"
    for role, works in (("accountant", False), ("cashier", True)):
        result = await Asking(shop, asking.schema, role).result(document, i={"customerId": ana})
        assert (not result.errors) is works


async def test_the_job_greets_whose_birthday_it_is(asking: Asking, shop: Shop, today: date) -> None:
    for name, born in (("Ana", f"1992-{today:%m-%d}"), ("Bo", f"1992-{today.month % 12 + 1:02}-01")):
        await asking.customer(name, birthDate=born)
    [job] = [job for job in jobs_of(shop.plugins) if job.name == "greet"]
    for _ in range(2):
        await job.run(shop)
    found = await asking.data("{ customers { nodes { firstName greetings } } }")
    assert {node["firstName"]: node["greetings"] for node in found["customers"]["nodes"]} == {"Ana": 1, "Bo": 0}


async def test_customers_are_found_and_ordered(asking: Asking) -> None:
    for name, born in (("Ana", "1990-05-05"), ("Bo", "1950-01-01"), ("Cy", None)):
        await asking.customer(name, birthDate=born)
    ordered = await asking.data("{ customers(orderBy: {field: BIRTH_DATE}) { nodes { id firstName } } }")
    nodes = ordered["customers"]["nodes"]
    assert [node["firstName"] for node in nodes] == ["Cy", "Bo", "Ana"]
    await asking.do("birthdayGreetingSend", "customer { id }", customerId=nodes[1]["id"])
    greeted = await asking.data("{ customers(where: {greetings: {gte: 1}}) { nodes { firstName } } }")
    assert greeted["customers"]["nodes"] == [{"firstName": "Bo"}]


async def test_fields_cost_one_statement_each_however_many_customers(asking: Asking) -> None:
    counted = []
    for name in ("Ana", "Bo", "Cy"):
        await asking.customer(name)
        with asking.shop.database.counting() as statements:
            await asking.data("{ customers { nodes { greetings remindDaysBefore } } }")
        counted.append(len(statements))
    assert counted == [3] * 3


async def test_the_command_counts(asking: Asking, database_url: str) -> None:
    await asking.do("birthdayGreetingSend", "customer { id }", customerId=await asking.customer("Ana"))
    environment = {"REGULARS_PLUGINS": "birthday", "REGULARS_DATABASE_URL": database_url}
    counted = await asyncio.to_thread(CliRunner().invoke, command_line, ["birthday", "count"], env=environment)
    assert (counted.exit_code, counted.stdout) == (0, "1\n")


def test_a_schema_without_it_has_no_trace(schema: Any) -> None:
    bare = build_schema().printed()
    assert "From the birthday plugin." in schema.printed()
    for word in ("birthday plugin", "greeting", "remindDaysBefore", "TooYoung", "  BIRTH_DATE"):
        assert word not in bare
    assert build_schema().printed() == bare
