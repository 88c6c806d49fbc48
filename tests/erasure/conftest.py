"""A shop with tiers and, installed and off, the example plugin; and a person of whom everything is known."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.customers.erasure.due import SETTLED_AFTER_MS, erase_due
from regulars_core.plugin import DAY_MS, Instant, Plugins, RuleData, Shop, now, plugins_on, printed
from regulars_core.primitives.clock import moment
from regulars_core.testing import OpenShop
from regulars_rewards.progress.by_hand import grant
from regulars_rewards.systems.changes import SystemDraft, create_system
from regulars_rewards.systems.system import SystemData
from regulars_schema.testing import Api

sys.path.append(str(Path(__file__).parents[1] / "examples" / "regulars_birthday"))
BIRTHDAY = importlib.import_module("regulars_birthday")
BOTH = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "birthday": BIRTHDAY}
PERSON = {
    "firstName": "Quetzalli", "lastName": "Xochipilli", "preferredName": "Quetzi", "email": "quetzalli.x@marker-mail.example",
    "phone": "+525512345678", "birthDate": "1979-03-21", "gender": "FEMALE", "taxId": "QUXX790321AB9",
    "preferredContact": "EMAIL", "contactFrequency": "WEEKLY", "contactTime": "EVENING", "tags": ["zapotek-friend"],
    "billingAddress": {"recipient": "Familia Xochipilli", "line1": "Calle Ahuehuete 77", "line2": "Depto Nardo",
                       "city": "Tlaquepaque", "region": "Jalixco", "postalCode": "Q45Z8X", "country": "MX"},
    "shippingAddress": {"recipient": "Portera Nochebuena", "line1": "Callejon Tezontle 9", "line2": "Patio Colorin",
                        "city": "Tonallan", "region": "Jalixco", "postalCode": "Q45Z9X", "country": "MX"},
}  # fmt: skip
"""Every word is somebody's only."""
ALIAS = {
    "firstName": "Quetzita",
    "lastName": "Xochimilca",
    "email": "quetzita.m@marker-mail.example",
    "phone": "+525587654321",
}
"""Another record of the same person, which was merged into that one."""
TYPED = {
    "note": "Allergic to huitlacoche.", "topic": "Mole of Quetzalli", "outcome": "Told aunt Xiadani.",
    "assignee": "Her cousin Itzel", "channel": "By tocayo Yaotl",
    "saleNote": "Gift for comadre Citlali.", "payment": "CHQ-Xochipilli-4711",
    "paidBack": "CHQ-Xochipilli-4712",
    "refund": "Jar broke at Quetzalli's place.", "moved": "Was rung for neighbour Macuilli.",
    "credit": "For the cracked molcajete of abuela Citlalli.",
    "coupon": "For godmother Nenetzin, who waited.", "progress": "Stamps for uncle Cuitlahuac.",
    "document": "Cedula of Ollintzin",
    "card": "CEDULA-Ollin-5521", "tier": "Cousin of the owner Tepoztli.", "cleared": "Quarrel about Yolotzin.",
}  # fmt: skip
"""What people typed about the person."""


def secrets() -> list[str]:
    """Every text by which the person would be known."""
    found = [str(value) for name, value in PERSON.items() if isinstance(value, str) and name not in KNOWN_ANYWAY]
    for kind in ("billingAddress", "shippingAddress"):
        found += [value for name, value in PERSON[kind].items() if name not in ("country", "region")]  # type: ignore[attr-defined]
    found += ["Jalixco", "zapotek-friend", *ALIAS.values(), *TYPED.values()]
    # As they are folded, and as they are put together for searches.
    return [*found, *(one.lower() for one in found), "quetzallixochipilli", "quetzallixmarkermailexample", "5512345678"]


KNOWN_ANYWAY = frozenset({"gender", "preferredContact", "contactFrequency", "contactTime"})
"""Words of the product's own."""


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of both plugins."""
    return plugins_on(BOTH)


@pytest.fixture
async def erasing(open_shop: OpenShop) -> Shop:
    """With tiers on, and birthdays installed and off."""
    return await open_shop(plugins=plugins_on(BOTH).without("birthday"))


@pytest.fixture
def api(erasing: Shop) -> Api:
    return Api.of(erasing)


@pytest.fixture
async def person(open_shop: OpenShop) -> str:
    """The person, known while all plugins were on; the id."""
    api = Api.of(await open_shop(plugins=plugins_on(BOTH)))
    customer = await known(api, remindDaysBefore=77)
    await api.done("birthdayGreetingSend", "customer { id }", {"customerId": customer})
    return customer


async def sell(api: Api, reference: str, customer: str | None, **more: Any) -> dict[str, Any]:
    """A sale of 600.00, or of what is told."""
    given = {
        "reference": reference, "purchasedAt": "2026-11-01T00:00:00Z", "lines": [{"name": "Tea", "total": "600.00"}],
        **({"customerId": customer} if customer else {}), **more,
    }  # fmt: skip
    bought: dict[str, Any] = await api.done("purchaseRecord", "purchase { id lines { id } }", given)
    found: dict[str, Any] = bought["purchase"]
    return found


async def known(api: Api, **more: Any) -> str:
    """Register the person, and do and type everything that can be about somebody; the id."""
    card = {"name": "medical_card", "type": "TEXT", "isUnique": True, "isSensitive": True}
    await api.done("customerAttributeDefine", "customerAttribute { name }", card)
    has = [{"name": "medical_card", "value": TYPED["card"]}]
    made = await api.done("customerCreate", "customer { id }", {**PERSON, "attributes": has, **more})
    customer = made["customer"]["id"]
    said = {name: TYPED[name] for name in ("topic", "outcome", "assignee", "channel")}
    await api.done(
        "noteAdd", "note { id }", {"customerId": customer, "body": TYPED["note"], "type": "COMPLAINT", **said}
    )
    agreed = {"decision": "GRANTED", "source": "till", "proof": "SIGNED", "proofReference": "17", "textVersion": "3"}
    await api.done("consentRecord", "consents { id }", {"customerId": customer, "entries": [agreed]})
    seen = {"customerId": customer, "subject": "IDENTITY", "document": TYPED["document"]}
    await api.done("verificationRecord", "verification { id }", seen)
    pays = [{"method": "cheque", "amount": "600.00", "reference": TYPED["payment"]}]
    bought = await sell(api, "R1", customer, note=TYPED["saleNote"], payments=pays)
    lines = [{"lineId": bought["lines"][0]["id"], "quantity": "0.5"}]
    back = [{"method": "cheque", "amount": "300.00", "reference": TYPED["paidBack"]}]
    refund = {"purchaseId": bought["id"], "lines": lines, "reason": TYPED["refund"], "payments": back}
    await api.done("purchaseRefund", "refund { id }", refund)
    moved = await sell(api, "R2", None)
    given = {"purchaseIds": [moved["id"]], "customerId": customer, "reason": TYPED["moved"]}
    await api.done("purchasesReassign", "movedCount", given)
    if "loyalty" in api.shop.plugins.names:
        await given_credit(api, customer)
    if "rewards" in api.shop.plugins.names:
        await given_coupon(api, customer)
        await given_progress(api, customer)
    if "tiers" in api.shop.plugins.names:
        assigned = {"customerId": customer, "tier": "A", "reason": TYPED["tier"]}
        await api.done("tierAssign", "customer { id }", assigned)
        await api.done("tierClear", "customer { id }", {"customerId": customer, "reason": TYPED["cleared"]})
    return str(customer)


async def given_credit(api: Api, customer: str) -> None:
    """Give the person credit with a note, keep some of it for a basket and free it, and points once."""
    of = {"customerId": customer, "amount": {"amount": "20.00"}}
    await api.done("creditAdd", "entry { id }", {**of, "reason": "GOODWILL", "note": TYPED["credit"]})
    held = (await api.done("creditHold", "hold { id }", {**of, "basket": "cart"}))["hold"]["id"]
    await api.done("creditRelease", "hold { id }", {"holdId": held})
    welcome = {"kind": "PER_PURCHASE", "settings": [{"name": "points", "value": "5"}]}
    welcome["settings"].append({"name": "oncePerCustomer", "value": "true"})  # type: ignore[attr-defined]
    program = {"rules": [{"code": "WELCOME", "name": "Welcome", "rule": welcome}]}
    await api.done("pointsProgramUpdate", "pointsProgram { id }", {"program": program})
    await sell(api, "welcomed", customer, purchasedAt=printed(now()))


async def given_coupon(api: Api, customer: str) -> None:
    """Give the person a coupon with a reason, and redeem it."""
    rule = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}
    promotion = {"name": "Ten off", "needsCoupon": True, "discountRule": rule}
    made = await api.done("promotionCreate", "promotion { id }", {"promotion": promotion})
    of = {"promotionId": made["promotion"]["id"], "customerId": customer, "reason": TYPED["coupon"]}
    code = (await api.done("couponIssue", "coupon { code }", of))["coupon"]["code"]
    await api.done("couponRedeem", "use { id }", {"couponCode": code, "customerId": customer})


async def given_progress(api: Api, customer: str) -> None:
    """Let the person buy something that brings a reward, and give them progress with a reason."""
    rule = {"kind": "FLAT", "settings": [{"name": "amount", "value": "1.00"}]}
    promotion = {"name": "Reward", "needsCoupon": True, "discountRule": rule}
    made = await api.done("promotionCreate", "promotion { id }", {"promotion": promotion})
    reward = RuleData(kind="COUPON", settings=(("promotion", made["promotion"]["id"]),))
    data = SystemData(trigger=RuleData(kind="NTH_PURCHASE", settings=(("n", "1"),)), reward=reward)
    system = await create_system(api.shop, SystemDraft("Club", data))
    await sell(api, "collects", customer, purchasedAt=printed(now()))

    async def work() -> None:
        await grant(api.shop, customer.removeprefix("customer_"), system, 1, TYPED["progress"])

    await api.shop.database.transaction(work)


async def merged_in(api: Api, customer: str) -> None:
    """Register the person once more, as somebody else, and merge that record into this one."""
    alias = (await api.done("customerCreate", "customer { id }", ALIAS))["customer"]["id"]
    await api.done("customersMerge", "customersMerge { mergeId }", {"survivorId": customer, "absorbedIds": [alias]})


async def requested(api: Api, customer: str, **more: Any) -> str:
    """Ask for the erasure; its id."""
    asked = await api.done("customerEraseRequest", "erasure { id }", {"customerId": customer, **more})
    return str(asked["erasure"]["id"])


async def pass_days(shop: Shop, days: int = 11) -> None:
    """Let the job run when so many days have passed, and once more a while later."""
    for later in (0, SETTLED_AFTER_MS):
        with moment(Instant(now() + days * DAY_MS + later)):
            await erase_due(shop)
