"""What a new purchase posts: what pays for it, the credit that it sells, and what it earns."""

import json
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any, NamedTuple

import orjson

from regulars_core.plugin import (
    Instant,
    Lookup,
    PaidWith,
    Problem,
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPurchase,
    Refused,
    Sale,
    Shop,
    now,
    read_details,
    sale_of,
    told_later,
)
from regulars_loyalty.ledger.book import POINTS, LotsUnknown, Terms
from regulars_loyalty.ledger.storage import LOOKUPS, Ledger, ledger_from, lookup_accounts, read_ledger, write_ledger
from regulars_loyalty.points.earning import earnings_from, lookup_earning
from regulars_loyalty.points.missed import keep_missed, note_missed
from regulars_loyalty.points.program_versions import known_versions
from regulars_loyalty.purchases.details import sales_since
from regulars_loyalty.purchases.paying import Payer, lowered, paid_cause
from regulars_loyalty.purchases.reads import posted_by
from regulars_loyalty.purchases.settling import Happened, settle
from regulars_loyalty.purchases.standing import EARNED, Posted
from regulars_loyalty.settings import LoyaltySettings

CREDIT_FOR = "creditFor"
"""The field by which a line says that it sells credit."""


def places_of_credit(carried: Mapping[str, Any]) -> Sequence[int]:
    """The places of the lines that sell credit, by what the input carried."""
    return [n for n, line in enumerate(carried.get("lines") or ()) if line.get(CREDIT_FOR)]


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded: all lots of who pays by what is kept here, and else those of
    accounts where something is due."""
    dialect = shop.database.dialect
    who = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
    buyers = {customer_id for customer_id, _ in who}
    if not buyers:
        return []
    methods = frozenset[str]().union(*(one.methods for one in purchases if one.customer_id))
    present = now() if methods.isdisjoint(_own_methods(shop)) else None
    return [*lookup_accounts(dialect, buyers, present, few=present is None), *lookup_earning(shop, who)]


def _looked_up(shop: Shop, purchases: Sequence[RecordedPurchase]) -> int:
    """How many of what `lookups_before` has named are of accounts."""
    own = _own_methods(shop)
    return LOOKUPS + any(payment.method in own for one in purchases if one.customer_id for payment in one.payments)


def _own_methods(shop: Shop) -> Set[str]:
    """The methods of payments that take what is kept here."""
    settings = shop.settings.of(LoyaltySettings)
    return {settings.credit_method, settings.points_method}


class _Sold(NamedTuple):
    """A purchase that was recorded, with what its input carried for this plugin, and the places of the lines that sell credit."""

    purchase: RecordedPurchase
    carried: Mapping[str, Any]
    credit_lines: Sequence[int]


async def record(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
) -> Ledger | None:
    """Post what these purchases do, and answer the ledger to be written. Raises Refused and Forbidden."""
    sold = [_Sold(purchase, own, places_of_credit(own)) for purchase, own in zip(purchases, extras, strict=True)]
    for each in sold:
        if each.purchase.customer_id is None:
            _refuse_stranger(shop, each)
    theirs = [each for each in sold if each.purchase.customer_id is not None]
    if not theirs or not found:
        return None
    if told_later():
        await read_details(shop, [each.purchase for each in theirs], besides="loyalty")
    number = _looked_up(shop, purchases)
    ledger = ledger_from(shop, found[:number], now())
    try:
        await _post(shop, ledger, theirs, found[number:])
    except LotsUnknown:
        # Something is due that was not when it was named what is looked up.
        ledger = await read_ledger(shop, {str(each.purchase.customer_id) for each in theirs})
        await _post(shop, ledger, theirs, found[number:])
    return ledger


async def _post(shop: Shop, ledger: Ledger, sold: Sequence[_Sold], found: Sequence[Sequence[Any]]) -> None:
    sales, less, methods = [], list[tuple[RecordedPurchase, Mapping[str, int]]](), _own_methods(shop)
    versions = await known_versions(shop, found[0])
    for each in sold:
        purchase = each.purchase
        paid = PaidWith()
        if any(payment.method in methods for payment in purchase.payments):
            carried = each.carried.get("payments") or ()
            payer = Payer(ledger, versions, purchase, purchase.payments, carried, paid_cause(purchase))
            paid = await payer.pay()
            less.append((purchase, payer.less))
        for unit in (shop.currency, POINTS):
            if (account := ledger.accounts.get((str(purchase.customer_id), unit))) is not None:
                account.use_up(purchase.basket)
        if each.credit_lines:
            _sell_credit(ledger, each)
        purchase.details.paid = paid
        purchase.details.not_goods |= {purchase.lines[n].id for n in each.credit_lines}
        sales.append(sale_of(shop, purchase, is_new=True))
    for purchase, missing in less:
        lowered(purchase, missing)
    if told_later() and not shop.settings.of(LoyaltySettings).earn_missed:
        return
    await earn(shop, ledger, [each.purchase for each in sold], sales, found)


def _sell_credit(ledger: Ledger, each: _Sold) -> None:
    """Lines that sell credit give what they came to. What pays for the purchase was there before."""
    purchase, shop = each.purchase, ledger.shop
    problems = [
        Problem("INVALID_AMOUNT", "Credit is sold for more than zero.", ("lines", str(n), CREDIT_FOR))
        for n in each.credit_lines
        if purchase.lines[n].total_minor <= 0
    ]
    if problems:
        raise Refused(*problems)
    for n in each.credit_lines:
        line, happened = purchase.lines[n], Happened(purchase, "PURCHASE", purchase.purchased_at)
        cause = happened.cause()._replace(base=line.total_minor, shares=json.dumps({line.id: line.total_minor}))
        terms = Terms(purchase.purchased_at, is_bought=True, purchase_id=purchase.id)
        ledger.account(str(purchase.customer_id), shop.currency).give("FUNDING", line.total_minor, cause, terms)


def credit_lines_of(sold: Sequence[tuple[RecordedPurchase, Mapping[str, Any]]]) -> Sequence[tuple[str, str]]:
    """(line, purchase) of all lines that sell credit."""
    return [(purchase.lines[n].id, purchase.id) for purchase, own in sold for n in places_of_credit(own)]


async def earn(
    shop: Shop,
    ledger: Ledger,
    purchases: Sequence[RecordedPurchase],
    sales: Sequence[Sale],
    found: Sequence[Sequence[Any]],
) -> None:
    """Post what purchases earn by the program of their instant."""
    outcomes = await earnings_from(shop, sales, found, to_write=True)
    await keep_missed(shop, {sale.id: earned for sale, earned in zip(sales, outcomes, strict=True)})
    for purchase, earned in zip(purchases, outcomes, strict=True):
        customer_id = purchase.customer_id
        assert customer_id is not None
        given = [one for one in earned if one.points > 0]
        cause = paid_cause(purchase) if given else None
        for one in given:
            assert cause is not None
            account = ledger.account(customer_id, POINTS)
            why = cause._replace(
                program=one.program, rule=one.code, base=one.base, shares=orjson.dumps(one.shares).decode(),
                explanation=one.explanation.as_json(),
            )  # fmt: skip
            lot = account.give(one.kind, one.points, why, one.terms)
            account.is_active(purchase.purchased_at)
            if one.is_once:
                ledger.once.append((customer_id, one.code, lot.transfer_id))


def _refuse_stranger(shop: Shop, each: _Sold) -> None:
    """Nobody who is not known pays by what is kept here, or buys it."""
    own = _own_methods(shop)
    if each.purchase.origin == "IMPORT" or told_later():
        return
    problems = [
        Problem("CUSTOMER_REQUIRED", "Only a customer pays this way.", ("payments", str(n), "method"))
        for n, payment in enumerate(each.purchase.payments)
        if payment.method in own
    ]
    problems += [
        Problem("CUSTOMER_REQUIRED", "Only a customer buys credit.", ("lines", str(n), CREDIT_FOR))
        for n in each.credit_lines
    ]
    if problems:
        raise Refused(*problems)


async def earn_for_new_owners(shop: Shop, purchases: Sequence[ReassignedPurchase], moments: Sequence[Instant]) -> None:
    """Post what purchases earn for whom they were given to, by the program of their instant, less what was given back of them by
    now: that is taken from what they earn, even if it would have expired since. Whose a purchase was once has it again as it was
    posted: that is settled before."""
    posted = await posted_by(shop, [one.id for one in purchases])
    await note_missed(
        shop, [pair for one in purchases if one.customer_id for pair in _given_to_others_alone(one, posted[one.id])]
    )
    fresh = [
        one
        for one in purchases
        if one.customer_id is not None
        and one.status != "VOIDED"
        and not any(each.kind in EARNED and each.customer_id == one.customer_id for each in posted[one.id])
    ]
    if not fresh:
        return
    who = [(str(one.customer_id), one.purchased_at) for one in fresh]
    found = await shop.database.read_together(lookup_earning(shop, who))
    owners = {customer_id for customer_id, _ in who}
    ledger = await _late_ledger(shop, owners, post_due=True)
    sales = await sales_since(shop, fresh, posted)
    await earn(shop, ledger, fresh, sales, found)
    await write_ledger(ledger)
    at = {one.id: moment for one, moment in zip(purchases, moments, strict=True)}
    ledger = await _late_ledger(shop, owners, post_due=False)
    await settle(shop, [Happened(one, "PURCHASE", at[one.id]) for one in fresh], ledger)
    for account in ledger.accounts.values():
        if account.is_late:
            account.is_late, account.posted_until = False, account.present  # what was due before is posted
        account.post_due()
    await write_ledger(ledger)


def _given_to_others_alone(purchase: RecordedPurchase, posted: Sequence[Posted]) -> Sequence[tuple[str, str]]:
    """(purchase, rule) of what was given to others who had a purchase, and not to whom it comes back to: it may have failed then,
    and was made up for while it was not theirs."""
    earned = [one for one in posted if one.kind in EARNED and one.reverses_id is None and one.rule]
    own = {one.rule for one in earned if one.customer_id == purchase.customer_id}
    return [(purchase.id, rule) for rule in sorted({str(one.rule) for one in earned} - own)] if own else []


async def _late_ledger(shop: Shop, customer_ids: Collection[str], *, post_due: bool) -> Ledger:
    """The accounts of customers, on whose points nothing becomes due from now on."""
    ledger = await read_ledger(shop, customer_ids, few=not (shop.database.overtaken or told_later()))
    for customer_id in customer_ids:
        account = ledger.account(customer_id, POINTS)
        if post_due:
            account.post_due()
        account.is_late = True
    return ledger
