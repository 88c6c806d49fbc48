"""Exchanges: goods of earlier purchases that come back with a new one, as refunds that pay for it.

The refunds come first, in the same transaction. So the earlier purchases are locked before anything is decided, all at once and
in the order of ids, and then whoever bought them and whoever buys now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from regulars_core.primitives.checks import Checks
from regulars_core.purchases.given_back.concerned import concerned
from regulars_core.purchases.given_back.refund_rows import (
    GivenBack,
    LockedPurchase,
    Refundable,
    give_back,
    given_back,
    left_of,
    lock_purchases,
    refundables,
)
from regulars_core.purchases.refundable import WantedLine, taken_by_lines
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.totals import check_due, check_sum
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

EXCHANGE = "exchange"
"""The way of paying with what comes back."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The earlier purchases of which something comes back, locked, by the lines that do; without those that are not there for
    whoever asks; and of whom plugins say that they are concerned."""

    by_line: Mapping[str, LockedPurchase]
    concerned: Collection[str] = ()

    @property
    def customers(self) -> Collection[str]:
        """Whose they are, and who is concerned."""
        return {one.row.customer_id for one in self.by_line.values() if one.row.customer_id} | set(self.concerned)


async def lock_returned(shop: Shop, purchase: CheckedPurchase, stores: Collection[str] | None) -> Returned:
    """Lock what comes back with a purchase, as far as it was bought in one of `stores`, if they are given."""
    line_ids = [one.line_id for one in purchase.input.returns]
    among = shop.database.dialect.among("id", 1)
    lines = await shop.database.rows(f"SELECT id, purchase_id FROM purchase_line WHERE {among}", line_ids)
    if not lines:
        return Returned({})
    values = Values(shop.database.dialect)
    these = values.among("id", sorted({purchase_id for _, purchase_id in lines}), "uuid")
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    locked = {one.row.id: one for one in await lock_purchases(shop, f"{these}{here}", values.all)}
    found = {line: locked[purchase_id] for line, purchase_id in lines if purchase_id in locked}
    return Returned(found, await concerned(shop, locked))


async def exchange(shop: Shop, purchase_id: str, purchase: CheckedPurchase, returned: Returned) -> int:
    """Give back what comes back with a new purchase, one refund for each earlier one, and answer how much of the new one that
    pays: what was still due of an earlier one is lowered first, and pays nothing, and neither does what plugins give back where
    it came from. Raises Refused: also where payments do not sum to the rest."""
    checks, given = Checks(), purchase.input
    _check_purchases(checks, purchase, returned)
    checks.refuse()
    numbers: dict[str, list[int]] = {}
    for n, one in enumerate(given.returns):
        numbers.setdefault(returned.by_line[one.line_id].row.id, []).append(n)
    locked = {one.row.id: one for one in returned.by_line.values()}
    found = await refundables(shop, [locked[id_] for id_ in numbers])
    refunds = [_refund(shop, checks, found[id_], own, purchase, purchase_id) for id_, own in numbers.items()]
    checks.refuse()
    amounts = [payment.amount for payment in purchase.payments]
    whole = purchase.total + given.rounding

    def check(pays: int) -> int:
        check_due(checks, given.due, whole - pays)
        check_sum(checks, given.currency, amounts, pays, purchase.total, given.rounding, given.due)
        checks.refuse(recorded=True)
        return pays

    most = sum(one.row.amount_minor - one.row.due_minor for one in refunds)
    if whole - given.due - sum(amounts) > most:  # whatever plugins give back elsewhere
        check(most)
    told = await give_back(shop, refunds)
    return check(sum(one.amount_minor - one.due_minor - one.elsewhere_minor for one in told))


def _check_purchases(checks: Checks, purchase: CheckedPurchase, returned: Returned) -> None:
    """What comes back was bought by who buys now, or by nobody who is known, and not later."""
    given = purchase.input
    for n, one in enumerate(given.returns):
        path, locked = ("returns", str(n), "lineId"), returned.by_line.get(one.line_id)
        if locked is None:
            checks.unfit("NOT_FOUND", "There is no line of a purchase with this id.", *path)
        elif locked.row.status == "VOIDED":
            checks.unfit("INVALID_RETURN", "The purchase of this line was voided.", *path)
        elif locked.row.customer_id not in {None, given.customer_id}:
            checks.unfit("INVALID_RETURN", "This was bought by a customer who does not buy now.", *path)
        elif given.time_named and given.purchased_at < locked.row.purchased_at:
            checks.unfit("INVALID_RETURN", "This was bought later than it comes back.", *path)


def _refund(
    shop: Shop, checks: Checks, of: Refundable, numbers: Sequence[int], purchase: CheckedPurchase, purchase_id: str
) -> GivenBack:
    """The refund of one earlier purchase by the returns of these numbers. Problems are noted in `checks`."""
    returns, found = purchase.input.returns, len(checks.problems)
    wanted = {returns[n].line_id: WantedLine(returns[n].quantity, returns[n].amount) for n in numbers}
    taken = taken_by_lines(of.paid, wanted, 0, checks, [("returns", str(n)) for n in numbers])
    if len(checks.problems) == found and taken.amount > of.paid.left:
        checks.unfit("REFUND_EXCEEDS_PAID", left_of(shop, of.paid), "returns", str(numbers[0]), "amount")
    at = max(purchase.input.purchased_at, of.purchase.purchased_at)
    return given_back(of, taken, at, exchanged_for=purchase_id)
