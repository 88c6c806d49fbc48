"""How much of a recorded purchase a refund takes back. Pure: whole numbers in, whole numbers out.

A line is worth what was paid for it. Goods that come back take their part of that away, whatever is given for them: less, where a
fee is kept or something was given before. An amount that names no goods takes from what is left of all lines and of delivery.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.money import divided_half_up, spread
from regulars_core.purchases.rules import quantity_text


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line of a recorded purchase: what it is worth, tax on top included; how much of it came back, and what that and amounts
    without goods have taken of its worth so far. `touched` says whether a refund has named it."""

    id: str
    quantity: int
    worth: int
    refunded_quantity: int
    taken: int
    touched: bool

    @property
    def left(self) -> int:
        """What it is still worth."""
        return self.worth - self.taken

    def worth_of(self, quantity: int) -> int:
        """What so much of it is worth now. Cumulative, so that the parts of a line sum to it exactly; what amounts without goods
        have taken from it is borne by all that is still there alike."""
        before, after = self.refunded_quantity, self.refunded_quantity + quantity
        if after >= self.quantity:
            return self.left
        goods_before, goods_after = (divided_half_up(self.worth * part, self.quantity) for part in (before, after))
        borne = divided_half_up((self.taken - goods_before) * quantity, self.quantity - before)
        return min(max(goods_after - goods_before - borne, 0), self.left)


@dataclass(frozen=True, slots=True)
class Paid:
    """A recorded purchase, as refunds see it: `delivery` is what is left of delivery, its tax on top included."""

    total: int
    refunded: int
    due: int
    delivery: int
    lines: Sequence[PaidLine]

    @property
    def left(self) -> int:
        """What can still be given back."""
        return max(self.total, 0) - self.refunded


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Goods that come back, in millionths; and what to give for them, their worth if None."""

    quantity: int
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """What a refund takes from one line: goods, what is given for them, and how much of the line's worth that takes away."""

    line_id: str
    quantity: int
    amount: int
    worth: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a refund comes to: `amount` in all, of which `delivery` is for that; goods by line; and what an amount without goods
    takes from the worth of lines."""

    amount: int
    delivery: int = 0
    lines: Sequence[RefundedLine] = ()
    spread: Mapping[str, int] | None = None


def taken_by_amount(paid: Paid, amount: int) -> Taken:
    """What an amount takes: as much as there is from what is left of lines and delivery, by what they are worth."""
    weights = [*(line.left for line in paid.lines), paid.delivery]
    within = min(amount, sum(weights))
    *shares, delivery = spread(within, weights) if within else [0] * len(weights)
    return Taken(
        amount, delivery, (), {line.id: share for line, share in zip(paid.lines, shares, strict=True) if share}
    )


def taken_by_lines(
    paid: Paid, wanted: Mapping[str, WantedLine], delivery: int, checks: Checks, places: Sequence[Sequence[str]] = ()
) -> Taken:
    """What goods and delivery take. Where no amount is said it is what they are worth, as far as something is left to give back:
    the last of these lines bears what is missing. Problems are noted in `checks`, those of lines at their `places` in the
    input: `lines` if none are told."""
    inner = [checks.nested(*place) for place in places or [("lines", str(n)) for n in range(len(wanted))]]
    lines = [
        line
        for one, own in zip(wanted.items(), inner, strict=True)
        if (line := _taken_line(paid, *one, own)) is not None
    ]
    if delivery < 0:
        checks.fail("INVALID_AMOUNT", "This must not be negative.", "shipping")
    elif delivery > paid.delivery:
        message = "Delivery was not paid with so much, or it was given back already."
        checks.unfit("REFUND_EXCEEDS_PAID", message, "shipping")
    told = {line_id for line_id, one in wanted.items() if one.amount is not None}
    missing = delivery + sum(line.amount for line in lines) - paid.left
    for n in reversed(range(len(lines))):
        if missing > 0 and lines[n].line_id not in told:
            less = min(missing, lines[n].amount)
            line, missing = lines[n], missing - less
            lines[n] = RefundedLine(line.line_id, line.quantity, line.amount - less, line.worth)
    return Taken(delivery + sum(line.amount for line in lines), delivery, lines)


def _taken_line(paid: Paid, line_id: str, wanted: WantedLine, checks: Checks) -> RefundedLine | None:
    line = next((one for one in paid.lines if one.id == line_id), None)
    if line is None:
        checks.unfit("NOT_FOUND", "The purchase has no such line.", "lineId")
        return None
    quantity, after = wanted.quantity, line.refunded_quantity + wanted.quantity
    if quantity < 0 or (quantity == 0 and line.quantity > 0):
        checks.fail("INVALID_QUANTITY", "This must be more than zero.", "quantity")
    elif after > max(line.quantity, 0) or (line.quantity == 0 and line.touched):
        left = quantity_text(max(line.quantity - line.refunded_quantity, 0))
        message = f"{quantity_text(quantity)} of this line cannot come back: {left} of {quantity_text(line.quantity)} is left."
        checks.unfit("REFUND_EXCEEDS_PAID", message, "quantity")
    else:
        worth = line.worth_of(quantity)
        if wanted.amount is not None and not 0 <= wanted.amount <= worth:
            note, code = (checks.fail, "INVALID_AMOUNT") if wanted.amount < 0 else (checks.unfit, "REFUND_EXCEEDS_PAID")
            note(code, "This must be between 0 and what these goods are worth.", "amount")
            return None
        return RefundedLine(line_id, quantity, worth if wanted.amount is None else wanted.amount, worth)
    return None


def is_refunded_whole(paid: Paid, taken: Taken) -> bool:
    """Whether a purchase is gone after a further refund: all of its goods are back, or the whole amount."""
    if paid.total > 0 and paid.refunded + taken.amount == paid.total:
        return True
    back = {line.line_id: line.quantity for line in taken.lines}
    goods = [line for line in paid.lines if line.quantity >= 0]
    return bool(goods) and all(
        (line.touched or line.id in back) and line.refunded_quantity + back.get(line.id, 0) == line.quantity
        for line in goods
    )
