"""A server with its doors for files, and clients of several keys."""

import base64
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_schema.testing import USER_ERRORS
from regulars_server.app import create_app
from tests.support.keys import make_key

JOB = "bulkJob { id stage progress problem counts { kind count } files { id name rowCount byteCount sha256 } }"


@dataclass
class Desk:
    """A client of the server; jobs are run when it says so."""

    client: httpx2.AsyncClient
    shop: Shop
    key: str

    async def new_key(self, role: str, *stores: str, name: str = "other") -> "Desk":
        return Desk(self.client, self.shop, await make_key(self.shop.database, name, role, stores or None))

    async def ask(self, document: str, **variables: Any) -> Any:
        response = await self.client.post(
            "/graphql",
            content=json.dumps({"query": document, "variables": variables}),
            headers={"authorization": f"Bearer {self.key}", "content-type": "application/json"},
        )
        return response.json()

    async def data(self, document: str, **variables: Any) -> Any:
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, mutation: str, payload: str, input: dict[str, Any]) -> Any:
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} {USER_ERRORS} }} }}"
        given = {"idempotencyKey": uuid4().hex, **input}
        return (await self.data(document, input=given))[mutation]

    async def done(self, mutation: str, payload: str, input: dict[str, Any]) -> Any:
        made = await self.do(mutation, payload, input)
        assert made["userErrors"] == [], made
        return made

    async def refused(self, mutation: str, input: dict[str, Any]) -> list[tuple[str, list[str]]]:
        made = await self.do(mutation, "__typename", input)
        return [(one["code"], one["path"][1:]) for one in made["userErrors"]]

    async def forbidden(self, mutation: str, input: dict[str, Any]) -> str:
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}"
        [error] = (await self.ask(document, input={"idempotencyKey": uuid4().hex, **input}))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        return str(error["message"])

    async def job(self, mutation: str, input: dict[str, Any]) -> Any:
        """A job that was asked for, when it has ended."""
        asked = (await self.done(mutation, JOB, input))["bulkJob"]
        assert (asked["stage"], asked["files"]) == ("QUEUED", [])
        await do_bulk_jobs(self.shop)
        return await self.looked_at(asked["id"])

    async def looked_at(self, job: str) -> Any:
        fields = JOB.removeprefix("bulkJob {").removesuffix("}")
        return (await self.data(f"query($id: ID!) {{ node(id: $id) {{ ... on BulkJob {{ {fields} }} }} }}", id=job))[
            "node"
        ]

    async def link(self, file: str) -> str:
        return str((await self.done("fileLinkCreate", "url expiresAt", {"fileId": file}))["url"])

    async def fetched(self, job: Any) -> list[list[str]]:
        """The rows of the one file that a job has made."""
        assert job["stage"] == "DONE", job
        [file] = job["files"]
        response = await self.client.get(await self.link(file["id"]))
        assert response.status_code == 200
        return list(csv.reader(io.StringIO(response.text, newline="")))


@asynccontextmanager
async def open_desk(database_url: str, **settings: Any) -> AsyncIterator[Desk]:
    """An administrator's, of a shop with these settings."""
    app = create_app(Settings(database_url=database_url, country="MX", jobs=False, **settings))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        shop: Shop = app.state.shop
        yield Desk(client, shop, await make_key(shop.database, "office", "administrator"))


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """An administrator's."""
    async with open_desk(database_url) as one:
        yield one


@pytest.fixture
async def sealed_desk(database_url: str) -> AsyncIterator[Desk]:
    """An administrator's, of a shop that seals what is sensitive."""
    pytest.importorskip("cryptography")
    async with open_desk(database_url, encryption_keys=f"one:{base64.b64encode(bytes(32)).decode()}") as one:
        yield one
