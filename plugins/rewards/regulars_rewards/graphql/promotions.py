"""Promotions in the language of the API, and asking for them."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.plugin import Instant, Money, Page, ShownRule, StoreRow, shown_rule, stores_by_ids
from regulars_rewards.offers.promotion import ScopeData
from regulars_rewards.permissions import OFFERS_VIEW, STORES_VIEW
from regulars_rewards.promotions import reads
from regulars_rewards.promotions.reads import NEEDS_COUPON_LEAF, PHASE_LEAF, uses_of
from regulars_rewards.promotions.stored import CONDITION, DISCOUNT, PromotionRow, promotions_by_ids, shown_end
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Connection,
    CustomerFilter,
    Extension,
    FilterLeaf,
    Node,
    NodeKind,
    PageArguments,
    Query,
    RequestContext,
    Rule,
    Store,
    backed_by,
    batched,
    enum_conditions,
    flag_conditions,
    identified,
    in_every_store,
    key_of,
    requires,
    root,
    shown_audiences,
    where_input,
    window_of,
)


@strawberry.enum(description="Where a promotion stands in time.")
class PromotionPhase(Enum):
    """Over stored.phase_at."""

    ENDED = strawberry.enum_value("ENDED", description="It has ended.")
    RUNNING = strawberry.enum_value("RUNNING", description="It applies now.")
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="It has not started.")


@strawberry.enum(description="What the articles of a scope are for.")
class OfferScopeMode(Enum):
    """Over promotion.ScopeMode."""

    ANY_PRESENT = strawberry.enum_value(
        "ANY_PRESENT", description="One of them in the basket lets the promotion apply to everything."
    )
    APPLY_ONLY_TO = strawberry.enum_value("APPLY_ONLY_TO", description="The promotion applies to them alone.")


@requires(None)
@strawberry.type(description="Which articles a promotion is about: those with one of the skus, brands or categories.")
class OfferScope:
    """Over promotion.ScopeData."""

    is_type_of = backed_by(ScopeData)
    brands: list[str] = strawberry.field(description="Brands, without regard to case.")
    categories: list[str] = strawberry.field(description="Categories, without regard to case.")
    mode: OfferScopeMode = strawberry.field(
        resolver=lambda root: root.mode.value, description="What the articles are for."
    )
    skus: list[str] = strawberry.field(description="The shop's codes of articles.")


def _data(name: str) -> Any:
    """A field of the promotion's data."""
    return lambda root: getattr(root.data, name)


async def audiences_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[CustomerFilter | None]:
    """For whom each is, as the caller may see it."""
    return await shown_audiences([one.data.audience for one in promotions], context)


async def conditions_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[Sequence[ShownRule]]:
    """What else must hold for each; asks no database."""
    return [[shown_rule(context.shop, CONDITION, rule.stored) for rule in one.data.conditions] for one in promotions]


async def discounts_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[ShownRule]:
    """What each takes off; asks no database."""
    return [shown_rule(context.shop, DISCOUNT, one.data.discount.stored) for one in promotions]


async def budgets_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[Money | None]:
    """How much each may take off in all."""
    return [None if one.data.budget is None else context.shop.money(one.data.budget) for one in promotions]


async def budgets_used_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[Money | None]:
    """How much of each budget is used."""
    used = await uses_of(context.database, [one.id for one in promotions if one.data.budget is not None])
    return [None if one.data.budget is None else context.shop.money(used[one.id].amount) for one in promotions]


async def counts_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[int]:
    """How often each is used or reserved."""
    used = await uses_of(context.database, [one.id for one in promotions])
    return [used[one.id].count for one in promotions]


async def stores_in(promotions: Sequence[PromotionRow], context: RequestContext) -> Sequence[Sequence[StoreRow] | None]:
    """Where each applies."""
    wanted = dict.fromkeys(store for one in promotions for store in one.data.store_ids or ())
    found = await stores_by_ids(context.database, list(wanted)) if wanted else {}
    return [
        None if one.data.store_ids is None else [found[store] for store in one.data.store_ids if store in found]
        for one in promotions
    ]


@requires(OFFERS_VIEW)
@strawberry.type(
    description="An offer: what is taken off, for whom, when and where. It applies by itself, or to who has a coupon of it. "
    f"Needs `{OFFERS_VIEW}`."
)
class Promotion(Node):
    """Over stored.PromotionRow."""

    is_type_of = backed_by(PromotionRow)
    audience: CustomerFilter | None = batched(  # type: ignore[assignment]
        audiences_in,
        name="audience",
        returns=CustomerFilter | None,
        description="For whom it is; null is everybody, strangers included. A leaf whose plugin is off stays in it, and then it "
        "is for nobody. Null, too, where it compares what the caller may not read.",
    )
    best_of_group: str | None = strawberry.field(
        resolver=_data("best_of_group"),
        description="The name of a set of promotions of which only the one that takes off most applies; null where it stands for "
        "itself.",
    )
    budget: schema.Money | None = batched(  # type: ignore[assignment]
        budgets_in,
        name="budget",
        returns=schema.Money | None,
        description="How much it may take off in all; null is as much as it comes to. A use that would pass it takes nothing "
        "off.",
    )
    budget_used: schema.Money | None = batched(  # type: ignore[assignment]
        budgets_used_in,
        name="budgetUsed",
        returns=schema.Money | None,
        description="How much of the budget is used or reserved, uses that were given back not counted; null without a budget.",
    )
    conditions: list[Rule] = batched(  # type: ignore[assignment]
        conditions_in, name="conditions", returns=list[Rule], description="What else must hold; all of it."
    )
    created_at: Instant = strawberry.field(description="When it was made.")
    description: str | None = strawberry.field(description="What the team should know; customers are not shown it.")
    discount_rule: Rule = batched(  # type: ignore[assignment]
        discounts_in, name="discountRule", returns=Rule, description="What is taken off."
    )
    ends_at: Instant | None = strawberry.field(
        resolver=lambda root: shown_end(root.ends_at), description="When it ends; null is never."
    )
    excludes_reduced: bool = strawberry.field(
        resolver=_data("excludes_reduced"), description="Whether lines with a discount by hand are left out of it."
    )
    id: strawberry.ID = identified("promotion")
    is_exclusive: bool = strawberry.field(
        resolver=_data("is_exclusive"),
        description="Whether nothing else applies beside it; of several the one of the highest priority.",
    )
    is_reusable_after_cancel: bool = strawberry.field(
        resolver=_data("is_reusable"),
        description="Whether its coupons can be used again after the purchase was wholly given back.",
    )
    is_stackable: bool = strawberry.field(
        resolver=_data("is_stackable"), description="Whether another coupon may be used beside one of it."
    )
    name: str = strawberry.field(description="What customers are shown, as on the receipt.")
    needs_coupon: bool = strawberry.field(description="Whether it applies only by a coupon.")
    per_customer_limit: int | None = strawberry.field(
        resolver=_data("per_customer_limit"),
        description="How often one customer may use it, merged identities included; null is as often as they like.",
    )
    phase: PromotionPhase = strawberry.field(description="Where it stands in time.")
    priority: int = strawberry.field(description="Higher ones apply first; coupons and promotions share one order.")
    scope: OfferScope | None = strawberry.field(
        resolver=_data("scope"), description="What it is about; null is everything."
    )
    starts_at: Instant = strawberry.field(description="When it starts.")
    stores: list[Store] | None = batched(  # type: ignore[assignment]
        stores_in,
        name="stores",
        needs=STORES_VIEW,
        returns=list[Store] | None,
        description="Where it applies; null is everywhere.",
    )
    total_limit: int | None = strawberry.field(
        resolver=_data("total_limit"),
        description="How often it may be used in all; null is as often as anybody likes.",
    )
    updated_at: Instant = strawberry.field(description="When it was last changed.")
    used_count: int = batched(  # type: ignore[assignment]
        counts_in, name="usedCount", returns=int, description="How often it is used or reserved."
    )


@where_input("PromotionWhere", "Conditions on promotions. Several in one node must all hold; `{}` holds for each.")
class PromotionWhere:
    """Marker: the leaves are composed per schema, and what arrives is a Where."""


@strawberry.input(description="Compares with a list of phases.")
class PromotionPhaseComparison:
    """Conditions over where promotions stand in time."""

    in_: list[PromotionPhase] = strawberry.field(name="in", description="One of these.")


LEAVES = (
    FilterLeaf(
        PromotionWhere,
        "needsCoupon",
        bool,
        NEEDS_COUPON_LEAF,
        flag_conditions,
        "Whether it applies only by a coupon.",
    ),
    FilterLeaf(
        PromotionWhere,
        "phase",
        PromotionPhaseComparison,
        PHASE_LEAF,
        enum_conditions,
        "Where it stands in time.",
    ),
)


class PromotionsArguments(PageArguments, total=False):
    """The arguments of a list of promotions."""

    where: Annotated[
        PromotionWhere | None,
        strawberry.argument(description="Only promotions for which these conditions hold."),
    ]


@root(
    name="promotion",
    needs=OFFERS_VIEW,
    returns=Promotion | None,
    description="One promotion.",
)
async def promotion(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID, strawberry.argument(description="The id of the promotion.")],
) -> PromotionRow | None:
    """One promotion."""
    key = key_of(id, "promotion", "id")
    return (await promotions_by_ids(context.database, [key])).get(key)


@root(
    name="promotions",
    needs=OFFERS_VIEW,
    returns=Connection[Promotion] | None,
    description="All promotions, by priority, the highest first, then by age.",
)
async def promotions(context: RequestContext, **arguments: Unpack[PromotionsArguments]) -> Page[PromotionRow]:
    """A page of all promotions."""
    where: Any = arguments.get("where")
    return await reads.page_of_promotions(context.database, window_of(reads.BY_PRIORITY, arguments), where)


EXTENSION = Extension(Query, [promotion, promotions])
NODE = NodeKind("promotion", in_every_store(promotions_by_ids), OFFERS_VIEW)
