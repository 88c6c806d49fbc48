"""What people are called and how they are reached is in no log and in no figure, whatever is asked and whatever fails."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)

from regulars_core.contribution import CORE_APP
from regulars_core.database import Database
from regulars_schema.composition.composed_schema import ComposedSchema
from tests.support.servers import Server, key_to, logged_lines

NAME, MAIL, PHONE, TAX = "Zzyxavier", "zzyx.canary@example.org", "+525512340987", "ZZYX990101AB1"
CANARIES = ("zzyx", "canary", "5512340987", "5512 340987", "990101")
BY_NAME = {"email": MAIL, "phone": PHONE, "taxId": TAX, "reference": "R-zzyx", "idempotencyKey": "zzyx-1"}
BY_TYPE = {
    "EmailAddress": MAIL, "PhoneNumber": PHONE, "Decimal": "1.00", "BigInt": "1", "Int": 1, "Boolean": True, "Float": 1.0,
    "DateTime": "2026-01-01T00:00:00Z", "Date": "1990-01-01", "CurrencyCode": "USD",
}  # fmt: skip


def filled(kind: GraphQLInputType, name: str, ids: dict[str, str], depth: int = 0) -> Any:
    """A value of a type with every field that it has, text of it a canary and ids those of what is there."""
    if isinstance(kind, GraphQLNonNull):
        return filled(kind.of_type, name, ids, depth)
    if isinstance(kind, GraphQLList):
        return [filled(kind.of_type, name, ids, depth)]
    if isinstance(kind, GraphQLInputObjectType):
        return {
            field: filled(inner.type, field, ids, depth + 1)
            for field, inner in kind.fields.items()
            if field != "expectedVersion" and (depth < 3 or isinstance(inner.type, GraphQLNonNull))
        }
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if kind.name == "ID":
        return ids.get(name, ids["customerId"])
    return BY_NAME.get(name, BY_TYPE.get(kind.name, f"{NAME} {name}"))


class Shouting:
    """A client that puts canaries wherever they fit."""

    def __init__(self, address: str, key: str) -> None:
        self.key = key
        self.codes: set[str] = set()
        self._http = httpx2.Client(base_url=address, verify=False, timeout=60)

    def __enter__(self) -> "Shouting":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, document: str, variables: Any = None, **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.key}", **headers}
        answer = self._http.post("/graphql", json={"query": document, "variables": variables}, headers=sent)
        body = answer.json()
        self.codes |= {error["extensions"]["code"] for error in body.get("errors", [])}
        return body.get("data")

    def everything(self, schema: ComposedSchema, ids: dict[str, str]) -> None:
        """Every mutation, with everything in its input."""
        mutations = schema._schema.mutation_type
        assert isinstance(mutations, GraphQLObjectType)
        for name, field in mutations.fields.items():
            kind = field.args["input"].type
            document = f"mutation {NAME}($input: {kind}) {{ {NAME}: {name}(input: $input) {{ userErrors {{ code message }} }} }}"
            self.ask(document, {"input": filled(kind, "input", ids)})
            self.ask(document, {"input": {NAME: PHONE, "email": MAIL}})

    def odd_requests(self) -> None:
        """Canaries where no value belongs."""
        self.ask(f"query {NAME} {{ {NAME}: shop {{ {NAME} }} }}")
        self.ask(f'{{ customers(search: "{MAIL}") {{ totalCount }} customerSearch(query: "{PHONE}") {{ id }} }}')
        self.ask(f'{{ node(id: "{MAIL}") {{ id }} customer(code: "{NAME}") {{ id }} }}', None, **{"x-request-id": MAIL})
        self.ask(f"{{ {NAME}")
        for path in (f"/{MAIL}", f"/graphql?q={MAIL}", f"/graphiql/{NAME}", f"/graphql?key={self.key}"):
            self._http.get(path, headers={"user-agent": NAME, "referer": f"http://x/{MAIL}"})
        for wrong in (self.key[:-1], MAIL, f"{self.key}x"):
            self._http.post("/graphql", headers={"authorization": f"Bearer {wrong}"})
        self._http.post("/graphql", content=f"{MAIL} {PHONE}", headers={"authorization": f"Bearer {self.key}"})


async def sabotage(url: str) -> None:
    """What makes statements fail with people's names in the database's own words."""
    database = await Database.open(url, [CORE_APP])
    await database.transaction(lambda: database.run("CREATE UNIQUE INDEX sabotage ON customer (last_name)"))
    await database.transaction(lambda: database.run("ALTER TABLE customer_note RENAME TO gone"))
    await database.close()


def test_logs_and_figures_name_nobody(database_url: str, tmp_path: Path, schema: ComposedSchema) -> None:
    key = asyncio.run(key_to(database_url))
    with (
        Server(database_url, tmp_path, log_level="debug", metrics="true") as server,
        Shouting(server.address, key) as client,
    ):
        made = client.ask(
            "mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { customer { id } userErrors { code } } }",
            {"i": {"firstName": NAME, "lastName": NAME, "email": MAIL, "phone": PHONE, "taxId": TAX, "tags": [NAME]}},
        )["customerCreate"]
        assert made["userErrors"] == []
        customer = made["customer"]["id"]
        note = client.ask(
            "mutation($i: NoteAddInput!) { noteAdd(input: $i) { note { id } } }",
            {"i": {"customerId": customer, "body": f"Call {NAME}, {PHONE}"}},
        )["noteAdd"]["note"]["id"]
        sold = client.ask(
            "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { purchase { id } userErrors { code message } } }",
            {"i": {"reference": "R-zzyx-1", "customerId": customer, "note": MAIL, "idempotencyKey": "zzyx-0",
                   "lines": [{"name": NAME, "quantity": "1", "unitPrice": "5.00"}]}},
        )["purchaseRecord"]  # fmt: skip
        assert sold["userErrors"] == []
        ids = {"customerId": customer, "id": note, "purchaseId": sold["purchase"]["id"]}
        client.everything(schema, ids)
        client.everything(schema, {**ids, "id": customer})
        client.odd_requests()
        asyncio.run(sabotage(database_url))
        client.everything(schema, ids)
        second = {"i": {"firstName": NAME, "lastName": NAME}}
        client.ask("mutation($i: CustomerCreateInput!) { customerCreate(input: $i) { customer { id } } }", second)
        figures = httpx2.get(f"{server.address}/metrics", headers={"authorization": f"Bearer {key}"})
        assert figures.status_code == 200
    # Enough went wrong, in enough ways, for this to say something.
    assert client.codes >= {"INTERNAL", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}
    log = server.log.read_text()
    lines = logged_lines(server.log)
    assert sum(line["event"] == "request" for line in lines) > 100
    broken = [line for line in lines if line["level"] == "error"]
    assert broken
    assert all(line["raised"][0]["at"] for line in broken)
    for canary in (*CANARIES, key.split("_")[2]):
        assert canary.lower() not in log.lower(), canary
        assert canary.lower() not in figures.text.lower(), canary
