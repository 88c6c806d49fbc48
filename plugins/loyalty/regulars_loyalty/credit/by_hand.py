"""Store credit that is given and taken by hand."""

from regulars_core.plugin import LATEST, Instant, Problem, Refused, Shop, Where, purchases_by_ids
from regulars_loyalty.ledger.book import ISSUED, PAID, Short, Terms
from regulars_loyalty.ledger.by_hand import Posted, Why, telling
from regulars_loyalty.ledger.holds import Held, open_hold, refused
from regulars_loyalty.ledger.named import named_ledger
from regulars_loyalty.ledger.problems import insufficient
from regulars_loyalty.ledger.storage import write_ledger


async def add(
    shop: Shop,
    customer_id: str,
    amount: int,
    why: Why,
    expires_at: Instant | None = None,
    purchase_id: str | None = None,
    visible: Where | None = None,
) -> Posted:
    """Give a customer credit, in minor units of the shop's currency. It may be given for a purchase of theirs that is `visible`
    and not voided: then what is given back of that from now on takes it back. Raises Refused with NOT_FOUND."""
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    cause = why.cause("FUNDING", ledger.present, purchase_id=purchase_id)
    if purchase_id is not None:
        purchase = (await purchases_by_ids(shop.database, [purchase_id], visible)).get(purchase_id)
        if purchase is None or purchase.customer_id != customer.id or purchase.status == "VOIDED":
            raise Refused(Problem("NOT_FOUND", "The customer has no such purchase.", ("purchaseId",)))
        cause = cause._replace(base=max(purchase.total_minor - purchase.refunded_minor, 0))
    account = ledger.account(customer.id, shop.currency)
    terms = Terms(ledger.present, LATEST if expires_at is None else expires_at, purchase_id=purchase_id)
    account.give("FUNDING", amount, cause, terms)
    entry = telling(account.transfers, "FUNDING")
    await write_ledger(ledger)
    return Posted(customer, account, entry)


async def deduct(shop: Shop, customer_id: str, amount: int, why: Why) -> Posted:
    """Take credit from a customer, never more than is available. Raises Refused with NOT_FOUND and INSUFFICIENT_FUNDS."""
    customer, ledger = await named_ledger(shop, customer_id, "customerId")
    account = ledger.account(customer.id, shop.currency)
    try:
        posted = account.spend("UNFUNDING", amount, why.cause("UNFUNDING", ledger.present), ISSUED)
    except Short as short:
        raise refused(account, short, "amount") from None
    await write_ledger(ledger)
    return Posted(customer, account, telling(posted, "UNFUNDING"))


async def capture(shop: Shop, hold_id: str, amount: int | None, why: Why) -> tuple[Posted, Held]:
    """Take what a hold has kept, all of it or a part; the rest is free again. Raises Refused: NOT_FOUND, HOLD_CLOSED,
    HOLD_EXCEEDED."""
    opened = await open_hold(shop, hold_id, of_points=False)
    if opened is None:
        raise Refused(Problem("HOLD_CLOSED", "The hold was captured or released, or has run out.", ("holdId",)))
    account, hold = opened.account, opened.hold
    wanted = hold.amount if amount is None else amount
    if wanted > hold.amount:
        message = "This is more than the hold has kept."
        raise Refused(insufficient(account, "HOLD_EXCEEDED", message, wanted, hold.amount, ("amount",)))
    posted = account.spend("PAYMENT", wanted, why.cause("PAYMENT", opened.ledger.present), PAID, hold=hold)
    await write_ledger(opened.ledger)
    return Posted(opened.customer, account, telling(posted, "PAYMENT")), Held(opened.customer.id, account.unit, hold)
