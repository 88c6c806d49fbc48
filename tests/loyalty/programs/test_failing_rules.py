"""A rule that raises stops no sale: it is told, and made up for once it can be asked."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import NoSettings, RuleKind, hookimpl
from regulars_loyalty.points.facts import Sale
from regulars_loyalty.points.kinds import PointsRuleKind
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
