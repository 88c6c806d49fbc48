"""What has expired is gone: a refund does not take it back once more, whenever it comes."""

from typing import Any

import pytest

from regulars_core.plugin import Plugins
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_cases_points import TEN_PER_UNIT, on, per, rule
from tests.loyalty.test_purchases import Till, begin_program, paid, plugins

__all__ = ["plugins"]


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    made = Till(await open_shop(plugins=plugins))
    await begin_program(made.shop, per("1", "1.00"), rate=TEN_PER_UNIT, expire_after="P1M")
    return made


async def test_what_expired_unspent_is_not_owed(till: Till) -> None:
    with on("2026-01-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "100.00")
    with on("2026-03-01"):
        await till.sells(ana, "30.00")
        await till.refunds(sale, amount="40.00")
        await till.refunds(sale, amount="60.00")
        assert await till.posted(ana, POINTS) == [("EARN", 100), ("EXPIRE", -100), ("EARN", 30)]


@pytest.mark.parametrize("expires_first", [True, False])
async def test_the_order_of_the_end_and_the_refund_makes_no_difference(till: Till, expires_first: bool) -> None:
    """70 of 100 are spent and 30 expire. 40 are taken back: 10 more than were left. And then all of it: 70 are owed."""
    with on("2026-01-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "100.00")
        await till.sells(ana, "7.00", **paid(("POINTS", "7.00")))
    with on("2026-03-01" if expires_first else "2026-01-10"):
        await till.refunds(sale, amount="40.00")
    with on("2026-03-02"):
        assert await till.has(ana, POINTS) == -10
        await till.refunds(sale, amount="60.00")
        assert await till.has(ana, POINTS) == -70


async def test_what_was_taken_back_before_the_end_stays_so(till: Till) -> None:
    with on("2026-01-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "100.00")
        await till.refunds(sale, amount="40.00")
    with on("2026-03-01"):
        await till.refunds(sale, amount="10.00")
        await till.voids(sale)
        assert await till.posted(ana, POINTS) == [("EARN", 100), ("REVERSE", -40), ("EXPIRE", -60)]


async def test_a_part_that_is_owed_says_what_has_expired(till: Till) -> None:
    with on("2026-01-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "100.00")
        await till.sells(ana, "7.00", **paid(("POINTS", "7.00")))
    with on("2026-03-01"):
        await till.refunds(sale, amount="40.00")
        fields = "points { entries(first: 1) { nodes { kind pointsDelta explanation { text } } } }"
        document = f"query($id: ID!) {{ customer(id: $id) {{ {fields} }} }}"
        found: Any = await till.api.data(document, id=f"customer_{ana}")
        [entry] = found["customer"]["points"]["entries"]["nodes"]
        text = "100 points × 40.00 ÷ 100.00 = 40, of which 30 have expired"
        assert entry == {"kind": "DEBT", "pointsDelta": "-10", "explanation": {"text": text}}


async def test_a_bonus_that_has_expired_is_given_again_once_its_purchase_is_back(
    open_shop: OpenShop, plugins: Plugins
) -> None:
    till = Till(await open_shop(plugins=plugins))
    welcome = rule("PER_PURCHASE", "WELCOME", points="100", oncePerCustomer="true")
    await begin_program(till.shop, welcome, expire_after="P1M")
    with on("2026-01-01"):
        ana = await till.customer()
        sale = await till.sells(ana, "10.00")
    with on("2026-03-01"):
        await till.refunds(sale, amount="10.00")
        await till.sells(ana, "10.00")
        await till.sells(ana, "10.00")
        assert await till.has(ana, POINTS) == 100


async def test_what_came_back_and_settled_a_debt_did_not_pay(till: Till) -> None:
    """Half of what credit paid comes back after its end, and settles a debt; the other half has a grace of its own."""
    with on("2026-05-01"):
        ana = await till.customer()
        await adds(till, ana, "10.00", expiresAt="2026-06-01T00:00:00Z")
        sale = await till.sells(ana, "10.00", **paid(("STORE_CREDIT", "10.00")))
    with on("2026-06-10"):
        entry = await adds(till, ana, "4.00")
        await till.sells(ana, "4.00", **paid(("STORE_CREDIT", "4.00")))
        await till.api.done("ledgerReverse", "customer { id }", {"entryId": entry, "reason": "CORRECTION"})
        await till.refunds(sale, amount="5.00")
    with on("2026-06-20"):
        await till.refunds(sale, amount="5.00")
        fields = "credit { debt { amount } expiringSoon(withinDays: 90) { expiresAt remaining { amount } } }"
        found = await till.api.data(f"query($id: ID!) {{ customer(id: $id) {{ {fields} }} }}", id=f"customer_{ana}")
    credit = found["customer"]["credit"]
    ends = [(one["expiresAt"][:10], one["remaining"]["amount"]) for one in credit["expiringSoon"]]
    assert (credit["debt"]["amount"], ends) == ("0.00", [("2026-07-10", "1.00"), ("2026-07-20", "5.00")])


async def adds(till: Till, customer: str, amount: str, **more: str) -> str:
    """Give credit; the entry's id."""
    given = {"customerId": f"customer_{customer}", "amount": {"amount": amount}, "reason": "GOODWILL", **more}
    return str((await till.api.done("creditAdd", "entry { id }", given))["entry"]["id"])
