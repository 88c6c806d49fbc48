"""The rule keeps the laws, and a customer gains a tier by it."""

from regulars_core.testing import try_laws
from regulars_outline import OUTLINE
from regulars_schema.testing import Api

ASKED = {"metric": "OUTLINE", "window": "LIFETIME", "threshold": "2"}
TIERS = [
    {"code": "FAN", "name": "Fan", "anyOf": [{"allOf": [ASKED]}]},
    {"code": "ALL", "name": "Everybody"},
]


def test_it_keeps_the_laws() -> None:
    try_laws(OUTLINE)


async def test_a_customer_gains_a_tier_by_it(api: Api) -> None:
    policy = {"policy": {"tiers": TIERS, "graceDays": 0}, "effectiveAt": "2025-01-01T00:00:00Z"}
    await api.done("tierPolicyUpdate", "tierPolicy { number }", policy)
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    found, ana = [], made["customer"]["id"]
    for n, category in enumerate(("Bakery", "Cups", "Bakery")):
        lines = [{"name": "Something", "category": category, "total": "5.00"}]
        bought = {"reference": str(n), "customerId": ana, "lines": lines}
        sold = await api.done("purchaseRecord", "purchase { customer { tier { code } } }", bought)
        found.append(sold["purchase"]["customer"]["tier"]["code"])
    assert found == ["ALL", "ALL", "FAN"]
