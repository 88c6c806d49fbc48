"""Rules of each use, in a shop: one that breaks a law is refused, one that raises stops nothing and is told, and one whose plugin
is off is kept and never applies."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import NoSettings, Plugins, RuleKind, Shop, hookimpl, plugins_on
from regulars_core.testing import Databases, Engine, OpenShop, opened_shop
from regulars_core.verification import verifications_of
from regulars_loyalty.plugin import PointsRuleKind
from regulars_rewards.plugin import HistoryTrigger, OfferConditionKind, OfferDiscountKind
from regulars_schema.testing import Api
from regulars_tiers.plugin import CriterionKind
from tests.support import planted

BOX: dict[str, ModuleType] = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards}
USES = ("POINTS_RULE", "REWARD_TRIGGER", "OFFER_CONDITION", "OFFER_DISCOUNT", "TIER_CRITERION")
PERCENT = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}


class Brings:
    """A plugin that brings kinds of rules."""

    def __init__(self, kinds: Sequence[RuleKind]) -> None:
        self.kinds = kinds

    @hookimpl
    def regulars_rules(self) -> Sequence[RuleKind]:
        return self.kinds


class Moody:
    """What all kinds of a plugin answer: what they should, or an error."""

    def __init__(self) -> None:
        self.is_bad = False

    def answers(self, well: Any) -> Any:
        def answer(settings: NoSettings, given: Any) -> Any:
            if self.is_bad:
                raise ZeroDivisionError("the customer Ana Li")
            return well(given)

        return answer

    @property
    def plugin(self) -> Brings:
        """The plugin."""
        standing = self.answers(lambda facts: sum(fact.counted for fact in facts))
        return Brings(
            [
                PointsRuleKind("MOODY", NoSettings, "Moody", self.answers(lambda sale: 7)),
                HistoryTrigger("MOODY", NoSettings, "Moody", standing),
                OfferConditionKind("MOODY", NoSettings, "Moody", self.answers(lambda basket: True)),
                OfferDiscountKind("MOODY", NoSettings, "Moody", self.answers(lambda basket: min(basket.left, 100))),
                CriterionKind("MOODY", NoSettings, "Moody", standing),
            ]
        )


async def puts(api: Api, use: str, kind: str) -> list[dict[str, Any]]:
    """Put a rule in force, as shops do; what is wrong with it."""
    rule = {"kind": kind}
    if use == "POINTS_RULE":
        rules = [{"code": "ONE", "name": "One", "rule": rule}]
        program = {"rules": rules, "rate": {"points": "100", "amount": {"amount": "1.00"}}, "expireAfter": "P1Y"}
        made = await api.do("pointsProgramUpdate", "pointsProgram { number }", {"program": program})
    elif use == "TIER_CRITERION":
        asked = {"metric": kind, "window": "LIFETIME", "threshold": "1"}
        tiers = [{"code": "M", "name": "M", "anyOf": [{"allOf": [asked]}]}, {"code": "C", "name": "C"}]
        policy = {"policy": {"tiers": tiers, "graceDays": 0}, "effectiveAt": "2020-01-01T00:00:00Z"}
        made = await api.do("tierPolicyUpdate", "tierPolicy { number }", policy)
    elif use == "REWARD_TRIGGER":
        offer = {"name": "For the system", "needsCoupon": True, "discountRule": PERCENT}
        promotion = (await api.done("promotionCreate", "promotion { id }", {"promotion": offer}))["promotion"]["id"]
        coupon = {"kind": "COUPON", "settings": [{"name": "promotion", "value": promotion}]}
        system = {"name": "One", "triggerRule": rule, "target": 1, "reward": coupon}
        made = await api.do("rewardSystemCreate", "rewardSystem { id }", {"rewardSystem": system})
    else:
        own = {"discountRule": PERCENT, "conditions": [rule]} if use == "OFFER_CONDITION" else {"discountRule": rule}
        made = await api.do("promotionCreate", "promotion { id }", {"promotion": {"name": "One", **own}})
    wrong: list[dict[str, Any]] = made["userErrors"]
    return wrong


async def has(api: Api, use: str, reference: str, customer: str) -> str:
    """What a customer has of a purchase by a rule of a use, in a word."""
    if use in {"OFFER_CONDITION", "OFFER_DISCOUNT"}:
        document = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { total { amount } } }"
        lines = [{"name": "Tea", "quantity": "1", "unitPrice": "10.00"}]
        return str((await api.data(document, input={"lines": lines}))["basketQuote"]["total"]["amount"])
    asked = {
        "POINTS_RULE": "points { balance }",
        "REWARD_TRIGGER": "rewards { issuedCount }",
        "TIER_CRITERION": "tier { code }",
    }[use]
    lines = [{"name": "Tea", "total": "10.00"}]
    bought = {"reference": reference, "customerId": customer, "lines": lines}
    sold = await api.done("purchaseRecord", f"purchase {{ customer {{ {asked} }} }}", bought)
    found = next(iter(sold["purchase"]["customer"].values()))
    return str(next(iter((found[0] if isinstance(found, list) else found).values())))


HAS = {
    "POINTS_RULE": ("7", "0"),
    "REWARD_TRIGGER": ("1", "0"),
    "OFFER_CONDITION": ("9.00", "10.00"),
    "OFFER_DISCOUNT": ("9.00", "10.00"),
    "TIER_CRITERION": ("M", "C"),
}
"""What somebody has of a first purchase by a rule, and without it."""


async def told(shop: Shop) -> list[str]:
    """What `regulars doctor` says of rules."""
    quick = [one for one in verifications_of(shop.plugins) if one.quick]
    return [sentence for one in quick async for sentence in one.differences(shop)]


async def registered(api: Api) -> str:
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li", "force": True})
    return str(made["customer"]["id"])


@pytest.fixture
def moody() -> Moody:
    return Moody()


@pytest.fixture
def plugins(moody: Moody) -> Plugins:
    mistakes = Brings(planted.regulars_rules())
    return plugins_on({**BOX, "moody": moody.plugin, "planted": mistakes})


REFUSED = [
    ("POINTS_RULE", "NEGATIVE"),
    ("POINTS_RULE", "FLOAT_ON_THE_WAY"),
    ("REWARD_TRIGGER", "KEPT"),
    ("OFFER_CONDITION", "ORDER"),
    ("OFFER_DISCOUNT", "TOO_MUCH"),
    ("OFFER_DISCOUNT", "HANGS"),
    ("TIER_CRITERION", "GENERATOR"),
]


async def test_one_that_breaks_a_law_is_refused(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    laws = {(one.kind.use, one.kind.name): one.law for one in planted.PLANTED}
    for use, kind in REFUSED:
        [wrong] = await puts(api, use, kind)
        code = "INVALID_POLICY" if use == "TIER_CRITERION" else "RULE_BREAKS_LAW"
        assert (use, wrong["code"]) == (use, code)
        assert laws[use, kind] in wrong["message"]


@pytest.mark.parametrize("use", USES)
async def test_one_that_raises_stops_nothing_and_is_told(
    open_shop: OpenShop, moody: Moody, use: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = await open_shop()
    api = Api.of(shop)
    assert await puts(api, use, "MOODY") == []
    assert await told(shop) == []
    moody.is_bad = True
    customer = await registered(api)
    assert await has(api, use, "R1", customer) == HAS[use][1]
    assert await told(shop)
    assert "Ana Li" not in caplog.text
    moody.is_bad = False
    assert await has(api, use, "R2", await registered(api)) == HAS[use][0]


@pytest.mark.parametrize("use", USES)
async def test_one_whose_plugin_is_off_is_kept_and_never_applies(
    databases: Databases, engine: Engine, moody: Moody, use: str
) -> None:
    on, off = plugins_on({**BOX, "moody": moody.plugin}), plugins_on(dict(BOX))
    url = await databases.migrated(engine, on.apps)
    async with opened_shop(url, on) as shop:
        assert await puts(Api.of(shop), use, "MOODY") == []
    async with opened_shop(url, off) as shop:
        customer = await registered(Api.of(shop))
        assert await has(Api.of(shop), use, "R1", customer) == HAS[use][1]
        assert any("MOODY" in one for one in await told(shop))
    async with opened_shop(url, on) as shop:
        assert await told(shop) == [] or use in {"POINTS_RULE", "REWARD_TRIGGER", "TIER_CRITERION"}  # to be made up for
        assert await has(Api.of(shop), use, "R2", await registered(Api.of(shop))) == HAS[use][0]
