"""Selling at a till: the purchase and, where somebody new buys, the customer, both or neither."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from regulars_core.customers.changes import locked_customer
from regulars_core.customers.consents.entries import CheckedConsent
from regulars_core.customers.consents.writes import write
from regulars_core.customers.duplicates import Look, Match
from regulars_core.customers.registration import contact_keys, find_by_contact, find_or_register, give_codes
from regulars_core.customers.rules import CheckedCustomer
from regulars_core.database import Overtaken
from regulars_core.primitives.errors import Refused
from regulars_core.purchases.ahead import NamedAhead
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.service import record, recorded_before
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Sold:
    """What a sale has come to: `created` unless the same purchase had been sent before."""

    purchase_id: str
    created: bool
    customer_created: bool
    row: PurchaseRow | None = None
    """The purchase, if this has recorded it."""
    voided: bool = False
    """Whether it was recorded before, and is voided."""
    found_status: str | None = None
    """The status of a customer who was found by contact."""
    matches: Sequence[Match] = ()
    """Who a customer that was registered with it may also be."""


class _Overtaken(Exception):
    """Somebody else has recorded the purchase since we looked."""


async def sell(
    shop: Shop,
    purchase: CheckedPurchase,
    newcomer: CheckedCustomer | None = None,
    match_on: Sequence[str] = (),
    ahead: NamedAhead | None = None,
    refund_stores: Collection[str] | None = None,
    look: Look | None = None,
) -> Sold:
    """Record a purchase; a newcomer is found by contact or registered with it, and what they agree to or refuse is written down
    for whoever it is, if the purchase was not recorded before. `ahead` is what plugins have named of it already,
    where that was asked together with who buys, `refund_stores` as in `record`, and `look` is how a newcomer is looked at, if at
    all. Raises Refused: REFERENCE_REUSED."""

    async def recorded(made: CheckedPurchase) -> Sold:
        return await _record(shop, made, customer_created=False, ahead=ahead, refund_stores=refund_stores)

    if newcomer is None:
        return await shop.database.transaction(lambda: recorded(purchase))
    said = newcomer.consents
    if known := await find_by_contact(shop, contact_keys(newcomer, match_on)):
        sold = await shop.database.transaction(
            lambda: _hearing(shop, known.id, said, lambda buyer: recorded(_of(buyer, purchase)))
        )
        return replace(sold, found_status=known.status)
    if existing := await recorded_before(shop, purchase):
        return Sold(existing.id, created=False, customer_created=False, voided=existing.voided)
    [newcomer] = await give_codes(shop, [newcomer])
    return await shop.database.transaction(lambda: _sell_to(shop, newcomer, match_on, purchase, refund_stores, look))


async def _sell_to(
    shop: Shop,
    newcomer: CheckedCustomer,
    match_on: Sequence[str],
    purchase: CheckedPurchase,
    refund_stores: Collection[str] | None,
    look: Look | None,
) -> Sold:
    if existing := await recorded_before(shop, purchase):
        return Sold(existing.id, created=False, customer_created=False, voided=existing.voided)
    try:
        async with shop.database.savepoint():
            customer = await find_or_register(shop, newcomer, match_on, look)
            said = () if customer.created else newcomer.consents
            sold = await _hearing(
                shop,
                customer.id,
                said,
                lambda buyer: _record(shop, _of(buyer, purchase), customer.created, refund_stores=refund_stores),
            )
            if customer.created and not sold.created:
                raise _Overtaken  # and nobody is left registered for a purchase that is somebody else's
            return replace(sold, found_status=customer.status, matches=customer.matches)
    except _Overtaken:
        existing = await recorded_before(shop, purchase)
        assert existing is not None
        return Sold(existing.id, created=False, customer_created=False, voided=existing.voided)


async def _hearing(
    shop: Shop, customer_id: str, said: Sequence[CheckedConsent], sell_to: Callable[[str], Awaitable[Sold]]
) -> Sold:
    """Sell to a customer who is there already, and write down what they agree to or refuse, unless it was sold before. Whoever
    writes that down locks the customer, and does so before the sale touches anything."""
    if not said:
        return await sell_to(customer_id)
    if (await locked_customer(shop, customer_id, "customer"))["id"] != customer_id:
        raise Overtaken("A customer was merged into another meanwhile.")
    sold = await sell_to(customer_id)
    if sold.created:
        await write(shop, customer_id, said)
    return sold


def _of(customer_id: str, purchase: CheckedPurchase) -> CheckedPurchase:
    """The purchase as this customer's."""
    return replace(purchase, input=replace(purchase.input, customer_id=customer_id))


async def _record(
    shop: Shop,
    purchase: CheckedPurchase,
    customer_created: bool,
    ahead: NamedAhead | None = None,
    refund_stores: Collection[str] | None = None,
) -> Sold:
    [outcome] = await record(shop, [purchase], ahead, refund_stores)
    if outcome.problem is not None:
        raise Refused(outcome.problem)
    assert outcome.id is not None
    return Sold(outcome.id, outcome.created, customer_created, outcome.row, outcome.voided)
