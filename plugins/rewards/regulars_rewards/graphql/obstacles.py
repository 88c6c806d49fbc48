"""What stands in the way of offers, in the language of the API."""

from collections.abc import Sequence
from enum import Enum

import strawberry

from regulars_core.plugin import Instant, Money
from regulars_rewards.graphql.promotions import Promotion
from regulars_rewards.offers import refusals
from regulars_rewards.offers.obstacles import Obstacle
from regulars_rewards.permissions import OFFERS_VIEW
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Extension,
    RequestContext,
    UserError,
    backed_by,
    batched,
    in_order,
    may_read_leaf,
    requires,
)


@strawberry.enum(
    description="Why an offer does not apply. Reasons come in this order: what the code is, when and where, who, what, and the "
    "other offers."
)
class OfferReason(Enum):
    """Over obstacles.Reason."""

    AUDIENCE = strawberry.enum_value("AUDIENCE", description="The customer is not among those whom it is for.")
    CONDITION = strawberry.enum_value("CONDITION", description="A condition that a plugin brings does not hold.")
    CONSENT = strawberry.enum_value("CONSENT", description="The customer has not agreed to what it asks for.")
    CONTACT = strawberry.enum_value(
        "CONTACT", description="There is no e-mail address or phone number that it asks for."
    )
    CUSTOMER_STATUS = strawberry.enum_value("CUSTOMER_STATUS", description="The customer is inactive or suspended.")
    EXCLUDED_BY = strawberry.enum_value(
        "EXCLUDED_BY",
        description="Another offer is exclusive, another coupon does not go with it, or another promotion of its group "
        "takes off more.",
    )
    EXPIRED = strawberry.enum_value("EXPIRED", description="It has ended, or the coupon has expired.")
    HOURS = strawberry.enum_value("HOURS", description="It is not valid at this hour or on this weekday.")
    LIMIT_REACHED = strawberry.enum_value(
        "LIMIT_REACHED",
        description="It was used as often as it may be, in all or by this customer, or would pass its budget.",
    )
    MAX_EXCEEDED = strawberry.enum_value(
        "MAX_EXCEEDED", description="What earlier offers left of the basket is above what it allows."
    )
    MIN_NOT_REACHED = strawberry.enum_value(
        "MIN_NOT_REACHED", description="What earlier offers left of the basket is below what it asks for."
    )
    NOTHING_LEFT = strawberry.enum_value(
        "NOTHING_LEFT",
        description="There is nothing that it could take off, as where earlier offers left nothing; it is not used.",
    )
    NOT_THEIRS = strawberry.enum_value(
        "NOT_THEIRS",
        description="The coupon is somebody else's, or no customer is named though it is for one: by an audience, "
        "a limit per customer, or its owner.",
    )
    NOT_STARTED = strawberry.enum_value("NOT_STARTED", description="It has not started.")
    RESERVED = strawberry.enum_value(
        "RESERVED",
        description="The uses that are left are reserved for other baskets, and will be free if those give up; "
        "where none is left at all it is LIMIT_REACHED.",
    )
    REVOKED = strawberry.enum_value("REVOKED", description="The coupon was made worthless.")
    SCOPE = strawberry.enum_value("SCOPE", description="Nothing that it is about is in the basket.")
    STORE = strawberry.enum_value("STORE", description="It does not apply in this store.")
    UNAVAILABLE = strawberry.enum_value("UNAVAILABLE", description="A plugin that it needs is off, or has failed.")
    UNKNOWN_CODE = strawberry.enum_value("UNKNOWN_CODE", description="There is no such code.")


@requires(None)
@strawberry.type(description="Something that stands in the way of an offer.")
class OfferObstacle:
    """Over obstacles.Obstacle."""

    is_type_of = backed_by(Obstacle)
    at: Instant | None = strawberry.field(
        description="When it starts or started, ends or ended, or is free again, where that is the reason."
    )
    message: str = strawberry.field(description="The reason for people: one sentence in English.")
    reason: OfferReason = strawberry.field(
        resolver=lambda root: root.reason.value, description="The reason for programs."
    )


@batched(
    name="excludedBy",
    needs=OFFERS_VIEW,
    returns=Promotion | None,
    description="The offer that keeps it out, where that is the reason.",
)
async def excluded_by(found: Sequence[Obstacle], context: RequestContext) -> Sequence[PromotionRow | None]:
    """The promotion that keeps each offer out."""
    keys = [one.excluded_by for one in found]
    wanted = list(dict.fromkeys(key for key in keys if key))
    return in_order(keys, await promotions_by_ids(context.database, wanted) if wanted else {})


@batched(
    name="leaf",
    returns=str | None,
    description="The leaf of the audience that does not hold, such as `tier`; null where the caller may not read what it "
    "compares.",
)
async def leaf(found: Sequence[Obstacle], context: RequestContext) -> Sequence[str | None]:
    """The leaf that each names, as far as the caller may be told."""
    return [one.leaf if one.leaf is not None and may_read_leaf(one.leaf, context) else None for one in found]


@batched(
    name="missing",
    returns=schema.Money | None,
    description="What is missing, where an amount is the reason.",
)
async def missing(found: Sequence[Obstacle], context: RequestContext) -> Sequence[Money | None]:
    """The amount that each lacks."""
    return [None if one.missing is None else context.shop.money(one.missing) for one in found]


@strawberry.type(
    description="The coupon cannot be used, or not here and now; nothing was done. Of somebody else's coupon it tells that "
    "alone, with one obstacle."
)
class CouponRefused(UserError):
    """Over refusals.CouponRefused."""

    obstacles: list[OfferObstacle] = strawberry.field(
        resolver=lambda root: root.known_obstacles, description="All that stands in its way."
    )
    reason: OfferReason = strawberry.field(description="The first of these reasons.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """The problem of this name."""
        return isinstance(value, refusals.CouponRefused)


EXTENSIONS = (Extension(OfferObstacle, [excluded_by, leaf, missing]),)
TYPES = (CouponRefused,)
PROBLEMS = (refusals.CouponRefused,)
