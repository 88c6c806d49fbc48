"""Coupons, their batches and the uses of offers in the language of the API, and asking for them."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.plugin import (
    Instant,
    Page,
)
from regulars_rewards.coupons import reads
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.coupons.reads import BatchRow, CouponRow
from regulars_rewards.graphql.coupon_parts import (
    amount_of,
    batch_of,
    coupon_of,
    customer_of,
    promotion_of,
    purchase_of,
    store_of,
    uses_of_coupons,
    uses_of_promotions,
)
from regulars_rewards.graphql.guesses import charge_asked_codes
from regulars_rewards.graphql.promotions import Promotion
from regulars_rewards.permissions import (
    COUPONS_ISSUE,
    COUPONS_VIEW,
    CUSTOMERS_VIEW,
    OFFERS_VIEW,
    PURCHASES_VIEW,
    STORES_VIEW,
)
from regulars_rewards.uses import reads as use_reads
from regulars_rewards.uses.reads import ShownUse
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Connection,
    Customer,
    Extension,
    Node,
    NodeKind,
    PageArguments,
    Purchase,
    Query,
    RequestContext,
    Store,
    backed_by,
    batched,
    identified,
    in_every_store,
    requires,
    root,
    where_input,
    window_of,
)

COUPON, BATCH, USE = "coupon", "couponbatch", "offeruse"
"""What ids of these objects begin with."""
_HERE = "regulars_rewards.graphql.coupons"


@strawberry.enum(description="What has become of a coupon.")
class CouponState(Enum):
    """Over standing.CouponState."""

    EXPIRED = strawberry.enum_value("EXPIRED", description="Its time was over before it was used up.")
    ISSUED = strawberry.enum_value("ISSUED", description="It can be used.")
    REDEEMED = strawberry.enum_value("REDEEMED", description="It is used up.")
    RESERVED = strawberry.enum_value("RESERVED", description="All that is left of it is reserved for open baskets.")
    REVOKED = strawberry.enum_value("REVOKED", description="It was made worthless.")


@where_input("CouponWhere", "Conditions on coupons. Several in one node must all hold; `{}` holds for each.")
class CouponWhere:
    """Marker: the leaves are composed per schema, and what arrives is a Where."""


class CouponsArguments(PageArguments, total=False):
    """The arguments of a list of coupons."""

    where: Annotated[
        CouponWhere | None, strawberry.argument(description="Only coupons for which these conditions hold.")
    ]


def _coupons_of(owner: str, order: Any, also_needs: str | None = None) -> Any:
    async def coupons(
        found: Sequence[Any], context: RequestContext, **arguments: Unpack[CouponsArguments]
    ) -> Sequence[Page[CouponRow]]:
        context.demand(also_needs)
        where: Any = arguments.get("where")
        ids = [one.id for one in found]
        return await reads.coupons_of(context.database, owner, ids, window_of(order, arguments), where)

    return coupons


_PROMOTION = "The promotion that it opens."


@requires(COUPONS_VIEW)
@strawberry.type(
    description=f"A code that opens a promotion: one customer's own, or one that belongs to nobody. Needs `{COUPONS_VIEW}`."
)
class Coupon(Node):
    """Over reads.CouponRow."""

    is_type_of = backed_by(CouponRow)
    actor: str | None = strawberry.field(description="Who issued it: the name of the key; null where a rule did.")
    batch: Any = batched(
        batch_of,
        name="batch",
        needs=COUPONS_ISSUE,
        returns=Annotated["CouponBatch", strawberry.lazy(_HERE)] | None,
        description="The batch that it was generated with.",
    )
    code: str = strawberry.field(
        description="What is typed at the till, in capitals. Compared, in the whole shop, by what is left without dashes and "
        "spaces, with O read as 0, I and L as 1."
    )
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose it is; null where it belongs to nobody.",
    )
    expires_at: Instant | None = strawberry.field(description="When it expires; null is with its promotion.")
    id: strawberry.ID = identified(COUPON)
    issued_at: Instant = strawberry.field(description="When it was issued.")
    promotion: Promotion | None = batched(  # type: ignore[assignment]
        promotion_of, name="promotion", needs=OFFERS_VIEW, returns=Promotion | None, description=_PROMOTION
    )
    reason: str | None = strawberry.field(
        description="Why it was issued or revoked, in the words of whoever did it; gone after the erasure of its customer."
    )
    state: CouponState = strawberry.field(resolver=lambda root: root.state.value, description="What has become of it.")
    usage_limit: int | None = strawberry.field(
        description="How often it can be used in all; null is as often as anybody likes."
    )
    used_count: int = strawberry.field(description="How often it is used or reserved.")
    uses: Any = batched(
        uses_of_coupons,
        name="uses",
        needs=OFFERS_VIEW,
        returns=Connection[Annotated["OfferUse", strawberry.lazy(_HERE)]] | None,
        description="Each time it was used or reserved, the latest first.",
    )


@requires(OFFERS_VIEW)
@strawberry.type(
    description="An offer that was used in a purchase or is reserved for a basket: exactly one of reserved, redeemed and "
    "released. "
    f"Needs `{OFFERS_VIEW}`."
)
class OfferUse(Node):
    """Over uses.reads.ShownUse."""

    is_type_of = backed_by(ShownUse)
    amount: schema.Money = batched(  # type: ignore[assignment]
        amount_of, name="amount", returns=schema.Money, description="What it took off; zero while it is reserved."
    )
    basket: str | None = strawberry.field(
        description="The caller's own name of the basket, where it was reserved or redeemed for one."
    )
    coupon: Coupon | None = batched(  # type: ignore[assignment]
        coupon_of,
        name="coupon",
        needs=COUPONS_VIEW,
        returns=Coupon | None,
        description="The coupon, where it came by one.",
    )
    customer: Customer | None = batched(  # type: ignore[assignment]
        customer_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose purchase it was; null of a stranger.",
    )
    id: strawberry.ID = identified(USE)
    is_counted: bool = strawberry.field(
        description="Whether it counts against limits and budget; not where it was recorded although they were reached: a "
        "sale that "
        "was made already, or one that came back because an exchange was voided."
    )
    offer: Promotion = batched(promotion_of, name="offer", returns=Promotion, description="The promotion.")  # type: ignore[assignment]
    redeemed_at: Instant | None = strawberry.field(description="When it was redeemed.")
    released_at: Instant | None = strawberry.field(description="When it was given back, or ran out.")
    reserved_until: Instant | None = strawberry.field(description="Until when it is reserved.")
    store: Store | None = batched(  # type: ignore[assignment]
        store_of, name="store", needs=STORES_VIEW, returns=Store | None, description="Where it was used."
    )


@requires(COUPONS_ISSUE)
@strawberry.type(description=f"Coupons that were generated together. Needs `{COUPONS_ISSUE}`.")
class CouponBatch(Node):
    """Over reads.BatchRow."""

    is_type_of = backed_by(BatchRow)
    coupon_count: int = strawberry.field(description="How many they were.")
    coupons: Connection[Coupon] | None = batched(  # type: ignore[assignment]
        _coupons_of("batch_id", reads.BY_CODE),
        name="coupons",
        needs=COUPONS_VIEW,
        returns=Connection[Coupon] | None,
        description="The coupons, by code.",
    )
    created_at: Instant = strawberry.field(description="When they were generated.")
    id: strawberry.ID = identified(BATCH)
    promotion: Promotion | None = batched(  # type: ignore[assignment]
        promotion_of,
        name="promotion",
        needs=OFFERS_VIEW,
        returns=Promotion | None,
        description="The promotion that they open.",
    )


@root(
    name="coupon",
    needs=COUPONS_VIEW,
    returns=Coupon | None,
    description="One coupon, by its code as `Coupon.code` is compared; null if there is none. Also needs "
    f"`{COUPONS_ISSUE}`.",
)
async def coupon(
    context: RequestContext,
    *,
    code: Annotated[str, strawberry.argument(description="The code, however it is written.")],
) -> CouponRow | None:
    """One coupon."""
    context.demand(COUPONS_ISSUE)
    key = key_of_code(code)
    found = None if key is None else await reads.coupon_by_key(context.database, key)
    if found is None:
        charge_asked_codes(context)
    return found


PURCHASE = batched(
    purchase_of, name="purchase", needs=PURCHASES_VIEW, returns=Purchase | None, description="The purchase."
)
CUSTOMER_COUPONS = batched(
    _coupons_of("customer_id", reads.LATEST_FIRST),
    name="coupons",
    needs=COUPONS_VIEW,
    returns=Connection[Coupon] | None,
    description="The coupons that were issued to the customer, the latest first.",
)
PROMOTION_COUPONS = batched(
    _coupons_of("promotion_id", reads.LATEST_FIRST, also_needs=COUPONS_ISSUE),
    name="coupons",
    needs=COUPONS_VIEW,
    returns=Connection[Coupon] | None,
    description=f"Its coupons, the latest first. Also needs `{COUPONS_ISSUE}`.",
)
PROMOTION_USES = batched(
    uses_of_promotions,
    name="uses",
    returns=Connection[OfferUse] | None,
    description="Each time it was used or reserved, the latest first.",
)
EXTENSIONS = (
    Extension(Query, [coupon]),
    Extension(Customer, [CUSTOMER_COUPONS]),
    Extension(Promotion, [PROMOTION_COUPONS, PROMOTION_USES]),
    Extension(OfferUse, [PURCHASE]),
)
NODES = (
    NodeKind(COUPON, in_every_store(reads.coupons_by_ids), COUPONS_VIEW),
    NodeKind(BATCH, in_every_store(reads.batches_by_ids), COUPONS_ISSUE),
    NodeKind(USE, in_every_store(use_reads.uses_by_ids), OFFERS_VIEW),
)
