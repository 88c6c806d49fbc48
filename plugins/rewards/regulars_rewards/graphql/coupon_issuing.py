"""Issuing coupons, generating them in bulk, and making them worthless."""

from typing import Annotated, Any

import strawberry

from regulars_core.plugin import LATEST, Checks, Instant, changed
from regulars_rewards.coupons import reads
from regulars_rewards.coupons.codes import (
    MAX_LENGTH,
    MIN_LENGTH,
    checked_code,
    checked_prefix,
)
from regulars_rewards.coupons.issuing import (
    MAX_CHOSEN,
    MAX_RANDOM,
    MAX_REASON,
    Terms,
    checked_usage_limit,
    generate,
    issue,
)
from regulars_rewards.coupons.revoking import MAX_COUPONS, revoke_batch, revoke_coupons
from regulars_rewards.graphql.coupons import BATCH, COUPON, Coupon, CouponBatch
from regulars_rewards.permissions import COUPONS_ISSUE, COUPONS_REVOKE, COUPONS_VIEW, OFFERS_MANAGE
from regulars_schema.plugin import (
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    mutation,
    required_key,
    value_or_none,
)

AT_STAKE = "coupons are at stake"
_CODE = "4 to 40 printable characters without a space at either end"


def _terms(checks: Checks, promotion_id: strawberry.ID, expires_at: Any, usage_limit: Any) -> Terms:
    key = key_of(promotion_id, "promotion", "promotionId")
    limit: int | None = 1 if usage_limit is None else usage_limit.value
    checked_usage_limit(checks, limit)
    ends: Instant | None = value_or_none(expires_at)
    return Terms(key, LATEST if ends is None else ends, limit)


@strawberry.input(description="A coupon to give to a customer.")
class CouponIssueInput(IdempotentInput):
    """Input of couponIssue."""

    code: strawberry.Maybe[str | None] = strawberry.field(description=f"The code, {_CODE}; a random one if absent.")
    customer_id: strawberry.ID = strawberry.field(description="To whom.")
    expires_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it expires; with its promotion if absent."
    )
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    promotion_id: strawberry.ID = strawberry.field(description="The promotion that it opens; one that needs a coupon.")
    reason: strawberry.Maybe[str | None] = strawberry.field(description=f"Why; at most {MAX_REASON} characters.")
    usage_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often it can be used, 1 or more; 1 if absent, and null is as often as the promotion allows."
    )


@strawberry.type(description="What couponIssue answers.")
class CouponIssuePayload(Payload):
    """Payload of couponIssue."""

    coupon: Coupon | None = guarded(COUPONS_VIEW, default=None, description="The new coupon.")


def by_customer(given: Any) -> str:
    """Whose coupons are changed: those who change the same customer's wait for each other in this process."""
    return str(given.customer_id)


@mutation(
    name="couponIssue",
    needs=COUPONS_ISSUE,
    turn=by_customer,
    description="Gives a customer a coupon of a promotion. Codes: `NOT_FOUND`, `NO_COUPON_PROMOTION`, `PROMOTION_ENDED`, "
    "`CODE_TAKEN`, `INVALID_CODE`, `OUT_OF_RANGE`, `INVALID_DATE`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def coupon_issue(
    context: RequestContext,
    *,
    input: Annotated[CouponIssueInput, strawberry.argument(description="Which, to whom, why.")],
) -> CouponIssuePayload:
    """Issue a coupon."""
    checks = Checks()
    customer_id = key_of(input.customer_id, "customer", "customerId")
    terms = _terms(checks, input.promotion_id, input.expires_at, input.usage_limit)
    chosen = value_or_none(input.code)
    code = None if chosen is None else checked_code(checks, chosen, "code")
    reason = checks.text(value_or_none(input.reason), "reason", MAX_REASON)
    checks.refuse()
    _, key = await issue(context.shop, customer_id, terms, code, reason)
    row: Any = (await reads.coupons_by_ids(context.database, [key]))[key]
    return CouponIssuePayload(coupon=row)


@strawberry.input(description="Coupons to make that belong to nobody: either `count` or `codes`.")
class CouponsGenerateInput(IdempotentInput):
    """Input of couponsGenerate."""

    codes: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="Codes of the shop's own choice, such as `SUMMER10`: 1 to 100, each of 4 to 40 printable characters "
        "without a "
        "space at either end."
    )
    count: strawberry.Maybe[int | None] = strawberry.field(description=f"How many random codes, 1 to {MAX_RANDOM}.")
    expires_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When they expire; with their promotion if absent."
    )
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    length: strawberry.Maybe[int | None] = strawberry.field(
        description=f"How many random symbols a code has beside its check symbol, {MIN_LENGTH} to {MAX_LENGTH}; as the "
        f"setting says "
        "if absent."
    )
    prefix: strawberry.Maybe[str | None] = strawberry.field(
        description="What each random code begins with, at most 8 letters and digits."
    )
    promotion_id: strawberry.ID = strawberry.field(description="The promotion that they open; one that needs a coupon.")
    usage_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often each can be used, 1 or more; 1 if absent, and null is as often as the promotion allows."
    )


@strawberry.type(description="What couponsGenerate answers.")
class CouponsGeneratePayload(Payload):
    """Payload of couponsGenerate."""

    batch: CouponBatch | None = guarded(
        COUPONS_ISSUE, default=None, description="The new batch, whose codes are there at once."
    )


@mutation(
    name="couponsGenerate",
    needs=OFFERS_MANAGE,
    description="Makes coupons that belong to nobody: so many random codes, or codes of the shop's own choice. All of them "
    "or none, "
    "at once. Codes: `NOT_FOUND`, `NO_COUPON_PROMOTION`, `PROMOTION_ENDED`, `CODE_TAKEN`, `INVALID_CODE`, "
    "`CODE_SPACE_TOO_SMALL`, `OUT_OF_RANGE`, `INVALID_DATE`, `REQUIRED`, `TOO_MANY`.",
)
async def coupons_generate(
    context: RequestContext,
    *,
    input: Annotated[CouponsGenerateInput, strawberry.argument(description="How many, of which promotion.")],
) -> CouponsGeneratePayload:
    """Generate coupons."""
    checks = Checks()
    terms = _terms(checks, input.promotion_id, input.expires_at, input.usage_limit)
    count, length = value_or_none(input.count), value_or_none(input.length)
    prefix = checked_prefix(checks, value_or_none(input.prefix) or "", "prefix")
    if length is not None and not MIN_LENGTH <= length <= MAX_LENGTH:
        checks.fail("OUT_OF_RANGE", f"A code has {MIN_LENGTH} to {MAX_LENGTH} random symbols.", "length")
    if count is not None and not 1 <= count <= MAX_RANDOM:
        checks.fail("OUT_OF_RANGE", f"Give 1 to {MAX_RANDOM} codes at a time.", "count")
    codes = _chosen(checks, value_or_none(input.codes))
    if count is None and codes is not None:
        for name, value in (("length", length), ("prefix", prefix or None)):
            if value is not None:
                checks.fail("INVALID_CODE", "Codes of your own are kept as they are; leave this away.", name)
    if (count is None) == (value_or_none(input.codes) is None):
        checks.fail("REQUIRED", "Give either how many random codes, or codes of your own.", "count")
    checks.refuse()
    key = await generate(context.shop, terms, codes=codes, count=count or 0, length=length, prefix=prefix)
    row: Any = (await reads.batches_by_ids(context.database, [key]))[key]
    return CouponsGeneratePayload(batch=row)


def _chosen(checks: Checks, codes: list[str] | None) -> list[str] | None:
    if codes is None:
        return None
    if len(codes) > MAX_CHOSEN:
        checks.fail("TOO_MANY", f"Give at most {MAX_CHOSEN} codes at a time; {len(codes)} were given.", "codes")
        return None
    if not codes:
        checks.fail("REQUIRED", "Give one code at least.", "codes")
    return [code for n, one in enumerate(codes) if (code := checked_code(checks, one, "codes", str(n))) is not None]


@strawberry.input(description="Coupons to make worthless: either `couponIds` or `batchId`.")
class CouponRevokeInput(IdempotentInput):
    """Input of couponRevoke."""

    batch_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="A batch; all of it that is not used up."
    )
    coupon_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description=f"The coupons, at most {MAX_COUPONS}."
    )
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    reason: str = strawberry.field(description=f"Why; at most {MAX_REASON} characters.")


@strawberry.type(description="What couponRevoke answers.")
class CouponRevokePayload(Payload):
    """Payload of couponRevoke."""

    revoked_count: int = strawberry.field(default=0, description="How many are worthless now that were not before.")


@mutation(
    name="couponRevoke",
    needs=COUPONS_REVOKE,
    description="Makes coupons worthless that are not used up: single ones, or a whole batch. Reserved ones are freed "
    "first. Codes: "
    "`NOT_FOUND`, `REQUIRED`, `TOO_MANY`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def coupon_revoke(
    context: RequestContext, *, input: Annotated[CouponRevokeInput, strawberry.argument(description="Which, why.")]
) -> CouponRevokePayload:
    """Revoke coupons."""
    shop, checks = context.shop, Checks()
    given, batch = value_or_none(input.coupon_ids), value_or_none(input.batch_id)
    ids = [key_of(one, COUPON, "couponIds", str(n)) for n, one in enumerate(given or ())]
    batch_id = None if batch is None else key_of(batch, BATCH, "batchId")
    if len(ids) > MAX_COUPONS:
        message = f"Give at most {MAX_COUPONS} coupons at a time; {len(ids)} were given."
        checks.fail("TOO_MANY", message, "couponIds")
    if bool(ids) == (batch_id is not None):
        checks.fail("REQUIRED", "Give either coupons or a batch.", "couponIds")
    reason = checks.text(input.reason, "reason", MAX_REASON, required=True)
    checks.refuse()
    assert reason is not None
    if batch_id is not None:
        count = await revoke_batch(shop, batch_id, reason)
        changed({"batchId": (None, str(batch)), "reason": None})
    else:
        count = await revoke_coupons(shop, ids, reason)
        changed({"couponIds": (None, [str(one) for one in given or ()]), "reason": None})
    return CouponRevokePayload(revoked_count=count)


EXTENSION = Extension(Mutation, [coupon_issue, coupons_generate, coupon_revoke])
