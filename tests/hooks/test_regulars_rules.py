"""Plugins bring kinds of rules; each name is one kind's in its use."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from regulars_core.plugin import NoSettings, PluginError, PurchaseFact, RuleKind, RuleKinds, plugins_on
from tests.hooks.test_plugins import plugin


class Greeting(RuleKind):
    """What is said."""

    use = "GREETING"

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        yield "it says something", bool(self.apply(settings, facts))

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str:
        return f"Hello, {len(facts)}"


class Farewell(Greeting):
    """What is said at the end."""

    use = "FAREWELL"


def bringing(*kinds: Any) -> Any:
    return plugin(regulars_rules=lambda: kinds)


HELLO, BYE = Greeting("PLAIN", NoSettings, "Plain words"), Farewell("PLAIN", NoSettings, "Plain words")


def test_kinds_are_found_by_use_and_name_with_their_owner() -> None:
    loud = Greeting("LOUD", NoSettings, "Loud words")
    kinds = RuleKinds.of(plugins_on({"b": bringing(HELLO, BYE), "a": bringing(loud)}))
    assert kinds.for_use("GREETING") == {"PLAIN": HELLO, "LOUD": loud}
    assert kinds.for_use("OTHER") == {}
    assert list(kinds.listed()) == [("b", BYE), ("a", loud), ("b", HELLO)]
    assert list(kinds.listed("FAREWELL")) == [("b", BYE)]


def test_two_of_one_name_stop_the_start() -> None:
    with pytest.raises(PluginError, match=r"GREETING PLAIN .*'a'.*'b'"):
        RuleKinds.of(plugins_on({"a": bringing(HELLO), "b": bringing(HELLO)}))


def test_what_is_no_kind_stops_the_start() -> None:
    with pytest.raises(PluginError, match="The plugin 'a' must answer regulars_rules with kinds of rules"):
        RuleKinds.of(plugins_on({"a": bringing("PLAIN")}))
