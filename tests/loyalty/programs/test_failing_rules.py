"""A rule that raises stops no sale: it is told, and made up for once it can be asked."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import NoSettings, PointsRuleKind, RuleKind, Sale, hookimpl
from regulars_loyalty.points.missed import failures
from regulars_loyalty.purchases.making_up import make_up
from tests.loyalty.conftest import OpenLoyalty, Owner
from tests.loyalty.programs.test_program_api import DOLLAR, earns, puts


class Moody:
    """A plugin whose kind fails while it is in a bad mood."""

    def __init__(self) -> None:
        self.is_bad = False

    def give(self, _: NoSettings, sale: Sale) -> int:
        if self.is_bad:
            raise RuntimeError(f"the customer {sale.customer_id} is unknown here")
        return 7

    @hookimpl
    def regulars_rules(self) -> Sequence[RuleKind]:
        return [PointsRuleKind("MOODY", NoSettings, "Moody", self.give)]


async def points(owner: Owner, customer: str) -> str:
    return str((await owner.asks(customer, "points { balance }"))["points"]["balance"])


async def told(owner: Owner) -> list[str]:
    return [one async for one in failures(owner.shop)]


async def test_it_is_made_up_for(open_loyalty: OpenLoyalty, caplog: pytest.LogCaptureFixture) -> None:
    moody = Moody()
    owner = Owner(await open_loyalty({"moody": moody}))
    await puts(owner, DOLLAR, earns("MOODY", "M"), earns("MULTIPLIER", "X", factor="2"))
    ana, moody.is_bad = await owner.customer(), True
    bought = await owner.sells(ana, "10.00", "2099-01-01")
    await owner.sells(ana, "10.00", "2099-01-02")
    undone = await owner.sells(ana, "50.00", "2099-01-03")
    await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": undone})
    assert await points(owner, ana) == "40"
    assert "the points rule M of kind MOODY failed: RuntimeError" in caplog.text
    assert "is unknown here" not in caplog.text
    [law, missed] = await told(owner)
    assert law.startswith("points rule M (MOODY of the plugin 'moody'): breaks a law")
    assert missed.startswith("points rule M: failed at 3 purchases, such as purchase_")
    assert [done async for done in make_up(owner.shop)] == [1]  # what was voided needs nothing
    assert await points(owner, ana) == "40"
    moody.is_bad = False
    await owner.refunds(bought, "5.00", "2099-01-05")
    assert await points(owner, ana) == "30"
    assert [done async for done in make_up(owner.shop)] == [2]
    # As if it had never failed: 10 + 7 and 17 on top, half of it taken back; 10 + 7 and 17 on top. Floors are per entry.
    assert await points(owner, ana) == str(34 + 10 + 10 - (5 + 5) + (7 - 3) + (7 - 3))
    assert await told(owner) == []
    assert [done async for done in make_up(owner.shop)] == []


async def test_what_is_off_is_told_and_not_made_up_for(open_loyalty: OpenLoyalty) -> None:
    owner = Owner(await open_loyalty({"moody": Moody()}))
    await puts(owner, DOLLAR, earns("MOODY", "M"))
    other = Owner(await open_loyalty())
    ana = await other.customer()
    bought = await other.sells(ana, "10.00", "2099-01-02")
    document = (
        "query($id: ID!) { node(id: $id) { ... on Purchase { pointsOutcomes { given reason explanation { text } } } } }"
    )
    found: Any = await other.api.data(document, id=bought)
    assert found["node"]["pointsOutcomes"][1] == {
        "given": "0",
        "reason": "UNAVAILABLE",
        "explanation": {"text": "It cannot be used: the plugin 'moody', which brings it, is off."},
    }
    assert await told(other) == [
        "points rule M (MOODY of the plugin 'moody'): the plugin 'moody', which brings it, is off; it gives nothing"
    ]
    rules = (await other.api.data("{ pointsProgram { rules { rule { isAvailable } } } }"))["pointsProgram"]["rules"]
    assert [one["rule"]["isAvailable"] for one in rules] == [True, False]


async def moved(owner: Owner, purchase: str, customer: str | None) -> None:
    given = {"purchaseIds": [purchase], **({"customerId": customer} if customer else {"toNobody": True})}
    await owner.api.done("purchasesReassign", "movedCount", given)


async def made_up(owner: Owner) -> int:
    return sum([done async for done in make_up(owner.shop)])


async def test_whose_purchase_it_is_by_now_gets_what_the_rule_gives(open_loyalty: OpenLoyalty) -> None:
    """7 by the rule and 10 of its own, by whoever has the purchase at the time; and nobody has it twice."""
    moody = Moody()
    owner = Owner(await open_loyalty({"moody": moody}))
    await puts(owner, DOLLAR, earns("MOODY", "M"))
    ana, ben = await owner.customer(), await owner.customer("Ben")
    moody.is_bad = True
    bought = await owner.sells(ana, "10.00", "2099-01-01")
    await moved(owner, bought, ben)
    moody.is_bad = False
    assert await made_up(owner) == 1
    assert [await points(owner, one) for one in (ana, ben)] == ["0", "17"]
    await moved(owner, bought, ana)
    await made_up(owner)
    assert [await points(owner, one) for one in (ana, ben)] == ["17", "0"]
    await moved(owner, bought, ben)
    await made_up(owner)
    assert [await points(owner, one) for one in (ana, ben)] == ["0", "17"]


async def test_what_was_earned_anew_meanwhile_is_not_had_twice(open_loyalty: OpenLoyalty) -> None:
    """A multiplier of what failed: 10, and 10 on top; and 7 with 7 on top, once the rule can be asked. In between the purchase
    was moved and came back, so that what it had earned is posted twice."""
    moody = Moody()
    owner = Owner(await open_loyalty({"moody": moody}))
    await puts(owner, DOLLAR, earns("MOODY", "M"), earns("MULTIPLIER", "X", factor="2"))
    ana, ben = await owner.customer(), await owner.customer("Ben")
    moody.is_bad = True
    bought = await owner.sells(ana, "10.00", "2099-01-01")
    for somebody in (ben, ana):
        await moved(owner, bought, somebody)
    assert [await points(owner, one) for one in (ana, ben)] == ["20", "0"]
    moody.is_bad = False
    assert await made_up(owner) == 1
    assert [await points(owner, one) for one in (ana, ben)] == ["34", "0"]


async def test_it_waits_while_the_rule_is_off_and_while_the_purchase_is_nobodys(open_loyalty: OpenLoyalty) -> None:
    moody = Moody()
    owner = Owner(await open_loyalty({"moody": moody}))
    await puts(owner, DOLLAR, earns("MOODY", "M"))
    ana = await owner.customer()
    moody.is_bad = True
    bought = await owner.sells(ana, "10.00", "2099-01-01")
    await moved(owner, bought, None)
    moody.is_bad = False
    assert await made_up(owner) == 0
    assert await told(owner) == []
    await moved(owner, bought, ana)
    off = Owner(await open_loyalty())
    assert await made_up(off) == 0
    assert (await told(off))[1].startswith("points rule M: failed at 1 purchases")
    owner = Owner(await open_loyalty({"moody": moody}))
    assert await made_up(owner) == 1
    assert await points(owner, ana) == "17"
