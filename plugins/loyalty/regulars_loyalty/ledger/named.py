"""Opening the ledger of who is named: by an id that leads to the customer, or by something of theirs."""

from collections.abc import Sequence

from regulars_core.plugin import (
    CustomerRow,
    Lookup,
    Problem,
    Refused,
    Shop,
    Sought,
    hold,
    lookup_survivors,
    survivors_by_ids,
)
from regulars_loyalty.ledger.storage import Ledger, customer_ledger, lookup_customer, read_ledger


def lookup_named(shop: Shop, customer_id: str) -> Sequence[Lookup]:
    """What `named_ledger` looks up; the id may be Sought."""
    dialect = shop.database.dialect
    return [lookup_survivors(dialect, [customer_id]), *lookup_customer(dialect, shop, customer_id)]


async def named_ledger(shop: Shop, customer_id: str, *path: str) -> tuple[CustomerRow, Ledger]:
    """The customer to whom an id leads, and their accounts, to be changed in this transaction as by `customer_ledger`. Raises
    Refused with NOT_FOUND at this path, also for who is erased."""
    while True:
        customer = (await survivors_by_ids(shop.database, [customer_id])).get(customer_id)
        if customer is None or customer.is_gone:
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", path))
        if not shop.database.overtaken:
            return customer, await customer_ledger(shop, customer.id)
        if not await hold(shop.database, [customer.id]):  # else merged while we waited
            return customer, await read_ledger(shop, [customer.id])


def sought_owner(table: str, id_: str) -> Sought:
    """Whose a hold or a transfer is, as a key that is sought by its id."""
    return Sought(f"SELECT customer_id FROM {table} WHERE id = $1", [id_])
