"""Progress that somebody gives by hand."""

from regulars_core.plugin import CustomerRow, Malformed, Problem, Refused, Shop, inserting, now
from regulars_rewards.progress.book import GRANT, Cause, ProgressBook
from regulars_rewards.progress.law import MAX_AT_ONCE, Terms, to_give
from regulars_rewards.progress.rows import lookup_progress, progress_from
from regulars_rewards.systems.known import read_systems
from regulars_rewards.uses.customers import moved_customer

MAX_PROGRESS = 1_000_000


async def grant(shop: Shop, customer_id: str, system_id: str, progress: int, reason: str) -> tuple[CustomerRow, str]:
    """Give a customer progress in a reward system, and what follows from it; the customer and the entry's key. In this
    transaction. Raises Malformed with OUT_OF_RANGE, and Refused with NOT_FOUND and with SYSTEM_DISABLED for a system that does
    not collect."""
    if not 1 <= progress <= MAX_PROGRESS:
        raise Malformed(Problem("OUT_OF_RANGE", f"Progress is given from 1 to {MAX_PROGRESS}.", ("progress",)))
    customer = await moved_customer(shop, customer_id, "customerId")
    known, present = await read_systems(shop), now()
    system = known.by_id.get(system_id)
    if system is None or system.is_shadow:
        raise Refused(Problem("NOT_FOUND", "There is no such reward system.", ("rewardSystemId",)))
    if system.collecting_at(present) is None:
        message = "This reward system is disabled, or has not started, or has ended."
        raise Refused(Problem("SYSTEM_DISABLED", message, ("rewardSystemId",)))
    if to_give(progress, Terms(system.current.data.target, system.current.data.mode)) > MAX_AT_ONCE:
        message = f"So much would give more than {MAX_AT_ONCE} rewards at once."
        raise Malformed(Problem("OUT_OF_RANGE", message, ("progress",)))
    sql, values = lookup_progress(shop.database.dialect, [customer.id])
    book = ProgressBook(shop, known, progress_from(await shop.database.read(sql, *values)))
    tally = book.tally(customer.id, system)
    entry = tally.book(tally.standing.with_progress(progress), Cause(GRANT, present))
    assert entry is not None
    await book.settle()
    await book.write()
    row = (entry.id, customer.id, reason)
    await shop.database.defer([inserting("rewards_grant_reason", ("entry_id", "customer_id", "reason"), [row])])
    return customer, entry.id
