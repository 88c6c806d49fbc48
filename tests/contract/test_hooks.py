"""Every hook is documented with an example, has a test of its own, and stands in docs/hooks.md."""

import inspect
from pathlib import Path

import pytest

from regulars_core import hookspecs

HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "regulars_spec")]
TESTS = Path(__file__).parents[1]


def test_there_are_hooks() -> None:
    assert len(HOOKS) == 50


@pytest.mark.parametrize("hook", HOOKS)
def test_documented_and_tested(hook: str) -> None:
    said = inspect.getdoc(getattr(hookspecs, hook)) or ""
    assert "@hookimpl" in said
    assert f"def {hook}(" in said
    assert said.partition("\n")[0].endswith(".")
    assert (TESTS / "hooks" / f"test_{hook}.py").exists()
    assert f"## `{hook}`" in (TESTS.parent / "docs" / "hooks.md").read_text(encoding="utf-8")


PLUGINS = ("plugins/tiers/regulars_tiers", "server/regulars_server/outline/regulars_outline",
           "tests/examples/regulars_birthday/regulars_birthday")  # fmt: skip


@pytest.mark.parametrize("plugin", PLUGINS)
def test_who_refers_to_customers_takes_part_in_merges(plugin: str) -> None:
    folder = TESTS.parent / plugin
    assert "customer_id = IdField" in (folder / "models.py").read_text(encoding="utf-8")
    hooks = (folder / "__init__.py").read_text(encoding="utf-8")
    assert {name for name in ("customers_merged", "customers_unmerged") if f"async def {name}(" not in hooks} == set()


LOOKUPS = "_lookups"
_BASKETS = ["shop", "baskets", "extras"]
QUESTIONS = {
    "audiences_stored": ["shop", "leaves", "found"],
    "baskets_not_goods": _BASKETS,
    "baskets_quoted": _BASKETS,
    "baskets_told": _BASKETS,
    "customers_priority": ["shop", "customers", "found"],
    "purchases_concern": ["shop", "purchases"],
    "purchases_details_kept": ["shop", "purchases", "found"],
    "purchases_details_told": ["shop", "purchases", "extras"],
}
EVENTS = [
    hook for hook in HOOKS if not hook.startswith("regulars_") and not hook.endswith(LOOKUPS) and hook not in QUESTIONS
]


@pytest.mark.parametrize("hook", EVENTS)
def test_events_are_async_and_bring_the_shop_and_a_sequence(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    assert inspect.iscoroutinefunction(spec)
    shop, rows, *more = inspect.signature(spec).parameters.values()
    assert shop.name == "shop"
    assert "Sequence[" in str(rows.annotation)
    assert {one.name for one in more} <= {"after", "before", "extras", "found", "moments", "quoted", "quotes"}


@pytest.mark.parametrize("hook", QUESTIONS)
def test_questions_wait_for_nothing(hook: str) -> None:
    spec = getattr(hookspecs, hook)
    assert not inspect.iscoroutinefunction(spec)
    assert list(inspect.signature(spec).parameters)[:3] == QUESTIONS[hook]


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook.endswith(LOOKUPS)])
def test_first_halves_belong_to_a_second_and_ask_nothing_themselves(hook: str) -> None:
    spec, event = getattr(hookspecs, hook), hook.removesuffix(LOOKUPS)
    assert not inspect.iscoroutinefunction(spec)
    assert event in (*EVENTS, *QUESTIONS)
    assert "found" in inspect.signature(getattr(hookspecs, event)).parameters
    shop, rows, *more = inspect.signature(spec).parameters.values()
    argument = hookspecs.EVENTS[event].argument if event in EVENTS else QUESTIONS[event][1]
    assert (shop.name, rows.name) == ("shop", argument)
    assert {one.name for one in more} <= {"extras"}
