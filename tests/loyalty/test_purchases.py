"""What purchases, refunds, voids and moves do to credit and points."""

from decimal import Decimal
from itertools import count
from typing import Any

import pytest

import regulars_loyalty
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Plugins, RuleData, Shop, insert, new_id, now, plugins_on
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS, Cause, Terms
from regulars_loyalty.ledger.storage import customer_ledger, read_ledger, write_ledger
from regulars_loyalty.points.program import EarningData, ProgramData, RateData
from regulars_schema.testing import Api


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def shop(open_shop: OpenShop, plugins: Plugins) -> Shop:
    opened = await open_shop(plugins=plugins)
    await begin_program(opened, rate=RateData(points=10, amount=Decimal(1)))
    return opened


PER_AMOUNT = EarningData(
    code="base", name="Base", rule=RuleData(kind="PER_AMOUNT", settings=(("points", "1"), ("per", "1.00")))
)


async def begin_program(shop: Shop, *rules: EarningData, begins: int = 0, **more: Any) -> None:
    """Put a program in force, a point for each whole unit unless it says otherwise."""
    data = ProgramData(rules=rules or (PER_AMOUNT,), **more)

    async def work() -> None:
        columns = ("starts_at", "body", "author", "created_at")
        await insert(shop.database, "loyalty_program", columns, [(begins, data.model_dump_json(), "test", now())])

    await shop.database.transaction(work)


class Till:
    """Sells, gives back, and looks into accounts."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.api, self._numbers = shop, Api.of(shop), count(1)

    async def customer(self) -> str:
        person = checked(self.shop.settings, NewCustomer("Ana", "Li"))
        return (await find_or_register(self.shop, person, ())).id

    async def given(self, customer: str, amount: int, unit: str = "USD") -> None:
        async def work() -> None:
            ledger = await customer_ledger(self.shop, customer)
            cause = Cause(new_id(), "FUNDING", now())
            ledger.account(customer, unit).give("FUNDING", amount, cause, Terms(now()))
            await write_ledger(ledger)

        await self.shop.database.transaction(work)

    async def sells(self, customer: str | None, *totals: str, **more: Any) -> dict[str, Any]:
        lines = [{"name": f"Tea {n}", "total": total} for n, total in enumerate(totals)]
        given = {"reference": f"R{next(self._numbers)}", "lines": lines, **more}
        if customer:
            given["customerId"] = "customer_" + customer
        made = await self.api.done("purchaseRecord", "purchase { id due { amount } lines { id } }", given)
        return dict(made["purchase"])

    async def refunds(self, purchase: dict[str, Any], **given: Any) -> dict[str, Any]:
        asked = {"purchaseId": purchase["id"], **given}
        return dict((await self.api.done("purchaseRefund", "refund { id }", asked))["refund"])

    async def voids(self, purchase: dict[str, Any]) -> None:
        await self.api.done("purchaseVoid", "purchase { id }", {"purchaseId": purchase["id"]})

    async def has(self, customer: str, unit: str = "USD") -> int:
        account = (await read_ledger(self.shop, [customer])).account(customer, unit)
        account.post_due()
        return account.balance

    async def posted(self, customer: str, unit: str = "USD") -> list[tuple[str, int]]:
        rows = await self.shop.database.rows(
            "SELECT kind, amount, source, target FROM loyalty_transfer WHERE customer_id = $1 AND unit = $2"
            " ORDER BY version",
            customer,
            unit,
        )
        signs = ((r[3] in {"LOTS", "DEBT"}) - (r[2] in {"LOTS", "DEBT"}) for r in rows)
        return [(row[0], row[1] * sign) for row, sign in zip(rows, signs, strict=True)]


@pytest.fixture
def till(shop: Shop) -> Till:
    return Till(shop)


def paid(*parts: tuple[str, str]) -> dict[str, Any]:
    return {"payments": [{"method": method, "amount": amount} for method, amount in parts]}


async def test_credit_pays_and_comes_back_to_its_lot(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 10_000)
    sale = await till.sells(ana, "60.00", "40.00", **paid(("STORE_CREDIT", "30.00"), ("card", "70.00")))
    assert await till.has(ana) == 7_000
    await till.refunds(sale, lines=[{"lineId": sale["lines"][1]["id"], "quantity": "1"}])
    assert await till.has(ana) == 8_200  # 40 % of what credit paid
    await till.refunds(sale, lines=[{"lineId": sale["lines"][0]["id"], "quantity": "1"}])
    assert await till.has(ana) == 10_000
    assert await till.posted(ana) == [("FUNDING", 10_000), ("PAYMENT", -3_000), ("RESTORE", 1_200), ("RESTORE", 1_800)]


async def test_less_credit_than_is_to_be_paid_is_refused_with_both_figures(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 10_000)
    sold = {"reference": "X", "customerId": "customer_" + ana, "lines": [{"name": "Tea", "total": "120.00"}]}
    made = await till.api.do("purchaseRecord", "purchase { id }", {**sold, **paid(("STORE_CREDIT", "120.00"))})
    assert made["userErrors"][0]["code"] == "INSUFFICIENT_FUNDS"
    assert made["userErrors"][0]["path"] == ["input", "payments", "0", "amount"]
    assert await till.has(ana) == 10_000


async def test_as_much_as_there_is_pays_and_the_rest_is_due(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 2_500)
    payments = [{"method": "STORE_CREDIT", "amount": "40.00", "atMost": True}]
    sale = await till.sells(ana, "40.00", payments=payments)
    assert (sale["due"]["amount"], await till.has(ana)) == ("15.00", 0)


async def test_what_is_due_is_paid_later_by_points_and_earns_no_more(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 300, POINTS)
    sale = await till.sells(ana, "100.00", due="30.00", payments=[{"method": "card", "amount": "70.00"}])
    assert await till.has(ana, POINTS) == 400
    pays = {"purchaseId": sale["id"], "payments": [{"method": "POINTS", "amount": "30.00"}]}
    await till.api.done("purchasePay", "purchase { id }", pays)
    assert (await till.posted(ana, POINTS))[-2:] == [("PAYMENT", -300), ("REVERSE", -30)]
    await till.refunds(sale, amount="100.00")
    assert await till.has(ana, POINTS) == 300


async def test_a_refund_may_be_told_to_go_to_credit(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 2_000)
    sale = await till.sells(ana, "50.00", **paid(("STORE_CREDIT", "20.00"), ("card", "30.00")))
    await till.refunds(sale, amount="40.00", payments=[{"method": "STORE_CREDIT", "amount": "40.00"}])
    assert (await till.posted(ana))[-2:] == [("RESTORE", 2_000), ("REFUND", 2_000)]
    await till.refunds(sale, amount="10.00", payments=[{"method": "card", "amount": "10.00"}])
    assert (await till.has(ana), await till.has(ana, POINTS)) == (4_000, 0)


async def test_a_refund_to_credit_of_a_strangers_purchase_is_refused(till: Till) -> None:
    sale = await till.sells(None, "50.00")
    given = {"purchaseId": sale["id"], "amount": "5.00", "payments": [{"method": "STORE_CREDIT", "amount": "5.00"}]}
    assert await till.api.refused("purchaseRefund", given) == ["CUSTOMER_REQUIRED"]


async def test_a_stranger_neither_pays_by_credit_nor_buys_it(till: Till) -> None:
    sold = {"reference": "X", "lines": [{"name": "Tea", "total": "1.00"}], **paid(("STORE_CREDIT", "1.00"))}
    assert await till.api.refused("purchaseRecord", sold) == ["CUSTOMER_REQUIRED"]
    sold = {"reference": "Y", "lines": [{"name": "Credit", "total": "1.00", "creditFor": True}]}
    assert await till.api.refused("purchaseRecord", sold) == ["CUSTOMER_REQUIRED"]


async def test_sold_credit_is_there_earns_nothing_and_is_taken_back_even_if_spent(till: Till) -> None:
    ana = await till.customer()
    lines = [{"name": "Credit", "total": "50.00", "creditFor": True}]
    sale = await till.sells(ana, lines=lines)
    assert await till.has(ana) == 5_000
    await till.sells(ana, "20.00", **paid(("STORE_CREDIT", "20.00")))
    await till.refunds(sale, amount="50.00")
    assert await till.has(ana) == -2_000
    assert await till.posted(ana) == [("FUNDING", 5_000), ("PAYMENT", -2_000), ("REVERSE", -3_000), ("DEBT", -2_000)]


async def test_reversals_are_cumulative_and_sum_to_the_whole(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00", "10.00", "10.00")
    assert await till.has(ana, POINTS) == 30
    for line in sale["lines"]:
        await till.refunds(sale, lines=[{"lineId": line["id"], "quantity": "1"}])
    assert (await till.posted(ana, POINTS))[1:] == [("REVERSE", -10), ("REVERSE", -10), ("REVERSE", -10)]


async def test_a_void_undoes_everything_and_an_exchange_that_is_voided_earns_again(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 1_000)
    sale = await till.sells(ana, "30.00", **paid(("STORE_CREDIT", "10.00"), ("card", "20.00")))
    assert (await till.has(ana), await till.has(ana, POINTS)) == (0, 20)
    back = [{"lineId": sale["lines"][0]["id"], "quantity": "1"}]
    # Of the 30.00 that come back 10.00 go to the credit that paid for them; 20.00 pay for the new purchase.
    new = await till.sells(ana, "25.00", returns=back, **paid(("card", "5.00")))
    assert (await till.has(ana), await till.has(ana, POINTS)) == (1_000, 25)
    await till.voids(new)
    assert (await till.has(ana), await till.has(ana, POINTS)) == (0, 20)
    await till.voids(sale)
    assert (await till.has(ana), await till.has(ana, POINTS)) == (1_000, 0)


async def test_a_purchase_that_is_given_to_another_earns_for_that_one(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ana, "30.00")
    await till.refunds(sale, amount="10.00")
    assert await till.has(ana, POINTS) == 20
    moved = {"purchaseIds": [sale["id"]], "customerId": "customer_" + ben}
    await till.api.done("purchasesReassign", "movedCount", moved)
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (0, 20)
    await till.api.done("purchasesReassign", "movedCount", {**moved, "customerId": "customer_" + ana})
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (20, 0)
