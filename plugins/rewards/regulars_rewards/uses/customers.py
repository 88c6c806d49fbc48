"""Whom an id leads to, so that nobody else moves anything of theirs in this transaction."""

from collections.abc import Sequence

from regulars_core.plugin import (
    CustomerRow,
    Guarded,
    Lookup,
    Problem,
    Refused,
    Shop,
    hold,
    lookup_lifetimes,
    lookup_survivors,
    survivors_by_ids,
)

_MOVE = "UPDATE customer_stats SET activity = activity + 1 WHERE customer_id = $1 AND activity = $2 AND merged_into_id IS NULL"


def lookup_moved(shop: Shop, customer_id: str) -> Sequence[Lookup]:
    """What `moved_customer` looks up first."""
    return [lookup_survivors(shop.database.dialect, [customer_id]), lookup_lifetimes(shop, [customer_id])]


async def moved_customer(shop: Shop, customer_id: str, *path: str) -> CustomerRow:
    """The customer to whom an id leads, whose coupons or uses are changed in this transaction: nobody else moves anything of
    theirs until it ends, or else it runs again. Raises Refused with NOT_FOUND at this path, also for who is erased."""
    customer, moving = await customer_to_move(shop, customer_id, *path)
    await shop.database.defer(moving)
    return customer


async def customer_to_move(shop: Shop, customer_id: str, *path: str) -> tuple[CustomerRow, Sequence[Guarded]]:
    """The same, and what is still to be deferred for that, by who looks up other things before. Raises what `moved_customer`
    raises."""
    database = shop.database
    while True:
        customer = (await survivors_by_ids(database, [customer_id])).get(customer_id)
        if customer is None or customer.is_gone:
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", path))
        if not database.overtaken:
            sql, values = lookup_lifetimes(shop, [customer.id])
            rows = await database.read(sql, *values)
            return customer, [Guarded(_MOVE, [customer.id, rows[0][-1]])] if rows else []
        if not await hold(database, [customer.id]):  # else merged while we waited
            return customer, []
