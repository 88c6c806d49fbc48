"""Which tier a customer has, why, and who has which."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from regulars_core.plugin import BadInput, CustomerRow, Instant, PurchaseRow, Shop, Word, purchases_by_ids
from regulars_schema.plugin import (
    BreakdownKind,
    Customer,
    CustomerOrderField,
    CustomerWhere,
    Extension,
    FilterLeaf,
    Money,
    Purchase,
    Query,
    RequestContext,
    SortField,
    VocabularyKind,
    batched,
    requires,
    root,
    value_or_none,
    visible_purchases,
)
from regulars_tiers import reads
from regulars_tiers.graphql.policy_types import AT_INSTANT, At, Tier, tier_of
from regulars_tiers.graphql.standing_types import TierExplanation, TierStanding, standing_of
from regulars_tiers.permissions import FIGURES, PURCHASES_VIEW, VIEW
from regulars_tiers.policy_versions import remembered_versions, versions_of
from regulars_tiers.rules.policy import Tier as TierRow

MAX_EXPLAINED = 100


@batched(
    name="tier", needs=VIEW, returns=Tier | None, description="The customer's tier, exact at any instant.", replica=True
)
async def tier(customers: Sequence[CustomerRow], context: RequestContext, *, at: At = None) -> Sequence[TierRow]:
    """Two statements for all customers of a level."""
    moment = reads.moment(at)
    tiers = await reads.tiers_of(context.shop, [(customer.id, moment) for customer in customers])
    return [tiers[customer.id, moment] for customer in customers]


@batched(
    name="tierStanding",
    needs=VIEW,
    returns=TierStanding | None,
    description="All about the tier: where it comes from, what it takes to keep it or rise, and which purchases "
    "gave it; recomputed from what is known now. Its figures are the whole shop's and told as that, whatever stores the key is "
    "bound to; the purchases themselves only where the caller sees them.",
)
async def tier_standing(
    customers: Sequence[CustomerRow], context: RequestContext, *, at: At = None
) -> Sequence[TierStanding]:
    """Three statements for all customers of a level."""
    standings = await reads.standings_of(context.shop, [customer.id for customer in customers], at)
    return [standing_of(standings[customer.id], context.shop) for customer in customers]


@batched(
    name="tier",
    needs=VIEW,
    returns=Tier | None,
    description="The tier on whose terms the purchase is made: the customer's before it, or after it where "
    "the policy says so; null without a customer.",
    replica=True,
)
async def purchase_tier(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[TierRow | None]:
    """The tier on whose terms each purchase is made."""
    moments = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
    tiers = await reads.tiers_for_purchases(context.shop, moments)
    return [tiers[one.customer_id, one.purchased_at] if one.customer_id else None for one in purchases]


@batched(
    name="purchases",
    needs=PURCHASES_VIEW,
    returns=list[Purchase] | None,
    most=MAX_EXPLAINED,
    description=f"The purchases that counted, the latest first; at most {MAX_EXPLAINED}.",
)
async def explaining_purchases(
    explanations: Sequence[TierExplanation], context: RequestContext
) -> Sequence[list[PurchaseRow]]:
    """The latest purchases that counted."""
    latest = [list(one.purchase_ids[-MAX_EXPLAINED:]) for one in explanations]
    purchases = await purchases_by_ids(
        context.database, [id_ for ids in latest for id_ in ids], visible_purchases(context)
    )
    return [[purchases[id_] for id_ in reversed(ids) if id_ in purchases] for ids in latest]


@requires(VIEW)
@strawberry.type(description="How many customers have a tier.")
class TierShare:
    """Over reads.Share."""

    tier: Tier = strawberry.field(description="The tier.")
    customer_count: int = strawberry.field(description="Customers who were registered at that time and have it.")
    total_spent: Money = strawberry.field(description="What they have spent in all until now.")


def share_of(share: reads.Share, shop: Shop) -> TierShare:
    """A share as it is shown."""
    spent: Money = shop.money(share.spent)  # type: ignore[assignment]
    return TierShare(tier=tier_of(share.tier), customer_count=share.customer_count, total_spent=spent)


@root(
    name="tierDistribution",
    needs=VIEW,
    returns=list[TierShare] | None,
    description="How many customers have which tier, the highest first; without who was merged into another one or erased since. "
    f"{FIGURES}",
    replica=True,
)
async def tier_distribution(context: RequestContext, *, at: At = None) -> Sequence[TierShare]:
    """How many have which tier."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    return [share_of(share, context.shop) for share in await reads.distribution(context.shop, at)]


@strawberry.input(description="Compares the tier that a customer has at an instant.")
class TierComparison:
    """Conditions over tier_spell."""

    in_: list[str] = strawberry.field(name="in", description="One of these, by code.")
    at: strawberry.Maybe[Instant | None] = strawberry.field(description=AT_INSTANT)


def tier_doubt(comparison: TierComparison, context: RequestContext) -> Callable[[], Awaitable[None]] | None:
    """What refuses a tier's name, with which nobody would be found; None where all are codes that this process knows."""
    known, shop = remembered_versions(context.shop), context.shop
    if known is not None and known.codes.issuperset(comparison.in_):
        return None

    async def refuse_names() -> None:
        versions = await versions_of(shop)
        for n, text in enumerate(comparison.in_):
            if code := versions.code_meant_by(text):
                raise BadInput(f"This is the name of a tier; its code is `{code}`.", ("in", str(n)))

    return refuse_names


def tier_conditions(comparison: TierComparison, _: RequestContext) -> Sequence[tuple[str, Any]]:
    """The codes and the instant."""
    return [("in", comparison.in_), ("at", value_or_none(comparison.at))]


EXTENSIONS = (
    Extension(Query, [tier_distribution]),
    Extension(Customer, [tier, tier_standing]),
    Extension(Purchase, [purchase_tier]),
    Extension(TierExplanation, [explaining_purchases]),
)
LEAF = FilterLeaf(
    CustomerWhere,
    "tier",
    TierComparison,
    reads.LEAF,
    tier_conditions,
    "The tier, also at a past instant.",
    needs=VIEW,
    doubt=tier_doubt,
)


async def tiers_in_use(context: RequestContext, number: int) -> Sequence[Word]:
    """The tiers of the policy in force by how many customers have them."""
    shares = sorted(await reads.distribution(context.shop, None), key=lambda share: -share.customer_count)
    return [Word(share.tier.code, share.tier.name, share.customer_count) for share in shares[:number]]


VOCABULARY = VocabularyKind("TIER", "Tiers of customers, by code.", tiers_in_use, VIEW)
BREAKDOWN = BreakdownKind("TIER", "By customers' tier now.", reads.BY_TIER, VIEW)
SORT = SortField(CustomerOrderField, reads.SORT_KEY, "By tier, the lowest first.", needs=VIEW)
