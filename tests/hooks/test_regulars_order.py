"""Plugins say which others they need, and whom they want to be told after; what cannot be stops the start."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugins.order import PluginOrder
from regulars_core.plugins.owners import PluginError
from regulars_core.start import plugins_on
from tests.hooks.test_plugins import plugin


def on(**orders: PluginOrder) -> Sequence[str]:
    named: dict[str, Any] = {name: plugin(regulars_order=lambda order=order: order) for name, order in orders.items()}
    return plugins_on(named).names


def test_each_is_told_after_those_that_it_names() -> None:
    names = on(a=PluginOrder(after=["c", "gone"]), b=PluginOrder(requires=["a"]), c=PluginOrder(), d=PluginOrder())
    assert names == ("c", "a", "b", "d")
    assert on(a=PluginOrder(), b=PluginOrder(after=["a"])) == ("a", "b")


async def test_events_come_in_that_order() -> None:
    heard: list[str] = []

    def hearing(name: str, order: PluginOrder) -> Any:
        async def purchases_voided(purchases: Any) -> None:
            heard.append(name)

        return plugin(purchases_voided=purchases_voided, regulars_order=lambda: order)

    told = plugins_on({"rewards": hearing("rewards", PluginOrder(["tiers"])), "tiers": hearing("tiers", PluginOrder())})
    await told.announce("purchases_voided", {"shop": None, "purchases": []})
    assert heard == ["tiers", "rewards"]
    assert [one.name for one in told.about] == ["tiers", "rewards"]


def test_what_is_missing_stops_the_start() -> None:
    with pytest.raises(PluginError, match="The plugin 'rewards' requires 'loyalty', which is not on"):
        on(rewards=PluginOrder(requires=["loyalty"]))


def test_a_circle_stops_the_start_and_is_named() -> None:
    with pytest.raises(PluginError, match="after the next: 'a' → 'b' → 'a'"):
        on(a=PluginOrder(after=["b"]), b=PluginOrder(requires=["a"]), c=PluginOrder())
    with pytest.raises(PluginError, match="'a' → 'a'"):
        on(a=PluginOrder(after=["a"]))


def test_what_is_no_order_is_refused() -> None:
    with pytest.raises(PluginError, match="The plugin 'a' must answer regulars_order with a PluginOrder"):
        on(a=["tiers"])  # type: ignore[arg-type]
