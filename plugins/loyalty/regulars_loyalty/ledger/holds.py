"""Keeping something for an open basket, and freeing it again: of credit and of points alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.plugin import Checks, CustomerRow, Instant, Lookup, Problem, Refused, Shop
from regulars_loyalty.ledger.book import POINTS, Account, Hold, Short
from regulars_loyalty.ledger.named import lookup_named, named_ledger, sought_owner
from regulars_loyalty.ledger.problems import insufficient
from regulars_loyalty.ledger.storage import Ledger, write_ledger
from regulars_loyalty.settings import LoyaltySettings

MAX_BASKET, MAX_MINUTES = 120, 10_080
"""Characters of the name of a basket, and the minutes of a week."""
SHORT = {
    True: ("INSUFFICIENT_POINTS", "There are fewer points."),
    False: ("INSUFFICIENT_FUNDS", "There is less credit."),
}
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and on whose account it is."""

    customer_id: str
    unit: str
    hold: Hold


def checked_basket(checks: Checks, basket: str) -> str | None:
    """The name of a basket in the form in which it is kept."""
    return checks.text(basket, "basket", MAX_BASKET, required=True)


def checked_minutes(shop: Shop, checks: Checks, minutes: int | None) -> int:
    """For how long something is kept."""
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        checks.fail("OUT_OF_RANGE", f"A hold is kept for 1 to {MAX_MINUTES} minutes.", "minutes")
    return shop.settings.of(LoyaltySettings).hold_minutes if minutes is None else minutes


async def keep(
    shop: Shop, customer_id: str, unit: str, amount: int, basket: str, minutes: int, amount_path: str
) -> Held:
    """Keep so much of a customer's account for a basket; the same basket again replaces its hold. Raises Refused."""
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    account = ledger.account(customer.id, unit)
    try:
        made = account.hold(amount, basket, Instant(ledger.present + minutes * _MINUTE_MS))
    except Short as short:
        raise refused(account, short, amount_path) from None
    await write_ledger(ledger)
    return Held(customer.id, unit, made)


def refused(account: Account, short: Short, *path: str) -> Refused:
    """The refusal of who wants more than there is."""
    code, message = SHORT[account.unit == POINTS]
    return Refused(insufficient(account, code, message, short.requested, short.available, path))


def lookup_held(shop: Shop, hold_id: str) -> Sequence[Lookup]:
    """What `open_hold` looks up."""
    return [_lookup(hold_id), *lookup_named(shop, sought_owner("loyalty_hold", hold_id))]


def _lookup(hold_id: str) -> Lookup:
    columns = "customer_id, unit, id, basket, amount, captured, created_at, held_until, closed_at"
    return f"SELECT {columns} FROM loyalty_hold WHERE id = $1", [hold_id]


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that keeps something, with the ledger to be changed."""

    customer: CustomerRow
    ledger: Ledger
    account: Account
    hold: Hold


async def open_hold(shop: Shop, hold_id: str, *, of_points: bool) -> OpenHold | None:
    """A hold on points or on credit, to be closed in this transaction; None for one that is closed or has run out. Raises Refused
    with NOT_FOUND."""
    held = await _read(shop, hold_id)
    if held is None or (held.unit == POINTS) != of_points:
        raise Refused(Problem("NOT_FOUND", "There is no hold with this id.", ("holdId",)))
    customer, ledger = await named_ledger(shop, held.customer_id, "holdId")
    account = ledger.account(customer.id, held.unit)
    account.post_due()
    found = next((hold for hold in account.open_holds if hold.id == hold_id), None)
    return None if found is None else OpenHold(customer, ledger, account, found)


async def release(shop: Shop, hold_id: str, *, of_points: bool) -> Held:
    """Free what a hold keeps; one that is closed stays as it is. Raises Refused with NOT_FOUND."""
    opened = await open_hold(shop, hold_id, of_points=of_points)
    if opened is None:
        closed = await _read(shop, hold_id)
        assert closed is not None
        return closed
    opened.account.release(opened.hold)
    await write_ledger(opened.ledger)
    return Held(opened.customer.id, opened.account.unit, opened.hold)


async def _read(shop: Shop, hold_id: str) -> Held | None:
    sql, values = _lookup(hold_id)
    rows = await shop.database.read(sql, *values)
    if not rows:
        return None
    customer_id, unit, *columns = rows[0]
    return Held(customer_id, unit, Hold(*columns))
