"""What a new purchase posts: what pays for it, the credit that it sells, and what it earns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.plugin import (
    Lookup,
    Problem,
    PurchaseOutline,
    RecordedPurchase,
    Refused,
    Shop,
    now,
    told_later,
)
from regulars_loyalty.ledger.book import LotsUnknown, Terms
from regulars_loyalty.ledger.storage import LOOKUPS, Ledger, ledger_from, lookup_accounts, read_ledger
from regulars_loyalty.points.earning import earnings_from, lookup_earning
from regulars_loyalty.points.facts import sale_of
from regulars_loyalty.purchases.paying import Paid, Payer, lowered, paid_cause
from regulars_loyalty.purchases.settling import Happened
from regulars_loyalty.settings import LoyaltySettings

CREDIT_FOR = "creditFor"
"""The field by which a line says that it sells credit."""


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded: all lots of who pays by what is kept here, and else those of
    accounts where something is due."""
    settings = shop.settings.of(LoyaltySettings)
    methods = {settings.credit_method, settings.points_method}
    buyers = {one.customer_id for one in purchases if one.customer_id}
    pays = any(one.customer_id and not methods.isdisjoint(one.methods) for one in purchases)
    if not buyers:
        return []
    who = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
    present = None if pays else now()
    return [*lookup_accounts(shop.database.dialect, buyers, present), *lookup_earning(shop, who)]


@dataclass(frozen=True, slots=True)
class _Sold:
    """A purchase that was recorded, with what its input carried for this plugin."""

    purchase: RecordedPurchase
    carried: Mapping[str, Any]

    @property
    def credit_lines(self) -> Sequence[int]:
        """The places of the lines that sell credit."""
        return [n for n, line in enumerate(self.carried.get("lines") or ()) if line.get(CREDIT_FOR)]


async def record(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
) -> Ledger | None:
    """Post what these purchases do, and answer the ledger to be written. Raises Refused and Forbidden."""
    sold = [_Sold(purchase, own) for purchase, own in zip(purchases, extras, strict=True)]
    for each in sold:
        if each.purchase.customer_id is None:
            _refuse_stranger(shop, each)
    theirs = [each for each in sold if each.purchase.customer_id is not None]
    if not theirs or not found:
        return None
    ledger = ledger_from(shop, found[:LOOKUPS], now())
    try:
        await _post(shop, ledger, theirs, found[LOOKUPS:])
    except LotsUnknown:
        # Something is due that was not when it was named what is looked up, or a till pays in a way that was not told.
        ledger = await read_ledger(shop, {str(each.purchase.customer_id) for each in theirs})
        await _post(shop, ledger, theirs, found[LOOKUPS:])
    return ledger


async def _post(shop: Shop, ledger: Ledger, sold: Sequence[_Sold], found: Sequence[Sequence[Any]]) -> None:
    sales, less = [], []
    for each in sold:
        purchase = each.purchase
        carried = each.carried.get("payments") or ()
        payer = Payer(shop, ledger, purchase, purchase.payments, carried, paid_cause(purchase))
        one = await payer.pay()
        less.append((purchase, payer.less))
        _sell_credit(ledger, each)
        sales.append(_sale(shop, each, one))
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
        cause = replace(happened.cause(), base=line.total_minor, shares=json.dumps({line.id: line.total_minor}))
        terms = Terms(purchase.purchased_at, is_bought=True, purchase_id=purchase.id)
        ledger.account(str(purchase.customer_id), shop.currency).give("FUNDING", line.total_minor, cause, terms)


def credit_lines_of(sold: Sequence[tuple[RecordedPurchase, Mapping[str, Any]]]) -> Sequence[tuple[str, str]]:
    """(line, purchase) of all lines that sell credit."""
    each = [_Sold(purchase, own) for purchase, own in sold]
    return [(one.purchase.lines[n].id, one.purchase.id) for one in each for n in one.credit_lines]


def _sale(shop: Shop, each: _Sold, paid: Paid) -> Any:
    lines = {each.purchase.lines[n].id for n in each.credit_lines}
    return sale_of(
        shop, each.purchase, points_paid=paid.points, given_credit=paid.given_credit, bought_credit=paid.bought_credit,
        credit_lines=lines,
    )  # fmt: skip


async def earn(
    shop: Shop,
    ledger: Ledger,
    purchases: Sequence[RecordedPurchase],
    sales: Sequence[Any],
    found: Sequence[Sequence[Any]],
) -> None:
    """Post what purchases earn by the program of their instant."""
    for purchase, earned in zip(purchases, await earnings_from(shop, sales, found), strict=True):
        customer_id = purchase.customer_id
        assert customer_id is not None
        cause = Happened(purchase, "PURCHASE", purchase.purchased_at).cause()
        for one in earned:
            if one.points <= 0:
                continue
            account = ledger.account(customer_id, "PTS")
            why = replace(
                cause, program=one.program, rule=one.rule, base=one.base, shares=json.dumps(dict(one.shares)),
                explanation=one.explanation,
            )  # fmt: skip
            lot = account.give(one.kind, one.points, why, replace(one.terms, purchase_id=purchase.id))
            account.is_active(purchase.purchased_at)
            if one.is_once:
                ledger.once.append((customer_id, one.rule, lot.transfer_id))


def _refuse_stranger(shop: Shop, each: _Sold) -> None:
    """Nobody who is not known pays by what is kept here, or buys it."""
    settings = shop.settings.of(LoyaltySettings)
    own = {settings.credit_method, settings.points_method}
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
