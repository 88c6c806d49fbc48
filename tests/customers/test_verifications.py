"""What was verified of a customer: what of it holds, through merges and changes, what is due, and what is forgotten."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.customers.erasure.personal import erase_customers
from regulars_core.primitives.clock import DAY_MS, now, printed
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

ASK = """query($id: ID!) { customer(id: $id) { verificationsDue
  verifications { subject isPassed isValid document validUntil author } } }"""
FOUND = "query($in: [VerificationSubject!]!) { customers(where: { verified: { in: $in } }) { nodes { firstName } } }"
SUBJECTS = ["AGE", "EMAIL", "IDENTITY", "PHONE", "TAX_ID", "MEDICAL_CARD"]


@pytest.fixture
async def api(open_shop: OpenShop) -> Api:
    return Api.of(await open_shop(verifications="age,identity"))


async def customer(api: Api, name: str, **more: Any) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li", **more})
    return str(made["customer"]["id"])


async def looked(api: Api, customer_id: str, subject: str, **more: Any) -> str:
    given = {"customerId": customer_id, "subject": subject, **more}
    made = await api.done("verificationRecord", "verification { id isValid }", given)
    return str(made["verification"]["id"])


async def asked(api: Api, customer_id: str) -> tuple[list[str], list[str]]:
    """What holds and what is due; the filter agrees."""
    found = (await api.data(ASK, id=customer_id))["customer"]
    valid = sorted({one["subject"] for one in found["verifications"] if one["isValid"]})
    first = (await api.data("query($id: ID!) { customer(id: $id) { firstName } }", id=customer_id))["customer"]
    by_filter = [
        subject
        for subject in sorted(SUBJECTS)
        if first in (await api.data(FOUND, **{"in": [subject]}))["customers"]["nodes"]
    ]
    assert by_filter == valid
    return valid, found["verificationsDue"]


async def test_what_holds(api: Api) -> None:
    ana = await customer(api, "Ana", email="a@example.com", phone="55 1234 5678", birthDate="1990-02-28")
    shop_ltd = await customer(api, "Acme", companyName="Acme", isCompany=True)
    assert await asked(api, ana) == ([], ["AGE", "IDENTITY"])
    assert await asked(api, shop_ltd) == ([], ["IDENTITY"])
    until = (date.today() + timedelta(days=10)).isoformat()
    await looked(api, ana, "IDENTITY", document=" passport ", validUntil=until)
    for subject in ("AGE", "EMAIL", "PHONE", "TAX_ID"):  # no tax id is known, so nothing was verified by it
        await looked(api, ana, subject)
    assert await asked(api, ana) == (["AGE", "EMAIL", "IDENTITY", "PHONE"], [])
    [*_, first] = (await api.data(ASK, id=ana))["customer"]["verifications"]
    assert first == {
        "subject": "IDENTITY", "isPassed": True, "isValid": True, "document": "passport", "validUntil": until, "author": "till",
    }  # fmt: skip
    # It bounces; another number; what was looked at before that says nothing of it.
    await looked(api, ana, "EMAIL", isPassed=False)
    await looked(api, ana, "EMAIL", at=printed(now() - DAY_MS))  # type: ignore[arg-type]
    await api.done("customerUpdate", "customer { id }", {"id": ana, "phone": "55 8765 4321"})
    assert await asked(api, ana) == (["AGE", "IDENTITY"], [])
    with time_machine.travel(datetime.now(UTC) + timedelta(days=12), tick=True):
        assert await asked(api, ana) == (["AGE"], ["IDENTITY"])
    await looked(api, ana, "EMAIL")
    await api.done("customerUpdate", "customer { id }", {"id": ana, "phone": "55 1234 5678"})
    assert await asked(api, ana) == (["AGE", "EMAIL", "IDENTITY", "PHONE"], [])

    later, past = printed(now() + DAY_MS), (date.today() - timedelta(days=400)).isoformat()  # type: ignore[arg-type]
    wrong = {"customerId": ana, "subject": "AGE", "at": later, "document": "x" * 41}
    assert await api.refused("verificationRecord", wrong) == ["TOO_LONG", "INVALID_DATE"]
    nobody = {"customerId": "customer_" + "f" * 32, "subject": "AGE"}
    assert await api.refused("verificationRecord", nobody) == ["NOT_FOUND"]
    ended = {"customerId": ana, "subject": "AGE", "validUntil": past, "document": "a\0b"}
    assert await api.refused("verificationRecord", ended) == ["INVALID_TEXT", "INVALID_DATE"]
    key = {"customerId": ana, "subject": "MEDICAL_CARD", "idempotencyKey": "k"}
    twice = [await api.done("verificationRecord", "verification { id }", key) for _ in range(2)]
    assert twice[0] == twice[1]


async def test_merged_undone_and_erased(api: Api) -> None:
    ana, bo = await customer(api, "Ana", birthDate="1990-02-28"), await customer(api, "Bo", birthDate="1990-02-28")
    own = await looked(api, ana, "AGE", document="P-1")
    merge = await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": bo, "absorbedIds": [ana]})
    assert await asked(api, bo) == (["AGE"], ["IDENTITY"])
    document = "query($id: ID!) { node(id: $id) { ... on Verification { isValid subject } } }"
    assert (await api.data(document, id=own))["node"] == {"isValid": True, "subject": "AGE"}
    undone = {"mergeId": merge["customersMerge"]["mergeId"]}
    await api.done("customersUnmerge", "customers { id }", undone)
    assert await asked(api, bo) == ([], ["AGE", "IDENTITY"])
    assert await asked(api, ana) == (["AGE"], ["IDENTITY"])
    blocked = await api.do("customerDelete", "deletedCustomerId", {"id": ana})
    assert [one["code"] for one in blocked["userErrors"]] == ["CUSTOMER_REFERENCED"]
    shop, key = api.shop, ana.removeprefix("customer_")
    with shop.database.counting() as counted:
        many = "{ customers(first: 50) { nodes { verificationsDue verifications { subject isValid } } } }"
        await api.data(many)
    assert len(counted) == 3
    await shop.database.transaction(lambda: erase_customers(shop, [key]))
    [row] = await shop.database.rows(
        "SELECT subject, document, about FROM customer_verification WHERE customer_id = $1", key
    )
    assert tuple(row) == ("AGE", None, None)
