"""Triggers that have failed: tried again, and told of."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from regulars_core.plugin import (
    SEGMENT,
    RecordedPurchase,
    SaleDetails,
    Shop,
    has_past,
    hold,
    leaves_in,
    past_sales,
    read_details,
    recorded_before_refunds,
    recorded_by_ids,
    refunds_of,
    return_state,
)
from regulars_rewards.progress.book import PURCHASE, Cause, ProgressBook
from regulars_rewards.progress.earning import Earners
from regulars_rewards.progress.histories import look_at_spans
from regulars_rewards.progress.rows import (
    Failure,
    earnings_from,
    lookup_earnings_of,
    lookup_progress,
    progress_from,
)
from regulars_rewards.systems.known import KnownSystems, read_systems

BATCH = 100
"""Customers of one transaction at most."""


async def try_again(shop: Shop) -> int:
    """Let purchases bring what they should have where a trigger has failed, as far as it can now; at how many it still fails.
    Each customer once: what fails still fails until the next time."""
    last = "0" * 32
    while True:
        rows = await shop.database.rows(
            f"SELECT DISTINCT customer_id FROM rewards_failed WHERE customer_id > $1 ORDER BY customer_id LIMIT {BATCH}",
            last,
        )
        customers = [str(row[0]) for row in rows]
        if customers:
            last = customers[-1]
            await shop.database.transaction(partial(_try_again, shop, customers))
        if len(customers) < BATCH:
            [(left,)] = await shop.database.rows("SELECT count(*) FROM rewards_failed")
            return int(left)


async def _try_again(shop: Shop, customers: Sequence[str]) -> None:
    database = shop.database
    merged = await hold(database, customers)
    known = await read_systems(shop)
    among = database.dialect.among("customer_id", 1)
    rows = await database.rows(
        f"SELECT id, customer_id, system_id, source, purchase_id FROM rewards_failed WHERE {among} AND purchase_id IS NOT NULL",
        customers,
    )
    failed = {row[0]: Failure(*tuple(row)[1:]) for row in rows}
    purchases = await recorded_by_ids(database, sorted({str(one.purchase_id) for one in failed.values()}))
    tried = {id_: one for id_, one in failed.items() if _can_be_tried(shop, known, one, purchases)}
    if not tried:
        return
    await database.run(f"DELETE FROM rewards_failed WHERE {database.dialect.among('id', 1)}", sorted(tried))
    sql, values = lookup_progress(database.dialect, customers)
    book = ProgressBook(shop, known, progress_from(await database.read(sql, *values)))
    # Whoever was merged has nothing to come: that the same has failed is with the survivor, too.
    left = [one for one in tried.values() if one.customer_id not in merged]
    there = [(one, sale) for one in left if (sale := purchases.get(str(one.purchase_id)))]
    await _earn(book, [sale for one, sale in there if _is_still_theirs(one, sale)])
    # What a span brings is wrong as long as it was not found anew, also where the purchase at which it failed has gone since.
    spans = [(one.customer_id, sale.purchased_at) for one, sale in there if one.source != one.purchase_id]
    if spans:
        await look_at_spans(shop, book, spans, Cause(PURCHASE, max(at for _, at in spans)))
    await book.settle()
    await book.write()


def _can_be_tried(shop: Shop, known: KnownSystems, failure: Failure, purchases: Mapping[str, RecordedPurchase]) -> bool:
    """Whether it can be told by now what the trigger finds, and for whom; while a plugin is off, it waits."""
    system, purchase = known.by_id.get(failure.system_id), purchases.get(str(failure.purchase_id))
    if system is None or purchase is None:
        return True
    version = system.at(purchase.purchased_at)
    leaves = leaves_in(version.data.audience or {})
    return version.kind is not None and all(
        name == SEGMENT or has_past(shop, name, comparison) for _, name, comparison in leaves
    )


def _is_still_theirs(failure: Failure, purchase: RecordedPurchase) -> bool:
    is_of_sale = failure.source == failure.purchase_id
    return is_of_sale and purchase.customer_id == failure.customer_id and purchase.status != "VOIDED"


async def _earn(book: ProgressBook, purchases: Sequence[RecordedPurchase]) -> None:
    """Book what these purchases bring, less what has come back of them by now."""
    shop, theirs = book.shop, {one.id: one for one in purchases}
    if not theirs:
        return
    then = await recorded_before_refunds(shop.database, sorted(theirs))
    sales = await past_sales(shop, list(then.values()))
    standing = [replace(one, details=SaleDetails()) for one in theirs.values()]
    await read_details(shop, standing)
    refunds = await refunds_of(shop, list(theirs))
    sql, values = lookup_earnings_of(shop.database.dialect, list(theirs))
    had = earnings_from(await shop.database.read(sql, *values))
    earners = Earners(shop, book.known, [(str(one.customer_id), one.at) for one in sales])
    if looked_up := await earners.read():
        states = {one.id: return_state(one, refunds[one.id]) for one in standing}
        await earners.earn(book, sales, looked_up, states, had=had.keys())


async def failures(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each reward system that cannot be used, and for each whose trigger has failed and was not made up for."""
    known = await read_systems(shop)
    for system in known.systems:
        data = system.current.data
        for rule, usable in ((data.trigger, system.current.trigger), (data.reward, system.current.reward)):
            if usable is None and data.is_enabled:
                whose = f" of the plugin '{rule.plugin}'" if rule.plugin else ""
                yield f"reward system {system.name}: {rule.kind}{whose} cannot be used: its plugin is off, or no longer takes it"
    for system_id, count in await shop.database.rows(
        "SELECT system_id, count(*) FROM rewards_failed GROUP BY system_id ORDER BY system_id"
    ):
        name = known.by_id[system_id].name if system_id in known.by_id else system_id
        yield f"reward system {name}: its trigger has failed {count} times; the log says what it raises, and it is tried again"
