"""Finding coupons, and customers by their coupons and what they have used, in the language of the API."""

from collections.abc import Sequence
from typing import Any

import strawberry

from regulars_rewards.coupons import reads
from regulars_rewards.graphql.coupons import CouponState, CouponWhere
from regulars_rewards.permissions import COUPONS_VIEW, OFFERS_VIEW, PURCHASES_VIEW
from regulars_schema.plugin import (
    CustomerWhere,
    FilterLeaf,
    IdComparison,
    InstantComparison,
    RequestContext,
    enum_conditions,
    id_conditions,
    instant_conditions,
    key_of,
)


@strawberry.input(description="Compares with a list of states of coupons.")
class CouponStateComparison:
    """Conditions over what has become of coupons."""

    in_: list[CouponState] = strawberry.field(name="in", description="One of these.")


@strawberry.input(description="A coupon that a customer has; everything given must hold of the same one.")
class CouponComparison:
    """Conditions over one coupon of a customer."""

    promotion: list[strawberry.ID] | None = strawberry.field(
        default=None, description="It opens one of these promotions, by id."
    )
    state: list[CouponState] | None = strawberry.field(
        default=None, description="This has become of it; `ISSUED` if absent."
    )


def coupon_conditions(comparison: CouponComparison, _: RequestContext) -> Sequence[tuple[str, Any]]:
    """The states, and the keys of promotions."""
    states = [CouponState.ISSUED] if comparison.state is None else comparison.state
    conditions: list[tuple[str, Any]] = [("state", [one.value for one in states])]
    if comparison.promotion is not None:
        keys = [key_of(text, "promotion", "promotion") for text in comparison.promotion]
        conditions.append(("promotion", keys))
    return conditions


def used_conditions(comparison: IdComparison, context: RequestContext) -> Sequence[tuple[str, Any]]:
    """The keys of promotions, for who may see both what is used and what was bought. Raises Forbidden, and BadInput."""
    context.demand(OFFERS_VIEW)
    conditions: Sequence[tuple[str, Any]] = id_conditions("promotion")(comparison, context)
    return conditions


LEAVES = (
    FilterLeaf(
        CouponWhere,
        "expiresAt",
        InstantComparison,
        reads.EXPIRES_LEAF,
        instant_conditions,
        "When it expires, by itself or with its promotion.",
    ),
    FilterLeaf(
        CouponWhere, "issuedAt", InstantComparison, reads.ISSUED_LEAF, instant_conditions, "When it was issued."
    ),
    FilterLeaf(
        CouponWhere,
        "promotion",
        IdComparison,
        reads.PROMOTION_LEAF,
        id_conditions("promotion"),
        "The promotion that it opens, by id.",
    ),
    FilterLeaf(
        CouponWhere, "state", CouponStateComparison, reads.STATE_LEAF, enum_conditions, "What has become of it."
    ),
    FilterLeaf(
        CustomerWhere,
        "coupon",
        CouponComparison,
        reads.HAS_COUPON_LEAF,
        coupon_conditions,
        "The customer has a coupon for which all of this holds.",
        needs=COUPONS_VIEW,
    ),
    FilterLeaf(
        CustomerWhere,
        "usedPromotion",
        IdComparison,
        reads.USED_LEAF,
        used_conditions,
        f"The customer has used one of these promotions, by id. Also needs `{OFFERS_VIEW}`.",
        needs=PURCHASES_VIEW,
        shop_wide=True,
    ),
)
