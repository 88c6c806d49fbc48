"""A shop with the plugin on, in a copy of the database that REGULARS_DATABASE_URL names for each test."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from regulars_core.plugin import Actor, Shop, configured, opened, plugins_wanted
from regulars_core.testing import migrations
from regulars_schema.plugin import RequestContext, build_schema, contributions_of
from regulars_schema.testing import GraphQLContext


async def _postgres(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(statement)
    await connection.close()


async def _migrate(url: str) -> None:
    settings, plugins = configured(plugins="birthday", database_url=url)
    async with opened(settings, plugins, migrated=False) as shop:
        await migrations.migrate(shop.database)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated database to copy."""
    given = os.environ.get("REGULARS_DATABASE_URL", "sqlite://")
    if given.startswith("sqlite"):
        given = f"sqlite://{tmp_path_factory.mktemp('template')}/birthday.db"
    asyncio.run(_migrate(given))
    return given


@pytest.fixture
async def database_url(template: str, tmp_path: Path) -> AsyncIterator[str]:
    if template.startswith("sqlite"):
        shutil.copy(template.removeprefix("sqlite://"), tmp_path / "birthday.db")
        yield f"sqlite://{tmp_path}/birthday.db"
        return
    server, _, copied = template.rpartition("/")
    name = f"birthday_{uuid4().hex}"
    await _postgres(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE {copied}")
    yield f"{server}/{name}"
    await _postgres(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    settings, plugins = configured(plugins="birthday", database_url=database_url, birthday_youngest=18)
    async with opened(settings, plugins) as shop:
        yield shop


class Asking:
    """Asks the shop in GraphQL, as somebody in a role."""

    def __init__(self, shop: Shop, schema: Any, role: str = "administrator") -> None:
        self.shop, self.schema = shop, schema
        self.actor = Actor.of_role("key", "till", role, shop.permissions)

    async def result(self, document: str, **variables: Any) -> Any:
        """Whatever comes of a document."""
        context = GraphQLContext(RequestContext(self.shop, self.actor))
        return await self.schema.execute(document, variable_values=variables, context_value=context)

    async def data(self, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        result = await self.result(document, **variables)
        assert not result.errors, result.errors
        return result.data

    async def do(self, mutation: str, payload: str, **given: Any) -> Any:
        """The payload of a mutation, with its user errors."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        errors = "userErrors { __typename code path ... on TooYoung { youngest } }"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} {errors} }} }}"
        return (await self.data(document, input=given))[mutation]

    async def customer(self, first_name: str, **given: Any) -> str:
        """The id of a new customer."""
        made = await self.do("customerCreate", "customer { id }", firstName=first_name, lastName="Li", **given)
        assert made["userErrors"] == []
        return str(made["customer"]["id"])


@pytest.fixture(scope="session")
def schema() -> Any:
    """The schema with the plugin."""
    return build_schema(contributions_of(plugins_wanted(("birthday",))))


@pytest.fixture
def asking(shop: Shop, schema: Any) -> Asking:
    return Asking(shop, schema)
