"""Laws of whatever gives something for sales: sales to try them on, and what is left when all of one is given back. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.returns import LineState, ReturnState, taken_back
from regulars_core.rules.sales import MILLION, USUAL, Basis, EarnOn, Given, Sale, SaleLine, Tax


def left_after_returns(given: Given, sale: Sale) -> int:
    """What is left of what was given when one line after another is given back, each in its part."""
    shares, left = given.shares(sale), int(given.value)
    whole, lines, taken = sum(shares.values()), dict[str, LineState](), 0
    if not whole:
        return 0
    for line_id, share in shares.items():
        lines[line_id] = LineState(share, share, is_back=True)
        before, taken = taken, taken_back(int(given.value), whole, shares, ReturnState(lines=lines))
        left -= taken - before
    return left


def with_fewer_lines(sale: Sale) -> Iterator[Sale]:
    """The same without one of its lines."""
    for n in range(len(sale.lines)):
        yield replace(sale, lines=(*sale.lines[:n], *sale.lines[n + 1 :]))


def sale_like(fact: PurchaseFact, currency: str = "USD") -> Sale:
    """A sale such as this purchase, for laws to be tried on: a part of it was discounted, a part paid by credit that was bought,
    and there is a tax on top."""
    lines = [
        SaleLine(line.id, line.sku, line.name, line.brand, line.category, line.quantity, _worths(line.total))
        for line in fact.lines
    ]
    if not lines and fact.net > 0:
        lines = [SaleLine(fact.id, None, None, None, None, MILLION, _worths(fact.net))]
    customer = fact.customer.id if fact.customer else None
    return Sale(fact.id, customer, fact.at, fact.day, fact.minute, fact.store_id, fact.channel, currency, tuple(lines))


def _worths(total: int) -> dict[Basis, int]:
    net, gross, money = max(total, 0), max(total, 0) * 5 // 4, max(total, 0) * 3 // 4
    return {
        USUAL: net,
        (EarnOn.NET, Tax.EXCLUDED, False): money,
        (EarnOn.NET, Tax.INCLUDED, True): net * 6 // 5,
        (EarnOn.NET, Tax.INCLUDED, False): money * 6 // 5,
        **{(EarnOn.GROSS, Tax.EXCLUDED, is_money): gross for is_money in (True, False)},
        **{(EarnOn.GROSS, Tax.INCLUDED, is_money): gross * 6 // 5 for is_money in (True, False)},
    }
