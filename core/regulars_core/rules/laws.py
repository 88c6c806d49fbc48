"""Laws of kinds of rules, tried on purchases made at random; what breaks one is made as small as it gets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from time import monotonic, thread_time
from typing import Any

from pydantic import BaseModel, ValidationError

from regulars_core.primitives.clock import printed
from regulars_core.rules.facts import LineFact, PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.patience import TIMED_LAWS, TookTooLong, WaitedTooLong, patiently
from regulars_core.rules.purity import impurity, no_plain_function
from regulars_core.rules.smaller import smallest
from regulars_core.rules.tried_purchases import random_purchases

_NOTHING: Mapping[str, Any] = {"lines": (), "customer": None}
_MAX_MESSAGE = 200
_MAX_SHOWN = 5
"""Lines of an example that are shown."""
_MAX_SETTINGS = 300
_DETERMINISTIC = "it is deterministic"
_ASKED = 5
_MAX_TRIAL = 3.0
"""Seconds that the laws may take on a few purchases made at random, and what breaks one to be made smaller."""
Broken = Callable[[RuleKind, BaseModel, Sequence[PurchaseFact]], str | None]


class LawBroken(AssertionError):
    """A kind does not keep a law of its use, or fails; the message says which, and on what."""

    def __init__(self, kind: RuleKind, law: str, settings: BaseModel, facts: Sequence[PurchaseFact]) -> None:
        chosen = f"with {settings!r}"[:_MAX_SETTINGS] + ", " if type(settings).model_fields else ""
        example = [f"{chosen}on:" if facts else f"{chosen}on no purchases"]
        example += [f"  {line}" for fact in facts[:_MAX_SHOWN] for line in shown_fact(fact).splitlines()]
        if len(example) > _MAX_SHOWN:
            example[_MAX_SHOWN - 1 :] = [f"  and more of {len(facts)} purchase{'' if len(facts) == 1 else 's'}"]
        super().__init__("\n".join([f"{kind.use} {kind.name} breaks a law: {law}", *example]))
        self.law, self.facts = law, facts


def shown_fact(fact: PurchaseFact) -> str:
    """What a rule can see of a purchase, a line for each of its own, without what is not there."""
    parts = [f"net={fact.net}"]
    parts += [] if fact.counted else ["counted=False"]
    parts += [f"channel={fact.channel!r}"] if fact.channel else []
    parts += [f"group={fact.customer.group_id[-4:]}"] if fact.customer else []
    return "\n".join([f"{printed(fact.at)} {' '.join(parts)}", *map(_shown_line, fact.lines)])


def _shown_line(line: LineFact) -> str:
    names = {name: getattr(line, name) for name in ("sku", "name", "brand", "category")}
    known = [f"{name}={value!r}" for name, value in names.items() if value is not None]
    figures = {name: getattr(line, name) for name in ("quantity", "returned", "total", "refunded")}
    told = [f"{name}={value}" for name, value in figures.items() if value or name in {"quantity", "total"}]
    return f"  line {' '.join([*known, *told])}"


def broken_law(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str | None:
    """The first law that a kind breaks on these facts, as a sentence, or what it raises; None if it keeps all. Beside those of
    its use there are those of every kind: it is a plain function, leaves what it is given as it is, calculates in no floats,
    depends on no ids, and looks at nothing that it does not say it `reads`."""
    facts = tuple(facts)
    try:
        before = settings.model_copy(deep=True)
        if broken := no_plain_function(kind) or next(
            (law for law, kept in kind.laws(settings, facts) if not kept), None
        ):
            return broken
        if settings != before:
            return "it leaves its settings as they are"
        whole = kind.apply(settings, facts)
        if broken := next(_looked_at(kind, settings, facts, whole), None):
            return f'it says what it looks at: reads=("{broken}",)'
        return impurity(kind, settings, facts, whole)
    except Exception as error:
        raised = (
            error.__cause__ if isinstance(error.__cause__, StopIteration) else error
        )  # which no generator lets pass
        return f"it answers, and does not raise {type(raised).__name__}{_said(raised)}"[:_MAX_MESSAGE]


def _said(error: BaseException) -> str:
    """What an error says, if it can say it."""
    try:
        return f": {error}" if str(error) else ""
    except Exception:
        return ""


def _looked_at(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact], whole: Any) -> Iterator[str]:
    """The parts that a kind looks at without saying so: those without which it decides something else."""
    for part, nothing in _NOTHING.items():
        if part not in kind.reads:
            try:
                same = kind.apply(settings, tuple(fact._replace(**{part: nothing}) for fact in facts)) == whole
            except Exception:
                same = False
            if not same:
                yield part


def try_laws(
    kind: RuleKind,
    settings: BaseModel | None = None,
    *,
    examples: Sequence[Sequence[PurchaseFact]] = (),
    tries: int = 200,
    seed: int = 0,
    broken: Broken = broken_law,
) -> None:
    """Try every law of the kind's use on examples and on purchases made at random; settings are the defaults if not given.

    Raises LawBroken with the smallest purchases that were found to break it, and TypeError where settings must be given.
    """
    chosen = default_settings(kind) if settings is None else settings
    dice = Random(seed)
    with patiently(kind) as timed:
        for facts in examples:
            _try_on(timed, chosen, facts, broken)
        for facts in ((), *(random_purchases(dice) for _ in range(tries))):
            begun = thread_time()  # of the processor: a busy machine makes no law broken
            _try_on(timed, chosen, facts, broken)
            if thread_time() - begun > _MAX_TRIAL:
                raise LawBroken(
                    kind, f"all of its answers to so few purchases take {_MAX_TRIAL:g} seconds", chosen, facts
                )


def first_broken(
    kind: RuleKind, settings: BaseModel, examples: Sequence[Sequence[PurchaseFact]] = (), tries: int = 50
) -> str | None:
    """The first law that a kind breaks on purchases made at random or on any of these examples, as a sentence; None if it keeps
    all. What takes too long is cut off."""
    dice = Random(0)
    tried = ((), *(random_purchases(dice) for _ in range(tries)), *examples)
    with patiently(kind) as timed:
        laws = (_broken_in_time(timed, settings, facts, broken_law) for facts in tried)
        return next((law for law in laws if law), None)


def _try_on(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact], broken: Broken) -> None:
    shown = settings.model_copy(deep=True)  # as they are before one changes them
    law = _broken_in_time(kind, settings, facts, broken)
    if law == WaitedTooLong.law:  # to look for less that does would be to wait as long again
        raise LawBroken(kind, law, shown, facts)
    if law is not None:
        small, law = smaller_example(
            list(facts), law, kind, lambda fewer: _broken_in_time(kind, settings, fewer, broken)
        )
        raise LawBroken(kind, _DETERMINISTIC if _varies(kind, settings, small) else law, shown, small)


def _varies(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> bool:
    """Whether it answers now this and now that, which breaks other laws, too, and is what to say of it."""
    try:
        return len({repr(kind.apply(settings, facts)) for _ in range(_ASKED)}) > 1
    except (Exception, TookTooLong):
        return False


def smaller_example(
    facts: list[PurchaseFact], law: str, kind: RuleKind, broken: Callable[[Sequence[PurchaseFact]], str | None]
) -> tuple[Sequence[PurchaseFact], str]:
    """The smallest purchases that are found in a few seconds to break a law, and which law they break."""
    until = monotonic() + _MAX_TRIAL

    def breaks(fewer: Sequence[PurchaseFact]) -> bool:
        return monotonic() < until and broken(fewer) is not None

    small = smallest(facts, kind.reads, breaks)
    return small, broken(small) or law


def _broken_in_time(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact], broken: Broken) -> str | None:
    try:
        return broken(kind, settings, facts)
    except TookTooLong as late:
        return late.law


def is_timed(law: str) -> bool:
    """Whether a law is about how long answers take: who breaks it now may keep it another time, so nothing remembers it."""
    return law in TIMED_LAWS


def default_settings(kind: RuleKind) -> BaseModel:
    """The settings of a kind where nothing is told. Raises TypeError, which says what must be."""
    try:
        return kind.settings()
    except ValidationError as error:
        wanted = ", ".join(dict.fromkeys(str(one["loc"][0]) if one["loc"] else "settings" for one in error.errors()))
        call = f"try_laws(kind, {kind.settings.__name__}({wanted.split(', ')[0]}=…))"
        message = f"{kind.use} {kind.name} has no default for {wanted}: say with which settings to try it, {call}"
        raise TypeError(message) from None
