"""Everything that is known of a customer, plugins' part too, to hand out to the customer."""

from collections.abc import Mapping
from typing import Any

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.erasure.absorbed import absorbed_by, survivors_of
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.primitives.clock import now, printed
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.shop import Shop


async def person_to_tell(shop: Shop, customer_id: str) -> CustomerRow:
    """Whose data it is: for a record that was merged, the one it was merged into. Raises Refused: NOT_FOUND, CUSTOMER_ERASED."""
    survivor = (await survivors_of(shop.database, [customer_id])).get(customer_id, customer_id)
    customer = (await customers_by_ids(shop.database, [survivor])).get(survivor)
    if customer is None:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    if customer.status == ERASED:
        raise Refused(
            Problem("CUSTOMER_ERASED", "The customer is erased: there is nothing to hand out.", ("customerId",))
        )
    return customer


async def data_of(shop: Shop, customer_id: str) -> Mapping[str, Any]:
    """What is known of a person: an entry for each record that was made one, and in it by whose tables it stands in, core's or a
    plugin's, the rows of each table. Raises PluginError for a plugin that is off and cannot be asked, and
    CatchingUp for one that does not have everything yet."""
    holders = await Holders.of(shop)
    ids = [customer_id, *(await absorbed_by(shop.database, [customer_id])).get(customer_id, ())]
    told = await holders.data(shop, ids)
    records = [
        {"customerId": f"customer_{id_}", **{owner: parts for owner, parts in record.items() if parts}}
        for id_, record in zip(ids, told, strict=True)
    ]
    return {
        "shop": shop.settings.shop_name,
        "currency": shop.currency,
        "toldAt": printed(now()),
        "records": records,
    }
