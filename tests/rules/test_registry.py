"""Which kinds there are, and what stops the start: what could not be listed, or is nobody's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from regulars_core.plugin import NoSettings, PluginError, PurchaseFact, RuleKind, RuleKinds, plugins_on
from regulars_core.testing import OpenShop
from tests.hooks.test_plugins import plugin


@dataclass(frozen=True)
class Greeting(RuleKind):
    """Kinds of a use of our own."""

    use = "GREETING"
    more: Any = None

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        yield "it greets", True

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str:
        return "Hello"


class OtherGreeting(Greeting):
    """A class of the same use that has what those of the use have."""


@dataclass(frozen=True)
class Stranger(RuleKind):
    """A class that claims the use of another."""

    use = "GREETING"
    laws = Greeting.laws
    apply = Greeting.apply


class Loose(BaseModel):
    """Settings that anybody could change."""

    times: int = 1


class Nested(BaseModel):
    """Settings that no form could ask for."""

    model_config = ConfigDict(frozen=True)

    inner: dict[str, int] = {}


def hello(name: str = "HELLO", settings: Any = NoSettings, **more: Any) -> Greeting:
    return Greeting(name, settings, "Says hello", **more)


def kinds_of(*kinds: Any) -> RuleKinds:
    return RuleKinds.of(plugins_on({"greet": plugin(regulars_rules=lambda: kinds)}))


def test_by_use_and_name() -> None:
    found = kinds_of(hello("B"), OtherGreeting("A", NoSettings, "Says it otherwise"))
    assert [(owner, kind.name) for owner, kind in found.listed()] == [("greet", "A"), ("greet", "B")]
    assert list(found.listed("REWARD")) == []
    assert set(found.for_use("GREETING")) == {"A", "B"}


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (hello("hello"), "GREETING hello of the plugin 'greet' must have a use and a name of at most 60 capitals"),
        (hello("H" * 61), "a name of at most 60 capitals"),
        (hello(settings=dict), "must have settings that are a pydantic class"),
        (hello(settings=Loose), "must have settings that are frozen"),
        (hello(settings=Nested), "cannot be listed: TypeError: A setting cannot be of the type of `inner`"),
        (hello(reads=["lines", "weather"]), "reads 'weather'; there are lines, customer"),
        (hello(reads="lines"), "reads 'e', 'i', 'l', 'n', 's'; there are"),
        (hello(more=[]), "cannot be listed: TypeError: unhashable"),
        ("HELLO", "The plugin 'greet' must answer regulars_rules with kinds of rules that have a use."),
    ],
)
def test_what_could_not_be_used_is_refused(kind: Any, wrong: str) -> None:
    with pytest.raises(PluginError) as raised:
        kinds_of(kind)
    assert wrong in str(raised.value)


def test_what_it_reads_may_be_any_collection() -> None:
    assert hash(hello(reads=["lines"])) == hash(hello(reads=("lines",)))
    assert kinds_of(hello(reads=["lines", "customer"])).for_use("GREETING")["HELLO"].reads == {"lines", "customer"}


@pytest.mark.parametrize("answer", [None, "HELLO", 7, hello()])
def test_a_plugin_answers_a_sequence(answer: Any) -> None:
    with pytest.raises(PluginError, match="'greet' must answer regulars_rules"):
        RuleKinds.of(plugins_on({"greet": plugin(regulars_rules=lambda: answer)}))


def test_two_of_one_name_name_both() -> None:
    both = {name: plugin(regulars_rules=lambda: [hello()]) for name in ("greet", "wave")}
    with pytest.raises(PluginError, match="The rule kind GREETING HELLO is defined by 'greet' and by 'wave'"):
        RuleKinds.of(plugins_on(both))


def test_a_use_is_of_one_class() -> None:
    both = {
        "greet": plugin(regulars_rules=lambda: [hello()]),
        "odd": plugin(regulars_rules=lambda: [Stranger("WAVE", NoSettings, "Waves")]),
    }
    with pytest.raises(PluginError, match="GREETING WAVE of the plugin 'odd' must be a Greeting, as those of 'greet'"):
        RuleKinds.of(plugins_on(both))


async def test_it_stops_the_start(open_shop: OpenShop) -> None:
    with pytest.raises(PluginError, match="must have settings that are frozen"):
        await open_shop(plugins=plugins_on({"greet": plugin(regulars_rules=lambda: [hello(settings=Loose)])}))
