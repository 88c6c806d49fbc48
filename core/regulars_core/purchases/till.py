"""Selling at a till: the purchase and, where somebody new buys, the customer, both or neither."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regulars_core.customers.rules import CheckedCustomer
from regulars_core.customers.service import contact_keys, find_by_contact, find_or_register, give_codes
from regulars_core.errors import Refused
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.service import record, recorded_before
from regulars_core.shop import Shop


@dataclass(frozen=True, slots=True)
class Sold:
    """What a sale has come to: `created` unless the same purchase had been sent before."""

    purchase_id: str
    created: bool
    customer_created: bool


async def sell(
    shop: Shop, purchase: CheckedPurchase, newcomer: CheckedCustomer | None = None, match_on: Sequence[str] = ()
) -> Sold:
    """Record a purchase; a newcomer is found by contact or registered with it. Raises Refused: REFERENCE_REUSED."""
    if newcomer is not None:
        if elder := await recorded_before(shop, purchase):
            return Sold(elder, created=False, customer_created=False)
        if not await find_by_contact(shop, contact_keys(newcomer, match_on)):
            [newcomer] = await give_codes(shop, [newcomer])

    async def work() -> Sold:
        made, customer_created = purchase, False
        if newcomer is not None:
            if elder := await recorded_before(shop, purchase):
                return Sold(elder, created=False, customer_created=False)
            customer = await find_or_register(shop, newcomer, match_on)
            customer_created = customer.created
            made = replace(purchase, given=replace(purchase.given, customer_id=customer.id))
        [outcome] = await record(shop, [made])
        if outcome.problem is not None:
            raise Refused(outcome.problem)
        assert outcome.id is not None
        return Sold(outcome.id, outcome.created, customer_created)

    return await shop.database.transaction(work)
