"""Customers are as urgent as the benefit of their tier says."""

from typing import Any

from regulars_core.testing import statements
from tests.tiers.conftest import Owner, noon_of
from tests.tiers.test_overtaken import decree


async def priorities(owner: Owner) -> dict[str, int]:
    """Everybody's, by their first names."""
    found = await owner.api.data("{ customers { nodes { firstName priority } } }")
    return {one["firstName"]: one["priority"] for one in found["customers"]["nodes"]}


def policy(*benefits: dict[str, Any]) -> dict[str, Any]:
    gold = {"code": "G", "name": "Gold", "criteria": [[{"metric": "NET_SPEND", "threshold": "50"}]]}
    return {"tiers": [{**gold, "benefits": [{"text": "Tea"}, *benefits]}, {"code": "S", "name": "All"}]}


async def test_the_tier_of_now(owner: Owner) -> None:
    with noon_of("2026-01-20"):
        ana, bo = await owner.customer(), await owner.customer("Bo")
        await owner.sells(ana, "600.00", "2026-01-10")
        await owner.sells(bo, "60.00", "2026-01-10")
        assert await priorities(owner) == {"Ana": 1, "Bo": 0}  # who is a VIP of the policy in the box
        complaint = {"customerId": ana, "type": "COMPLAINT", "body": "Cold tea."}
        note = (await owner.api.done("noteAdd", "note { id priority }", complaint))["note"]
        assert note["priority"] == 1
        for benefit, number in (({"value": "7.9"}, 7), ({}, 1), ({"value": "0"}, 0), ({"value": "5000"}, 1_000)):
            await decree(owner.shop, policy({"text": "At once", "kind": "PRIORITY_SERVICE", **benefit}), "2026-01-01")
            await owner.job()
            assert await priorities(owner) == {"Ana": number, "Bo": number}
        await decree(owner.shop, policy(), "2026-01-01")
        assert await priorities(owner) == {"Ana": 0, "Bo": 0}
        kept = await owner.api.data("query($id: ID!) { node(id: $id) { ... on Note { priority } } }", id=note["id"])
        assert kept["node"]["priority"] == 1
        with statements(owner.shop, 2 if owner.shop.database.engine == "postgres" else 3):
            await priorities(owner)
