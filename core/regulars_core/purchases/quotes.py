"""Asking plugins before a sale what they take off baskets: one question in two halves, whoever asks it.

A query asks it of many baskets, and `purchases/service.py` of a purchase that is about to be recorded, in its transaction; so
what is told and what is recorded come from the same function. The first half names look-ups, which whoever asks makes together
with its own; the second one is pure. What a plugin does wrong is contained: its quote is left out and told, the others' stand.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from typing import Any

from regulars_core.database import Lookup
from regulars_core.events.events import look_up
from regulars_core.plugins.host import Extras
from regulars_core.primitives.errors import logged
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.baskets import (
    Basket,
    BasketLine,
    BasketOutline,
    Outdated,
    Quote,
    Quoted,
    WrongQuote,
    before,
    less,
    off_each_line,
    without_goods,
)
from regulars_core.purchases.rules import MAX_LINES, CheckedLine, CheckedPurchase
from regulars_core.shop.shop import Shop

QUOTED, LOOKUPS, TOLD = "baskets_quoted", "baskets_quoted_lookups", "baskets_told"
NOT_GOODS = "baskets_not_goods"
MAX_BASKETS = 1_000
"""Baskets of one question at most."""
MAX_ANEW = 3
"""How often a question is asked anew at most, because a plugin says that it is out of date."""


class Quoting:
    """One question about baskets: which `lookups` it takes, and what is answered once their rows are there.

    What was `sold` at prices that plugins have quoted has them in its discounts already. Plugins are asked of it as it was
    before, so each says first which part of the discounts is its own. Unless this `is_last`, a plugin may say that it is out of
    date.
    """

    def __init__(
        self,
        shop: Shop,
        baskets: Sequence[Basket],
        extras: Sequence[Extras] = (),
        *,
        sold: bool = False,
        is_last: bool = False,
    ) -> None:
        self._shop, self._extras, self._is_last = shop, extras or [{}] * len(baskets), is_last
        self._failed: list[dict[str, Exception]] = [{} for _ in baskets]
        quoting = shop.plugins.implementing(QUOTED) if baskets else ()
        self._plugins = [one for one in quoting if one not in shop.behind]  # those would quote by what was true then
        self._baskets = self._marked(self._as_before(baskets) if sold else baskets)
        outlines = tuple(basket.outline for basket in self._baskets)
        self._named = {plugin: self._lookups(plugin, outlines) for plugin in self._plugins}
        self.lookups: Sequence[Lookup] = [one for each in self._named.values() for one in each]
        """What has to be looked up, for all plugins and all baskets."""

    def sold_to(self, customer_id: str | None, store_id: str) -> "Quoting | None":
        """The same question about a basket of which it is known by now who buys, and where; its look-ups are as they were named.
        None where a plugin has failed, which may not have understood a key that was only sought."""
        if any(self._failed):
            return None
        other = copy(self)
        other._failed = [{} for _ in self._baskets]
        other._baskets = [replace(one, customer_id=customer_id, store_id=store_id) for one in self._baskets]
        return other

    def _as_before(self, baskets: Sequence[Basket]) -> Sequence[Basket]:
        """The baskets without what their discounts hold already of what plugins take off."""
        told = [[0] * len(basket.lines) for basket in baskets]
        for plugin in self._plugins:
            with self._contained(plugin, TOLD):
                for sums, own in zip(told, self._told(plugin, baskets), strict=True):
                    sums[:] = [sum(each) for each in zip(sums, own, strict=True)]
        return [before(*each) for each in zip(baskets, told, strict=True)]

    def _marked(self, baskets: Sequence[Basket]) -> Sequence[Basket]:
        """The baskets, in which the lines are marked that sell no goods."""
        for plugin in self._shop.plugins.implementing(NOT_GOODS) if self._plugins else ():
            with self._contained(plugin, NOT_GOODS):
                outlines = tuple(basket.outline for basket in baskets)
                places = [frozenset(each) for each in self._ask(NOT_GOODS, plugin, baskets=outlines)]
                if len(places) != len(baskets):
                    raise WrongQuote(f"the lines of {len(places)} of {len(baskets)} baskets were answered")
                baskets = [without_goods(*each) for each in zip(baskets, places, strict=True)]
        return baskets

    def _told(self, plugin: str, baskets: Sequence[Basket]) -> Sequence[Sequence[int]]:
        """What one plugin says that it has taken off each line. Raises WrongQuote."""
        answer = self._ask(TOLD, plugin, baskets=tuple(basket.outline for basket in baskets))
        if answer is None:
            return [[0] * len(basket.lines) for basket in baskets]
        told = [list(each) for each in answer]
        if [len(each) for each in told] != [len(basket.lines) for basket in baskets]:
            raise WrongQuote("there is one amount for each line of each basket")
        if not all(type(amount) is int and amount >= 0 for each in told for amount in each):
            raise WrongQuote("amounts are whole numbers of minor units, 0 or more")
        return told

    def _lookups(self, plugin: str, outlines: Sequence[BasketOutline]) -> Sequence[Lookup]:
        """What one plugin names that has not failed before."""
        if not self._has_failed(plugin):
            with self._contained(plugin, LOOKUPS):
                named = list(self._ask(LOOKUPS, plugin, baskets=outlines) or ())
                for sql, values in named:
                    if not (isinstance(sql, str) and isinstance(values, list | tuple)):
                        raise WrongQuote("a look-up is a statement and a list of its values")
                return named
        return ()

    def answered(self, rows: Sequence[Sequence[Any]]) -> Sequence[Quoted]:
        """What plugins take off each basket, in order; `rows` are those of each of the look-ups. Raises Outdated where it must be
        asked anew."""
        waiting, left = iter(rows), list(self._baskets)
        quotes: list[dict[str, Quote]] = [{} for _ in left]
        for plugin in self._plugins:
            found = [next(waiting) for _ in self._named[plugin]]
            for n, quote in enumerate(self._quotes(plugin, left, found)):
                try:
                    off = off_each_line(quote, left[n].lines)
                except Exception as error:  # it is a stranger's code, and the sale goes on
                    self._note(n, plugin, QUOTED, error)
                else:
                    quotes[n][plugin], left[n] = quote, less(left[n], off)
        return [
            Quoted(basket, quotes[n], self._failed[n], [line.total for line in left[n].lines])
            for n, basket in enumerate(self._baskets)
        ]

    def _quotes(self, plugin: str, baskets: Sequence[Basket], found: Sequence[Sequence[Any]]) -> Sequence[Quote]:
        """What one plugin answers that has not failed before."""
        if not self._has_failed(plugin):
            with self._contained(plugin, QUOTED):
                quotes = list(self._ask(QUOTED, plugin, baskets=tuple(baskets), found=found))
                if len(quotes) != len(baskets):
                    raise WrongQuote(f"{len(quotes)} quotes were answered of {len(baskets)} baskets")
                return quotes
        return ()

    def _ask(self, hook: str, plugin: str, **facts: Any) -> Any:
        return self._shop.plugins.ask(hook, plugin, {"shop": self._shop, **facts}, self._extras)

    def _has_failed(self, plugin: str) -> bool:
        return any(plugin in failed for failed in self._failed)

    @contextmanager
    def _contained(self, plugin: str, hook: str) -> Iterator[None]:
        """Whatever a plugin raises inside, it has failed for all baskets, and everything goes on. Only who is out of date is
        asked again."""
        try:
            yield
        except Outdated as error:
            if self._is_last:
                self._note_for_all(plugin, hook, error)
            else:
                raise
        except Exception as error:  # it is a stranger's code
            self._note_for_all(plugin, hook, error)

    def _note_for_all(self, plugin: str, hook: str, error: Exception) -> None:
        for n in range(len(self._failed)):
            self._note(n, plugin, hook, error)

    def _note(self, n: int, plugin: str, hook: str, error: Exception) -> None:
        if not getattr(error, "__notes__", ()):
            error.add_note(f"in {hook} of the plugin '{plugin}'")
        self._failed[n].setdefault(plugin, error)


async def quote(shop: Shop, baskets: Sequence[Basket], extras: Sequence[Extras] = ()) -> Sequence[Quoted]:
    """What plugins take off each of these baskets, in order; `extras` are what each carries for them. Reserves nothing and writes
    nothing.

    What plugins look up is asked together for all baskets. Where a plugin fails on all of them, each is asked about by itself, so
    that only the culprits are without its quote. Raises ValueError for more than 1,000 baskets, or lines in one of them.
    """
    if len(baskets) > MAX_BASKETS or any(len(basket.lines) > MAX_LINES for basket in baskets):
        raise ValueError(f"at most {MAX_BASKETS} baskets of {MAX_LINES} lines can be quoted together")
    quoted = await _quoted(shop, baskets, extras)
    if len(baskets) > 1 and any(all(plugin in one.failed for one in quoted) for plugin in quoted[0].failed):
        carried = extras or [{}] * len(baskets)
        quoted = [
            one for each in zip(baskets, carried, strict=True) for one in await _quoted(shop, [each[0]], [each[1]])
        ]
    tell_failures(quoted)
    return quoted


async def _quoted(shop: Shop, baskets: Sequence[Basket], extras: Sequence[Extras]) -> Sequence[Quoted]:
    return await answers_to(shop, lambda is_last: Quoting(shop, baskets, extras, is_last=is_last))


async def answers_to(
    shop: Shop,
    question: Callable[[bool], Quoting],
    first: Quoting | None = None,
    rows: Sequence[Sequence[Any]] = (),
) -> Sequence[Quoted]:
    """What plugins answer to a question, which is made anew as long as one of them says that it is out of date, until it is the
    last; `first` is the question as it was made already, and `rows` are those of its look-ups."""
    for anew in range(MAX_ANEW + 1):
        quoting = first if first is not None and not anew else question(anew == MAX_ANEW)
        if quoting is not first:
            _, rows = await look_up(shop, {}, *quoting.lookups)
        with suppress(Outdated):
            return quoting.answered(rows)
    raise AssertionError("the last one is answered")


def tell_failures(quoted: Sequence[Quoted]) -> None:
    """Write into the log which plugins have failed: each once, with the first of its errors and for how many baskets."""
    for plugin in dict.fromkeys(plugin for one in quoted for plugin in one.failed):
        errors = [one.failed[plugin] for one in quoted if plugin in one.failed]
        logged(errors[0], f"a quote, which was left out for {len(errors)} of {len(quoted)} baskets")


def basket_of(purchase: CheckedPurchase) -> Basket:
    """A purchase that is about to be recorded, as plugins are asked about it."""
    given = purchase.input
    return Basket(
        given.customer_id,
        given.purchased_at,
        CurrencyCode(given.currency),
        purchase.channel,
        purchase.basket,
        basket_lines(purchase.lines),
        given.store_id,
    )


def basket_lines(lines: Sequence[CheckedLine]) -> Sequence[BasketLine]:
    """Lines as plugins are asked about them."""
    return tuple(
        BasketLine(li.sku, li.name, li.brand, li.category, li.quantity, li.unit_price, li.discount, li.total)
        for li in lines
    )


def quoting_of(shop: Shop, purchases: Sequence[CheckedPurchase], *, is_last: bool = False) -> Quoting:
    """The question about purchases that are about to be recorded by a till. What was sold elsewhere is not asked about: nobody
    can be told anything any more."""
    sold = [one for one in purchases if one.input.origin == "TILL"]
    return Quoting(
        shop, [basket_of(one) for one in sold], [one.input.extras for one in sold], sold=True, is_last=is_last
    )


def quoted_of(purchases: Sequence[CheckedPurchase], quoted: Sequence[Quoted]) -> Sequence[Quoted | None]:
    """What was answered for each of these purchases by `quoting_of` them; nothing for those that were not asked about."""
    answers = iter(quoted)
    return [next(answers) if quoted and one.input.origin == "TILL" else None for one in purchases]
