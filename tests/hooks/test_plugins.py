"""Finding, choosing, ordering and checking plugins, and telling them of events."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from regulars_core.hookspecs import hookimpl
from regulars_core.plugins.discovery import Installed, chosen, installed
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.start import plugins_on, plugins_wanted
from tests.hooks.conftest import STAMPS


def plugin(**hooks: Any) -> Any:
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def refusal(**plugins: Any) -> str:
    with pytest.raises(PluginError) as raised:
        plugins_on(plugins)
    return str(raised.value)


def available(*names: str) -> list[Installed]:
    """The first two are in the box."""
    return [Installed(name, "1", "", n < 2, STAMPS) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("wanted", "on"),
    [
        (None, ["loyalty", "tiers"]),
        ((), []),
        (("tiers",), ["tiers"]),
        (("tiers", "loyalty"), ["tiers", "loyalty"]),
        (("+birthday",), ["loyalty", "tiers", "birthday"]),
        (("+zoo", "+birthday"), ["loyalty", "tiers", "zoo", "birthday"]),
        (("tiers", "+birthday"), ["tiers", "birthday"]),
        (("tiers", "tiers"), ["tiers"]),
    ],
)
def test_the_setting_chooses(wanted: tuple[str, ...] | None, on: list[str]) -> None:
    found = chosen(available("loyalty", "tiers", "birthday", "zoo"), wanted)
    assert [plugin.name for plugin in found] == on


def test_what_is_not_installed_cannot_be_chosen() -> None:
    with pytest.raises(PluginError, match=r"names a, c, which is not installed; installed: loyalty, tiers\."):
        chosen(available("loyalty", "tiers"), ("+c", "a", "tiers"))


def test_two_of_one_name_stop_the_start(install: Callable[..., None]) -> None:
    install(STAMPS, EntryPoint("stamps", "elsewhere", "regulars"))
    with pytest.raises(PluginError, match="The plugin name 'stamps' is taken by"):
        installed()


def test_what_cannot_be_imported_is_named(install: Callable[..., None]) -> None:
    install(STAMPS, EntryPoint("gone", "tests.hooks.gone", "regulars"))
    assert plugins_wanted(("stamps",)).names == ("stamps",)
    with pytest.raises(PluginError, match="The plugin 'gone' cannot be imported: ModuleNotFoundError"):
        plugins_wanted(("gone",))


def test_hooks_that_do_not_fit_stop_the_start() -> None:
    async def late(**_: Any) -> None: ...

    def early() -> None: ...

    async def stranger(colour: str) -> None: ...

    def wrapping() -> Any:
        yield

    assert refusal(a=plugin(purchase_recorded=late)) == (
        "The plugin 'a' implements purchase_recorded, and there is no such hook."
    )
    assert refusal(a=plugin(purchases_recorded=early)) == (
        "The plugin 'a' must write purchases_recorded with `async def`."
    )
    assert refusal(a=plugin(regulars_jobs=late)) == "The plugin 'a' must write regulars_jobs with `def`."
    said = refusal(a=plugin(purchases_recorded=stranger))
    assert "The plugin 'a'" in said
    assert "colour" in said
    wrapper = SimpleNamespace(purchases_recorded=hookimpl(wrapping, wrapper=True))
    assert refusal(a=wrapper) == "The plugin 'a' wraps purchases_recorded; hooks cannot be wrapped."
    first = SimpleNamespace(purchases_recorded=hookimpl(late, tryfirst=True))
    assert refusal(a=first) == (
        "The plugin 'a' wants purchases_recorded first or last; REGULARS_PLUGINS decides the order."
    )
    old = SimpleNamespace(regulars_jobs=hookimpl(wrapping, hookwrapper=True))
    assert refusal(a=old) == "The plugin 'a' wraps regulars_jobs; hooks cannot be wrapped."


@pytest.mark.parametrize("name", ["core", "Tiers", "a-b", "", "1st", "x" * 41])
def test_names_that_cannot_be(name: str) -> None:
    assert refusal(**{name: plugin()}).startswith(f"'{name}' is no name for a plugin")


def test_declarations_that_fail_are_named() -> None:
    def broken() -> None:
        raise RuntimeError("no")

    with pytest.raises(PluginError, match=r"The plugin 'a' failed in regulars_jobs: RuntimeError\('no'\)"):
        plugins_on({"a": plugin(regulars_jobs=broken)}).declared("regulars_jobs")


async def test_one_is_told_after_the_other_and_none_after_one_that_raises() -> None:
    seen: list[str] = []

    def noting(name: str, error: Exception | None = None) -> Any:
        async def purchases_voided(purchases: Any) -> None:
            seen.append(name)
            if error:
                raise error

        return plugin(purchases_voided=purchases_voided)

    on = plugins_on({name: noting(name) for name in "cab"})
    await on.announce("purchases_voided", {"shop": None, "purchases": []})
    assert seen == ["c", "a", "b"]
    assert on.listens("purchases_voided")
    assert on.listens("purchases_voided", "a")
    assert not on.listens("purchases_recorded")
    seen.clear()
    on = plugins_on({"a": noting("a"), "b": noting("b", RuntimeError("x")), "c": noting("c")})
    with pytest.raises(RuntimeError, match="x") as raised:
        await on.announce("purchases_voided", {"shop": None, "purchases": []})
    assert seen == ["a", "b"]
    assert raised.value.__notes__ == ["in purchases_voided of the plugin 'b'"]
    on = plugins_on({"a": noting("a", Refused(Problem("NO", "No.")))})
    with pytest.raises(Refused):
        await on.announce("purchases_voided", {"shop": None, "purchases": []})
