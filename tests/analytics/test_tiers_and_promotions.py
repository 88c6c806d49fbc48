"""What tiers bring, who responds to promotions, and what each caller is told of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
import time_machine

import regulars_analytics
from regulars_analytics.lifetime.kept import find_anew
from regulars_analytics.promotions import figures
from regulars_analytics.rfm.edges import keep_fifths
from regulars_core.plugin import Actor, Shop, plugins_on
from regulars_core.shop.actors import Binding
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics

PERCENT = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}
DAYS = {"from": "2026-02-01", "to": "2026-03-31"}
TIERS = """query($days: DayRangeInput) { tierPerformance(days: $days) { tier name customerCount buyerCount purchaseCount
  totalSpent { amount } averagePurchase { amount } retentionRate movedUpCount movedDownCount } }"""
PROMOTIONS = """query($days: DayRangeInput, $w: CustomerWhere) { promotionResponse(days: $days, where: $w) { promotionId name kind
  audienceCount respondedCount responseRate purchaseCount totalSpent { amount } discountTotal { amount }
  byTier { tier audienceCount respondedCount responseRate } } }"""


class Office:
    """Whoever sells, at any time of the calendar."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.api, self.number = shop, Api.of(shop), 0

    async def customer(self, name: str) -> str:
        given = {"firstName": name, "lastName": "Li", "tags": ["tea"] if name in {"Ana", "Bo", "Cai"} else []}
        with at("2025-01-05"):
            return str((await self.api.done("customerCreate", "customer { id }", given))["customer"]["id"])

    async def sells(self, customer: str | None, price: str, when: str, **more: Any) -> str:
        self.number += 1
        given = {
            "reference": f"R{self.number}", "customerId": customer, "lines": [{"name": "Tea", "unitPrice": price}], **more,
        }  # fmt: skip
        with at(when):
            if "offers" not in more:
                return await self._recorded(given)
            asked = {"lines": given["lines"], **({"customerId": customer} if customer else {})}
            document = (
                "query($i: BasketQuoteInput!) { basketQuote(input: $i) { applied { offer { id } amount { amount } } } }"
            )
            quote = (await self.api.data(document, i=asked))["basketQuote"]
            [one] = quote["applied"]
            off = one["amount"]["amount"]
            line = {"name": "Tea", "unitPrice": price, "discount": off, "offerDiscount": off}
            offers = [{"offerId": one["offer"]["id"], "amount": off}]
            return await self._recorded({**given, "lines": [line], "offers": offers})

    async def _recorded(self, given: dict[str, Any]) -> str:
        return str((await self.api.done("purchaseRecord", "purchase { id }", given))["purchase"]["id"])

    def by(self, role: str, stores: Sequence[str] | None = None, own: Sequence[str] | None = None) -> Api:
        binding = Binding.of(self.shop.permissions, role, stores, own)
        return Api(self.api.schema, self.shop, Actor("key", "till", (binding,)))


def at(when: str) -> Any:
    return time_machine.travel(datetime.fromisoformat(f"{when}T12:00:00+00:00"), tick=True)


async def test_tiers(open_analytics: OpenAnalytics) -> None:
    """Ana rises to A in February and falls in June, Bo rises to B, Cai buys nothing and Dan is of no store of ours."""
    office = Office(await open_analytics())
    await office.api.done("storeCreate", "store { id }", {"code": "S2", "name": "Second"})
    ana, bo, _, dan = [await office.customer(name) for name in ("Ana", "Bo", "Cai", "Dan")]
    await office.sells(ana, "520.00", "2026-02-10")
    await office.sells(ana, "30.00", "2026-03-01", storeCode="S2")
    refunded = await office.sells(bo, "220.00", "2026-02-20")
    await office.sells(dan, "10.00", "2026-01-20")
    with at("2026-03-05"):
        await office.api.done("purchaseRefund", "__typename", {"purchaseId": refunded, "amount": "0.05"})
    with at("2026-07-01"):
        await office.api.data(TIERS, days=DAYS)
        with statements(office.shop, 3):
            told = (await office.api.data(TIERS, days=DAYS))["tierPerformance"]
        assert [list(one.values()) for one in told] == [
            ["A", told[0]["name"], 1, 1, 2, {"amount": "550.00"}, {"amount": "275.00"}, "1.0000", 0, 0],
            ["B", told[1]["name"], 1, 1, 1, {"amount": "219.95"}, {"amount": "219.95"}, "1.0000", 0, 0],
            ["C", told[2]["name"], 2, 0, 0, {"amount": "0.00"}, None, "0.0000", 2, 0],
        ]
        later = (await office.api.data(TIERS, days={"from": "2026-04-01", "to": "2026-06-30"}))["tierPerformance"]
        assert [(one["tier"], one["movedUpCount"], one["movedDownCount"]) for one in later] == [
            ("A", 0, 1), ("B", 0, 1), ("C", 0, 0),
        ]  # fmt: skip
        assert [one["customerCount"] for one in later] == [0, 0, 4]
        [[second]] = await office.shop.database.rows("SELECT id FROM store WHERE code = 'S2'")
        here = (await office.by("store_manager", [second]).data(TIERS, days=DAYS))["tierPerformance"]
        assert [(one["customerCount"], one["purchaseCount"], one["totalSpent"]["amount"]) for one in here] == [
            (1, 1, "30.00"), (1, 0, "0.00"), (2, 0, "0.00"),
        ]  # fmt: skip
        document = "{ insight { breakdown(by: TIER) { value label customerCount total { amount } share } } }"
        shares = (await office.api.data(document))["insight"]["breakdown"]
        assert [(one["value"], one["customerCount"], one["share"]) for one in shares] == [("C", 3, "1.0000")]
        blind = office.by("blind", own=["analytics.view"])
        assert (await blind.ask(document)).codes == (await blind.ask(TIERS)).codes == ["FORBIDDEN"]
        for by, needed in (
            ("AGE_BAND", "customers.view_pii"),
            ("CITY", "customers.view_pii"),
            ("GROUP", "groups.view"),
        ):
            answer = await blind.ask(f"{{ insight {{ purchaseCount breakdown(by: {by}) {{ label }} }} }}")
            assert [error["extensions"]["permission"] for error in answer.errors] == [needed]
            assert answer.data == {"insight": {"purchaseCount": 4, "breakdown": None}}


async def test_promotions(open_analytics: OpenAnalytics, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is for who has a tag, one for everybody; what was given back in full is no response."""
    office = Office(await open_analytics())
    await office.api.done("storeCreate", "store { id }", {"code": "S2", "name": "Second"})
    ana, bo, _, dan = [await office.customer(name) for name in ("Ana", "Bo", "Cai", "Dan")]
    await office.sells(bo, "300.00", "2026-02-01")
    with at("2026-02-10"):
        ids = [await _promotion(office.api, "Tea week", {"tag": {"in": ["tea"]}}, "2026-02-20T00:00:00Z")]
    await office.sells(ana, "100.00", "2026-02-11", offers=True)
    await office.sells(ana, "50.00", "2026-02-12", offers=True, storeCode="S2")
    gone = await office.sells(bo, "10.00", "2026-02-13", offers=True)
    with at("2026-02-14"):
        await office.api.done("purchaseVoid", "__typename", {"purchaseId": gone})
    with at("2026-03-01"):
        ids.append(await _promotion(office.api, "Spring", None, None))
    await office.sells(dan, "20.00", "2026-03-02", offers=True)
    await office.sells(None, "30.00", "2026-03-02", offers=True)
    with at("2026-03-10"):
        await office.api.data(PROMOTIONS)
        with statements(office.shop, 5):
            told = (await office.api.data(PROMOTIONS))["promotionResponse"]
        assert told == [
            _told(ids[1], "Spring", 4, 1, "0.2500", 2, "45.00", "5.00", [("A", 0, 0), ("B", 1, 0), ("C", 3, 1)]),
            _told(ids[0], "Tea week", 3, 1, "0.3333", 2, "135.00", "15.00", [("A", 0, 0), ("B", 1, 0), ("C", 2, 1)]),
        ]
        monkeypatch.setattr(figures, "MAX_AUDIENCES", 1)  # as if there were so many that one statement is not enough
        with statements(office.shop, 7):
            assert (await office.api.data(PROMOTIONS))["promotionResponse"] == told
        [early] = (await office.api.data(PROMOTIONS, days={"to": "2026-02-15"}))["promotionResponse"]
        assert early["promotionId"] == ids[0]
        few = (await office.api.data(PROMOTIONS, w={"tag": {"in": ["tea"]}}))["promotionResponse"]
        assert [(one["audienceCount"], one["respondedCount"]) for one in few] == [(3, 0), (3, 1)]
        [[second]] = await office.shop.database.rows("SELECT id FROM store WHERE code = 'S2'")
        here = (await office.by("store_manager", [second]).data(PROMOTIONS))["promotionResponse"]
        assert [(one["respondedCount"], one["totalSpent"]["amount"]) for one in here] == [(0, "0.00"), (1, "45.00")]
    await _hidden(office)


async def _promotion(api: Api, name: str, audience: Any, ends: str | None) -> str:
    given = {
        "name": name,
        "discountRule": PERCENT,
        **({"audience": audience} if audience else {}),
        **({"endsAt": ends} if ends else {}),
    }
    return str((await api.done("promotionCreate", "promotion { id }", {"promotion": given}))["promotion"]["id"])


def _told(
    id_: str, name: str, audience: int, responded: int, rate: str, purchases: int, spent: str, off: str,
    tiers: Sequence[tuple[str, int, int]],
) -> dict[str, Any]:  # fmt: skip
    rates = {(1, 0): "0.0000", (3, 1): "0.3333", (2, 1): "0.5000"}
    return {
        "promotionId": id_, "name": name, "kind": "PERCENT", "audienceCount": audience, "respondedCount": responded,
        "responseRate": rate, "purchaseCount": purchases, "totalSpent": {"amount": spent}, "discountTotal": {"amount": off},
        "byTier": [
            {"tier": tier, "audienceCount": own, "respondedCount": of, "responseRate": rates.get((own, of))}
            for tier, own, of in tiers
        ],
    }  # fmt: skip


async def _hidden(office: Office) -> None:
    """An audience that goes by what the caller may not read tells nothing of it."""
    with at("2026-03-11"):
        await _promotion(office.api, "Big", {"totalSpent": {"gte": "100.00"}}, None)
        [[second]] = await office.shop.database.rows("SELECT id FROM store WHERE code = 'S2'")
        answer = await office.by("store_manager", [second], ["analytics.view", "purchases.view"]).ask(
            "{ promotionResponse { name respondedCount audienceCount responseRate } }"
        )
    assert set(answer.codes) == {"FORBIDDEN"}
    assert answer.data["promotionResponse"][0] == {
        "name": "Big", "respondedCount": 0, "audienceCount": None, "responseRate": None,
    }  # fmt: skip
    assert answer.data["promotionResponse"][1]["audienceCount"] == 4


@pytest.mark.parametrize("bands", ["", "30,90,180,270;2,10,20,30;50,1000,2000,5000"])
async def test_promotions_for_who_is_worth_much(open_analytics: OpenAnalytics, bands: str) -> None:
    """What customers are worth, and their kind, are audiences at the till: by what is kept of them."""
    office = Office(await open_analytics(analytics_rfm_bands=bands))
    ana, bo = [await office.customer(name) for name in ("Ana", "Bo")]
    for day in ("2026-02-01", "2026-02-10", "2026-02-20"):
        await office.sells(ana, "90.00", day)
    await office.sells(bo, "10.00", "2025-05-01")
    with at("2026-02-21"):
        await _promotion(office.api, "Worth it", {"lifetimeValue": {"gte": "300.00"}}, None)
        segment = await office.api.done(
            "segmentCreate", "segment { id }", {"name": "Not lost", "where": {"not": {"rfm": {"in": ["LOST"]}}}}
        )
        await _promotion(office.api, "Not lost", {"segment": {"in": [segment["segment"]["id"]]}}, None)
        await find_anew(office.shop)
        await keep_fifths(office.shop)
        kinds = "{ customers(first: 9) { nodes { firstName rfm { kind } } } }"
        told = {one["firstName"]: one["rfm"]["kind"] for one in (await office.api.data(kinds))["customers"]["nodes"]}
        assert (told["Ana"] != "LOST", told["Bo"]) == (True, "LOST"), told
        await _promotion(office.api, "Of a kind", {"rfm": {"in": [told["Ana"]]}}, None)
        document = "query($i: BasketQuoteInput!) { basketQuote(input: $i) { applied { offer { ... on Promotion { name } } } } }"
        for customer, names in ((ana, {"Worth it", "Not lost", "Of a kind"}), (bo, set())):
            asked = {"customerId": customer, "lines": [{"name": "Tea", "unitPrice": "10.00"}]}
            quote = (await office.api.data(document, i=asked))["basketQuote"]
            assert {one["offer"]["name"] for one in quote["applied"]} == names


async def test_without_others(open_shop: OpenShop) -> None:
    """Without tiers and rewards there is nothing to tell."""
    shop = await open_shop(plugins=plugins_on({"analytics": regulars_analytics}))
    told = await Api.of(shop).data("{ tierPerformance { tier } promotionResponse { name } insight { purchaseCount } }")
    assert told == {"tierPerformance": [], "promotionResponse": [], "insight": {"purchaseCount": 0}}
    assert (await Api.of(shop).ask("{ insight { breakdown(by: TIER) { label } } }")).codes == ["BAD_USER_INPUT"]
