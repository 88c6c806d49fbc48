"""Reserving coupons for baskets, redeeming them without a purchase, and taking either back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import MAIN_STORE_ID, BadInput, Checks, Instant, Lookup, Shop, now
from regulars_rewards.coupons import reads
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.graphql.coupon_issuing import AT_STAKE
from regulars_rewards.graphql.coupons import USE, Coupon, OfferUse
from regulars_rewards.permissions import COUPONS_ISSUE, COUPONS_REDEEM, COUPONS_VIEW, OFFERS_VIEW
from regulars_rewards.redemptions import by_hand
from regulars_rewards.uses.reads import shown_use
from regulars_schema.plugin import (
    IF_UNNAMED,
    Extension,
    IdempotentInput,
    MoneyInput,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    lookup_store,
    minor_units,
    mutation,
    required_key,
    store_acted_in,
    value_or_none,
)

_CODE = "The code, however it is written."
_STORE = f"Where it is; {IF_UNNAMED}"


def by_code(given: Any) -> str:
    """Which coupon is used: those who use the same one wait for each other in this process."""
    return f"coupon {key_of_code(given.coupon_code)}"


@strawberry.input(description="What the input of a mutation takes that uses a coupon.")
class CouponUseInput(IdempotentInput):
    """Base of the inputs of mutations that use a coupon; not a type of its own."""

    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]

    @cached_property
    def made_at(self) -> Instant:
        """The moment of arrival, which stays the same however often it is asked."""
        return now()


def looked_up(shop: Shop, given: Any) -> Sequence[Lookup]:
    """What a mutation looks up that uses a coupon: the store, the customer, and what decides about the code."""
    store = value_or_none(given.store_code)
    basket = given.basket if isinstance(given.basket, str) else value_or_none(given.basket)
    try:
        customer_id = _customer(given.customer_id)
    except BadInput:  # as it is going to be told
        return []
    name = Checks().text(basket, "basket", by_hand.MAX_BASKET)
    ahead = by_hand.lookups_ahead(shop, given.coupon_code, customer_id, name, given.made_at)
    return [*([] if store is None else [lookup_store(shop, store)]), *ahead]


async def _store(context: RequestContext, code: Any) -> str:
    store = await store_acted_in(context, COUPONS_REDEEM, value_or_none(code), "storeCode")
    return store or MAIN_STORE_ID


@strawberry.input(description="A coupon to reserve.")
class CouponReserveInput(CouponUseInput):
    """Input of couponReserve."""

    basket: str = strawberry.field(
        description=f"The caller's own name of the basket, at most {by_hand.MAX_BASKET} characters; the same one again "
        f"replaces its "
        "reservation."
    )
    coupon_code: str = strawberry.field(description=_CODE)
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Whose basket it is; a stranger's if absent."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=_STORE)


@strawberry.type(description="What couponReserve answers.")
class CouponReservePayload(Payload):
    """Payload of couponReserve."""

    use: OfferUse | None = guarded(OFFERS_VIEW, default=None, description="The reservation.")


def _customer(given: Any) -> str | None:
    named = value_or_none(given)
    return None if named is None else key_of(named, "customer", "customerId")


@mutation(
    name="couponReserve",
    needs=COUPONS_REDEEM,
    ahead=looked_up,
    turn=by_code,
    description="Reserves a coupon for an open basket; it counts against its limits at once. The same basket again replaces its "
    "reservation. Codes: `COUPON_EXHAUSTED`, `COUPON_REFUSED`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`.",
)
async def coupon_reserve(
    context: RequestContext,
    *,
    input: Annotated[CouponReserveInput, strawberry.argument(description="Which, for which basket.")],
) -> CouponReservePayload:
    """Reserve a coupon."""
    checks = Checks()
    customer_id = _customer(input.customer_id)
    basket = checks.text(input.basket, "basket", by_hand.MAX_BASKET, required=True)
    checks.refuse()
    assert basket is not None
    store_id = await _store(context, input.store_code)
    row = await by_hand.reserve(context.shop, input.coupon_code, customer_id, store_id, basket, input.made_at)
    return CouponReservePayload(use=shown_use(row))  # type: ignore[arg-type]


@strawberry.input(description="A reservation to free.")
class CouponReleaseInput(IdempotentInput):
    """Input of couponRelease."""

    basket: str = strawberry.field(description="The caller's own name of the basket.")
    coupon_code: str = strawberry.field(description=_CODE)
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]


@strawberry.type(description="What couponRelease answers.")
class CouponReleasePayload(Payload):
    """Payload of couponRelease."""

    coupon: Coupon | None = guarded(COUPONS_VIEW, default=None, description="The coupon as it is now.")


@mutation(
    name="couponRelease",
    needs=COUPONS_REDEEM,
    turn=by_code,
    description="Frees a coupon that is reserved for a basket; one that is not reserved stays as it is. Codes: `NOT_FOUND`.",
)
async def coupon_release(
    context: RequestContext,
    *,
    input: Annotated[CouponReleaseInput, strawberry.argument(description="Which, for which basket.")],
) -> CouponReleasePayload:
    """Release a reservation."""
    basket = Checks().text(input.basket, "basket", by_hand.MAX_BASKET) or ""
    key = await by_hand.release(context.shop, input.coupon_code, basket)
    return CouponReleasePayload(coupon=await _coupon(context, key))


async def _coupon(context: RequestContext, key: str) -> Any:
    await context.database.flush()
    return (await reads.coupons_by_ids(context.database, [key])).get(key)


@strawberry.input(description="A coupon to redeem.")
class CouponRedeemInput(CouponUseInput):
    """Input of couponRedeem."""

    amount: strawberry.Maybe[MoneyInput | None] = strawberry.field(description="What it took off; not told if absent.")
    basket: strawberry.Maybe[str | None] = strawberry.field(description="The basket that it is reserved for, if it is.")
    coupon_code: str = strawberry.field(description=_CODE)
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Who redeems it; a stranger if absent."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=f"Where; {IF_UNNAMED}")


@strawberry.type(description="What couponRedeem answers.")
class CouponRedeemPayload(Payload):
    """Payload of couponRedeem."""

    use: OfferUse | None = guarded(OFFERS_VIEW, default=None, description="What was redeemed.")


@mutation(
    name="couponRedeem",
    needs=COUPONS_REDEEM,
    ahead=looked_up,
    turn=by_code,
    description="Redeems a coupon without a purchase that is recorded here; with one, name it in `purchaseRecord`. "
    "`couponUnredeem` "
    "takes it back. Codes: `COUPON_EXHAUSTED`, `COUPON_REFUSED`, `NOT_FOUND`, `INVALID_AMOUNT`, `CURRENCY_MISMATCH`, "
    "`TOO_LONG`.",
)
async def coupon_redeem(
    context: RequestContext, *, input: Annotated[CouponRedeemInput, strawberry.argument(description="Which, by whom.")]
) -> CouponRedeemPayload:
    """Redeem a coupon."""
    shop: Shop = context.shop
    checks = Checks()
    customer_id, told = _customer(input.customer_id), value_or_none(input.amount)
    amount = 0 if told is None else minor_units(told, shop.currency, checks, "amount")
    basket = checks.text(value_or_none(input.basket), "basket", by_hand.MAX_BASKET)
    checks.refuse()
    store_id = await _store(context, input.store_code)
    row = await by_hand.redeem(shop, input.coupon_code, customer_id, store_id, basket, amount or 0, input.made_at)
    return CouponRedeemPayload(use=shown_use(row))  # type: ignore[arg-type]


@strawberry.input(description="A redemption to take back.")
class CouponUnredeemInput(IdempotentInput):
    """Input of couponUnredeem."""

    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    use_id: strawberry.ID = strawberry.field(description="The use, as `couponRedeem` answered it.")


@strawberry.type(description="What couponUnredeem answers.")
class CouponUnredeemPayload(Payload):
    """Payload of couponUnredeem."""

    coupon: Coupon | None = guarded(COUPONS_VIEW, default=None, description="The coupon as it is now.")
    use: OfferUse | None = guarded(OFFERS_VIEW, default=None, description="The use as it is now.")


@mutation(
    name="couponUnredeem",
    needs=COUPONS_ISSUE,
    description="Takes back that a coupon was redeemed without a purchase, so that it can be used again; one that was given back "
    "already stays so. What was redeemed with a purchase comes back by its refund or void. Codes: `NOT_FOUND`, "
    "`NOT_REVERSIBLE`.",
)
async def coupon_unredeem(
    context: RequestContext, *, input: Annotated[CouponUnredeemInput, strawberry.argument(description="Which use.")]
) -> CouponUnredeemPayload:
    """Take a redemption back."""
    row = await by_hand.unredeem(context.shop, key_of(input.use_id, USE, "useId"))
    coupon = None if row.coupon_id is None else await _coupon(context, row.coupon_id)
    return CouponUnredeemPayload(coupon=coupon, use=shown_use(row))  # type: ignore[arg-type]


EXTENSION = Extension(Mutation, [coupon_reserve, coupon_release, coupon_redeem, coupon_unredeem])
