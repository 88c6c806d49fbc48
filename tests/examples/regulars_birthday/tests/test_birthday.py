"""The plugin as a shop meets it, on the database that REGULARS_DATABASE_URL names."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from typer.testing import CliRunner

from regulars_core.actors import Actor
from regulars_core.clock import day_of, now
from regulars_core.jobs import all_jobs
from regulars_core.settings import configured
from regulars_core.shop import Shop
from regulars_schema.context import Batch, Context
from regulars_schema.schema import build_schema, contributions_of
from regulars_server.app import opened
from regulars_server.cli import app


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    settings, plugins = configured(plugins="birthday", birthday_youngest=18)
    async with opened(settings, plugins, migrated=False) as shop:
        await shop.database.migrate()
        yield shop


async def ask(shop: Shop, document: str, **variables: Any) -> Any:
    schema = build_schema(contributions_of(shop.plugins))
    context = Context(Batch(shop, Actor.of_role("key", "till", "administrator", shop.permissions)))
    result = await schema.execute(document, variable_values=variables, context_value=context)
    assert not result.errors, result.errors
    return result.data


async def test_everything_at_once(shop: Shop) -> None:
    today = day_of(now(), shop.settings.zone)
    create = "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { customer { id } userErrors { code } } }"
    ids = {}
    for name, born in (("Ana", f"1990-{today:%m-%d}"), ("Bo", f"{today.year - 1}-01-01"), ("Cy", None)):
        person = {"firstName": name, "lastName": "Li", **({"birthDate": born} if born else {})}
        ids[name] = (await ask(shop, create, i=person))["customerCreate"]["customer"]["id"]
    record = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created userErrors { code path } } }"
    for name, codes in (("Ana", []), ("Bo", ["TOO_YOUNG"]), ("Cy", [])):
        given = {
            "idempotencyKey": name,
            "reference": name,
            "customerId": ids[name],
            "lines": [{"name": "Rum", "total": "9.00"}],
        }
        answer = (await ask(shop, record, i=given))["purchaseRecord"]
        assert [error["code"] for error in answer["userErrors"]] == codes
    job = all_jobs(shop.plugins)[-1]
    for _ in range(2):
        await job.run(shop)
    found = await ask(shop, "{ customers(orderBy: {field: BIRTH_DATE}) { nodes { firstName greetings } } }")
    assert found["customers"]["nodes"] == [
        {"firstName": "Cy", "greetings": 0},
        {"firstName": "Ana", "greetings": 1},
        {"firstName": "Bo", "greetings": 0},
    ]
    greeted = await ask(shop, "{ customers(where: {greetings: {gte: 1}}) { nodes { firstName } } }")
    assert greeted["customers"]["nodes"] == [{"firstName": "Ana"}]
    counted = await asyncio.to_thread(
        CliRunner().invoke, app, ["birthday", "count"], env={"REGULARS_PLUGINS": "birthday"}
    )
    assert (counted.exit_code, counted.stdout) == (0, "1\n")
