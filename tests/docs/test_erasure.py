"""docs/erasure.md: its queries are run one after the other, and answer what it says; its plugin too."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine

from regulars_core.customers.erasure.due import erase_due
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.support.handed_out import at_the_office, handed_out

PAGE = Path(__file__).parents[2] / "docs" / "erasure.md"
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def blocks() -> Sequence[tuple[str, str]]:
    return _BLOCKS.findall(PAGE.read_text(encoding="utf-8"))


async def ana(api: Api, code: str) -> str:
    person = checked(api.shop.settings, NewCustomer("Ana", "Li", code=code))
    customer = "customer_" + (await find_or_register(api.shop, person, ())).id
    await api.done("noteAdd", "note { id }", {"customerId": customer, "body": "Likes tea."})
    sale = {"reference": code, "customerId": customer, "lines": [{"name": "Tea", "total": "12.50"}]}
    await api.done("purchaseRecord", "created", sale)
    return customer


async def test_every_query_in_its_order(blocks: Sequence[tuple[str, str]], open_shop: OpenShop) -> None:
    kinds = [kind for kind, _ in blocks]
    assert {kind: kinds.count(kind) for kind in kinds} == {"graphql": 4, "json": 3, "sh": 1, "python": 1}
    assert all(before == "graphql" for before, kind in pairwise(kinds) if kind == "json")
    api = Api.of(await open_shop())
    asked, proof, told, deleted = [text for kind, text in blocks if kind == "graphql"]
    first, second, third = [json.loads(text)["data"] for kind, text in blocks if kind == "json"]
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        customer = await ana(api, "CUST-00042")
        office = await at_the_office(api)
        job = (await office.data(told, customer=customer))["customerDataRequest"]["bulkJob"]["id"]
        [record] = json.loads(await handed_out(office, customer, format="JSON", idempotencyKey="ticket-4712"))[
            "records"
        ]
        assert [one["body"] for one in record["core"]["customer_note"]] == ["Likes tea."]
        shown = await office.data("query($id: ID!) { node(id: $id) { ... on BulkJob { stage } } }", id=job)
        assert shown["node"] == {"stage": "DONE"}
        assert await api.data(asked, customer=customer) == first
        assert await api.data(deleted, customer=customer) == third
    with time_machine.travel("2026-03-11T12:00:00Z", tick=False):
        await erase_due(api.shop)
        assert await api.data(proof, customer=customer) == second


def test_the_plugin_can_be_made(blocks: Sequence[tuple[str, str]]) -> None:
    room: dict[str, Any] = {}
    exec(dict(blocks)["python"], room)
    [holding] = room["HOLDINGS"]
    assert holding.overwritten == {"wish": None}
