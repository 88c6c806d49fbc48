"""The line of time of a customer's account, in the language of the API."""

from collections.abc import Sequence
from enum import Enum
from typing import Unpack

import strawberry

from regulars_core.plugin import CustomerRow, Instant, Money, Page
from regulars_loyalty.graphql.entry_types import (
    CreditEntry,
    PointsEntry,
    purchase_of,
    refund_of,
    store_of,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.entries import EntryRow
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW, PURCHASES_VIEW, STORES_VIEW
from regulars_loyalty.purchases import history
from regulars_loyalty.purchases.history import EventRow
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    BigInt,
    Connection,
    Customer,
    Extension,
    PageArguments,
    Purchase,
    Refund,
    RequestContext,
    Store,
    backed_by,
    batched,
    requires,
    visible_purchases,
    window,
)


@strawberry.enum(description="What happened to a customer's account.")
class AccountEventKind(Enum):
    """Values of loyalty_transfer.event_kind."""

    ADJUST = strawberry.enum_value("ADJUST", description="Points were given or taken by hand.")
    EXPIRE = strawberry.enum_value("EXPIRE", description="Something expired.")
    FUNDING = strawberry.enum_value("FUNDING", description="Credit was given by hand.")
    MERGE = strawberry.enum_value("MERGE", description="Two customers were made one.")
    PAYMENT = strawberry.enum_value("PAYMENT", description="A hold was captured without a purchase.")
    PURCHASE = strawberry.enum_value(
        "PURCHASE", description="Something was bought, with an effect on the account or without."
    )
    REDEEM = strawberry.enum_value("REDEEM", description="Points were spent without a purchase.")
    REFUND = strawberry.enum_value("REFUND", description="Something was given back.")
    REVERSE = strawberry.enum_value("REVERSE", description="An entry made by hand was taken back.")
    REWARD = strawberry.enum_value("REWARD", description="A reward was given.")
    UNFUNDING = strawberry.enum_value("UNFUNDING", description="Credit was taken by hand.")
    VOID = strawberry.enum_value("VOID", description="A purchase was undone.")


async def actors(events: Sequence[EventRow], context: RequestContext) -> Sequence[str | None]:
    """Who did it: as its entries say, or where it has none, the audit."""
    bare = [one.id for one in events if not (one.credit or one.points) and one.kind in {"PURCHASE", "REFUND"}]
    found = await history.recorded_by(context.database, bare) if bare else {}
    return [one.actor or found.get(one.id) for one in events]


async def credit_after(events: Sequence[EventRow], context: RequestContext) -> Sequence[Money]:
    """The credit after each."""
    currency = context.shop.currency
    return [context.shop.money(one) for one in await history.balances_after(context.database, events, currency)]


async def credit_deltas(events: Sequence[EventRow], context: RequestContext) -> Sequence[Money]:
    """By how much the credit changed."""
    return [context.shop.money(sum(entry.change for entry in one.credit)) for one in events]


async def credit_entries(events: Sequence[EventRow], _: RequestContext) -> Sequence[Sequence[EntryRow]]:
    """The entries on the credit."""
    return [one.credit for one in events]


@requires(CREDIT_VIEW)
@strawberry.type(
    description=f"Something that happened to a customer's account, with all that it did there. Needs `{CREDIT_VIEW}`."
)
class AccountEvent:
    """Over history.EventRow."""

    is_type_of = backed_by(EventRow)
    actor: str | None = batched(  # type: ignore[assignment]
        actors, name="actor", returns=str | None, description="Who did it: the name of the key; null where time did."
    )
    at: Instant = strawberry.field(description="When it counts.")
    credit_after: schema.Money = batched(  # type: ignore[assignment]
        credit_after,
        name="creditAfter",
        returns=schema.Money,
        description="The credit's balance after it, in the order of recording.",
    )
    credit_delta: schema.Money = batched(  # type: ignore[assignment]
        credit_deltas,
        name="creditDelta",
        returns=schema.Money,
        description="By how much the credit changed; zero where it did not.",
    )
    credit_entries: list[CreditEntry] = batched(  # type: ignore[assignment]
        credit_entries, name="creditEntries", returns=list[CreditEntry], description="The entries on the credit."
    )
    kind: AccountEventKind = strawberry.field(description="What happened.")
    reason: str | None = strawberry.field(description="Why somebody did it by hand: one of `shop.ledgerReasons`.")
    store: Store | None = batched(  # type: ignore[assignment]
        store_of,
        name="store",
        needs=STORES_VIEW,
        returns=Store | None,
        description="Where it was done; null for headquarters.",
    )


@batched(
    name="pointsAfter",
    needs=POINTS_VIEW,
    returns=BigInt | None,
    description="The points' balance after it, in the order of recording.",
)
async def points_after(events: Sequence[EventRow], context: RequestContext) -> Sequence[int]:
    """The points after each."""
    return await history.balances_after(context.database, events, POINTS)


@batched(
    name="pointsDelta",
    needs=POINTS_VIEW,
    returns=BigInt | None,
    description="By how many the points changed; zero where they did not.",
)
async def points_deltas(events: Sequence[EventRow], _: RequestContext) -> Sequence[int]:
    """By how many the points changed."""
    return [sum(entry.change for entry in one.points) for one in events]


@batched(
    name="pointsEntries",
    needs=POINTS_VIEW,
    returns=list[PointsEntry] | None,
    description="The entries on the points.",
)
async def points_entries(events: Sequence[EventRow], _: RequestContext) -> Sequence[Sequence[EntryRow]]:
    """The entries on the points."""
    return [one.points for one in events]


@batched(
    name="accountHistory",
    needs=CREDIT_VIEW,
    returns=Connection[AccountEvent] | None,
    description="Everything that moved the account in one line of time, the latest first: purchases, refunds, fundings, "
    "unfundings and what the ledger did by itself. Purchases are those that the caller may see.",
)
async def account_history(
    customers: Sequence[CustomerRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[EventRow]]:
    """A page of each customer's line of time."""
    page, visible = window(history.LATEST_FIRST, **arguments), visible_purchases(context)
    ids = [one.id for one in customers]
    return await history.history_of(context.database, context.shop.currency, ids, page, visible)


EXTENSIONS = (
    Extension(Customer, [account_history]),
    Extension(
        AccountEvent,
        [
            points_after,
            points_deltas,
            points_entries,
            batched(
                purchase_of,
                name="purchase",
                needs=PURCHASES_VIEW,
                returns=Purchase | None,
                description="The purchase that was made, given back or voided.",
            ),
            batched(refund_of, name="refund", needs=PURCHASES_VIEW, returns=Refund | None, description="The refund."),
        ],
    ),
)
