"""Who buys: how a purchase names its customer, and what is looked up before anything is recorded."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import orjson

from regulars_core.customers.contact import parse_email
from regulars_core.customers.reads import CustomerRow, customer_by_code, lookup_survivors, survivors_by_ids
from regulars_core.customers.reads import query_by_code as customer_with_code
from regulars_core.customers.registration import contact_keys, query_by_contact
from regulars_core.customers.rules import CheckedCustomer, NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.database import Lookup, Sought
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Malformed, Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID, is_id
from regulars_core.primitives.text import tidy
from regulars_core.purchases.ahead import RECORDED, named_ahead, quoting_looks_up
from regulars_core.purchases.recorded import PurchaseOutline
from regulars_core.purchases.rules import CheckedPurchase, checked
from regulars_core.purchases.service import lookup
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.shop import Shop
from regulars_schema.customers.consents import entries_of
from regulars_schema.customers.inputs import address
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.amounts import tell_besides
from regulars_schema.purchases.inputs import PurchaseCustomerInput, PurchaseRecordInput, carried, new_purchase
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.store_lookup import lookup_store
from regulars_schema.types.ids import key_of


def buyer_named(given: PurchaseRecordInput) -> str | None:
    """Who buys, by id or code as given; None for nobody, and for who is found by contact."""
    named: str | None = value_or_none(given.customer_id) or value_or_none(given.customer_code)
    return named


async def buyer_of(context: RequestContext, given: PurchaseRecordInput) -> CustomerRow | None:
    """The customer who is named by id or code. Raises Refused for one who is not there, and Malformed for one who is named in
    several ways."""
    id_, code = value_or_none(given.customer_id), value_or_none(given.customer_code)
    if sum(way is not None for way in (id_, code, value_or_none(given.customer))) > 1:
        message = "Say who buys by one of customerId, customerCode and customer."
        raise Malformed(Problem("INVALID_CUSTOMER", message, ("customer",)))
    if id_ is not None:
        key = key_of(id_, "customer", "customerId", instead="customerCode")
        known = await survivors_by_ids(context.database, [key])
        if key not in known or known[key].is_gone:
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
        return known[key]
    if code is None:
        return None
    found = await customer_by_code(context.database, code)
    if found is None or found.is_gone:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this code.", ("customerCode",)))
    return found


def naming(given: PurchaseRecordInput) -> str:
    """The field that names who buys."""
    if value_or_none(given.customer_id) is not None:
        return "customerId"
    return "customer" if value_or_none(given.customer_code) is None else "customerCode"


def newcomer_of(shop: Shop, named: PurchaseCustomerInput, store: str) -> CheckedCustomer:
    """Who buys, as somebody new would be registered. Raises Refused."""
    new = NewCustomer(
        **{name: value_or_none(getattr(named, name)) for name in _TOLD},
        is_company=value_or_none(named.is_company),
        billing_address=address(value_or_none(named.billing_address)),
        consents=entries_of(value_or_none(named.consents)),
        origin_store_id=None if store == MAIN_STORE_ID else store,
    )
    return checked_customer(shop.settings, new, "customer", complete=False)


_TOLD = ("first_name", "last_name", "company_name", "email", "phone", "birth_date", "tax_id")


def matches_of(named: PurchaseCustomerInput) -> Sequence[str]:
    """By what somebody who is there already is recognised, in this order."""
    given = value_or_none(named.match_on)
    return ("EMAIL", "PHONE") if given is None else [kind.value for kind in given]


def words_of(given: PurchaseRecordInput) -> Sequence[str | None]:
    """The customer in the caller's own words; an e-mail address in its one form."""
    named = value_or_none(given.customer)
    if named is not None:
        first, last, company, email, phone, born, tax_id = (value_or_none(getattr(named, name)) for name in _TOLD)
        # Of one that tells no more than names and contact these are the words that they always were.
        more = (company, born, tax_id) if company or born or tax_id else ()
        if said := entries_of(value_or_none(named.consents)):  # or another sending would lose a refusal without a word
            more = (*more, "consents", orjson.dumps(said).decode())
        return ("named", first, last, email and (parse_email(email) or email), phone, *more)
    return ("id", value_or_none(given.customer_id), "code", value_or_none(given.customer_code))


def purchase_of(shop: Shop, given: PurchaseRecordInput, store: str, customer_id: str | None) -> CheckedPurchase:
    """The purchase in the form in which it is kept: found once, whoever buys. Raises Malformed, with all that is wrong."""
    known: CheckedPurchase
    for known in given.checked:
        return replace(known, input=replace(known.input, store_id=store, customer_id=customer_id))
    checks, words = Checks(), words_of(given)
    made = new_purchase(given, checks, store_id=store, customer_id=customer_id, named=words, currency=shop.currency)
    try:
        purchase = checked(made, shop.currency, latest_believed(shop.settings), shop.coin)
    except Malformed as malformed:
        tell_besides(checks, malformed.problems)
    checks.refuse()
    given.checked.append(purchase)
    return purchase


def looked_up(shop: Shop, given: PurchaseRecordInput) -> Sequence[Lookup]:
    """What recording this purchase looks up, for core and for plugins, as far as it is well-formed. What is by the customer is
    asked by the very look-up that finds the customer."""
    dialect = shop.database.dialect
    queries = [lookup(dialect, [tidy(given.reference)])]
    if (store := value_or_none(given.store_code)) is not None:
        queries.append(lookup_store(shop, store))
    found = _found_by(shop, given)
    if found is not None:
        queries.append(found)
    key = (value_or_none(given.customer_id) or "").rpartition("_")[2]
    if is_id(key):
        queries.append(lookup_survivors(dialect, [key]))
        buyer: str | None = key
    else:
        buyer = None if found is None else Sought(f"SELECT id FROM ({found[0]}) found", found[1])
    return [*queries, *_for_plugins(shop, given, buyer)]


def _found_by(shop: Shop, given: PurchaseRecordInput) -> Lookup | None:
    """What finds the customer who is named by code or contact; None for one who is not."""
    if (code := value_or_none(given.customer_code)) is not None:
        return customer_with_code(code)
    if (named := value_or_none(given.customer)) is None:
        return None
    try:
        keys = contact_keys(newcomer_of(shop, named, MAIN_STORE_ID), matches_of(named))
    except Refused:  # as it is going to be
        return None
    return query_by_contact(keys) if keys else None


def _for_plugins(shop: Shop, given: PurchaseRecordInput, buyer: str | None) -> Sequence[Lookup]:
    if not shop.plugins.listens(RECORDED):
        return ()
    methods = frozenset(tidy(payment.method) for payment in value_or_none(given.payments) or ())
    named = named_ahead(shop, PurchaseOutline(buyer, given.made_at, methods), carried(given))
    if quoting_looks_up(shop):
        with suppress(Refused):  # as it is going to be
            named = named.quoting(shop, purchase_of(shop, given, MAIN_STORE_ID, buyer))
    given.named_ahead[:] = [named]
    return named.lookups
