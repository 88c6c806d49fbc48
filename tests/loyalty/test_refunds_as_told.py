"""Refunds that say how they are given back, refunds of what had delivery on it, and baskets that are sold: what a model in plain
Python told otherwise (test_any_sequence.py)."""

from typing import Any

import pytest

from regulars_core.plugin import Plugins
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_purchases import Till, paid, plugins, shop, till

__all__ = ["plugins", "shop", "till"]


def told(*parts: tuple[str, str], amount: str) -> dict[str, Any]:
    return {"amount": amount, **paid(*parts)}


async def test_an_amount_takes_back_what_the_goods_have_earned_beside_delivery(till: Till) -> None:
    """60.00 of 100.00 and 20.00 for delivery: 50.00 of it are for the goods."""
    ana = await till.customer()
    sale = await till.sells(ana, "100.00", shipping="20.00")
    await till.refunds(sale, amount="60.00")
    assert await till.posted(ana, POINTS) == [("EARN", 100), ("REVERSE", -50)]
    await till.refunds(sale, shipping="10.00")
    assert await till.has(ana, POINTS) == 50


async def test_sold_credit_goes_back_for_an_amount_beside_delivery(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, lines=[{"name": "Credit", "total": "50.00", "creditFor": True}], shipping="10.00")
    await till.refunds(sale, amount="30.00")
    assert await till.has(ana) == 2_500


async def test_what_has_earned_nothing_is_given_back_as_credit_too(open_shop: OpenShop, plugins: Plugins) -> None:
    """In a shop without a program no purchase posts anything."""
    till = Till(await open_shop(plugins=plugins))
    ana = await till.customer()
    sale = await till.sells(ana, "50.00")
    await till.refunds(sale, **told(("STORE_CREDIT", "20.00"), ("card", "10.00"), amount="30.00"))
    assert await till.posted(ana) == [("REFUND", 2_000)]


async def test_no_more_points_come_back_than_were_paid(till: Till) -> None:
    ana = await till.customer()
    await till.given(ana, 100, POINTS)
    sale = await till.sells(ana, "50.00", **paid(("POINTS", "10.00"), ("card", "40.00")))
    over = {"purchaseId": sale["id"], **told(("POINTS", "11.00"), amount="11.00")}
    assert await till.api.refused("purchaseRefund", over) == ["PAYMENTS_MISMATCH"]
    await till.refunds(sale, **told(("POINTS", "8.00"), amount="8.00"))
    again = {"purchaseId": sale["id"], **told(("POINTS", "3.00"), amount="3.00")}
    assert await till.api.refused("purchaseRefund", again) == ["PAYMENTS_MISMATCH"]
    unpaid = await till.sells(ana, "0.50")
    given = {"purchaseId": unpaid["id"], **told(("POINTS", "0.50"), amount="0.50")}
    assert await till.api.refused("purchaseRefund", given) == ["PAYMENTS_MISMATCH"]


async def test_what_is_not_told_gives_no_credit_beside_what_paid(till: Till) -> None:
    """All credit that paid came back by the first refund, which said so; the second says nothing, and nothing is left."""
    ana = await till.customer()
    await till.given(ana, 2_000)
    sale = await till.sells(ana, "50.00", **paid(("STORE_CREDIT", "20.00"), ("card", "30.00")))
    await till.refunds(sale, **told(("STORE_CREDIT", "40.00"), amount="40.00"))
    await till.refunds(sale, amount="10.00")
    assert (await till.posted(ana))[-2:] == [("RESTORE", 2_000), ("REFUND", 2_000)]
    other = await till.sells(ana, "50.00", **paid(("STORE_CREDIT", "20.00"), ("card", "30.00")))
    await till.refunds(other, amount="10.00")  # a fifth of it, so 4.00 of the credit
    await till.refunds(other, **told(("STORE_CREDIT", "40.00"), amount="40.00"))
    assert (await till.posted(ana))[-3:] == [("RESTORE", 400), ("RESTORE", 1_600), ("REFUND", 2_400)]


@pytest.mark.parametrize(
    ("refunds", "credit"),
    [
        ([{"card": "50.00"}, {"": "50.00"}], [0, 5_000]),
        ([{"card": "50.00"}, {"": "20.00"}, {"": "30.00"}], [0, 2_000, 5_000]),
        ([{"card": "25.00"}, {"": "30.00"}, {"": "45.00"}], [0, 2_000, 5_000]),
        ([{"": "50.00"}, {"card": "50.00"}], [2_500, 2_500]),
        ([{"card": "60.00"}, {"": "40.00"}], [0, 4_000]),
        ([{"STORE_CREDIT": "30.00"}, {"": "35.00"}, {"": "35.00"}], [3_000, 4_000, 5_000]),
        ([{"": "33.33"}, {"": "33.33"}, {"": "33.34"}], [1_666, 3_333, 5_000]),
        ([{"STORE_CREDIT": "70.00"}, {"": "30.00"}], [7_000, 7_000]),
    ],
)
async def test_what_is_not_told_comes_from_what_is_left_of_each_way(
    till: Till, refunds: list[dict[str, str]], credit: list[int]
) -> None:
    """50.00 by credit and 50.00 by card: what has gone back to one of them is not there any more for the next refund."""
    ana = await till.customer()
    await till.given(ana, 5_000)
    sale = await till.sells(ana, "100.00", **paid(("STORE_CREDIT", "50.00"), ("card", "50.00")))
    has = []
    for refund in refunds:
        [(method, amount)] = refund.items()
        await till.refunds(sale, amount=amount, **(paid((method, amount)) if method else {}))
        has.append(await till.has(ana))
    assert has == credit


async def test_what_paid_for_a_purchase_that_is_nobodys_goes_back_to_who_paid(till: Till) -> None:
    """Ana paid 20.00 with credit and 10.00 with points, and the purchase was hers by mistake."""
    ana = await till.customer()
    await till.given(ana, 2_000)
    await till.given(ana, 100, POINTS)
    sale = await till.sells(ana, "50.00", **paid(("STORE_CREDIT", "20.00"), ("POINTS", "10.00"), ("card", "20.00")))
    await till.api.done("purchasesReassign", "movedCount", {"purchaseIds": [sale["id"]], "toNobody": True})
    await till.refunds(sale, **told(("STORE_CREDIT", "15.00"), ("POINTS", "10.00"), amount="25.00"))
    assert (await till.has(ana), await till.has(ana, POINTS)) == (1_500, 100)
    over = {"purchaseId": sale["id"], **told(("card", "1.00"), ("STORE_CREDIT", "6.00"), amount="7.00")}
    made = await till.api.do("purchaseRefund", "__typename", over)
    assert [(one["code"], one["path"]) for one in made["userErrors"]] == [
        ("CUSTOMER_REQUIRED", ["input", "payments", "1", "method"])
    ]
    more = {"purchaseId": sale["id"], **told(("POINTS", "1.00"), amount="1.00")}
    assert await till.api.refused("purchaseRefund", more) == ["PAYMENTS_MISMATCH"]
    await till.refunds(sale, **told(("STORE_CREDIT", "5.00"), amount="5.00"))
    assert (await till.has(ana), await till.has(ana, POINTS)) == (2_000, 100)
    strangers = await till.sells(None, "5.00")
    for method in ("STORE_CREDIT", "POINTS"):
        given = {"purchaseId": strangers["id"], **told((method, "5.00"), amount="5.00")}
        assert await till.api.refused("purchaseRefund", given) == ["CUSTOMER_REQUIRED"]


@pytest.mark.parametrize("method", ["card", "STORE_CREDIT"])
async def test_what_is_held_for_a_basket_is_free_once_that_is_sold(till: Till, method: str) -> None:
    ana = await till.customer()
    await till.given(ana, 1_000)
    await till.given(ana, 100, POINTS)
    keeps: dict[str, Any] = {"customerId": f"customer_{ana}", "basket": "B1"}
    await till.api.done("creditHold", "hold { id }", {**keeps, "amount": {"amount": "10.00"}})
    await till.api.done("pointsHold", "hold { id }", {**keeps, "points": "100"})
    await till.sells(ana, "5.00", basket="B1", **paid((method, "5.00")))
    fields = "credit { available { amount } held { amount } } points { available held }"
    document = f"query($id: ID!) {{ customer(id: $id) {{ {fields} }} }}"
    found = (await till.api.data(document, id=keeps["customerId"]))["customer"]
    left = "10.00" if method == "card" else "5.00"
    earned = 5 if method == "card" else 0
    assert found["credit"] == {"available": {"amount": left}, "held": {"amount": "0.00"}}
    assert found["points"] == {"available": str(100 + earned), "held": "0"}
    deducts = {"customerId": keeps["customerId"], "amount": {"amount": left}, "reason": "GOODWILL"}
    await till.api.done("creditDeduct", "entry { id }", deducts)
