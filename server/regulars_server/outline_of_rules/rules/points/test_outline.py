"""The rule keeps the laws, and a customer earns by it."""

from datetime import UTC, datetime

import time_machine

from regulars_core.testing import try_laws
from regulars_outline import OUTLINE
from regulars_schema.testing import Api

MONDAY, TUESDAY = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC)
PER_UNIT = {"kind": "PER_AMOUNT", "settings": [{"name": "points", "value": "1"}, {"name": "per", "value": "1.00"}]}
PROGRAM = {
    "rules": [
        {"code": "BASE", "name": "Points", "rule": PER_UNIT},
        {"code": "MORE", "name": "More points", "rule": {"kind": "OUTLINE"}},
    ],
    "rate": {"points": "100", "amount": {"amount": "1.00"}},
    "expireAfter": "P1Y",
}


def test_it_keeps_the_laws() -> None:
    try_laws(OUTLINE)


async def test_a_customer_earns_by_it(api: Api) -> None:
    with time_machine.travel(MONDAY):
        await api.done("pointsProgramUpdate", "pointsProgram { number }", {"program": PROGRAM})
        made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    bread = {"name": "Rye", "category": "Bakery", "total": "4.00"}
    cup = {"name": "Cup", "category": "Cups", "total": "6.00"}
    earned = []
    for day in (MONDAY, TUESDAY):
        with time_machine.travel(day.replace(hour=13)):
            bought = {"reference": f"{day:%a}", "customerId": made["customer"]["id"], "lines": [bread, cup]}
            sold = await api.done("purchaseRecord", "purchase { pointsOutcomes { name given } }", bought)
        earned.append({one["name"]: one["given"] for one in sold["purchase"]["pointsOutcomes"]})
    assert earned == [{"Points": "10", "More points": "0"}, {"Points": "10", "More points": "4"}]
