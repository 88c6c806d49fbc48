"""What the lines of a purchase are worth, by each basis. Pure.

Shares are spread by worth and largest remainder, so that they always sum to the whole.
"""

from collections.abc import Iterator, Mapping, Sequence

from regulars_core.primitives.money import divided_half_up, spread
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.rules.sales import BASES, Basis, EarnOn, PaidWith, Tax


class WorthsByBasis(dict[Basis, Sequence[int]]):
    """What the lines of a purchase are worth by each basis that is asked for: most rules ask for one of the eight."""

    def __init__(self, purchase: RecordedPurchase, paid: PaidWith) -> None:
        super().__init__()
        self._worths, self._paid = _Worths(purchase), paid

    def __missing__(self, basis: Basis) -> Sequence[int]:
        earn_on, tax, is_money = EarnOn(basis[0]), Tax(basis[1]), basis[2]
        if earn_on is EarnOn.GROSS:
            without_tax, with_tax = self._worths.gross
        else:
            paid = self._paid
            taken = paid.points + paid.given_credit + (0 if is_money else paid.bought_credit)
            without_tax, with_tax = self._worths.net_of(taken)
        self[earn_on, Tax.EXCLUDED, is_money], self[earn_on, Tax.INCLUDED, is_money] = without_tax, with_tax
        return with_tax if tax is Tax.INCLUDED else without_tax


class LineWorths(Mapping[Basis, int]):
    """What one line is worth by each basis."""

    __slots__ = ("_line", "_variants")

    def __init__(self, variants: WorthsByBasis, line: int) -> None:
        self._variants, self._line = variants, line

    def __getitem__(self, basis: Basis) -> int:
        return self._variants[basis][self._line]

    def __iter__(self) -> Iterator[Basis]:
        return iter(BASES)

    def __len__(self) -> int:
        return len(BASES)


class _Worths:
    """What the lines of a purchase are worth, in the order of its lines; those that came back are worth nothing, and lessen the
    others."""

    def __init__(self, purchase: RecordedPurchase) -> None:
        self.totals = [line.total_minor for line in purchase.lines]
        bought = [max(total, 0) for total in self.totals]
        back = min(-sum(total for total in self.totals if total < 0), sum(bought))
        self.worths = [one - less for one, less in zip(bought, spread(back, bought), strict=True)] if back else bought
        self.delivery, self.discounts = purchase.shipping_minor, [line.discount_minor for line in purchase.lines]
        is_on_top = purchase.total_minor != sum(self.totals) + purchase.shipping_minor
        self.taxes = self._taxes(purchase)
        self.on_top = max(0, purchase.tax_minor) if is_on_top else 0
        self.delivery_tax = purchase.shipping_tax_minor

    def _taxes(self, purchase: RecordedPurchase) -> list[int]:
        """The tax of each line, less what came back takes of it."""
        told = [line.tax_minor for line in purchase.lines]
        if not purchase.tax_minor and not any(told) and not purchase.shipping_tax_minor:
            return told
        untold = purchase.tax_minor - purchase.shipping_tax_minor - sum(told)
        if untold and any(self.worths):  # of a purchase whose lines were never told theirs
            told = [tax + share for tax, share in zip(told, spread(untold, self.worths), strict=True)]
        return [
            max(0, divided_half_up(tax * worth, total)) if total > 0 else 0
            for tax, worth, total in zip(told, self.worths, self.totals, strict=True)
        ]

    def net_of(self, taken: int) -> tuple[Sequence[int], Sequence[int]]:
        """What was paid for each line, without what was `taken` from the whole by its worth; without the tax, and with it."""
        weights = [*self.worths, self.delivery, self.on_top]
        shares = spread(min(taken, sum(weights)), weights) if taken else [0] * len(weights)
        paid = [worth - share for worth, share in zip(self.worths, shares, strict=False)]
        if not self.on_top:
            return self._all_without_tax(paid), paid
        taxes = [*self.taxes, max(0, self.delivery_tax)]
        left = spread(self.on_top - shares[-1], taxes) if any(taxes) else [0] * len(taxes)
        return paid, [one + tax for one, tax in zip(paid, left, strict=False)]

    @property
    def gross(self) -> tuple[Sequence[int], Sequence[int]]:
        """What each line would have cost without its discount; without the tax, and with it."""
        whole = [
            worth + max(0, discount) if total >= 0 else 0
            for worth, discount, total in zip(self.worths, self.discounts, self.totals, strict=True)
        ]
        if not self.on_top:
            return self._all_without_tax(whole), whole
        with_tax = [
            one + (divided_half_up(one * tax, worth) if worth else 0)
            for one, tax, worth in zip(whole, self.taxes, self.worths, strict=True)
        ]
        return whole, with_tax

    def _all_without_tax(self, amounts: list[int]) -> Sequence[int]:
        return [self._without_tax(n, one) for n, one in enumerate(amounts)] if any(self.taxes) else amounts

    def _without_tax(self, n: int, amount: int) -> int:
        """A part of what a line is worth, of which the tax is a part, without it."""
        worth, tax = self.worths[n], min(self.taxes[n], self.worths[n])
        return divided_half_up(amount * (worth - tax), worth) if worth and tax else amount
