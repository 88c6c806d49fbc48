"""Purchases that are given to somebody else after something has become of them: what a model in plain Python told otherwise
(test_any_sequence.py)."""

import pytest

from regulars_core.plugin import Plugins, printed
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_cases_points import on, per
from tests.loyalty.test_purchases import Till, begin_program, plugins, shop, till

__all__ = ["plugins", "shop", "till"]


async def test_what_points_paid_later_is_taken_off_once(till: Till) -> None:
    """100.00, of which points pay 30.00 later: 70 points for whoever has it."""
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 300, POINTS)
    sale = await till.sells(ana, "100.00", due="30.00", payments=[{"method": "card", "amount": "70.00"}])
    pays = {"purchaseId": sale["id"], "payments": [{"method": "POINTS", "amount": "30.00"}]}
    await till.api.done("purchasePay", "purchase { id }", pays)
    assert await till.has(ana, POINTS) == 70
    moved = {"purchaseIds": [sale["id"]], "customerId": f"customer_{ben}"}
    await till.api.done("purchasesReassign", "movedCount", moved)
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (0, 70)


async def test_nobody_owes_for_what_was_given_back_before_it_was_theirs(open_shop: OpenShop, plugins: Plugins) -> None:
    """What the purchase earns has expired by now, and half of it was given back before that."""
    till = Till(await open_shop(plugins=plugins))
    await begin_program(till.shop, per("1", "1.00"), expire_after="P10D")
    with on("2026-05-01"):
        ana, ben = await till.customer(), await till.customer()
        sale = await till.sells(ana, "100.00")
        await till.refunds(sale, amount="50.00")
    with on("2026-06-01"):
        moved = {"purchaseIds": [sale["id"]], "customerId": f"customer_{ben}"}
        await till.api.done("purchasesReassign", "movedCount", moved)
        assert await till.has(ben, POINTS) == 0
        assert await till.posted(ben, POINTS) == [("EARN", 100), ("REVERSE", -50), ("EXPIRE", -50)]


@pytest.mark.parametrize("is_moved", [True, False])
async def test_what_has_ended_by_now_settles_nothing(open_shop: OpenShop, plugins: Plugins, is_moved: bool) -> None:
    """Whether a purchase of a month ago is moved or told: points that lived for ten days are not there for what is owed."""
    till = Till(await open_shop(plugins=plugins))
    await begin_program(till.shop, per("1", "1.00"), expire_after="P10D")
    with on("2026-05-01"):
        ana, ben = await till.customer(), await till.customer()
        sale = await till.sells(ana, "100.00")
    with on("2026-05-05"):
        owes = {"customerId": f"customer_{ben}", "points": "10", "direction": "DEDUCT", "allowDebt": True}
        await till.api.done("pointsAdjust", "entry { id }", {**owes, "reason": "GOODWILL"})
    with on("2026-06-01"):
        if is_moved:
            moved = {"purchaseIds": [sale["id"]], "customerId": f"customer_{ben}"}
            await till.api.done("purchasesReassign", "movedCount", moved)
        else:
            await till.sells(ben, "100.00", purchasedAt="2026-05-01T12:00:00Z")
        assert await till.posted(ben, POINTS) == [("DEBT", -10), ("EARN", 100), ("EXPIRE", -100)]
        ended = await till.shop.database.rows(
            "SELECT at FROM loyalty_transfer WHERE kind = 'EXPIRE' AND customer_id = $1", ben
        )
        assert printed(ended[0][0]) == "2026-05-11T12:00:00.000Z"


async def test_who_had_it_one_after_the_other_and_is_one_by_now_earns_once(till: Till) -> None:
    """100 of Ana's, moved to Ben, who is Ana; half of it comes back."""
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ana, "100.00")
    moved = {"purchaseIds": [sale["id"]], "customerId": f"customer_{ben}"}
    await till.api.done("purchasesReassign", "movedCount", moved)
    merge = {"survivorId": f"customer_{ana}", "absorbedIds": [f"customer_{ben}"]}
    await till.api.done("customersMerge", "customersMerge { mergeId }", merge)
    await till.refunds(sale, amount="50.00")
    assert await till.has(ana, POINTS) == 50
