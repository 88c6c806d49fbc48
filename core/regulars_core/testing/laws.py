"""The laws of kinds of rules, tried where a test can try more of them: without I/O, at another time and place, and in other
processes."""

from collections.abc import Sequence
from random import Random

from pydantic import BaseModel

from regulars_core.rules import laws
from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.laws import LawBroken, broken_law, default_settings, smaller_example
from regulars_core.rules.tried_purchases import random_purchases
from regulars_core.testing.elsewhere import answers_elsewhere
from regulars_core.testing.surroundings import elsewhere_and_later, watching

__all__ = ["LawBroken", "try_laws"]
_AS_ELSEWHERE = "it answers the same in another process, whatever the order of a set, and whatever it was asked before"


def try_laws(
    kind: RuleKind,
    settings: BaseModel | None = None,
    *,
    examples: Sequence[Sequence[PurchaseFact]] = (),
    tries: int = 200,
    seed: int = 0,
) -> None:
    """Try every law of the kind's use and of every kind on examples and on purchases made at random; settings are the defaults
    if not given. Beside what is tried before a rule is accepted: no I/O, no environment, no clock, no time zone, no locale, and
    for a kind that a module of the plugin holds, or answers `regulars_rules` with, another process. Needs the extra `testing`.

    Raises LawBroken, whose message shows the smallest purchases that were found to break one.
    """
    chosen = default_settings(kind) if settings is None else settings
    laws.try_laws(kind, chosen, examples=examples, tries=tries, seed=seed, broken=_broken)
    dice = Random(seed)
    _try_elsewhere(kind, chosen, [*examples, *(random_purchases(dice) for _ in range(tries))])


def _broken(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str | None:
    broken = broken_law(kind, settings, facts)  # what it imports when it is first called is no I/O of its own
    if broken:
        return broken
    with watching() as events:
        whole = kind.apply(settings, facts)
    if events:
        return f"no I/O, and this was {events[0]}"
    for law, surroundings in elsewhere_and_later():
        with surroundings():
            try:
                same = kind.apply(settings, facts) == whole
            except Exception:
                same = False
        if not same:
            return law
    return None


def _try_elsewhere(kind: RuleKind, settings: BaseModel, tried: Sequence[Sequence[PurchaseFact]]) -> None:
    backwards = tried[::-1]
    differing = (
        facts
        for answers in answers_elsewhere(kind, settings, backwards)
        for facts, answer in zip(backwards, answers, strict=True)
        if kind.apply(settings, facts) != answer
    )
    facts = next(differing, None)
    if facts is not None:

        def broken(fewer: Sequence[PurchaseFact]) -> str | None:
            here = [kind.apply(settings, fewer)]
            differs = any(answers != here for answers in answers_elsewhere(kind, settings, [fewer]))
            return _AS_ELSEWHERE if differs else None

        small, law = smaller_example(list(facts), _AS_ELSEWHERE, kind, broken)
        raise LawBroken(kind, law, settings, small)
