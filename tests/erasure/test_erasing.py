"""Whoever is to be forgotten is: in every table, file and log, in plugins that are off too; what was bought stays."""

import asyncio
import logging
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from regulars_core.database.apps import sqlite_path
from regulars_core.exports.customers import FIELDS, export_customers
from regulars_core.plugin import Shop
from regulars_core.verification import verifications_of
from regulars_schema.testing import Api
from tests.erasure.conftest import PERSON, merged_in, pass_days, requested, secrets

SEEN = (
    "id code status firstName lastName displayName preferredName email phone birthDate gender taxId preferredContact"
    " contactFrequency contactTime tags"
)
TOTALS = "stats { totalSpent { amount } purchaseCount firstPurchaseAt lastPurchaseAt } tier { code }"


def dumped(shop: Shop) -> bytes:
    """All that is on the disk: the files of SQLite, or what pg_dump writes of PostgreSQL."""
    if shop.database.engine == "sqlite":
        path = sqlite_path(shop.database.url)
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    program = shutil.which("pg_dump") or str(next(Path("/usr/lib/postgresql").glob("*/bin/pg_dump")))
    return subprocess.run([program, shop.database.url], check=True, capture_output=True).stdout


def found_in(data: bytes) -> list[str]:
    return [secret for secret in secrets() if secret.encode() in data]


async def customer_of(api: Api, customer: str, fields: str = f"{SEEN} {TOTALS}") -> Any:
    return (await api.data(f"query($id: ID!) {{ customer(id: $id) {{ {fields} }} }}", id=customer))["customer"]


async def verified(shop: Shop) -> list[str]:
    return [line for one in verifications_of(shop.plugins) async for line in one.differences(shop)]


async def test_nothing_of_the_person_is_left(
    person: str, api: Api, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Also of a record that was merged in, and of what the example plugin keeps, which is off."""
    shop = api.shop
    await merged_in(api, person)
    before = await customer_of(api, person, f"code createdAt {TOTALS}")
    assert len(found_in(await asyncio.to_thread(dumped, shop))) > 20
    greeted = "SELECT count(*) FROM birthday_greeting", "SELECT count(*) FROM birthday_reminder"
    assert [(await shop.database.rows(sql))[0][0] for sql in greeted] == [1, 1]
    bought = await api.data("{ purchases { nodes { reference status total { amount } refundedTotal { amount } } } }")
    erasure = await requested(api, person)
    with caplog.at_level(logging.DEBUG):
        await pass_days(shop)
    assert found_in(await asyncio.to_thread(dumped, shop)) == []
    assert found_in(caplog.text.encode()) == []
    with (tmp_path / "all.csv").open("w") as file:
        await export_customers(shop, file, FIELDS)
    assert found_in((tmp_path / "all.csv").read_bytes()) == []
    assert [(await shop.database.rows(sql))[0][0] for sql in greeted] == [0, 0]

    nobody: dict[str, Any] = dict.fromkeys(name for name in PERSON if "Address" not in name)
    nobody |= {"id": person, "status": "ERASED", "firstName": "", "lastName": "", "tags": []}
    found = await customer_of(api, person, f"{SEEN} createdAt {TOTALS}")
    assert found == {**nobody, **before, "displayName": before["code"]}
    again = await api.data("{ purchases { nodes { reference status total { amount } refundedTotal { amount } } } }")
    assert again == bought
    assert await verified(shop) == []
    [proof] = (await api.data("{ erasures(state: DONE) { nodes { id doneAt cancelledAt erased { kind count } } } }"))[
        "erasures"
    ]["nodes"]
    assert (proof["id"], proof["cancelledAt"]) == (erasure, None)
    assert {one["kind"]: one["count"] for one in proof["erased"]} == {
        "addresses": 2, "attributes": 1, "birthday_greeting": 1, "birthday_reminder": 1, "customers": 2, "ledgerNotes": 1,
        "merges": 1, "notes": 1, "payments": 1, "purchases": 3, "reassignedPurchases": 1, "receipts": 3, "refundPayments": 1,
        "refunds": 1, "searchTexts": 2, "tags": 1, "tierAssignments": 2, "verifications": 1,
    }  # fmt: skip
