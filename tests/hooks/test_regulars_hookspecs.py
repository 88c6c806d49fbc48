"""Hooks that plugins offer to each other."""

from types import SimpleNamespace
from typing import Any

import pytest

from regulars_core.hookspecs import hookimpl, hookspec
from regulars_core.plugins.owners import PluginError
from regulars_core.start import plugins_on
from tests.hooks.test_plugins import plugin


@hookspec
async def bells_rung(shop: Any, times: int) -> None:
    """Bells were rung."""


@hookspec
def bells_names() -> Any:
    """Names of bells."""


BELLS = plugin(regulars_hookspecs=lambda: SimpleNamespace(bells_rung=bells_rung, bells_names=bells_names))


class Listener:
    """A plugin that hears bells where there are any."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    @hookimpl(optionalhook=True)
    async def bells_rung(self, times: int) -> None:
        self.heard.append(times)

    @hookimpl(optionalhook=True)
    def bells_names(self) -> list[str]:
        return ["Emmanuel"]


@pytest.mark.parametrize("order", [["bells", "listener"], ["listener", "bells"]])
async def test_others_hear_of_it(order: list[str]) -> None:
    listener = Listener()
    both = {"bells": BELLS, "listener": listener}
    on = plugins_on({name: both[name] for name in order})
    await on.announce("bells_rung", {"shop": None, "times": 3})
    assert listener.heard == [3]
    assert on.declared("bells_names") == {"listener": ["Emmanuel"]}


def test_without_the_plugin_nobody_minds() -> None:
    assert plugins_on({"listener": Listener()}).names == ("listener",)


def test_a_hook_bears_the_name_of_its_plugin() -> None:
    with pytest.raises(PluginError, match="The plugin 'gong' must name its hook bells_names"):
        plugins_on({"gong": BELLS})


def test_a_wrong_implementation_is_told() -> None:
    strange = plugin(bells_rung=lambda loudness: None)
    with pytest.raises(PluginError, match="bells_rung"):
        plugins_on({"bells": BELLS, "strange": strange})
    colour = plugin(bells_rung=lambda times: None)
    with pytest.raises(PluginError, match="must write bells_rung with `async def`"):
        plugins_on({"bells": BELLS, "colour": colour})
