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

    def total(self, *, include: bool) -> int:
        """The sum without rounding; the tax is on top unless prices include it."""
        parts = sum(line.tax or 0 for line in self.lines) + self.shipping_tax
        on_top = 0 if include else parts if self.tax is None else self.tax
        return sum(map(line_total, self.lines)) + self.shipping + on_top

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
    if told is None or parts.is_total(told, include=include):
        return
    said, sum_ = (decimal_text(one, exponent_of(currency)) for one in (told, parts.total(include=include)))
    message = f"The file says {said}, and the lines, delivery and tax come to {sum_}."
    raise Refused(Problem("TOTAL_MISMATCH", message, ("purchase_total",)))


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
