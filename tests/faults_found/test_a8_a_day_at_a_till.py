"""A8: a till's key, bound to a store, does a whole day over HTTP, and nothing is forbidden to it. Of another store's purchases it
learns what is told of the whole shop on purpose, and no more."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import DAY_MS, Instant, Plugins, now, plugins_on, printed
from regulars_core.shop.settings import Settings
from regulars_server.app import create_app
from tests.support.filled_plugins import rule
from tests.support.keys import make_key

ON = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards}
MARK = "ELSEWHERE"
"""Stands in whatever is written of what was bought in the other store."""


class Client:
    """A program with a key, that counts what it is refused and keeps what it was told."""

    def __init__(self, http: httpx2.AsyncClient, key: str) -> None:
        self._http, self._key, self._number = http, key, 0
        self.told: list[str] = []

    async def ask(self, document: str, **variables: Any) -> Any:
        sent = {"query": document, "variables": variables}
        answer = await self._http.post("/graphql", json=sent, headers={"authorization": f"Bearer {self._key}"})
        body = answer.json()
        self.told.append(answer.text)
        assert "errors" not in body, (document, variables, body["errors"])
        return body["data"]

    async def do(self, mutation: str, payload: str, **given: Any) -> Any:
        self._number += 1
        kind = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ {payload} userErrors {{ code message path }} }} }}"
        )
        key = f"{self._key[:15]}-{self._number}"
        made = (await self.ask(document, i={"idempotencyKey": key, **given}))[mutation]
        assert made["userErrors"] == [], (mutation, given, made["userErrors"])
        return made


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on(ON)


@pytest.fixture
async def http(database_url: str, plugins: Plugins) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(Settings(database_url=database_url, country="MX"), plugins)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        client.database = app.state.shop.database  # type: ignore[attr-defined]
        yield client


def ago(days: int) -> str:
    return printed(Instant(now() - days * DAY_MS))


async def open_shop(http: httpx2.AsyncClient) -> tuple[Client, dict[str, str]]:
    """A shop with two stores, points, and a coupon; Bea, who bought for 188.00 at the other one."""
    office = Client(http, await make_key(http.database, "office"))  # type: ignore[attr-defined]
    for code in ("S07", "S08"):
        await office.do("storeCreate", "store { id }", code=code, name=f"Store {code}")
    points = {"code": "BASE", "name": "Base", "rule": rule("PER_AMOUNT", points="1", per="1.00")}
    rate = {"points": "10", "amount": {"amount": "1.00"}}
    await office.do("pointsProgramUpdate", "pointsProgram { id }", program={"rules": [points], "rate": rate})
    five = {"name": "Five off", "discountRule": rule("FLAT", amount="5.00"), "needsCoupon": True}
    promotion = (await office.do("promotionCreate", "promotion { id }", promotion=five))["promotion"]["id"]
    bea = await office.do(
        "customerCreate", "customer { id }", firstName="Bea", lastName="Ruiz", email="bea@example.com", phone="55 1234 5678",
        taxId="XAXX010101000", originStoreCode="S08", tags=["regular"],
    )  # fmt: skip
    ids = {"bea": bea["customer"]["id"], "promotion": promotion}
    line = {"name": MARK, "sku": MARK, "brand": MARK, "category": MARK, "total": "188.00"}
    bought = await office.do(
        "purchaseRecord", "purchase { id lines { id } }", reference=MARK, storeCode="S08", customerId=ids["bea"], lines=[line],
        channel=MARK, register=MARK, note=MARK, purchasedAt=ago(3),
        payments=[{"method": MARK, "amount": "188.00", "reference": MARK}],
    )  # fmt: skip
    ids["elsewhere"] = bought["purchase"]["id"]
    why = {"reason": "GOODWILL", "direction": "ADD"}
    await office.do("pointsAdjust", "entry { id }", customerId=ids["bea"], points=188, storeCode="S08", **why)
    await office.do("couponIssue", "coupon { id }", promotionId=promotion, customerId=ids["bea"], code="BEAS-FIVE")
    return office, ids


PROFILE = """query($id: ID!) { customer(id: $id) {
  code displayName status email phoneFormatted group { name } originStore { code } tags isCompany birthDate
  totals { purchaseCount totalSpent { amount } lastPurchaseAt } stats { purchaseCount totalSpent { amount } lastPurchaseAt }
  tier { code name } tierStanding { tier { code } source
    progress { tier { code } criteria { metric description threshold missing } }
    explanation { purchaseCount purchases { reference } } }
  points { available pending value { amount } entries { nodes { kind pointsDelta purchase { reference } } } }
  credit { available { amount } entries { nodes { id } } }
  coupons { nodes { code state promotion { name } } } rewards { progress } offers { offer { name } isApplicable }
  notes { nodes { body author createdAt } } purchases { totalCount nodes { reference total { amount } } } } }"""


async def to_go(till: Client, id_: str) -> str:
    """What is missing of the next tier in the next thirty days."""
    standing = (await till.ask(PROFILE, id=id_))["customer"]["tierStanding"]
    [criterion] = [
        one for step in standing["progress"] if step["tier"]["code"] == "B"
        for one in step["criteria"] if one["threshold"] == "200.00"
    ]  # fmt: skip
    return str(criterion["missing"])


QUOTE = """query($i: BasketQuoteInput!) { basketQuote(input: $i) { total { amount } earnings { kind value }
  lines { discount { amount } offerDiscount { amount } } applied { offer { id name } couponCode amount { amount } }
  skipped { offer { name } reason } } }"""


async def quote_and_sell(till: Client, ids: dict[str, str], basket: str) -> Any:
    """Two cups at 12.00 with 5.00 off by a coupon, 2.00 of them by points."""
    lines = [
        {"sku": "CUP", "name": "Cup", "brand": "Ole", "category": "kitchen", "quantity": "2", "unitPrice": "12.00"}
    ]
    about = {"customerId": ids["bea"], "basket": basket}
    quote = (await till.ask(QUOTE, i={**about, "lines": lines, "couponCodes": ["BEAS-FIVE"]}))["basketQuote"]
    assert quote["total"]["amount"] == "19.00"
    await till.do("couponReserve", "use { id reservedUntil }", couponCode="BEAS-FIVE", **about)
    [told], [offer] = quote["lines"], quote["applied"]
    line = {**lines[0], "discount": told["discount"]["amount"], "offerDiscount": told["offerDiscount"]["amount"]}
    payments = [{"method": "POINTS", "amount": "2.00"}, {"method": "cash", "amount": "17.00", "tendered": "20.00"}]
    applied = {"offerId": offer["offer"]["id"], "couponCode": offer["couponCode"], "amount": offer["amount"]["amount"]}
    sold = await till.do(
        "purchaseRecord",
        "created warnings { code } purchase { id store { code } total { amount } lines { id } offerUses { amount { amount } }"
        " pointsEarned customer { displayName points { available } } }",
        **about, reference="1001", register="2", session="monday", lines=[line], couponCodes=["BEAS-FIVE"], offers=[applied],
        payments=payments,
    )  # fmt: skip
    return sold["purchase"]


@pytest.mark.parametrize("role", ["cashier", "store_manager"])
async def test_a8_a_day_at_a_till(http: httpx2.AsyncClient, role: str) -> None:
    _, ids = await open_shop(http)
    till = Client(http, await make_key(http.database, "till", role, ["S07"]))  # type: ignore[attr-defined]
    viewer = (await till.ask("{ viewer { name roles permissions stores { code name } } shop { name currencyCode } }"))[
        "viewer"
    ]
    assert viewer["stores"] == [{"code": "S07", "name": "Store S07"}]
    # Bea gives her phone number, as she always does at the other store.
    search = (
        "query($q: String!) { customerSearch(query: $q) { id displayName tier { code } totals { purchaseCount } } }"
    )
    for typed in ("55 1234 5678", "bea@example.com", "ruiz be"):
        found = (await till.ask(search, q=typed))["customerSearch"]
        assert [(one["id"], one["totals"]["purchaseCount"]) for one in found] == [(ids["bea"], 1)], typed
    profile = (await till.ask(PROFILE, id=ids["bea"]))["customer"]
    assert (profile["stats"]["purchaseCount"], profile["totals"]["totalSpent"]["amount"]) == (0, "188.00")
    assert profile["points"]["available"] == "188"
    assert [one["code"] for one in profile["coupons"]["nodes"]] == ["BEAS-FIVE"]
    assert await to_go(till, ids["bea"]) == "12.00"
    # Somebody new.
    given = {"firstName": "Ana", "lastName": "Li", "phone": "55 8765 4321"}
    check = await till.ask(
        "query($i: CustomerCheckInput!) { customerCheck(input: $i) { problems { code } missing } }", i=given
    )
    assert check["customerCheck"]["problems"] == []
    ana = (await till.do("customerCreate", "created customer { id code originStore { code } }", **given))["customer"]
    assert ana["originStore"] == {"code": "S07"}
    await till.do("customerUpdate", "customer { email }", id=ana["id"], email="ana@example.com", expectedVersion=1)
    await till.do("tagsAdd", "customer { tags }", customerId=ana["id"], tags=["new"], expectedVersion=2)
    # Bea buys with her coupon and points, and is the first whom the next search finds.
    sold = await quote_and_sell(till, ids, "till2-1")
    assert (sold["store"], sold["total"]["amount"]) == ({"code": "S07"}, "19.00")
    assert [one["amount"]["amount"] for one in sold["offerUses"]] == ["5.00"]
    everybody = [one["displayName"] for one in (await till.ask(search, q="5"))["customerSearch"]]
    assert everybody[0] == "Bea Ruiz"
    receipt = "query($id: ID!) { purchase(id: $id) { receipt { customerName customerTaxId text } } }"
    shown = (await till.ask(receipt, id=sold["id"]))["purchase"]["receipt"]
    assert (shown["customerName"], shown["customerTaxId"]) == ("Bea Ruiz", "XAXX010101000")
    assert (await till.ask('{ purchase(reference: "1001", register: "2", session: "monday") { id } }'))["purchase"][
        "id"
    ] == sold["id"]
    # One cup comes back; the other is exchanged for a plate.
    line = {"lineId": sold["lines"][0]["id"], "quantity": "1"}
    back = await till.do(
        "purchaseRefund", "refund { amount { amount } } purchase { status }", purchaseId=sold["id"], lines=[line]
    )
    assert (back["refund"]["amount"]["amount"], back["purchase"]["status"]) == ("9.50", "PARTIALLY_REFUNDED")
    plate = {"name": "Plate", "brand": "Ole", "total": "9.50"}
    await till.do(
        "purchaseRecord", "created purchase { id total { amount } }", reference="1002", register="2", session="monday",
        customerId=ids["bea"], lines=[plate], returns=[line], payments=[{"method": "POINTS", "amount": "1.00"}],
    )  # fmt: skip
    wrong = await till.do(
        "purchaseRecord", "purchase { id }", reference="1003", lines=[{"name": "Plate", "total": "9.00"}]
    )
    await till.do("purchaseVoid", "purchase { status }", purchaseId=wrong["purchase"]["id"])
    await till.do("noteAdd", "note { id body }", customerId=ids["bea"], body="Collects cups.")
    profile = (await till.ask(PROFILE, id=ids["bea"]))["customer"]
    assert [(one["body"], one["author"]) for one in profile["notes"]["nodes"]] == [("Collects cups.", "till")]
    assert profile["purchases"]["totalCount"] == profile["stats"]["purchaseCount"] + 1 == 2  # one is given back
    assert await to_go(till, ids["bea"]) == "2.50"  # 188.00 there, and 9.50 here
    await at_the_end_of_the_day(till, [sold["id"], ids["elsewhere"], ids["bea"], ana["id"]])
    assert [text for text in till.told if MARK in text] == []


async def at_the_end_of_the_day(till: Client, ids: list[str]) -> None:
    """Lists, filters and their words."""
    day = {"purchasedAt": {"days": {"from": ago(1)[:10], "to": ago(0)[:10]}}}
    document = """query($w: PurchaseWhere) { purchases(where: $w, orderBy: { field: TOTAL, direction: DESC }) {
      totalCount nodes { reference total { amount } payments { method } lines { name brand } } } }"""
    assert (await till.ask(document, w=day))["purchases"]["totalCount"] == 3
    document = (
        "query($w: CustomerWhere, $o: CustomerOrderBy) { customers(where: $w, orderBy: $o) { nodes { displayName } } }"
    )
    for where in ({"totalSpent": {"gte": "100"}}, {"lastPurchaseAt": {"withinDays": 1}}, {"purchaseCount": {"gte": 2}}):
        found = (await till.ask(document, w=where, o={"field": "LAST_PURCHASE_AT", "direction": "DESC"}))["customers"][
            "nodes"
        ]
        assert found == [{"displayName": "Bea Ruiz"}], where
    words = {
        of: [
            one["value"]
            for one in (await till.ask(f"{{ vocabulary(of: {of}) {{ value label count }} }}"))["vocabulary"]
        ]
        for of in ("BRAND", "CATEGORY", "PAYMENT_METHOD", "PURCHASE_CHANNEL", "REGISTER", "TAG", "TIER")
    }
    assert words["BRAND"] == ["Ole"]
    assert words["REGISTER"] == ["2"]
    assert sorted(words["TAG"]) == ["new", "regular"]
    assert {"cash", "POINTS", "exchange"} == set(words["PAYMENT_METHOD"])
    nodes = (await till.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids))["nodes"]
    assert [one and one["id"] for one in nodes] == [ids[0], None, *ids[2:]]


async def test_a8_of_another_store_it_learns_what_is_told_on_purpose(http: httpx2.AsyncClient) -> None:
    """Whatever has no consequences for what is the whole shop's changes nothing of what a till is told."""
    office, ids = await open_shop(http)
    till = Client(http, await make_key(http.database, "till", "cashier", ["S07"]))  # type: ignore[attr-defined]
    asked = [
        (PROFILE, {"id": ids["bea"]}),
        ("{ purchases { totalCount } customers { nodes { purchases { totalCount } stats { purchaseCount } } } }", {}),
        ('{ customerSearch(query: "5") { displayName purchases { totalCount } } }', {}),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [ids["elsewhere"], ids["bea"]]}),
        *((f"{{ vocabulary(of: {of}) {{ value count }} }}", {}) for of in ("BRAND", "PAYMENT_METHOD", "REGISTER", "TIER")),
    ]  # fmt: skip
    before = json.dumps([await till.ask(document, **variables) for document, variables in asked])
    await office.do("purchaseUpdate", "purchase { id }", id=ids["elsewhere"], note=f"{MARK} AGAIN")
    # Nobody's purchases have no consequences for Bea at all, and those of another store for nobody at this till.
    for n in range(3):
        line = {"name": MARK, "brand": f"{MARK} {n}", "total": "5.00"}
        await office.do(
            "purchaseRecord", "created", reference=f"{MARK}-{n}", storeCode="S08", lines=[line], register="X"
        )
    assert json.dumps([await till.ask(document, **variables) for document, variables in asked]) == before
    assert MARK not in before
