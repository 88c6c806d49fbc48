"""How a refund is given back: told or not, summing to it, and read as payments are."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.events.replay import catch_up, switch_on
from regulars_core.plugin import Plugins, RecordedRefund, Shop, plugins_on
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin
from tests.support.keys import bound

Told = list[list[tuple[str, int, str | None]]]
CASH = {"method": "cash", "amount": "4.00"}
CREDIT = {"method": "STORE_CREDIT", "amount": "2.50", "reference": "C-1"}


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def plugins(told: Told) -> Plugins:
    async def purchases_refunded(refunds: Sequence[RecordedRefund]) -> None:
        told.extend([(one.method, one.amount_minor, one.reference) for one in each.payments] for each in refunds)

    return plugins_on({"purse": plugin(purchases_refunded=purchases_refunded)})


async def sell(api: Api, **more: Any) -> str:
    given = {"reference": "R1", "lines": [{"name": "Tea", "total": "10.00"}], **more}
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", given)
    return str(made["purchase"]["id"])


async def give_back(api: Api, purchase: str, amount: str, *payments: Any) -> list[tuple[str, str]]:
    """What it is refused with."""
    given = {"purchaseId": purchase, "amount": amount, "payments": payments}
    made = await api.do("purchaseRefund", "refund { id }", given)
    return [(one["code"], ".".join(one["path"])) for one in made["userErrors"]]


SHOWN = """query($id: ID!) { purchase(id: $id) { refunds { payments { id method reference amount { amount currencyCode }
    tendered { amount } purchase { reference } } } } }"""


async def test_payments_that_sum_to_it_are_kept_told_and_shown(shop: Shop, told: Told) -> None:
    api = Api.of(shop)
    purchase = await sell(api)
    assert await give_back(api, purchase, "6.50", {**CASH, "tendered": "5.00"}, CREDIT) == []
    assert await give_back(api, purchase, "1.00") == []
    assert told == [[("cash", 400, None), ("STORE_CREDIT", 250, "C-1")], []]
    [first, second] = (await api.data(SHOWN, id=purchase))["purchase"]["refunds"]
    of = {"purchase": {"reference": "R1"}}
    ids = [one.pop("id") for one in first["payments"]]
    assert first["payments"] == [
        {"method": "cash", "reference": None, "amount": {"amount": "4.00", "currencyCode": "USD"},
         "tendered": {"amount": "5.00"}, **of},
        {"method": "STORE_CREDIT", "reference": "C-1", "amount": {"amount": "2.50", "currencyCode": "USD"},
         "tendered": None, **of},
    ]  # fmt: skip
    assert second == {"payments": []}
    ask = "query($id: ID!) { node(id: $id) { __typename id ... on Payment { method purchase { reference } } } }"
    assert [(await api.data(ask, id=id_))["node"] for id_ in ids] == [
        {"__typename": "Payment", "id": id_, "method": method, **of}
        for id_, method in zip(ids, ("cash", "STORE_CREDIT"), strict=True)
    ]
    found = await api.data("{ purchases { nodes { payments { method } } } }")
    assert found["purchases"]["nodes"] == [{"payments": []}]


async def test_what_does_not_sum_to_it_is_refused(shop: Shop, told: Told) -> None:
    api = Api.of(shop)
    purchase = await sell(api)
    mismatch = [("PAYMENTS_MISMATCH", "input.payments")]
    assert await give_back(api, purchase, "6.49", CASH, CREDIT) == mismatch
    assert await give_back(api, purchase, "6.51", CASH, CREDIT) == mismatch
    wrong = [
        ({**CASH, "amount": "0.00"}, ("INVALID_AMOUNT", "input.payments.0.amount")),
        ({**CASH, "amount": "-4.00"}, ("INVALID_AMOUNT", "input.payments.0.amount")),
        ({**CASH, "amount": "4.001"}, ("INVALID_AMOUNT", "input.payments.0.amount")),
        ({**CASH, "tendered": "3.99"}, ("INVALID_AMOUNT", "input.payments.0.tendered")),
        ({**CASH, "method": " "}, ("REQUIRED", "input.payments.0.method")),
        ({**CASH, "reference": "A" * 121}, ("TOO_LONG", "input.payments.0.reference")),
    ]
    for payment, expected in wrong:
        assert await give_back(api, purchase, "4.00", payment) == [expected]
    too_many = [{"method": "cash", "amount": "0.01"}] * 101
    assert await give_back(api, purchase, "1.01", *too_many) == [("TOO_MANY", "input.payments")]
    assert told == []


async def test_goods_are_given_back_by_payments_too(shop: Shop, told: Told) -> None:
    api = Api.of(shop)
    given = {"reference": "R1", "lines": [{"name": "Tea", "quantity": "4", "unitPrice": "2.00"}]}
    made = await api.done("purchaseRecord", "purchase { id lines { id } }", given)
    lines = [{"lineId": made["purchase"]["lines"][0]["id"], "quantity": "2"}]
    back = {"purchaseId": made["purchase"]["id"], "lines": lines, "payments": [CASH]}
    await api.done("purchaseRefund", "refund { id }", back)
    assert told == [[("cash", 400, None)]]


async def test_what_was_still_due_is_owed_no_more_and_not_given_back(shop: Shop, told: Told) -> None:
    api = Api.of(shop)
    purchase = await sell(api, payments=[{"method": "card", "amount": "4.00"}], due="6.00")
    assert await give_back(api, purchase, "5.00", {**CASH, "amount": "5.00"}) == [
        ("PAYMENTS_MISMATCH", "input.payments")
    ]
    assert await give_back(api, purchase, "5.00") == []
    assert await give_back(api, purchase, "5.00", CASH) == []
    assert told == [[], [("cash", 400, None)]]


async def test_who_comes_late_is_told_how_it_was_given_back(shop: Shop, told: Told, open_shop: OpenShop) -> None:
    await switch_on(shop)
    off = await open_shop(plugins=plugins_on())
    await switch_on(off)
    api = Api.of(off)
    purchase = await sell(api)
    assert await give_back(api, purchase, "6.50", CASH, CREDIT) == []
    assert told == []
    await catch_up(shop, "purse")
    assert told == [[("cash", 400, None), ("STORE_CREDIT", 250, "C-1")]]


async def test_statements_do_not_depend_on_how_many_there_are(shop: Shop) -> None:
    api = Api.of(shop)
    for n in range(3):
        purchase = await sell(api, reference=f"R{n}")
        for _ in range(n):
            assert await give_back(api, purchase, "4.00", CASH) == []
    with statements(shop, 1):
        await api.data("{ purchases { nodes { refunds { payments { method amount { amount } } } } } }")


async def test_who_sees_purchases_of_another_store_sees_no_payment_of_its_refunds(shop: Shop) -> None:
    api = Api.of(shop)
    await api.done("storeCreate", "store { id }", {"code": "S1", "name": "Harbour"})
    purchase = await sell(api)
    assert await give_back(api, purchase, "4.00", CASH) == []
    [refund] = (await api.data(SHOWN, id=purchase))["purchase"]["refunds"]
    stores = dict(await shop.database.rows("SELECT code, id FROM store"))
    here, there = (Api(api.schema, shop, bound("store_manager", stores[code])) for code in ("MAIN", "S1"))
    ask = "query($id: ID!) { node(id: $id) { id } }"
    id_ = refund["payments"][0]["id"]
    assert (await here.data(ask, id=id_))["node"] == {"id": id_}
    assert (await there.data(ask, id=id_))["node"] is None
