"""What pays for a purchase: whose hold it may name, what a purchase from elsewhere takes, and how often it comes back."""

from decimal import Decimal
from typing import Any

import pytest

from regulars_core.plugin import MAIN_STORE_ID, Plugins, Shop, now
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.points.program import RateData
from regulars_loyalty.purchases import methods
from regulars_loyalty.purchases.methods import misspelt
from tests.loyalty.test_purchases import Till, begin_program, paid

RATE = RateData(points=10, amount=Decimal(1))


@pytest.fixture
async def bare(open_shop: OpenShop, plugins: Plugins) -> Shop:
    """A shop without a program."""
    return await open_shop(plugins=plugins)


@pytest.fixture
async def till(bare: Shop) -> Till:
    await begin_program(bare, rate=RATE)
    return Till(bare)


async def refused(till: Till, mutation: str, given: dict[str, Any]) -> list[str]:
    """The codes of why it was."""
    answer = await till.api.do(mutation, "__typename", given)
    return [error["code"] for error in answer["userErrors"]]


async def test_a_payment_names_a_hold_of_its_customer_and_kind(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    for somebody in (ana, ben):
        await till.given(somebody, 10_000)
        await till.given(somebody, 1_000, POINTS)

    async def held(kind: str, customer: str, **what: Any) -> str:
        given = {"customerId": f"customer_{customer}", "basket": "B", **what}
        return str((await till.api.done(f"{kind}Hold", "hold { id }", given))["hold"]["id"])

    amount = {"amount": "10.00"}
    for n, reference in enumerate(
        [await held("credit", ben, amount=amount), await held("points", ana, points="100"), "credithold_abc"]
    ):
        given = {
            "reference": f"X{n}",
            "customerId": f"customer_{ana}",
            "lines": [{"name": "Tea", "total": "5.00"}],
            "payments": [{"method": "STORE_CREDIT", "amount": "5.00", "reference": reference}],
        }
        assert await refused(till, "purchaseRecord", given) == ["NOT_FOUND"]
    assert await till.has(ana) == 10_000


async def test_what_is_due_of_an_imported_purchase_is_paid_like_any(till: Till, bare: Shop) -> None:
    ana = await till.customer()
    await till.given(ana, 10_000)
    line = NewLine("Tea", 1_000_000, unit_price=5_000)
    new = NewPurchase("I1", MAIN_STORE_ID, ana, now(), "USD", [line], due=5_000, origin="IMPORT")
    [made] = await record(bare, [checked(new, "USD")])
    given = {"purchaseId": f"purchase_{made.id}", "payments": [{"method": "STORE_CREDIT", "amount": "50.00"}]}
    assert await refused(till, "purchasePay", given) == []
    assert await till.has(ana) == 5_000


async def test_the_maximum_share_is_of_all_payments(bare: Shop) -> None:
    await begin_program(bare, rate=RateData(points=10, amount=Decimal(1), maximum_share=Decimal("0.5")))
    till = Till(bare)
    ana = await till.customer()
    await till.given(ana, 2_000, POINTS)
    sale = await till.sells(ana, "100.00", due="60.00", payments=[{"method": "POINTS", "amount": "40.00"}])
    given = {"purchaseId": sale["id"], "payments": [{"method": "POINTS", "amount": "11.00"}]}
    assert await refused(till, "purchasePay", given) == ["OUT_OF_RANGE"]
    given["payments"] = [{"method": "POINTS", "amount": "10.00"}]
    assert await refused(till, "purchasePay", given) == []


async def test_what_is_due_is_paid_by_what_there_is(till: Till) -> None:
    """15.00 of credit and 225 points, of which 220 are whole steps: 37.00 of the 60.00 that are due."""
    ana = await till.customer()
    await till.given(ana, 1_500)
    await till.given(ana, 125, POINTS)
    sale = await till.sells(ana, "100.00", due="60.00", payments=[{"method": "card", "amount": "40.00"}])
    assert await till.has(ana, POINTS) == 225
    payments = [
        {"method": "STORE_CREDIT", "amount": "20.00", "atMost": True},
        {"method": "POINTS", "amount": "40.00", "atMost": True},
    ]
    fields = "purchase { due { amount } payments { method amount { amount } pointsPaid } }"
    made = await till.api.done("purchasePay", fields, {"purchaseId": sale["id"], "payments": payments})
    assert made["purchase"]["due"]["amount"] == "23.00"
    paid_so = [(one["method"], one["amount"]["amount"], one["pointsPaid"]) for one in made["purchase"]["payments"]]
    assert paid_so == [("card", "40.00", None), ("STORE_CREDIT", "15.00", None), ("POINTS", "22.00", "220")]
    again = await till.api.done("purchasePay", fields, {"purchaseId": sale["id"], "payments": payments[:1]})
    assert again["purchase"]["due"]["amount"] == "23.00"  # nothing is left, and that is no refusal
    await till.voids(sale)
    assert (await till.has(ana), await till.has(ana, POINTS)) == (1_500, 125)


@pytest.mark.parametrize(
    ("payments", "refunds", "credit"),
    [
        ((("STORE_CREDIT", "100.00"),), [{"card": "40.00"}], 6_000),
        ((("STORE_CREDIT", "100.00"),), [{"card": "100.00"}], 0),
        ((("STORE_CREDIT", "50.00"), ("card", "50.00")), [{"card": "40.00"}], 5_000),
        ((("STORE_CREDIT", "50.00"), ("card", "50.00")), [{"card": "60.00"}], 4_000),
        ((("STORE_CREDIT", "50.00"), ("card", "50.00")), [{}, {"card": "60.00"}], 2_000),
        ((("STORE_CREDIT", "50.00"), ("card", "50.00")), [{"STORE_CREDIT": "80.00"}], 8_000),
        ((("STORE_CREDIT", "50.00"), ("card", "50.00")), [{}], 5_000),
    ],
)
async def test_what_went_back_otherwise_is_not_voided_again(
    till: Till, payments: Any, refunds: list[dict[str, str]], credit: int
) -> None:
    ana = await till.customer()
    await till.given(ana, sum(int(Decimal(amount) * 100) for method, amount in payments if method != "card"))
    sale = await till.sells(ana, "100.00", **paid(*payments))
    for ways in refunds:
        amount = sum((Decimal(one) for one in ways.values()), Decimal(0)) or Decimal("40.00")
        told = [{"method": method, "amount": one} for method, one in ways.items()]
        await till.refunds(sale, amount=str(amount), **({"payments": told} if told else {}))
    await till.voids(sale)
    assert await till.has(ana) == credit


async def test_a_method_that_is_written_otherwise_is_told(
    till: Till, bare: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes nothing; what stands in a file pays with nothing anyway."""
    ana = await till.customer()
    await till.given(ana, 10_000)
    for n, method in enumerate(("store_credit", "Store Credit", "STORE_CREDIT", "credit", "points")):
        sale = {"reference": f"M{n}", "customerId": f"customer_{ana}", "lines": [{"name": "Tea", "total": "1.00"}]}
        await till.api.done("purchaseRecord", "created", {**sale, "payments": [{"method": method, "amount": "1.00"}]})
    nothing = "nothing is taken or given for payments called so, such as 1 recent ones"
    assert [one async for one in misspelt(till.shop)] == [
        f"'Store Credit' is not 'STORE_CREDIT': {nothing}",
        f"'points' is not 'POINTS': {nothing}",
        f"'store_credit' is not 'STORE_CREDIT': {nothing}",
    ]
    # However many come out of files then: behind more than some of them nobody looks.
    line = NewLine("Tea", 1_000_000, unit_price=5_000)
    old = [NewPurchase(f"I{n}", MAIN_STORE_ID, ana, now(), "USD", [line], origin="IMPORT") for n in range(3)]
    await record(bare, [checked(one, "USD") for one in old])
    for passed, told in ((8, 3), (3, 0)):
        monkeypatch.setattr(methods, "PASSED", passed)
        assert len([one async for one in misspelt(till.shop)]) == told


async def test_what_is_held_for_the_basket_pays_what_is_due(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00", due="10.00", basket="B1")
    await till.given(ana, 1_000)
    held = {"customerId": f"customer_{ana}", "amount": {"amount": "10.00"}, "basket": "B1"}
    hold = (await till.api.done("creditHold", "hold { id }", held))["hold"]
    pays = {"purchaseId": sale["id"], **paid(("STORE_CREDIT", "10.00"))}
    assert await refused(till, "purchasePay", pays) == []
    closed = await till.api.done("creditRelease", "hold { capturedAmount { amount } }", {"holdId": hold["id"]})
    assert (closed["hold"]["capturedAmount"]["amount"], await till.has(ana)) == ("10.00", 0)
