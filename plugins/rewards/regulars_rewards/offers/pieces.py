"""Discounts that take something off single pieces: which there are, by what is left of each, and what is left of them then.
Weighed goods have none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from regulars_core.plugin import spread
from regulars_rewards.offers.facts import OfferLine, Pieces, even


class Batch(NamedTuple):
    """Pieces of one line of which as much is left each; `run` is which of the line's `prices` they are."""

    price: int
    place: int
    run: int
    number: int


class Cut(NamedTuple):
    """So many pieces of a batch, and what is taken off them together; `in_set` where a set counts them."""

    batch: Batch
    number: int
    off: int
    in_set: bool = False


def cheapest_first(lines: Sequence[OfferLine], *, in_sets: bool = True) -> list[Batch]:
    """The pieces of these lines of which something is left, the cheapest first, of equal ones those of the earlier line; those
    that sets have counted only if `in_sets`."""
    return sorted(
        Batch(one.price, line.place, n, one.number)
        for line in lines
        if line.left
        for n, one in enumerate(line.prices)
        if one.price and (in_sets or not one.in_set)
    )


def dearest_first(lines: Sequence[OfferLine]) -> list[Batch]:
    """The same, the dearest first, of equal ones those of the earlier line."""
    return sorted(cheapest_first(lines), key=lambda one: (-one.price, one.place, one.run))


def chosen(batches: Iterable[Batch], count: int, skip: int = 0) -> list[tuple[Batch, int]]:
    """The next `count` pieces behind the first `skip`, in this order: batches with how many of each."""
    found: list[tuple[Batch, int]] = []
    for batch in batches:
        over = min(skip, batch.number)
        skip -= over
        if taken := min(count, batch.number - over):
            found.append((batch, taken))
            count -= taken
        if not count:
            break
    return found


def worth(pieces: Iterable[tuple[Batch, int]]) -> int:
    """What is left of these pieces together."""
    return sum(batch.price * count for batch, count in pieces)


def cut_by_worth(pieces: Sequence[tuple[Batch, int]], amount: int, *, in_set: bool = False) -> list[Cut]:
    """An amount off these pieces, by what is left of them."""
    worths = [batch.price * count for batch, count in pieces]
    shares = spread(amount, worths) if any(worths) else [0] * len(worths)
    return [Cut(batch, count, off, in_set) for (batch, count), off in zip(pieces, shares, strict=True)]


def taken_by_cuts(
    lines: Sequence[OfferLine], cuts: Iterable[Cut]
) -> tuple[dict[int, int], dict[int, tuple[Pieces, ...]]]:
    """What cuts take off each line, and what is left of its pieces then; both by place."""
    by_place: dict[int, dict[int, list[Cut]]] = {}
    for cut in cuts:
        if cut.off or cut.in_set:
            by_place.setdefault(cut.batch.place, {}).setdefault(cut.batch.run, []).append(cut)
    shares: dict[int, int] = {}
    prices: dict[int, tuple[Pieces, ...]] = {}
    for line in lines:
        if runs := by_place.get(line.place):
            shares[line.place] = sum(cut.off for ones in runs.values() for cut in ones)
            after = [piece for n, one in enumerate(line.prices) for piece in _after(one, runs.get(n, ()))]
            prices[line.place] = merged(after)
    return shares, prices


def _after(one: Pieces, cuts: Sequence[Cut]) -> Iterable[Pieces]:
    rest = one.number - sum(cut.number for cut in cuts)
    if rest:
        yield one._replace(number=rest)
    for cut in cuts:
        yield from even(one.price * cut.number - cut.off, cut.number, one.in_set or cut.in_set)


def merged(pieces: Iterable[Pieces]) -> tuple[Pieces, ...]:
    """The same, equal ones together, the dearest first."""
    counts: dict[tuple[int, bool], int] = {}
    for price, count, in_set in pieces:
        counts[price, in_set] = counts.get((price, in_set), 0) + count
    return tuple(Pieces(price, counts[price, in_set], in_set) for price, in_set in sorted(counts, reverse=True))


def less(line: OfferLine, share: int) -> OfferLine:
    """A line off which something is taken, whatever its pieces: off each by what is left of it."""
    left = line.left - share
    if not line.uneven:
        return line.changed(left)
    shares = spread(share, [one.price * one.number for one in line.uneven])
    after = (
        piece
        for one, off in zip(line.uneven, shares, strict=True)
        for piece in even(one.price * one.number - off, one.number, one.in_set)
    )
    return line.changed(left, merged(after))
