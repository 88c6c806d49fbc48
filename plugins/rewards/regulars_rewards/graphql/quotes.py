"""The quote of a basket, and the refusal that brings one."""

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import BadInput, CurrencyCode, Instant, quote
from regulars_rewards import hookspecs
from regulars_rewards.graphql.guesses import charge_asked_codes
from regulars_rewards.graphql.moments import refuse_before_known
from regulars_rewards.graphql.obstacles import OfferObstacle, OfferReason
from regulars_rewards.graphql.promotions import Promotion
from regulars_rewards.permissions import OFFERS_VIEW
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_rewards.purchases import recording
from regulars_rewards.purchases.told import CODES, MAX_CODES
from regulars_rewards.quotes.earnings import earnings_of
from regulars_rewards.quotes.offer_quotes import PLUGIN
from regulars_rewards.quotes.offer_quotes import SkippedOffer as SkippedRow
from regulars_rewards.quotes.quoting import EXPLAINS
from regulars_rewards.quotes.shown import ShownLine, ShownOffer, ShownQuote
from regulars_schema.plugin import (
    IF_UNNAMED,
    BasketInput,
    Extension,
    Money,
    PurchaseLineInput,
    Query,
    RequestContext,
    RuleExplanation,
    UserError,
    backed_by,
    baskets_of,
    batched,
    extras_of,
    in_order,
    requires,
    root,
    value_or_none,
)


@strawberry.input(description="A basket to quote.")
class BasketQuoteInput:
    """Input of basketQuote."""

    lines: list[PurchaseLineInput] = strawberry.field(
        description="What is in it, 1 to 1000 lines, as `purchaseRecord` takes them; a discount is what was taken off by hand."
    )
    at: strawberry.Maybe[Instant | None] = strawberry.field(description="At this instant; now if absent.")
    basket: strawberry.Maybe[str | None] = strawberry.field(
        description="The caller's own name of the basket, so that what is reserved for it counts as free."
    )
    coupon_codes: strawberry.Maybe[list[str] | None] = strawberry.field(
        description=f"Codes that were typed; at most {MAX_CODES}."
    )
    currency_code: strawberry.Maybe[CurrencyCode | None] = strawberry.field(
        description="The currency of all amounts; the shop's own if absent, and no other."
    )
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Who buys, by id; a stranger if absent."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Where it is, in a store whose offers the caller may see; {IF_UNNAMED}"
    )


@requires(OFFERS_VIEW)
@strawberry.type(description="What offers do to one line of a basket.")
class BasketQuoteLine:
    """Over ShownLine."""

    is_type_of = backed_by(ShownLine)
    discount: Money = strawberry.field(
        description="All discounts of the line, those by hand included: what `purchaseRecord` takes as `discount`."
    )
    index: int = strawberry.field(description="Which line it is: 0 is the first.")
    offer_discount: Money = strawberry.field(
        description="What offers took off: what `purchaseRecord` takes as `offerDiscount`."
    )
    total: Money = strawberry.field(description="What is left to pay for it.")


@requires(OFFERS_VIEW)
@strawberry.type(description=f"An offer that applies to a basket. Needs `{OFFERS_VIEW}`.")
class AppliedOffer:
    """Over ShownOffer."""

    is_type_of = backed_by(ShownOffer)
    amount: Money = strawberry.field(description="What it takes off.")
    coupon_code: str | None = strawberry.field(
        description="The code by which it applies, in capitals; null where it applies by itself."
    )
    explanation: RuleExplanation = strawberry.field(description="How the amount comes about.")


@batched(name="offer", returns=Promotion, description="The promotion.")
async def offer_of_applied(found: Sequence[ShownOffer], context: RequestContext) -> Sequence[PromotionRow | None]:
    """The promotion of each offer."""
    return await _promotions([one.promotion_id for one in found], context)


@requires(OFFERS_VIEW)
@strawberry.type(description=f"An offer that does not apply to a basket. Needs `{OFFERS_VIEW}`.")
class SkippedOffer:
    """Over offer_quotes.SkippedOffer."""

    is_type_of = backed_by(SkippedRow)
    coupon_code: str | None = strawberry.field(
        resolver=lambda root: root.code,
        description="The code that was typed, in capitals; null where it would apply by itself.",
    )
    obstacles: list[OfferObstacle] = strawberry.field(
        description="All that stands in its way; of a coupon that is not theirs, that alone."
    )
    reason: OfferReason = strawberry.field(
        resolver=lambda root: root.obstacles[0].reason.value, description="The first of these reasons."
    )


@batched(
    name="offer",
    returns=Promotion | None,
    description="The promotion; null where there is no such code, and where the coupon is not theirs.",
)
async def offer_of_skipped(found: Sequence[SkippedRow], context: RequestContext) -> Sequence[PromotionRow | None]:
    """The promotion of each offer, as far as it is told."""
    return await _promotions([one.promotion_id for one in found], context)


async def _promotions(keys: Sequence[str | None], context: RequestContext) -> Sequence[PromotionRow | None]:
    wanted = list(dict.fromkeys(key for key in keys if key))
    return in_order(keys, await promotions_by_ids(context.database, wanted) if wanted else {})


@requires(None)
@strawberry.type(description="Something that a basket would earn; plugins add what they give.")
class BasketEarning:
    """Over hookspecs.BasketEarning."""

    is_type_of = backed_by(hookspecs.BasketEarning)
    kind: str = strawberry.field(description="What it is: `POINTS`, `PROGRESS`, or what a plugin names.")
    text: str = strawberry.field(description="The same for people, such as `84 points`.")
    value: Decimal = strawberry.field(description="How much.")


@requires(OFFERS_VIEW)
@strawberry.type(
    description="What offers take off a basket. Its amounts are those of the lines, in prices as shown, without shipping, which "
    f"no offer touches, and without tax on top. Needs `{OFFERS_VIEW}`."
)
class BasketQuote:
    """Over ShownQuote."""

    is_type_of = backed_by(ShownQuote)
    applied: list[AppliedOffer] = strawberry.field(description="The offers that apply, in the order in which they do.")
    at: Instant = strawberry.field(description="The instant it holds for.")
    discount: Money = strawberry.field(description="What offers take off in all.")
    lines: list[BasketQuoteLine] = strawberry.field(
        description="The lines, as many as were given and in that order.", metadata={"sized_inside": True}
    )
    skipped: list[SkippedOffer] = strawberry.field(
        description="Codes and promotions that do not apply, and why; codes that were typed come first."
    )
    subtotal: Money = strawberry.field(description="The lines before offers.")
    total: Money = strawberry.field(description="What is left to pay for the lines.")


@batched(name="earnings", returns=list[BasketEarning], description="What the basket would earn if it were paid now.")
async def earnings(
    quotes: Sequence[ShownQuote], context: RequestContext
) -> Sequence[Sequence[hookspecs.BasketEarning]]:
    """What each basket would earn at the prices that are quoted."""
    return await earnings_of(context.shop, [one.as_sold for one in quotes])


@root(
    name="basketQuote",
    needs=OFFERS_VIEW,
    returns=BasketQuote | None,
    sized_by="input",
    asks=True,
    description="What offers take off a basket, which do not apply and why, and what the basket would earn. Reserves nothing and "
    "writes nothing.",
)
async def basket_quote(
    context: RequestContext,
    asked: Set[str],
    *,
    input: Annotated[BasketQuoteInput, strawberry.argument(description="The basket.")],
) -> ShownQuote:
    """Quote a basket. Raises BadInput and Forbidden."""
    codes = value_or_none(input.coupon_codes) or []
    if len(codes) > MAX_CODES:
        raise BadInput(f"At most {MAX_CODES} codes; {len(codes)} were given.", ("input", CODES), "TOO_MANY")
    given = BasketInput(
        lines=input.lines, customer_id=input.customer_id, store_code=input.store_code, at=input.at,
        currency_code=input.currency_code, channel=None, basket=input.basket,
    )  # fmt: skip
    [basket] = await baskets_of(context, [given], ("input",), needs=OFFERS_VIEW)
    refuse_before_known(basket.at, "input", "at")
    extras = extras_of(given, lines=input.lines)
    own: Mapping[str, Any] = {**extras.get(PLUGIN, {}), CODES: codes, EXPLAINS: "skipped" in asked}
    [quoted] = await quote(context.shop, [basket], [{**extras, PLUGIN: own}])
    shown = ShownQuote.of(context.shop, quoted)
    charge_asked_codes(context, sum(one.coupon is None for one in shown.quote.codes))
    return shown


@strawberry.type(
    description="The offers that were told are not those that apply; nothing was recorded and nothing kept. Show the new quote, "
    "and send it under the same `idempotencyKey` or a new one."
)
class OffersChanged(UserError):
    """Over recording.OffersChanged."""

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """The problem of this name."""
        return isinstance(value, recording.OffersChanged)


@batched(
    name="quote",
    needs=OFFERS_VIEW,
    returns=BasketQuote | None,
    description="The basket as it was quoted in that transaction.",
)
async def quote_of_refusal(
    problems: Sequence[recording.OffersChanged], context: RequestContext
) -> Sequence[ShownQuote | None]:
    """The quote that each problem brings."""
    return [None if one.quoted is None else ShownQuote.of(context.shop, one.quoted) for one in problems]


EXTENSIONS = (
    Extension(Query, [basket_quote]),
    Extension(BasketQuote, [earnings]),
    Extension(AppliedOffer, [offer_of_applied]),
    Extension(SkippedOffer, [offer_of_skipped]),
    Extension(OffersChanged, [quote_of_refusal]),
)
TYPES = (OffersChanged,)
PROBLEMS = (recording.OffersChanged,)
