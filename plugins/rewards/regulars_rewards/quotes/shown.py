"""A quote as it is shown: rows in money, of the basket before offers and after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from regulars_core.plugin import Basket, Instant, Money, Quoted, RuleExplanation, Shop
from regulars_rewards.quotes.earnings import as_sold
from regulars_rewards.quotes.offer_quotes import PLUGIN, OfferQuote, SkippedOffer, quote_in


@dataclass(frozen=True, slots=True)
class ShownLine:
    """What offers do to one line: all its discounts, of which `offer_discount` are those of offers, and what is left of it."""

    index: int
    discount: Money
    offer_discount: Money
    total: Money


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer that applies."""

    amount: Money
    coupon_code: str | None
    explanation: RuleExplanation
    promotion_id: str


@dataclass(frozen=True)
class ShownQuote:
    """What offers take off a basket, `before` any plugin took something off it; `left` is what is left of each line since all
    have."""

    shop: Shop
    before: Basket
    left: Sequence[int]
    quote: OfferQuote

    @classmethod
    def of(cls, shop: Shop, quoted: Quoted) -> "ShownQuote":
        """What was answered, to a query or in a sale. Raises the error of offers, where they have failed."""
        if PLUGIN in quoted.failed:
            raise quoted.failed[PLUGIN]
        return cls(shop, quoted.basket, quoted.left, quote_in(quoted) or OfferQuote(basket=quoted.basket))

    @property
    def at(self) -> Instant:
        """The instant that it holds for."""
        return self.before.at

    @property
    def subtotal(self) -> Money:
        """The lines before offers."""
        return self.shop.money(sum(line.total for line in self.before.lines))

    @property
    def discount(self) -> Money:
        """What offers take off in all."""
        return self.shop.money(sum(self.quote.taken))

    @property
    def total(self) -> Money:
        """What is left of the lines."""
        return self.shop.money(sum(self.left))

    @cached_property
    def lines(self) -> list[ShownLine]:
        """The lines, in their order."""
        money, parts = self.shop.money, zip(self.before.lines, self.quote.taken, self.left, strict=True)
        return [
            ShownLine(n, money(line.discount + line.total - left), money(off), money(left))
            for n, (line, off, left) in enumerate(parts)
        ]

    @cached_property
    def applied(self) -> list[ShownOffer]:
        """The offers that apply, in the order in which they do."""
        return [
            ShownOffer(
                self.shop.money(one.amount),
                one.candidate.coupon_code,
                one.explanation,
                one.candidate.promotion.id,
            )
            for one in self.quote.evaluation.applied
        ]

    @property
    def skipped(self) -> Sequence[SkippedOffer]:
        """Those that do not, and why: found when it is asked."""
        return self.quote.skipped

    @property
    def as_sold(self) -> Basket:
        """The basket as it would be sold."""
        return as_sold(self.before, self.left, {one.candidate.promotion.id for one in self.quote.evaluation.applied})
