"""Laws of kinds of rules, tried on purchases made at random; what breaks one is made as small as it gets."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from pydantic import BaseModel, ValidationError

from regulars_core.primitives.clock import DAY_MS, Instant, printed
from regulars_core.rules.facts import CustomerFact, LineFact, PurchaseFact
from regulars_core.rules.kinds import RuleKind

_START = Instant(1_767_225_600_000)  # 2026-01-01T00:00Z
_FIRST_DAY = 739_617  # the same as date.toordinal counts
_WORDS = ("Tea", "Coffee", "Bread", "Cheese", "Cups")
_NOTHING: Mapping[str, Any] = {"lines": (), "customer": None}
_MAX_MESSAGE = 200
_MAX_SHOWN = 20


class LawBroken(AssertionError):
    """A kind does not keep a law of its use, or fails; the message says which, and on what."""

    def __init__(self, kind: RuleKind, law: str, settings: BaseModel, facts: Sequence[PurchaseFact]) -> None:
        told = [f"  {shown_fact(fact)}" for fact in facts[:_MAX_SHOWN]] or ["  no purchases"]
        if len(facts) > _MAX_SHOWN:
            told.append(f"  and {len(facts) - _MAX_SHOWN} more")
        chosen = f"with {settings!r}, " if type(settings).model_fields else ""
        super().__init__("\n".join([f"{kind.use} {kind.name} breaks a law: {law}", f"{chosen}on:", *told]))
        self.law, self.facts = law, facts


def shown_fact(fact: PurchaseFact) -> str:
    """What a rule can see of a purchase, without what is not there."""
    parts = [f"net={fact.net}", f"counted={fact.counted}"]
    parts += [f"channel={fact.channel!r}"] if fact.channel else []
    parts += [f"group={fact.customer.group_id[-4:]}"] if fact.customer else []
    lines = []
    for line in fact.lines:
        names = {name: getattr(line, name) for name in ("sku", "name", "brand", "category")}
        known = [f"{name}={value!r}" for name, value in names.items() if value is not None]
        figures = [f"{name}={getattr(line, name)}" for name in ("quantity", "returned", "total", "refunded")]
        lines.append(f"\n    line {' '.join([*known, *figures])}")
    return f"{printed(fact.at)} {' '.join(parts)}{''.join(lines)}"


def random_purchases(dice: Random, most: int = 8) -> list[PurchaseFact]:
    """Some purchases of one customer in the order of time: some on one day, some given back in part or whole."""
    at, purchases = _START, []
    customer = CustomerFact(f"{dice.getrandbits(64):032x}", "0" * 31 + "1", _START, None, None)
    for n in range(dice.randrange(most + 1)):
        at = Instant(at + dice.choice((0, 1, 3_600_000, DAY_MS, 7 * DAY_MS, 40 * DAY_MS, 400 * DAY_MS)) + n)
        lines = tuple(_line(dice) for _ in range(dice.randrange(4)))
        net = sum(line.net for line in lines) if lines else dice.choice((0, 1, 99, 1_000, 52_000, 10**9))
        counted = dice.random() < 0.8 and (not lines or any(line.stands for line in lines))  # or refunded as a whole
        customer = customer._replace(group_id="0" * 31 + dice.choice("112"))  # as of then: it may have been another
        since = at - _START
        purchases.append(
            PurchaseFact(
                f"{dice.getrandbits(64):032x}", at, _FIRST_DAY + since // DAY_MS, net if counted else 0, counted,
                f"{dice.randrange(3):032x}", dice.choice((None, "till", "web")), since % DAY_MS // 60_000, lines, customer,
            )
        )  # fmt: skip
    return purchases


def _line(dice: Random) -> LineFact:
    quantity = dice.choice((0, 250_000, 1_000_000, 3_000_000))
    total = dice.choice((0, 1, 250, 9_999)) * (quantity > 0)
    returned = dice.choice((0, 0, 0, quantity // 2, quantity))
    refunded = total * returned // quantity if quantity else 0
    word = dice.choice((None, *_WORDS))
    brand = dice.choice((None, "Casa Roja"))
    return LineFact(f"{dice.getrandbits(64):032x}", word, word, brand, word, quantity, returned, total, refunded)


def broken_law(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str | None:
    """The first law that a kind breaks on these facts, as a sentence, or what it raises; None if it keeps all. Beside those of
    its use: it leaves its settings as they are, and looks at nothing that it does not say it `reads`."""
    try:
        before = settings.model_copy(deep=True)
        if broken := next((law for law, kept in kind.laws(settings, facts) if not kept), None):
            return broken
        if settings != before:
            return "it leaves its settings as they are"
        whole = kind.apply(settings, facts)
    except Exception as error:
        return f"it answers, and does not raise {type(error).__name__}{_said(error)}"[:_MAX_MESSAGE]
    return next(
        (f'it says what it looks at: reads=("{part}",)' for part in _looked_at(kind, settings, facts, whole)), None
    )


def _said(error: Exception) -> str:
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
    broken: Callable[[RuleKind, BaseModel, Sequence[PurchaseFact]], str | None] = broken_law,
) -> None:
    """Try every law of the kind's use on examples and on purchases made at random; settings are the defaults if not given.

    Raises LawBroken with the smallest purchases that were found to break it, and TypeError where settings must be given.
    """
    chosen = _defaults(kind) if settings is None else settings
    dice = Random(seed)
    for facts in (*examples, (), *(random_purchases(dice) for _ in range(tries))):
        if (law := broken(kind, chosen, facts)) is not None:
            small = _smallest(list(facts), kind.reads, lambda fewer: broken(kind, chosen, fewer) is not None)
            raise LawBroken(kind, broken(kind, chosen, small) or law, chosen, small)


def _defaults(kind: RuleKind) -> BaseModel:
    try:
        return kind.settings()
    except ValidationError as error:
        wanted = ", ".join(dict.fromkeys(str(one["loc"][0]) if one["loc"] else "settings" for one in error.errors()))
        call = f"try_laws(kind, {kind.settings.__name__}({wanted.split(', ')[0]}=…))"
        message = f"{kind.use} {kind.name} has no default for {wanted}: say with which settings to try it, {call}"
        raise TypeError(message) from None


def _smallest(
    facts: list[PurchaseFact], reads: Collection[str], breaks: Callable[[Sequence[PurchaseFact]], bool]
) -> list[PurchaseFact]:
    """Facts of which none can be left out or made simpler without keeping the law again."""
    again = True
    while again:
        again = False
        for fewer in _simpler(facts, reads):
            if breaks(fewer):
                facts, again = fewer, True
                break
    return facts


def _simpler(facts: list[PurchaseFact], reads: Collection[str]) -> Iterator[list[PurchaseFact]]:
    """The same without a purchase or without a part of one: each still one that can be."""
    half = len(facts) // 2
    if half > 1:
        yield facts[:half]
        yield facts[half:]
    for n, fact in enumerate(facts):
        yield facts[:n] + facts[n + 1 :]
        for one in _simpler_purchases(fact, reads):
            yield [*facts[:n], one, *facts[n + 1 :]]


def _simpler_purchases(fact: PurchaseFact, reads: Collection[str]) -> Iterator[PurchaseFact]:
    if fact.lines:
        yield fact._replace(lines=())
    for n in range(len(fact.lines) if len(fact.lines) > 1 else 0):
        yield _with_lines(fact, (*fact.lines[:n], *fact.lines[n + 1 :]))
    for n, line in enumerate(fact.lines):
        for simpler in _simpler_lines(line):
            yield _with_lines(fact, (*fact.lines[:n], simpler, *fact.lines[n + 1 :]))
    if fact.net > 1 and not fact.lines:
        yield fact._replace(net=1)
    if fact.channel is not None:
        yield fact._replace(channel=None)
    if fact.customer is not None and "customer" not in reads:
        yield fact._replace(customer=None)


def _with_lines(fact: PurchaseFact, lines: tuple[LineFact, ...]) -> PurchaseFact:
    counted = any(line.stands for line in lines)
    return fact._replace(lines=lines, counted=counted, net=sum(line.net for line in lines) if counted else 0)


def _simpler_lines(line: LineFact) -> Iterator[LineFact]:
    simpler = line._replace(sku=None), line._replace(name=None), line._replace(brand=None), line._replace(category=None)
    yield from (one for one in simpler if one != line)
    if line.total > 1 and not line.refunded:
        yield line._replace(total=1)
    if line.returned:
        yield line._replace(returned=0, refunded=0)
