"""Only whom nothing refers to is deleted; whoever refers to them at the same time is refused, or in the way."""

import asyncio
from typing import Any

from regulars_schema.testing import Api
from tests.erasure.conftest import known, requested, sell
from tests.erasure.test_requests import ana

COUNTS = (
    "userErrors { code path ... on CustomerReferenced { counts { kind count } }"
    " ... on VersionConflict { customer { version } } }"
)


async def deleted(api: Api, customer: str, key: str = "d", **more: Any) -> Any:
    document = (
        f"mutation($input: CustomerDeleteInput!) {{ customerDelete(input: $input) {{ deletedCustomerId {COUNTS} }} }}"
    )
    data = await api.data(document, input={"id": customer, "idempotencyKey": key, **more})
    return data["customerDelete"]


async def tables(api: Api) -> dict[str, int]:
    """How many rows there are of each customer in the tables that go by themselves."""
    names = ("customer", "customer_stats", "customer_text", "customer_tag", "customer_address", "recent_text")
    counted = ", ".join(f"(SELECT count(*) FROM {name})" for name in names)
    [row] = await api.shop.database.rows(f"SELECT {counted}")
    return dict(zip(names, row, strict=True))


async def test_registered_by_mistake(api: Api) -> None:
    bo = await ana(api, "Bo")
    before = await tables(api)
    address = {"line1": "Street 1", "city": "Here", "country": "MX"}
    customer = await ana(api, tags=["new"], billingAddress=address)
    erasure = await requested(api, customer)
    conflict = await deleted(api, customer, "c", expectedVersion=7)
    assert conflict["userErrors"] == [
        {"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"], "customer": {"version": 1}}
    ]
    gone = {"deletedCustomerId": customer, "userErrors": []}
    assert await deleted(api, customer, expectedVersion=1) == gone
    assert await deleted(api, customer, expectedVersion=1) == gone  # under the same key
    assert (await deleted(api, customer, "again"))["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "id"]}]
    assert await tables(api) == before
    found = await api.data(
        "query($id: ID!) { node(id: $id) { id } customers { nodes { id } }"
        " erasures { nodes { id cancelledAt customer { id } } } "
        " audit(first: 1, entityId: $id) { nodes { action changes { field } } } }",
        id=customer,
    )
    [asked] = found["erasures"]["nodes"]
    assert (asked["id"], asked["cancelledAt"] is not None, asked["customer"]) == (erasure, True, None)
    assert (found["node"], found["customers"]["nodes"]) == (None, [{"id": bo}])
    assert found["audit"]["nodes"] == [{"action": "customerDelete", "changes": []}]


async def test_whom_something_refers_to(api: Api) -> None:
    """What there is of each kind is told, plugins' too; the other ways are there still."""
    customer = await known(api)
    [error] = (await deleted(api, customer))["userErrors"]
    assert (error["code"], error["path"]) == ("CUSTOMER_REFERENCED", ["input", "id"])
    counts = {one["kind"]: one["count"] for one in error["counts"]}
    loyalty = {"holds": 1, "ledgerEntries": 2}
    tiers = {"tierAssignments": 2, "tierChanges": counts["tierChanges"]}
    assert counts == {"consents": 1, "notes": 1, "purchases": 3, "verifications": 1, **loyalty, **tiers}
    assert counts["tierChanges"] > 0
    other = await ana(api)
    moved = await sell(api, "R8", other)
    await api.done("purchasesReassign", "movedCount", {"purchaseIds": [moved["id"]], "toNobody": True})
    [error] = (await deleted(api, other, "o"))["userErrors"]
    assert "reassignedPurchases" in {one["kind"] for one in error["counts"]}
    assert (await deleted(api, customer))["userErrors"] == [
        {"code": "CUSTOMER_REFERENCED", "path": ["input", "id"],
         "counts": [{"kind": kind, "count": count} for kind, count in sorted(counts.items())]}
    ]  # fmt: skip


async def test_while_others_write_to_them(api: Api) -> None:
    """Nothing is left that refers to nobody, and nobody is deleted for whom something was recorded."""
    for n in range(6):
        customer = await ana(api, f"Ana{n}")
        sale = {
            "reference": f"T{n}", "customerId": customer, "idempotencyKey": f"T{n}", "lines": [{"name": "Tea", "total": "1.00"}],
        }  # fmt: skip
        done, sold, noted = await asyncio.gather(
            deleted(api, customer, f"D{n}"),
            api.do("purchaseRecord", "created", sale),
            api.do("noteAdd", "note { id }", {"customerId": customer, "body": "Here."}),
        )
        refused = [error["code"] for error in done["userErrors"]]
        assert refused in ([], ["CUSTOMER_REFERENCED"])
        if not refused:
            assert [one["userErrors"][0]["code"] for one in (sold, noted)] == ["NOT_FOUND", "NOT_FOUND"]
    lost = "SELECT count(*) FROM purchase WHERE customer_id NOT IN (SELECT id FROM customer)"
    assert (await api.shop.database.rows(lost))[0][0] == 0
