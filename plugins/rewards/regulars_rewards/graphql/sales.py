"""What a sale says of offers, and what purchases tell of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.plugin import CustomerRow, Money, PurchaseRow
from regulars_rewards.graphql.coupons import OfferUse
from regulars_rewards.graphql.obstacles import OfferObstacle
from regulars_rewards.permissions import COUPONS_REDEEM, OFFERS_TRUST, OFFERS_VIEW, PURCHASES_VIEW
from regulars_rewards.purchases import figures
from regulars_rewards.purchases.figures import CheckRow
from regulars_rewards.purchases.told import CODES, LINE, MAX_CODES, OFFERS, TRUSTED
from regulars_rewards.uses.reads import ShownUse
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Customer,
    Extension,
    FilterLeaf,
    InputField,
    MutationCode,
    Purchase,
    PurchaseLine,
    PurchaseLineInput,
    PurchaseRecordInput,
    PurchaseWhere,
    RequestContext,
    backed_by,
    batched,
    flag_conditions,
    requires,
)


@strawberry.input(description="An offer that was applied to a new purchase.")
class PurchaseOfferInput:
    """What of basketQuote's AppliedOffer goes back."""

    amount: Decimal = strawberry.field(description="How much it took off the whole purchase.")
    offer_id: strawberry.ID = strawberry.field(description="The promotion.")
    coupon_code: strawberry.Maybe[str | None] = strawberry.field(
        description="The code of the coupon, where it came by one; also among `couponCodes`."
    )


INPUTS = (
    InputField(
        PurchaseRecordInput,
        CODES,
        list[str],
        f"Codes of coupons to redeem with the purchase; at most {MAX_CODES}.",
        needs=COUPONS_REDEEM,
        free=(None,),
    ),
    InputField(
        PurchaseRecordInput,
        OFFERS,
        list[PurchaseOfferInput],
        "The offers that were applied, as `basketQuote` told them, and an empty list for none. If this or `couponCodes` is "
        "given, offers are computed again; if both are absent, the till takes no part in offers.",
    ),
    InputField(
        PurchaseRecordInput,
        TRUSTED,
        bool,
        "Whether the sale is made already, as by a till that was offline, so that it is recorded as it is whatever the setting "
        "says; as the setting says if absent.",
        needs=OFFERS_TRUST,
        free=(False, None),
    ),
    InputField(
        PurchaseLineInput,
        LINE,
        Decimal,
        "The part of the line's discount that offers gave, as `basketQuote` told it; of all lines together it is what `offers` "
        "gave. Not read by `basketQuote`.",
    ),
)
CODES_OF_SALES = tuple(
    MutationCode("purchaseRecord", code)
    for code in ("OFFERS_CHANGED", "OFFERS_MISMATCH", "COUPON_EXHAUSTED", "COUPON_REFUSED")
)


@requires(OFFERS_VIEW)
@strawberry.type(
    description="The offers of a purchase as they were told, and as this server computed them in the same transaction. Needs "
    f"`{OFFERS_VIEW}`."
)
class OfferCheck:
    """Over figures.CheckRow."""

    is_type_of = backed_by(CheckRow)
    is_different: bool = strawberry.field(description="Whether anything differs: the sum, an offer, or a line.")
    is_trusted: bool = strawberry.field(
        description="Whether it was recorded as told because the sale was made already."
    )
    obstacles: list[OfferObstacle] = strawberry.field(
        description="What stands against it, where an offer was told that did not apply."
    )


@batched(name="computed", returns=schema.Money, description="What this server computed.")
async def computed(checks: Sequence[CheckRow], context: RequestContext) -> Sequence[Money]:
    """What each was computed as."""
    return [context.shop.money(one.computed) for one in checks]


@batched(name="recorded", returns=schema.Money, description="What was told and recorded.")
async def recorded(checks: Sequence[CheckRow], context: RequestContext) -> Sequence[Money]:
    """What each was recorded as."""
    return [context.shop.money(one.recorded) for one in checks]


@batched(
    name="offerCheck",
    needs=OFFERS_VIEW,
    returns=OfferCheck | None,
    description="How the offers that were recorded compare with those that this server computed; null where none were told.",
)
async def offer_check(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[CheckRow | None]:
    """The check of each purchase."""
    found = await figures.checks_of(context.database, [one.id for one in purchases])
    return [found.get(one.id) for one in purchases]


@batched(
    name="offerUses",
    needs=OFFERS_VIEW,
    returns=list[OfferUse] | None,
    description="The offers that were used in it, in the order in which they applied.",
)
async def offer_uses(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[ShownUse]]:
    """The uses of each purchase."""
    found = await figures.uses_of(context.database, [one.id for one in purchases])
    return [found.get(one.id, []) for one in purchases]


@batched(
    name="offerDiscount",
    needs=OFFERS_VIEW,
    returns=schema.Money | None,
    description="The part of the line's discount that offers gave.",
)
async def offer_discount(lines: Sequence[Any], context: RequestContext) -> Sequence[Money]:
    """What offers gave of each line."""
    found = await figures.line_amounts_of(context.database, [one.id for one in lines])
    return [context.shop.money(found.get(one.id, 0)) for one in lines]


@batched(
    name="offerShare",
    needs=OFFERS_VIEW,
    returns=Decimal | None,
    description="The part of the customer's purchases in which an offer was used, 0 to 1; null without purchases. It adds up "
    f"purchases of all stores: also needs `{PURCHASES_VIEW}` in the whole shop.",
)
async def offer_share(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Decimal | None]:
    """The part of each customer's purchases. Raises Forbidden."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    found = await figures.shares_of(context.database, [one.id for one in customers])
    return [found.get(one.id) for one in customers]


EXTENSIONS = (
    Extension(Customer, [offer_share]),
    Extension(Purchase, [offer_check, offer_uses]),
    Extension(PurchaseLine, [offer_discount]),
    Extension(OfferCheck, [computed, recorded]),
)
LEAVES = (
    FilterLeaf(
        PurchaseWhere,
        "offersDiffer",
        bool,
        figures.DIFFER_LEAF,
        flag_conditions,
        "Whether the offers that were recorded differ from those that this server computed.",
        needs=OFFERS_VIEW,
    ),
)
