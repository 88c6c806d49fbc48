"""Entries and holds in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import (
    CustomerRow,
    Instant,
    PurchaseRow,
    RefundRow,
    RuleExplanation,
    StoreRow,
    customers_by_ids,
    purchases_by_ids,
    refunds_by_ids,
    stores_by_ids,
)
from regulars_loyalty.ledger import entries
from regulars_loyalty.ledger.entries import (
    CreditEntryRow,
    CreditHoldRow,
    EntryRow,
    LotUseRow,
    PointsEntryRow,
    PointsHoldRow,
)
from regulars_loyalty.permissions import CREDIT_VIEW, CUSTOMERS_VIEW, POINTS_VIEW, PURCHASES_VIEW, STORES_VIEW
from regulars_loyalty.points.explanations import explanations_of
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    BigInt,
    Customer,
    Extension,
    Money,
    Node,
    NodeKind,
    Purchase,
    Refund,
    RequestContext,
    Store,
    backed_by,
    batched,
    identified,
    in_every_store,
    in_order,
    requires,
    visible_purchases,
)


@strawberry.enum(description="What kind of posting an entry is.")
class LedgerEntryKind(Enum):
    """Values of loyalty_transfer.kind."""

    ADJUST = strawberry.enum_value("ADJUST", description="Points given or taken by hand.")
    BONUS = strawberry.enum_value("BONUS", description="Given on top: what a multiplier adds, or what a reward gives.")
    DEBT = strawberry.enum_value("DEBT", description="Taken back beyond what was there; it is owed from then on.")
    EARN = strawberry.enum_value("EARN", description="Earned by a purchase.")
    EXPIRE = strawberry.enum_value("EXPIRE", description="Gone, because its time was over.")
    FUNDING = strawberry.enum_value("FUNDING", description="Credit given by hand.")
    MERGE_IN = strawberry.enum_value("MERGE_IN", description="Come over from a customer who was merged into this one.")
    MERGE_OUT = strawberry.enum_value(
        "MERGE_OUT", description="Gone over to the customer whom this one was merged into."
    )
    PAYMENT = strawberry.enum_value("PAYMENT", description="Paid for a purchase, or captured from a hold.")
    REDEEM = strawberry.enum_value(
        "REDEEM",
        description="Points spent on an exchange or on something handed over, or the credit that they became.",
    )
    REFUND = strawberry.enum_value("REFUND", description="A purchase's money given back as credit.")
    RESTORE = strawberry.enum_value(
        "RESTORE",
        description="What was paid for a purchase, come back to the lots it came from because of a refund.",
    )
    REVERSE = strawberry.enum_value(
        "REVERSE",
        description="Taken back: what a purchase earned because of a refund, because it was given to somebody else or because "
        "its rest was paid by points, or what was posted by mistake.",
    )
    SETTLE = strawberry.enum_value("SETTLE", description="Debt that was settled by what came in.")
    UNFUNDING = strawberry.enum_value("UNFUNDING", description="Credit taken by hand.")


@requires(None)
@strawberry.type(description="What an entry took from one lot, or put back to it, in the account's own unit.")
class LedgerLotUse:
    """Over entries.LotUseRow."""

    is_type_of = backed_by(LotUseRow)
    amount: Decimal = strawberry.field(description="How much.")
    expires_at: Instant | None = strawberry.field(description="When the lot expires; null is never.")
    opened_at: Instant = strawberry.field(description="When the lot was given.")


async def lot_uses(found: Sequence[EntryRow], context: RequestContext) -> Sequence[list[LotUseRow]]:
    """What entries took from lots or put back to them."""
    uses = await entries.lot_uses_of(context.shop, [one.id for one in found])
    return [uses[one.id] for one in found]


async def customer_of(found: Sequence[Any], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whose account each entry or hold is on: of what was posted before a merge, the record that was merged."""
    keys = [one.customer_id for one in found]
    return in_order(keys, await customers_by_ids(context.database, keys))


async def store_of(found: Sequence[Any], context: RequestContext) -> Sequence[StoreRow | None]:
    """Where each was done."""
    keys = [one.store_id for one in found]
    return in_order(keys, await stores_by_ids(context.database, [key for key in keys if key]))


async def purchase_of(found: Sequence[Any], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchases, where the caller may see them."""
    keys = [one.purchase_id for one in found]
    visible = visible_purchases(context)
    return in_order(keys, await purchases_by_ids(context.database, [key for key in keys if key], visible))


async def refund_of(found: Sequence[Any], context: RequestContext) -> Sequence[RefundRow | None]:
    """The refunds, where the caller may see their purchases."""
    keys = [one.refund_id for one in found]
    visible = visible_purchases(context)
    return in_order(keys, await refunds_by_ids(context.database, [key for key in keys if key], visible))


async def explanation_of(found: Sequence[EntryRow], context: RequestContext) -> Sequence[RuleExplanation | None]:
    """How entries came about, of those whose purchases the caller may see."""
    explained = await explanations_of(context.shop, found)
    visible = visible_purchases(context)
    if visible is None:
        return explained
    ids = [one.purchase_id for one in found if one.purchase_id]
    seen = await purchases_by_ids(context.database, ids, visible)
    return [
        None if one.purchase_id and one.purchase_id not in seen else each
        for one, each in zip(found, explained, strict=True)
    ]


async def reversed_by(found: Sequence[EntryRow], context: RequestContext) -> Sequence[EntryRow | None]:
    """The entries that take these back; of several the last one."""
    keys = [one.id for one in found]
    return in_order(keys, await entries.reversals_of(context.database, keys))


async def credit_reverses(found: Sequence[CreditEntryRow], context: RequestContext) -> Sequence[CreditEntryRow | None]:
    """The entries that these take back."""
    keys = [one.reverses_id for one in found]
    return in_order(keys, await entries.credit_entries_by_ids(context.database, [key for key in keys if key]))


async def points_reverses(found: Sequence[PointsEntryRow], context: RequestContext) -> Sequence[PointsEntryRow | None]:
    """The entries that these take back."""
    keys = [one.reverses_id for one in found]
    return in_order(keys, await entries.points_entries_by_ids(context.database, [key for key in keys if key]))


_HERE = "regulars_loyalty.graphql.entry_types"
_ACTOR = "Who did it: the name of the key; null where time did."
_AT = "When it counts."
_AFTER = "The balance after it, in the order of recording."
_LOTS = "Which lots it took from or put back to, in order; empty where it opened one."
_NOTE = "What was written beside the reason; gone after the customer's erasure."
_REASON = "Why somebody did it by hand: one of `shop.ledgerReasons`; null where the kind says it."
_RECORDED = "When it was written down."
_REVERSED_BY = "The entry that takes this one back."
_REVERSES = "The entry that this one takes back."
_STORE = "Where it was done; null for headquarters."


@requires(CREDIT_VIEW)
@strawberry.type(description=f"One posting on a customer's store credit; never changed. Needs `{CREDIT_VIEW}`.")
class CreditEntry(Node):
    """Over entries.CreditEntryRow."""

    is_type_of = backed_by(CreditEntryRow)
    actor: str | None = strawberry.field(description=_ACTOR)
    at: Instant = strawberry.field(description=_AT)
    balance_after: Money = strawberry.field(resolver=lambda root: root.money_after, description=_AFTER)
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose account it is on.",
    )
    delta: Money = strawberry.field(description="By how much the balance changed; below zero where it was taken.")
    id: strawberry.ID = identified("creditentry")
    kind: LedgerEntryKind = strawberry.field(description="What kind of posting it is.")
    lots: list[LedgerLotUse] = batched(  # type: ignore[assignment]
        lot_uses, name="lots", returns=list[LedgerLotUse], description=_LOTS
    )
    note: str | None = strawberry.field(description=_NOTE)
    reason: str | None = strawberry.field(description=_REASON)
    recorded_at: Instant = strawberry.field(description=_RECORDED)
    reversed_by: Any = batched(
        reversed_by,
        name="reversedBy",
        returns=Annotated["CreditEntry", strawberry.lazy(_HERE)] | None,
        description=_REVERSED_BY,
    )
    reverses: Any = batched(
        credit_reverses,
        name="reverses",
        returns=Annotated["CreditEntry", strawberry.lazy(_HERE)] | None,
        description=_REVERSES,
    )
    store: Store | None = batched(  # type: ignore[assignment]
        store_of, name="store", needs=STORES_VIEW, returns=Store | None, description=_STORE
    )


@requires(POINTS_VIEW)
@strawberry.type(description=f"One posting on a customer's points; never changed. Needs `{POINTS_VIEW}`.")
class PointsEntry(Node):
    """Over entries.PointsEntryRow."""

    is_type_of = backed_by(PointsEntryRow)
    actor: str | None = strawberry.field(description=_ACTOR)
    at: Instant = strawberry.field(description=_AT)
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose points they are.",
    )
    id: strawberry.ID = identified("pointsentry")
    kind: LedgerEntryKind = strawberry.field(description="What kind of posting it is.")
    lots: list[LedgerLotUse] = batched(  # type: ignore[assignment]
        lot_uses, name="lots", returns=list[LedgerLotUse], description=_LOTS
    )
    note: str | None = strawberry.field(description=_NOTE)
    points_after: BigInt = strawberry.field(resolver=lambda root: root.balance_after, description=_AFTER)
    points_delta: BigInt = strawberry.field(
        resolver=lambda root: root.change,
        description="By how much the balance changed; below zero where points were taken.",
    )
    reason: str | None = strawberry.field(description=_REASON)
    recorded_at: Instant = strawberry.field(description=_RECORDED)
    reversed_by: Any = batched(
        reversed_by,
        name="reversedBy",
        returns=Annotated["PointsEntry", strawberry.lazy(_HERE)] | None,
        description=_REVERSED_BY,
    )
    reverses: Any = batched(
        points_reverses,
        name="reverses",
        returns=Annotated["PointsEntry", strawberry.lazy(_HERE)] | None,
        description=_REVERSES,
    )
    store: Store | None = batched(  # type: ignore[assignment]
        store_of, name="store", needs=STORES_VIEW, returns=Store | None, description=_STORE
    )


_BASKET = "The caller's own name of the basket."
_CLOSED = "When it was captured, released or ran out; null while it is open."
_CREATED = "When it was made."
_KEPT = "How much is kept, or was."
_OPEN = "Whether it still keeps anything."
_UNTIL = "When it frees itself."


@requires(CREDIT_VIEW)
@strawberry.type(description=f"Credit that is kept for an open basket. Needs `{CREDIT_VIEW}`.")
class CreditHold(Node):
    """Over entries.CreditHoldRow."""

    is_type_of = backed_by(CreditHoldRow)
    amount: Money = strawberry.field(resolver=lambda root: root.held, description=_KEPT)
    basket: str | None = strawberry.field(description=_BASKET)
    captured_amount: Money = strawberry.field(resolver=lambda root: root.taken, description="How much of it was taken.")
    closed_at: Instant | None = strawberry.field(description=_CLOSED)
    created_at: Instant = strawberry.field(description=_CREATED)
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose credit it is.",
    )
    held_until: Instant = strawberry.field(description=_UNTIL)
    id: strawberry.ID = identified("credithold")
    is_open: bool = strawberry.field(description=_OPEN)


@requires(POINTS_VIEW)
@strawberry.type(description=f"Points that are kept for an open basket. Needs `{POINTS_VIEW}`.")
class PointsHold(Node):
    """Over entries.PointsHoldRow."""

    is_type_of = backed_by(PointsHoldRow)
    basket: str | None = strawberry.field(description=_BASKET)
    captured_points: BigInt = strawberry.field(
        resolver=lambda root: root.captured, description="How many of them were taken."
    )
    closed_at: Instant | None = strawberry.field(description=_CLOSED)
    created_at: Instant = strawberry.field(description=_CREATED)
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose points they are.",
    )
    held_points: BigInt = strawberry.field(resolver=lambda root: root.amount, description="How many are kept, or were.")
    held_until: Instant = strawberry.field(description=_UNTIL)
    id: strawberry.ID = identified("pointshold")
    is_open: bool = strawberry.field(description=_OPEN)


def _explanation(description: str) -> Any:
    return batched(
        explanation_of,
        name="explanation",
        needs=PURCHASES_VIEW,
        returns=schema.RuleExplanation | None,
        description=description,
    )


PURCHASE = batched(
    purchase_of,
    name="purchase",
    needs=PURCHASES_VIEW,
    returns=Purchase | None,
    description="The purchase that it belongs to.",
)
REFUND = batched(
    refund_of,
    name="refund",
    needs=PURCHASES_VIEW,
    returns=Refund | None,
    description="The refund that it belongs to.",
)
_HIDDEN = "null where its purchase is in a store whose purchases the caller may not see."
EXTENSIONS = (
    Extension(CreditEntry, [PURCHASE, REFUND, _explanation(f"How the amount came about; {_HIDDEN}")]),
    Extension(PointsEntry, [PURCHASE, REFUND, _explanation(f"How the number came about; {_HIDDEN}")]),
)
NODES = (
    NodeKind("creditentry", in_every_store(entries.credit_entries_by_ids), CREDIT_VIEW),
    NodeKind("pointsentry", in_every_store(entries.points_entries_by_ids), POINTS_VIEW),
    NodeKind("credithold", in_every_store(entries.credit_holds_by_ids), CREDIT_VIEW),
    NodeKind("pointshold", in_every_store(entries.points_holds_by_ids), POINTS_VIEW),
)
