"""Purchases that break a law, made as small as they get. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence

from regulars_core.rules.facts import LineFact, PurchaseFact

_PIECE = 1_000_000


def smallest(
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
    if line.quantity != _PIECE and not line.returned:
        yield line._replace(quantity=_PIECE)
    if line.returned:
        yield line._replace(returned=0, refunded=0)
