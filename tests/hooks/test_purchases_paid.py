"""Plugins hear of what is paid later of what was due: at once, later, and each purchase as it was."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from regulars_core.database import Lookup
from regulars_core.events.replay import catch_up, switch_on
from regulars_core.hookspecs import hookimpl
from regulars_core.plugin import (
    Problem,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    Refused,
    Shop,
    plugins_on,
)
from regulars_schema.plugin import Contribution, InputField, PaymentInput
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith

ANA = {"firstName": "Ana", "lastName": "Li", "phone": "5512345678"}
Given = Sequence[Mapping[str, Any]]


class Noting:
    """A plugin that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.ahead: list[Mapping[str, Any]] = []

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[RecordedPurchase]) -> None:
        self.told += [("recorded", *_state(one)) for one in purchases]

    @hookimpl
    async def purchases_refunded(self, refunds: Sequence[RecordedRefund]) -> None:
        self.told += [("refunded", *_state(one.purchase)) for one in refunds]

    @hookimpl
    async def purchases_voided(self, purchases: Sequence[RecordedPurchase]) -> None:
        self.told += [("voided", *_state(one)) for one in purchases]

    @hookimpl
    async def refunds_undone(self, refunds: Sequence[RecordedRefund]) -> None:
        self.told += [("undone", *_state(one.purchase)) for one in refunds]

    @hookimpl
    async def purchases_reassigned(self, purchases: Sequence[ReassignedPurchase]) -> None:
        self.told += [("reassigned", *_state(one)) for one in purchases]

    @hookimpl
    def purchases_paid_lookups(self, payments: Sequence[RecordedPayment], extras: Given) -> Sequence[Lookup]:
        assert len(payments) == len(extras)
        self.ahead += extras
        return [("SELECT count(*) FROM payment", ())]

    @hookimpl
    async def purchases_paid(
        self, payments: Sequence[RecordedPayment], extras: Given, found: Sequence[Sequence[Any]]
    ) -> None:
        assert found[0][0][0] >= len(payments)
        for n, (one, extra) in enumerate(zip(payments, extras, strict=True)):
            if one.method == "POINTS" and one.amount_minor > 5_000 and not extra.get("atMost"):
                problem = Problem("INSUFFICIENT_POINTS", "There are fewer points.", ("payments", str(n), "amount"))
                raise Refused(problem)
            assert one.paid_at is not None
            assert one.id in {payment.id for payment in one.purchase.payments}
            self.told.append(("paid", one.amount_minor, *_state(one.purchase)))


class Purse(Noting):
    """Nobody pays more than 50.00 at once by points with it, unless it is `atMost`."""

    @hookimpl
    def regulars_schema(self) -> Contribution:
        return Contribution("purse", inputs=[InputField(PaymentInput, "atMost", bool, "Whether less will do.")])


def _state(one: RecordedPurchase) -> tuple[Any, ...]:
    """What may change of a purchase: its status, what is due and given back, and how it is paid."""
    return (one.status, one.due_minor, one.refunded_minor, [payment.amount_minor for payment in one.payments])


@pytest.fixture
def purse() -> Purse:
    return Purse()


@pytest.fixture
async def shop(open_with: OpenWith, purse: Purse) -> Shop:
    return await open_with(plugins_on({"purse": purse}))


async def sell(api: Api, reference: str = "R1") -> str:
    """A bed for 100.00, of which 30.00 is paid at once."""
    line = {"name": "Bed", "total": "100.00"}
    paid = [{"method": "card", "amount": "30.00"}]
    given = {"reference": reference, "customer": ANA, "lines": [line], "payments": paid, "due": "70.00"}
    made = await api.done("purchaseRecord", "purchase { id }", given)
    return str(made["purchase"]["id"])


async def pay(api: Api, purchase: str, *amounts: str, method: str = "cash") -> None:
    payments = [{"method": method, "amount": amount} for amount in amounts]
    await api.done("purchasePay", "purchase { id }", {"purchaseId": purchase, "payments": payments})


EVERYTHING = [
    ("recorded", "PAID", 7_000, 0, [3_000]),
    ("paid", 1_000, "PAID", 4_000, 0, [3_000, 1_000, 2_000]),
    ("paid", 2_000, "PAID", 4_000, 0, [3_000, 1_000, 2_000]),
    ("refunded", "PARTIALLY_REFUNDED", 3_000, 1_000, [3_000, 1_000, 2_000]),
    ("paid", 500, "PARTIALLY_REFUNDED", 2_500, 1_000, [3_000, 1_000, 2_000, 500]),
    ("refunded", "PARTIALLY_REFUNDED", 0, 4_000, [3_000, 1_000, 2_000, 500]),
    ("voided", "VOIDED", 0, 4_000, [3_000, 1_000, 2_000, 500]),
]


async def everything(api: Api) -> str:
    purchase = await sell(api)
    await pay(api, purchase, "10.00", "20.00")
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": purchase, "amount": "10.00"})
    await pay(api, purchase, "5.00")
    await api.done("purchaseRefund", "refund { id }", {"purchaseId": purchase, "amount": "30.00"})
    await api.done("purchaseVoid", "purchase { id }", {"purchaseId": purchase})
    return purchase


async def test_each_payment_brings_its_purchase_as_it_is_since(shop: Shop, purse: Purse) -> None:
    purchase = await everything(Api.of(shop))
    assert purse.told == EVERYTHING
    rows = await shop.database.rows(
        "SELECT amount, paid_at IS NULL FROM payment WHERE purchase_id = $1 ORDER BY position",
        purchase.partition("_")[2],
    )
    assert [(row[0], bool(row[1])) for row in rows] == [(3_000, True), (1_000, False), (2_000, False), (500, False)]


async def test_who_comes_late_is_told_of_everything_as_it_was(shop: Shop, purse: Purse, open_with: OpenWith) -> None:
    """Payments that were made later are not there yet, and are due."""
    await switch_on(shop)
    off = await open_with(plugins_on())
    await switch_on(off)
    await everything(Api.of(off))
    assert purse.told == []
    await catch_up(shop, "purse")
    assert purse.told == EVERYTHING
    assert purse.ahead == [{}] * 3
    [[left]] = await shop.database.rows("SELECT count(*) FROM journal_ahead WHERE position > 1000")
    assert left == 0


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_is_told_late_as_it_was(open_with: OpenWith, seed: int) -> None:
    """Sales, payments, refunds, exchanges, voids and moves at random: one plugin is told at once, another one later."""
    dice, at_once, late = Random(seed), Noting(), Noting()
    both = await open_with(plugins_on({"noting": at_once, "late": late}))
    await switch_on(both)
    shop = await open_with(plugins_on({"noting": at_once}))
    await switch_on(shop)
    await happens(shop, dice)
    assert {told[0] for told in at_once.told} >= {"recorded", "paid", "refunded", "reassigned"}
    assert late.told == []
    await catch_up(both, "late")
    assert late.told == at_once.told


async def happens(shop: Shop, dice: Random) -> None:
    """Some 60 events of five purchases and what is exchanged for them."""
    api, purchases, people = Api.of(shop), list[str](), list[str]()
    for name in ("Ana", "Bo"):
        made = await api.done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
        people.append(made["customer"]["id"])
    exchanges: list[str] = []
    for n in range(60):
        one = dice.choice(purchases) if purchases else None
        kind = dice.choice(("sell", "pay", "pay", "pay", "refund", "exchange", "exchange", "move", "void", "undo"))
        amount = f"{dice.randint(1, 20)}.00"
        if one is None or (kind == "sell" and len(purchases) < 5):
            line, owed = {"name": "Bed", "quantity": "4", "unitPrice": "25.00"}, dice.choice((0, 40, 70, 100))
            paid = [{"method": "card", "amount": f"{100 - owed}.00"}] if owed < 100 else []
            given = {"reference": f"R{n}", "customerId": people[0], "lines": [line], "payments": paid}
            made = await api.done("purchaseRecord", "purchase { id }", {**given, "due": f"{owed}.00"})
            purchases.append(made["purchase"]["id"])
        elif kind == "pay":
            given = {"purchaseId": one, "payments": [{"method": "cash", "amount": amount}] * dice.randint(1, 2)}
            await api.do("purchasePay", "purchase { id }", given)
        elif kind == "refund":
            await api.do("purchaseRefund", "refund { id }", {"purchaseId": one, "amount": amount})
        elif kind == "exchange":
            ask = "query($id: ID!) { purchase(id: $id) { customer { id } lines { id } } }"
            found = (await api.data(ask, id=one))["purchase"]
            buyer = found["customer"] and found["customer"]["id"]
            returns = [{"lineId": line["id"], "quantity": "1"} for line in found["lines"]]
            line = {"name": "Desk", "total": "40.00"}
            given = {"reference": f"R{n}", "customerId": buyer, "lines": [line], "returns": returns, "due": "15.00"}
            made = await api.do("purchaseRecord", "purchase { id }", given)
            exchanges += [made["purchase"]["id"]] if made["purchase"] else []
        elif kind == "move":
            whom = dice.choice([{"toNobody": True}, {"customerId": people[0]}, {"customerId": people[1]}])
            await api.do("purchasesReassign", "movedCount", {"purchaseIds": [one], **whom})
        elif kind == "void" and dice.random() < 0.2:
            await api.do("purchaseVoid", "purchase { id }", {"purchaseId": one})
        elif kind == "undo" and exchanges:
            await api.do("purchaseVoid", "purchase { id }", {"purchaseId": exchanges.pop()})


async def test_late_payments_are_told_of_whose_the_purchase_was(shop: Shop, purse: Purse, open_with: OpenWith) -> None:
    whose: list[str | None] = []

    async def purchases_paid(payments: Sequence[RecordedPayment]) -> None:
        whose.extend(one.purchase.customer_id for one in payments)

    purse.purchases_paid = hookimpl(purchases_paid)  # type: ignore[method-assign]
    shop = await open_with(plugins_on({"purse": purse}))
    await switch_on(shop)
    off = Api.of(await open_with(plugins_on()))
    await switch_on(off.shop)
    purchase = await sell(off)
    [[ana]] = await shop.database.rows("SELECT customer_id FROM purchase")
    await pay(off, purchase, "10.00")
    await off.done("purchasesReassign", "movedCount", {"purchaseIds": [purchase], "toNobody": True})
    await pay(off, purchase, "10.00")
    await catch_up(shop, "purse")
    assert whose == [ana, None]


async def test_a_refusal_names_the_very_payment_and_undoes_all(shop: Shop, purse: Purse) -> None:
    api = Api.of(shop)
    purchase = await sell(api)
    cash, points = {"method": "cash", "amount": "1.00"}, {"method": "POINTS", "amount": "60.00"}
    given = {"purchaseId": purchase, "payments": [cash, points]}
    made = await api.do("purchasePay", "purchase { due { amount } }", given)
    [error] = made["userErrors"]
    assert (error["code"], error["path"]) == ("INSUFFICIENT_POINTS", ["input", "payments", "1", "amount"])
    found = await api.data("query($id: ID!) { purchase(id: $id) { due { amount } payments { method } } }", id=purchase)
    assert found["purchase"] == {"due": {"amount": "70.00"}, "payments": [{"method": "card"}]}


async def test_payments_carry_what_a_plugin_has_added(shop: Shop, purse: Purse) -> None:
    api = Api.of(shop)
    purchase = await sell(api)
    points = {"method": "POINTS", "amount": "60.00", "atMost": True}
    given = {"purchaseId": purchase, "payments": [{"method": "cash", "amount": "1.00"}, points]}
    await api.done("purchasePay", "purchase { id }", given)
    assert purse.ahead == [{}, {"atMost": True}]
    assert len(purse.told) == 3


async def test_the_customer_is_held(shop: Shop) -> None:
    """Who has decided by what was the customer's before is overtaken."""
    api = Api.of(shop)
    purchase = await sell(api)
    [[before]] = await shop.database.rows("SELECT activity FROM customer_stats")
    await pay(api, purchase, "10.00")
    [[after]] = await shop.database.rows("SELECT activity FROM customer_stats")
    assert after == before + 1


async def test_what_it_costs(shop: Shop, open_with: OpenWith) -> None:
    """A plugin that listens costs what it is told, the lines and the payments, what it names, and the journal's entry."""
    counts = []
    for one in (await open_with(plugins_on()), shop):
        api = Api.of(one)
        purchase = await sell(api, f"R{len(counts)}")
        with one.database.counting() as asked:
            await pay(api, purchase, "10.00")
        counts.append(len(asked))
    assert counts[1] - counts[0] == 4
