"""Rules of a shop: checked before they are stored, read to be applied, and shown."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from pydantic import BaseModel

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.text import is_clean
from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.laws import LawBroken, shown_fact, try_laws
from regulars_core.rules.registry import rule_kinds
from regulars_core.rules.settings import settings_from, written
from regulars_core.rules.stored import RuleData, RuleSetting, ShownRule, StoredRule, UsableRule, listed
from regulars_core.shop.shop import Shop

MAX_SETTINGS = 200
MAX_SETTING_VALUE = 1_000
_TRIES = 50


def checked_rule(shop: Shop, use: str, rule: StoredRule, checks: Checks, *path: str) -> UsableRule | None:
    """A rule of a use that somebody wants to store. What is wrong is told to `checks` behind `path`, and then there is none:
    UNKNOWN_KIND at its `kind`, TOO_MANY at its `settings`, and at the number of the very pair INVALID_RULE and TOO_LONG, or
    INVALID_RULE at the name of a setting that is missing. Whether it keeps the laws, `try_rule` says."""
    told = checks.nested(*path)
    if len(rule.settings) > MAX_SETTINGS:
        told.fail("TOO_MANY", f"A rule has at most {MAX_SETTINGS} settings.", "settings")
    else:
        for n, one in enumerate(rule.settings):
            if len(one.value) > MAX_SETTING_VALUE:
                told.fail("TOO_LONG", f"At most {MAX_SETTING_VALUE} characters.", "settings", str(n), "value")
            elif not is_clean(one.value):
                told.fail("INVALID_RULE", "NUL and lone surrogates are not text.", "settings", str(n), "value")
    kind = rule_kinds(shop).for_use(use).get(rule.kind)
    if kind is None:
        told.fail("UNKNOWN_KIND", "No plugin that is on brings this kind; `ruleKinds` lists those there are.", "kind")
    if kind is None or told.problems:
        return None
    settings = settings_from(kind.settings, rule.pairs, shop.currency, told, "settings")
    return None if settings is None else UsableRule(kind, settings)


async def try_rule(
    shop: Shop, rule: UsableRule, checks: Checks, *path: str, examples: Sequence[Sequence[PurchaseFact]] = ()
) -> bool:
    """Whether a rule keeps the laws of its use, on these examples and on purchases made at random. Where it does not,
    RULE_BREAKS_LAW is told to `checks` at its `kind` behind `path`, with the law and the smallest purchases that break it."""
    await asyncio.sleep(0)  # others are answered between, and the deadline of the request is kept
    try:
        _try(rule, examples)
    except LawBroken as broken:
        owner = rule_kinds(shop).owners.get((rule.kind.use, rule.kind.name))
        on = "; ".join(shown_fact(fact) for fact in broken.facts[:3]) or "no purchases"
        more = f"; and {len(broken.facts) - 3} more" if len(broken.facts) > 3 else ""
        law = f"{rule.kind.name} of the plugin '{owner}' breaks a law with these settings: {broken.law}."
        checks.fail("RULE_BREAKS_LAW", " ".join(f"{law} Tried on: {on}{more}.".split()), *path, "kind")
        return False
    return True


def kept_rule(shop: Shop, rule: UsableRule) -> RuleData:
    """A checked rule in the form in which it is kept: defaults included, and which plugin brings its kind."""
    stored = rule.stored(shop.currency)
    owner = rule_kinds(shop).owners.get((rule.kind.use, rule.kind.name))
    return RuleData(kind=stored.kind, settings=tuple(stored.pairs), plugin=owner)


def _try(rule: UsableRule, examples: Sequence[Sequence[PurchaseFact]]) -> None:
    """Raises LawBroken. What is tried is the same each time: a rule that has kept the laws is not tried again."""
    try:
        is_hashable = hash(rule.settings) is not None and not examples
    except TypeError:  # such as of settings with a list
        is_hashable = False
    if is_hashable:
        _keeps_laws(rule.kind, rule.settings)
    else:
        try_laws(rule.kind, rule.settings, examples=examples, tries=_TRIES)


@lru_cache(maxsize=1_024)
def _keeps_laws(kind: RuleKind, settings: BaseModel) -> None:
    try_laws(kind, settings, tries=_TRIES)


def usable_rule(shop: Shop, use: str, rule: StoredRule) -> UsableRule | None:
    """A stored rule as it can be applied; None for one that is not available: its plugin is off, or no longer takes what the rule
    tells it."""
    kind = rule_kinds(shop).for_use(use).get(rule.kind)
    settings = None if kind is None else _settings(kind, rule, shop.currency)
    return None if kind is None or settings is None else UsableRule(kind, settings)


def shown_rule(shop: Shop, use: str, rule: StoredRule) -> ShownRule:
    """A stored rule as people see it."""
    usable = usable_rule(shop, use, rule)
    if usable is None:
        return ShownRule(listed(rule.kind, rule.settings), False, rule.kind, rule.settings)
    settings = [RuleSetting(*pair) for pair in written(usable.settings, shop.currency)]
    return ShownRule(usable.words(shop.currency), True, rule.kind, settings)


@lru_cache(maxsize=1_024)
def _settings(kind: RuleKind, rule: StoredRule, currency: str) -> BaseModel | None:
    return settings_from(kind.settings, rule.pairs, currency, Checks())
