"""Points that are given, taken and spent by hand."""

from typing import Literal

from regulars_core.plugin import LATEST, Instant, Problem, Refused, Shop
from regulars_loyalty.ledger.book import ISSUED, POINTS, REDEEMED, Account, Hold, Short, Terms
from regulars_loyalty.ledger.by_hand import Posted, Why, telling
from regulars_loyalty.ledger.holds import refused
from regulars_loyalty.ledger.named import named_ledger
from regulars_loyalty.ledger.storage import write_ledger
from regulars_loyalty.points.program import Versions
from regulars_loyalty.points.program_versions import unchanged, versions_of

MAX_POINTS = 10**15
"""Of one posting: sums of thousands of them still fit 64 bits."""
AS_THE_PROGRAM_SAYS: Literal["AS_THE_PROGRAM_SAYS"] = "AS_THE_PROGRAM_SAYS"
Ends = Instant | None | Literal["AS_THE_PROGRAM_SAYS"]
"""When points expire that are given by hand; None is never."""


async def add(shop: Shop, customer_id: str, points: int, why: Why, ends: Ends) -> Posted:
    """Give a customer points. Raises Refused with NOT_FOUND."""
    versions = await versions_of(shop) if ends == AS_THE_PROGRAM_SAYS else None
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    if versions is not None:
        await shop.database.defer([unchanged(versions)])
    account, present = ledger.account(customer.id, POINTS), ledger.present
    account.give("ADJUST", points, why.cause("ADJUST", present), _terms(shop, present, ends, versions))
    entry = telling(account.transfers, "ADJUST")
    await write_ledger(ledger)
    return Posted(customer, account, entry)


def _terms(shop: Shop, present: Instant, ends: Ends, versions: Versions | None) -> Terms:
    version = versions.at(present) if versions else None
    if version is not None:
        return version.program.terms_from(present, shop.settings.zone)
    return Terms(present, LATEST if ends is None or ends == AS_THE_PROGRAM_SAYS else ends)


async def deduct(shop: Shop, customer_id: str, points: int, why: Why, *, allow_debt: bool = False) -> Posted:
    """Take points from a customer; what is missing becomes debt where that is allowed. Raises Refused with NOT_FOUND and
    INSUFFICIENT_POINTS."""
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    account, cause = ledger.account(customer.id, POINTS), why.cause("ADJUST", ledger.present)
    try:
        posted = account.spend("ADJUST", points, cause, ISSUED, allow_debt=allow_debt)
    except Short as short:
        raise refused(account, short, "points") from None
    await write_ledger(ledger)
    return Posted(customer, account, telling(posted, "ADJUST", "DEBT"))


async def redeem(shop: Shop, customer_id: str, points: int, why: Why, hold_id: str | None = None) -> Posted:
    """Spend points on something that is handed over, from a hold of the customer's if one is named. Raises Refused with NOT_FOUND
    and INSUFFICIENT_POINTS."""
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    account = ledger.account(customer.id, POINTS)
    account.post_due()
    hold = None if hold_id is None else await hold_named(shop, account, hold_id)
    try:
        posted = account.spend("REDEEM", points, why.cause("REDEEM", ledger.present), REDEEMED, hold=hold)
    except Short as short:
        raise refused(account, short, "points") from None
    await write_ledger(ledger)
    return Posted(customer, account, telling(posted, "REDEEM"))


async def hold_named(shop: Shop, account: Account, hold_id: str) -> Hold | None:
    """An open hold of the account; None for one that has run out, which is as good as none. Raises Refused with NOT_FOUND, also
    for one that was captured or released."""
    found = next((hold for hold in account.holds if hold.id == hold_id), None)
    if found is not None:
        return found if found.closed_at is None else None
    sql = "SELECT held_until, closed_at FROM loyalty_hold WHERE id = $1 AND customer_id = $2 AND unit = $3"
    row = await shop.database.row(sql, hold_id, account.customer_id, account.unit)
    if row is None or row[1] < row[0]:
        raise Refused(Problem("NOT_FOUND", "The customer has no such hold that is open.", ("holdId",)))
    return None
