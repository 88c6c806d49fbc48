"""What new purchases bring in reward systems, and what is given for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from regulars_core.plugin import (
    Lookup,
    PurchaseFact,
    PurchaseOutline,
    RecordedPurchase,
    SaleDetails,
    Shop,
    fact_of,
    read_details,
    sale_of,
    told_later,
)
from regulars_rewards.progress.earning import Earners
from regulars_rewards.systems.known import lookup_systems, remembered_systems, systems_looked_up


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded: where there is no system that collects, which there are."""
    who = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
    if not who:
        return []
    remembered = remembered_systems(shop)
    return [lookup_systems(shop), *(Earners(shop, remembered, who).lookups() if remembered else ())]


async def record(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """Book what these purchases bring, and give what follows; `found` are the rows of `lookups_before`. Raises what those raise
    who are told of it, Refused too."""
    theirs = [one for one in purchases if one.customer_id]
    if not theirs or not found:
        return
    known = await systems_looked_up(shop, found[0])
    earners = Earners(shop, known, [(str(one.customer_id), one.purchased_at) for one in theirs])
    rows = found[1:] if known.is_as_looked_up else await earners.read()
    if known.systems:
        await shop.database.defer([known.unchanged])
    if not rows:
        return
    if told_later():
        theirs = [replace(one, details=SaleDetails()) for one in theirs]
        await read_details(shop, theirs)
    book = earners.book(rows)
    facts: dict[str, list[PurchaseFact]] = {}
    for one in theirs:
        facts.setdefault(str(one.customer_id), []).append(fact_of(shop, one, lines=True))
    await earners.earn(book, [sale_of(shop, one, is_new=True) for one in theirs], rows, facts=facts)
    await book.settle()
    await book.write()
