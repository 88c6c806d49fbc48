"""For whom a rule is, as of each purchase."""

from collections.abc import Mapping
from typing import Any

from regulars_core.plugin import (
    AudienceFacts,
    AudienceLeaf,
    CustomerMoment,
    Instant,
    Leaf,
    Shop,
    compared,
    hookimpl,
)
from regulars_core.testing import statements
from regulars_loyalty.points.earning import earnings_from, lookup_earning
from regulars_schema.plugin import Contribution, CustomerWhere, FilterLeaf
from tests.loyalty.conftest import OpenLoyalty, Owner, key
from tests.loyalty.programs.test_failing_rules import made_up, points, told
from tests.loyalty.programs.test_program_api import DOLLAR, earns, puts, refused
from tests.support.sales import line, sale

Where = dict[str, Any]


def only(audience: Where, **rule: Any) -> Where:
    return {**(rule or DOLLAR), "audience": audience}


async def given(owner: Owner, purchase: str) -> list[tuple[str, str | None]]:
    document = "query($id: ID!) { node(id: $id) { ... on Purchase { pointsOutcomes { given reason } } } }"
    found = await owner.api.data(document, id=purchase)
    return [(one["given"], one["reason"]) for one in found["node"]["pointsOutcomes"]]


async def test_a_rule_is_for_its_audience_as_of_the_purchase(owner: Owner) -> None:
    """From the third purchase on: whoever has bought twice before."""
    made = await puts(owner, only({"purchaseCount": {"gte": 2}}), earns("PER_PURCHASE", "ALL", points=1))
    assert [one["audience"] for one in made["rules"]] == [{"purchaseCount": {"gte": 2}}, None]
    ana = await owner.customer()
    bought = [await owner.sells(ana, "10.00", f"2099-01-0{n}") for n in range(1, 4)]
    assert [await given(owner, one) for one in bought] == [
        [("0", "AUDIENCE"), ("1", None)],
        [("0", "AUDIENCE"), ("1", None)],
        [("10", None), ("1", None)],
    ]
    late = await owner.sells(ana, "10.00", "2099-01-01T11:00:00Z")  # told late: it was the first
    assert await given(owner, late) == [("0", "AUDIENCE"), ("1", None)]
    assert (await owner.asks(ana, "points { balance }"))["points"]["balance"] == str(10 + 4)


async def test_what_cannot_be_asked_of_the_past_is_refused(owner: Owner) -> None:
    place = "input.program.rules.0.audience"
    assert await refused(owner, only({})) == [("INVALID_AUDIENCE", place)]
    assert await refused(owner, only({"hasEmail": True})) == [("INVALID_AUDIENCE", f"{place}.hasEmail")]
    assert await refused(owner, only({"not": {"any": [{}]}})) == [("INVALID_AUDIENCE", f"{place}.not.any.0")]


async def test_audiences_are_looked_up_ahead(owner: Owner) -> None:
    """What belongs to whom is known from rows that were named before: nothing is read behind."""
    await puts(
        owner, only({"totalSpent": {"gte": "5.00"}}), earns("PER_PURCHASE", "W", points=1, oncePerCustomer="true")
    )
    ana = key(await owner.customer())
    one = sale(line("Tea", "10"), when="2099-01-01", customer=ana)
    await earnings_from(owner.shop, [one])
    found = await owner.shop.database.read_together(lookup_earning(owner.shop, [(ana, one.at)]))
    with statements(owner.shop, 0):
        [outcomes] = await earnings_from(owner.shop, [one], found)
    assert [(each.points, each.reason) for each in outcomes] == [(0, "AUDIENCE"), (1, None)]


async def test_an_audience_is_shown_to_who_may_read_what_it_compares(owner: Owner) -> None:
    await puts(owner, only({"birthday": {"inNextDays": 7}}))
    document = "{ pointsProgram { rules { code audience } } }"
    assert (await owner.api.data(document))["pointsProgram"]["rules"][0]["audience"] is not None
    limited = owner.by("cashier", own={"points.view"})
    [rule] = (await limited.data(document))["pointsProgram"]["rules"]
    assert rule == {"code": "A", "audience": None}


class Club:
    """A plugin with a leaf that is for everybody, and fails while it is out of order."""

    def __init__(self) -> None:
        self.is_out_of_order = False

    def members(self, shop: Shop, who: Any, rows: Any) -> Mapping[CustomerMoment, bool]:
        if self.is_out_of_order:
            raise RuntimeError("no member is known")
        return {CustomerMoment(*one): True for one in who}

    def holds(self, shop: Shop, wanted: bool) -> Any:
        def compares(fact: bool, at: Instant) -> bool:
            return fact is wanted

        return compares

    @hookimpl
    def regulars_schema(self) -> Contribution:
        leaf = FilterLeaf(
            CustomerWhere, "isMember", bool, Leaf("isMember", compared("c.is_company")), lambda *_: [], "Whether so."
        )
        return Contribution("club", leaves=[leaf])

    @hookimpl
    def regulars_audiences(self) -> list[AudienceLeaf]:
        facts = AudienceFacts([lambda shop, who: ("SELECT 1", [])], self.members)
        return [AudienceLeaf("isMember", facts, self.holds)]


async def test_for_whom_nobody_can_tell_is_made_up_for(open_loyalty: OpenLoyalty) -> None:
    """Whether the leaf fails or its plugin is off: nothing is given, which is told, and given once it can be told; also where
    the leaf is under `not`."""
    club = Club()
    owner = Owner(await open_loyalty({"club": club}))
    await puts(
        owner,
        only({"isMember": True}),
        only({"not": {"isMember": True}}, **earns("PER_PURCHASE", "N", points=1)),
        earns("PER_PURCHASE", "ALL", points=2),
    )
    ana = await owner.customer()
    club.is_out_of_order = True
    bought = await owner.sells(ana, "10.00", "2099-01-01")
    assert await given(owner, bought) == [("0", "UNAVAILABLE"), ("0", "UNAVAILABLE"), ("2", None)]
    without = Owner(await open_loyalty())
    again = await without.sells(ana, "5.00", "2099-01-02", reference="R-again")
    assert await given(without, again) == [("0", "UNAVAILABLE"), ("0", "UNAVAILABLE"), ("2", None)]
    assert await made_up(without) == 0
    assert await points(without, ana) == "4"
    assert [one.partition(", such as")[0] for one in await told(without)] == [
        "points rule A: failed at 2 purchases",
        "points rule N: failed at 2 purchases",
    ]
    club.is_out_of_order = False
    assert await made_up(owner) == 4
    assert await points(owner, ana) == str(10 + 5 + 4)
    assert await given(owner, again) == [("5", None), ("0", "AUDIENCE"), ("2", None)]
    assert await told(owner) == []
