"""What the rows of a purchase come to, beside what its file says it comes to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.money import decimal_text, exponent_of, spread
from regulars_core.purchases.rules import NewLine, line_total


@dataclass(frozen=True, slots=True)
class Parts:
    """What a purchase is the sum of, in minor units. `tax` is None where only its parts are told, those of the lines and of
    delivery."""

    lines: Sequence[NewLine]
    shipping: int
    tax: int | None
    shipping_tax: int
    rounding: int

    @property
    def subtotal(self) -> int:
        """What the lines come to, without delivery and without tax on top."""
        return sum(map(line_total, self.lines))

    def total(self, *, include: bool) -> int:
        """The sum without rounding; the tax is on top unless prices include it."""
        parts = sum(line.tax or 0 for line in self.lines) + self.shipping_tax
        on_top = 0 if include else parts if self.tax is None else self.tax
        return self.subtotal + self.shipping + on_top

    def is_total(self, told: int, *, include: bool) -> bool:
        """Whether this is the sum, with or without rounding."""
        total = self.total(include=include)
        return told in {total, total + self.rounding}

    def as_told(self, told: int | None) -> "Parts":
        """With what rounding line by line has made of the file's own total, at most a unit for each line, in the dearest line."""
        missing = 0 if told is None else told - self.total(include=False)
        if not 0 < abs(missing) <= len(self.lines):
            return self
        lines = list(self.lines)
        dearest = max(range(len(lines)), key=lambda n: line_total(lines[n]))
        lines[dearest] = replace(lines[dearest], total=line_total(lines[dearest]) + missing)
        return replace(self, lines=lines)


def check_total(parts: Parts, told: int | None, currency: str, *, include: bool) -> None:
    """Compare with the file's own total, if it has one. Raises Refused: TOTAL_MISMATCH."""
    if told is not None and not parts.is_total(told, include=include):
        raise _mismatch("purchase_total", told, "lines, delivery and tax", parts.total(include=include), currency)


def check_subtotal(parts: Parts, told: int | None, currency: str) -> None:
    """Compare with what the file says the lines come to after every discount, if it does. Raises Refused: TOTAL_MISMATCH."""
    if told is not None and told != parts.subtotal:
        raise _mismatch("purchase_subtotal", told, "lines", parts.subtotal, currency)


def _mismatch(column: str, told: int, what: str, sum_: int, currency: str) -> Refused:
    said, found = (decimal_text(one, exponent_of(currency)) for one in (told, sum_))
    return Refused(Problem("TOTAL_MISMATCH", f"The file says {said}, and the {what} come to {found}.", (column,)))


def discounted(lines: Sequence[NewLine], discount: int) -> Sequence[NewLine]:
    """The lines, each with its share of a discount on the whole purchase, by what they come to. Raises Refused where it is
    below 0 or more than that."""
    worths = [max(line_total(line), 0) for line in lines]
    if not 0 <= discount <= sum(worths):
        message = "A discount is between 0 and what the lines come to."
        raise Refused(Problem("INVALID_AMOUNT", message, ("purchase_discount",)))
    return [
        replace(line, discount=line.discount + share, total=None if line.total is None else line.total - share)
        for line, share in zip(lines, spread(discount, worths), strict=True)
    ]
