"""What purchases, lines, payments and the shop say about credit and points."""

from typing import Any

import pytest

from regulars_core.plugin import insert
from regulars_core.testing import statements
from regulars_loyalty.ledger.book import POINTS, Cause
from tests.loyalty.conftest import OpenLoyalty, Owner, key, noon

SALE = """query($id: ID!) { purchase(id: $id) { pointsEarned creditEntries { id kind delta { amount } }
  pointsEntries { id kind pointsDelta } payments { method pointsPaid } lines { name creditFor } } }"""


async def sale(owner: Owner, purchase: str) -> Any:
    """All that a purchase says."""
    return (await owner.api.data(SALE, id=purchase))["purchase"]


async def test_a_purchase_that_moved_nothing(owner: Owner) -> None:
    bought = await owner.sells(await owner.customer(), "20.00", "2026-05-01")
    assert await sale(owner, bought) == {
        "pointsEarned": "0",
        "creditEntries": [],
        "pointsEntries": [],
        "payments": [],
        "lines": [{"name": "Tea", "creditFor": False}],
    }


async def test_what_a_purchase_earned_and_what_paid_for_it(owner: Owner) -> None:
    ana = await owner.customer()
    await owner.gives(ana, 100)
    paid = [{"method": "points", "amount": "5.00"}, {"method": "cash", "amount": "15.00"}]
    bought = await owner.sells(ana, "20.00", "2026-05-01", payments=paid)
    document = "query($id: ID!) { purchase(id: $id) { payments { id } lines { id } } }"
    found = (await owner.api.data(document, id=bought))["purchase"]
    [payment, _], [line] = found["payments"], found["lines"]
    at = noon("2026-05-01")
    await owner.takes(ana, 50, kind="PAYMENT", purchase=bought, at=at, payment_id=key(payment["id"]))
    earned = await owner.gives(ana, 10, kind="EARN", purchase=bought, at=at)
    await owner.gives(ana, 5, kind="BONUS", purchase=bought, at=at)
    await owner.gives(ana, 2_000, "USD", kind="FUNDING", purchase=bought, at=at)

    async def sold() -> None:
        row = (key(line["id"]), key(bought))
        await insert(owner.shop.database, "loyalty_credit_line", ("line_id", "purchase_id"), [row])

    await owner.shop.database.transaction(sold)
    told = await sale(owner, bought)
    assert told["pointsEarned"] == "15"
    assert [(one["kind"], one["pointsDelta"]) for one in told["pointsEntries"]] == [
        ("PAYMENT", "-50"),
        ("EARN", "10"),
        ("BONUS", "5"),
    ]
    assert [(one["kind"], one["delta"]["amount"]) for one in told["creditEntries"]] == [("FUNDING", "20.00")]
    assert told["payments"] == [{"method": "points", "pointsPaid": "50"}, {"method": "cash", "pointsPaid": None}]
    assert told["lines"] == [{"name": "Tea", "creditFor": True}]

    # A refund takes a part of it back, beyond what is there, and gives what was paid back: that was paid all the same.
    back = Cause("f" * 32, "REFUND", at, "till", purchase_id=key(bought), reverses_id=earned)
    await owner.takes(ana, 60)
    await owner.posts(ana, POINTS, lambda account: account.take_back("REVERSE", 8, back, []))
    told = await sale(owner, bought)
    assert told["pointsEarned"] == "7"
    assert [one["kind"] for one in told["pointsEntries"]] == ["PAYMENT", "EARN", "BONUS", "REVERSE", "DEBT"]
    assert told["payments"][0]["pointsPaid"] == "50"


async def test_who_may_see_it(owner: Owner) -> None:
    bought = await owner.sells(await owner.customer(), "20.00", "2026-05-01")
    reader = owner.by("reader", own=["purchases.view", "points.view"])
    answer = await reader.ask(SALE, id=bought)
    assert answer.data["purchase"] == {
        "pointsEarned": "0",
        "creditEntries": None,
        "pointsEntries": [],
        "payments": [],
        "lines": [{"name": "Tea", "creditFor": None}],
    }
    assert answer.codes == ["FORBIDDEN", "FORBIDDEN"]


async def test_the_reasons_of_the_shop(open_loyalty: OpenLoyalty) -> None:
    owner = Owner(await open_loyalty(loyalty_reasons="GIFT,OTHER"))
    assert (await owner.api.data("{ shop { ledgerReasons } }"))["shop"] == {"ledgerReasons": ["GIFT", "OTHER"]}
    assert (await owner.by("reader", own=[]).ask("{ shop { ledgerReasons } }")).data["shop"] == {"ledgerReasons": None}


@pytest.mark.one_executor
async def test_a_level_is_a_constant_number_of_statements(owner: Owner) -> None:
    ana = await owner.customer()
    for _ in range(20):
        bought = await owner.sells(ana, "20.00", "2026-05-01", payments=[{"method": "cash", "amount": "20.00"}])
        await owner.gives(ana, 10, kind="EARN", purchase=bought, at=noon("2026-05-01"))
    document = """query($first: Int) { purchases(first: $first) { nodes { pointsEarned creditEntries { kind }
      pointsEntries { kind lots { amount } } payments { pointsPaid } lines { creditFor } } } }"""
    for first in (1, 20):
        with statements(owner.shop, 9):
            found = (await owner.api.data(document, first=first))["purchases"]["nodes"]
        assert [one["pointsEarned"] for one in found] == ["10"] * first
