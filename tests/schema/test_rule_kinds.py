"""Which kinds of rules there are, as a form asks for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

import regulars_tiers
from regulars_core.plugin import Actor, MinorUnits, NoSettings, Plugins, PurchaseFact, RuleKind, Shop, plugins_on
from regulars_core.shop.actors import Binding
from regulars_core.testing import OpenShop, statements
from regulars_schema.plugin import schema_of
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin


class Weekday(Enum):
    TUESDAY = "TUE"
    SUNDAY = "SUN"


class GreetingSettings(BaseModel):
    """What a greeting wants to be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str = Field(description="What to say.")
    spent: MinorUnits = Field(1_050, gt=0, description="To whom: who has spent so much.")
    share: Decimal | None = Field(None, ge=0, le=1, description="To which share of them.")
    on: tuple[Weekday, ...] = Field((Weekday.TUESDAY, Weekday.SUNDAY), description="On which days.")


@dataclass(frozen=True)
class Greeting(RuleKind):
    use = "GREETING"

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        yield "it greets", True

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str:
        return "Hello"


KINDS = [Greeting("WAVE", NoSettings, "Waves."), Greeting("HELLO", GreetingSettings, "Says hello.")]
ALL = """query($use: String) { ruleKinds(use: $use) { use kind plugin description settings {
    name description type isList isRequired defaultValue minimum maximum choices { value description } } } }"""


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "greet": plugin(regulars_rules=lambda: KINDS)})


async def asked(shop: Shop, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await Api.of(shop).data(ALL, **asked))["ruleKinds"]
    return found


async def test_of_the_box_and_of_plugins_by_use_and_name(shop: Shop) -> None:
    assert [(one["use"], one["kind"], one["plugin"]) for one in await asked(shop)] == [
        ("GREETING", "HELLO", "greet"),
        ("GREETING", "WAVE", "greet"),
        ("TIER_CRITERION", "NET_SPEND", "tiers"),
        ("TIER_CRITERION", "ORDERS", "tiers"),
    ]
    assert [one["kind"] for one in await asked(shop, use="TIER_CRITERION")] == ["NET_SPEND", "ORDERS"]
    assert await asked(shop, use="greeting") == []


async def test_what_a_form_asks_for(shop: Shop) -> None:
    hello, wave = await asked(shop, use="GREETING")
    assert (wave["description"], wave["settings"]) == ("Waves.", [])
    plain = {
        "isList": False,
        "isRequired": False,
        "defaultValue": None,
        "minimum": None,
        "maximum": None,
        "choices": [],
    }
    days = [{"value": "TUE", "description": "Tuesday"}, {"value": "SUN", "description": "Sunday"}]
    assert hello["settings"] == [
        {**plain, "name": "words", "description": "What to say.", "type": "TEXT", "isRequired": True},
        {**plain, "name": "spent", "description": "To whom: who has spent so much.", "type": "MONEY",
         "defaultValue": "10.50", "minimum": "0.01"},
        {**plain, "name": "share", "description": "To which share of them.", "type": "DECIMAL", "minimum": "0",
         "maximum": "1"},
        {**plain, "name": "on", "description": "On which days.", "type": "CHOICE", "isList": True,
         "defaultValue": "TUE,SUN", "choices": days},
    ]  # fmt: skip


async def test_money_is_in_the_currency_of_the_shop(open_shop: OpenShop, plugins: Plugins) -> None:
    yen = await open_shop(plugins=plugins, currency="JPY")
    [spent] = [one for one in (await asked(yen, use="GREETING"))[0]["settings"] if one["name"] == "spent"]
    assert (spent["defaultValue"], spent["minimum"]) == ("1050", "1")


async def test_any_key_may_ask_and_no_statement_is_run(shop: Shop) -> None:
    nothing = Actor("key", "till", (Binding.of(shop.permissions, "own", None, []),))
    api = Api(schema_of(shop.plugins), shop, nothing)
    with statements(shop, 0):
        assert len((await api.data(ALL))["ruleKinds"]) == 4


async def test_without_plugins_there_are_none(open_shop: OpenShop) -> None:
    assert await asked(await open_shop(plugins=plugins_on())) == []
