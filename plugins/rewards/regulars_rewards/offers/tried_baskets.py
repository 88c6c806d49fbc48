"""Baskets on which laws of kinds are tried: made of purchases, and turned and moved. Pure."""

from collections.abc import Iterator, Sequence

from regulars_core.plugin import PurchaseFact
from regulars_rewards.offers.facts import PIECE, OfferBasket, OfferLine, Pieces


def basket_like(fact: PurchaseFact, currency: str = "USD") -> OfferBasket:
    """A basket such as this purchase, for laws to be tried on: every other line was reduced by hand."""
    lines = [
        OfferLine(
            n, one.sku, one.name or "Article", one.brand, one.category, one.quantity,
            one.total * PIECE // one.quantity if one.quantity else None, n % 2, max(one.total, 0),
        )
        for n, one in enumerate(fact.lines)
    ]  # fmt: skip
    if not lines and fact.net > 0:
        lines = [OfferLine(0, None, "Article", None, None, PIECE, fact.net, 0, fact.net)]
    customer = fact.customer.id if fact.customer else None
    both = tuple(lines)
    return OfferBasket(fact.at, fact.day, fact.minute, currency, fact.store_id, customer, fact.channel, both, both)


def tried_on(facts: Sequence[PurchaseFact]) -> Iterator[OfferBasket]:
    """Baskets such as these purchases; each also as an earlier offer might have left it, which made a piece of each line free."""
    for fact in facts:
        basket = basket_like(fact)
        yield basket
        lines = tuple(_with_a_free_piece(line) for line in basket.lines)
        if lines != basket.lines:
            yield basket.of(lines, lines)


def _with_a_free_piece(line: OfferLine) -> OfferLine:
    if (line.pieces or 0) < 2:
        return line
    first, *others = line.prices
    fewer = [first._replace(number=first.number - 1)] if first.number > 1 else []
    prices = (*fewer, *others, Pieces(0, 1, True))
    return line.changed(line.left - first.price, prices)


def turned_lines(basket: OfferBasket) -> OfferBasket:
    """The same lines the other way round."""
    lines = tuple(line._replace(place=n) for n, line in enumerate(reversed(basket.lines)))
    return basket.of(lines, lines)


def moved_lines(basket: OfferBasket) -> OfferBasket:
    """The same lines in the same order, where others stand between that the offer is not for."""
    lines = tuple(line._replace(place=2 * line.place + 1) for line in basket.lines)
    return basket.of(lines, lines)
