"""Asking before a sale what plugins take off baskets: core's view of it, which knows nothing of why they do."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.customers.reads import survivors_by_ids
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import BadInput, Forbidden, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.primitives.money import MAX_MINOR, CurrencyCode
from regulars_core.purchases.baskets import Basket, Quoted
from regulars_core.purchases.quotes import basket_lines, quote
from regulars_core.purchases.rules import checked_lines
from regulars_core.stores.reads import stores_by_codes
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.fields.declarations import root
from regulars_schema.inputs.extensible import extras_of, open_input
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.readers import ExtensibleInput
from regulars_schema.purchases.inputs import PurchaseLineInput, new_lines
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.shop.store_lookup import IF_UNNAMED, store_unnamed
from regulars_schema.types.ids import key_of
from regulars_schema.types.money import Money

RECORD = "purchases.record"
MAX_BASKETS = 100
"""Baskets of one `basketAdjustments` at most."""


@open_input
@strawberry.input(description="A basket before it is sold.")
class BasketInput(ExtensibleInput):
    """Input of basketAdjustments, to which plugins may add what they add to PurchaseRecordInput."""

    lines: list[PurchaseLineInput] = strawberry.field(
        description="What is in it: 1 to 1000 lines, as `purchaseRecord` takes them; a discount is what was taken off by hand."
    )
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Who buys, by id; a stranger if absent."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Where it is, in a store that the caller may sell in; {IF_UNNAMED}"
    )
    at: strawberry.Maybe[Instant | None] = strawberry.field(description="At this instant; now if absent.")
    currency_code: strawberry.Maybe[CurrencyCode | None] = strawberry.field(
        description="The currency of all amounts; the shop's own if absent, and no other."
    )
    channel: strawberry.Maybe[str | None] = strawberry.field(
        description="How it is sold, such as `till`; at most 40 characters."
    )
    basket: strawberry.Maybe[str | None] = strawberry.field(
        description="The caller's own name of the basket; at most 120 characters."
    )


@requires(RECORD)
@strawberry.type(description="What plugins leave of one line of a basket.")
class AdjustedLine:
    """Over regulars_core.purchases.baskets.BasketLine."""

    index: int = strawberry.field(description="Which line it is: 0 is the first.")
    adjustment: Money = strawberry.field(description="What plugins take off it.")
    discount: Money = strawberry.field(
        description="All discounts of the line, those by hand included: what `purchaseRecord` takes as its `discount`."
    )
    total: Money = strawberry.field(description="What is left to pay for it.")


@requires(RECORD)
@strawberry.type(description="Something that a plugin takes off one line of a basket.")
class BasketAdjustment:
    """Over regulars_core.purchases.baskets.Adjustment."""

    line: int = strawberry.field(description="Which line it is taken off: 0 is the first.")
    amount: Money = strawberry.field(description="How much.")
    code: str = strawberry.field(description="Why, for programs: one of the plugin's own codes.")
    message: str = strawberry.field(description="Why, for people.")
    plugin: str = strawberry.field(description="The name of the plugin.")


@requires(RECORD)
@strawberry.type(description="Something of a plugin's that does not apply to a basket.")
class DeclinedAdjustment:
    """Over regulars_core.purchases.baskets.Declined."""

    code: str = strawberry.field(description="Why not, for programs: one of the plugin's own codes.")
    message: str = strawberry.field(description="Why not, for people.")
    plugin: str = strawberry.field(description="The name of the plugin.")


@requires(RECORD)
@strawberry.type(
    description="What plugins take off a basket. Its amounts are those of the lines, without delivery and without tax on top. "
    "total = subtotal - discount."
)
class BasketAdjustments:
    """Over regulars_core.purchases.quotes.Quoted."""

    at: Instant = strawberry.field(description="The instant that it holds for.")
    subtotal: Money = strawberry.field(description="The lines as given, net of discounts by hand.")
    discount: Money = strawberry.field(description="What plugins take off in all.")
    total: Money = strawberry.field(description="What is left to pay for the lines.")
    lines: list[AdjustedLine] = strawberry.field(
        description="The lines, as many as were given and in that order.", metadata={"sized_inside": True}
    )
    adjustments: list[BasketAdjustment] = strawberry.field(
        description="What is taken off, in the order in which it is.", metadata={"sized_inside": True}
    )
    declined: list[DeclinedAdjustment] = strawberry.field(description="What does not apply, and why.")
    unavailable: list[str] = strawberry.field(
        description="The names of plugins that could not say what they take off, because they have failed; nothing of theirs is "
        "taken off."
    )


@root(
    name="basketAdjustments",
    needs=RECORD,
    returns=list[BasketAdjustments] | None,
    sized_by="baskets",
    description="What plugins take off each of these baskets if it is sold as it is, and what does not apply and why; in the "
    "order of the baskets. `purchaseRecord` finds the same again in its own transaction. Nothing is reserved or recorded. "
    f"At most {MAX_BASKETS} baskets. Wrong input is `BAD_USER_INPUT` with `reason` and `argument`.",
)
async def basket_adjustments(
    context: RequestContext,
    *,
    baskets: Annotated[list[BasketInput], strawberry.argument(description="The baskets.")],
) -> Sequence[BasketAdjustments]:
    """What plugins take off baskets. Raises BadInput and Forbidden."""
    if len(baskets) > MAX_BASKETS:
        raise BadInput(f"At most {MAX_BASKETS} baskets; {len(baskets)} were given.", ("baskets",), "TOO_MANY")
    asked = await baskets_of(context, baskets, *(("baskets", str(n)) for n in range(len(baskets))), needs=RECORD)
    carried = [extras_of(given, lines=given.lines) for given in baskets]
    return [_told(context, one) for one in await quote(context.shop, asked, carried)]


async def baskets_of(
    context: RequestContext,
    given: Sequence[BasketInput],
    *places: tuple[str, ...],
    needs: str | None = None,
) -> Sequence[Basket]:
    """The core's form of baskets, each of which lies at its place in the arguments. Two statements, however many there are.

    Raises BadInput for what cannot be, and Forbidden for a store for which the caller has not the permission that it `needs`.
    """
    customers, stores = await _customers(context, given, places), await _stores(context, given, places, needs)
    moment = now()
    return [
        _basket(context, one, customer, store, moment, place)
        for one, customer, store, place in zip(given, customers, stores, places, strict=True)
    ]


async def _customers(
    context: RequestContext, given: Sequence[BasketInput], places: Sequence[tuple[str, ...]]
) -> Sequence[str | None]:
    keys = [
        None if (id_ := value_or_none(one.customer_id)) is None else key_of(id_, "customer", *place, "customerId")
        for one, place in zip(given, places, strict=True)
    ]
    known = await survivors_by_ids(context.database, [key for key in keys if key is not None])
    for key, place in zip(keys, places, strict=True):
        if key is not None and (key not in known or known[key].is_gone):
            raise BadInput("There is no customer with this id.", (*place, "customerId"), "NOT_FOUND")
    return [None if key is None else known[key].id for key in keys]


async def _stores(
    context: RequestContext, given: Sequence[BasketInput], places: Sequence[tuple[str, ...]], needs: str | None
) -> Sequence[str]:
    codes = [None if (code := value_or_none(one.store_code)) is None else str(code).strip().upper() for one in given]
    named = [code for code in codes if code is not None]
    known = await stores_by_codes(context.database, named) if named else {}
    stores = []
    for code, place in zip(codes, places, strict=True):
        if code is not None and code not in known:
            raise BadInput("There is no store with this code.", (*place, "storeCode"), "NOT_FOUND")
        store = _unnamed(context, needs, place) if code is None else known[code].id
        if needs is not None and not context.actor.may(needs, store):
            raise Forbidden(needs, store=store)
        stores.append(store)
    return stores


def _unnamed(context: RequestContext, needs: str | None, place: tuple[str, ...]) -> str:
    """Where a basket is that names no store: where `purchaseRecord` would put it, for whoever may sell; for others where they
    may do what it `needs`."""
    permission = RECORD if context.actor.may(RECORD) else needs
    if permission is None:
        return MAIN_STORE_ID
    try:
        return store_unnamed(context.actor, permission, *place, "storeCode")
    except Refused as refused:
        [problem] = refused.problems
        raise BadInput(problem.message, problem.path, problem.code) from None


def _basket(
    context: RequestContext,
    given: BasketInput,
    customer_id: str | None,
    store_id: str,
    moment: Instant,
    place: tuple[str, ...],
) -> Basket:
    """One basket. Raises BadInput with the first mistake."""
    checks, currency = Checks(), context.shop.currency
    if (value_or_none(given.currency_code) or currency) != currency:
        checks.fail("CURRENCY_MISMATCH", f"The shop sells in {currency}.", "currencyCode")
    lines = checked_lines(checks, new_lines(given.lines, currency, checks))
    totals = [line.total for line in lines]
    if max(abs(sum(totals)), *map(abs, totals), 0) > MAX_MINOR:
        checks.fail("INVALID_AMOUNT", "The total is beyond what can be sold.", "lines")
    channel = checks.text(value_or_none(given.channel), "channel", 40)
    name = checks.text(value_or_none(given.basket), "basket", 120)
    for problem in checks.problems:
        raise BadInput(problem.message, (*place, *problem.path), problem.code)
    at = value_or_none(given.at)
    return Basket(
        customer_id, moment if at is None else at, currency, channel, name, basket_lines(lines), store_id=store_id
    )


def _told(context: RequestContext, quoted: Quoted) -> BasketAdjustments:
    def money(minor: int) -> Any:
        return context.shop.money(minor)

    lines = [
        AdjustedLine(
            index=n,
            adjustment=money(line.total - left),
            discount=money(line.discount + line.total - left),
            total=money(left),
        )
        for n, (line, left) in enumerate(zip(quoted.basket.lines, quoted.left, strict=True))
    ]
    adjustments = [
        BasketAdjustment(line=one.line, amount=money(one.amount), code=one.code, message=one.message, plugin=plugin)
        for plugin, answer in quoted.quotes.items()
        for one in answer.adjustments
    ]
    declined = [
        DeclinedAdjustment(code=one.code, message=one.message, plugin=plugin)
        for plugin, answer in quoted.quotes.items()
        for one in answer.declined
    ]
    return BasketAdjustments(
        at=quoted.basket.at,
        subtotal=money(quoted.subtotal),
        discount=money(quoted.discount),
        total=money(quoted.total),
        lines=lines,
        adjustments=adjustments,
        declined=declined,
        unavailable=list(quoted.failed),
    )


QUERIES = Extension(Query, [basket_adjustments])
