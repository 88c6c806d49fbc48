"""How recently, how often and for how much, in the language of the API."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import strawberry

from regulars_analytics.arguments import Conditions
from regulars_analytics.permissions import VIEW
from regulars_analytics.rfm import reads, scores
from regulars_analytics.rfm.edges import current_edges, own_bands
from regulars_core.plugin import BadInput, Condition, CustomerRow, Leaf, Where
from regulars_schema.plugin import (
    Customer,
    CustomerWhere,
    Extension,
    FilterLeaf,
    Money,
    Query,
    RequestContext,
    batched,
    requires,
    root,
)


@strawberry.enum(description="What recency, frequency and value say together.")
class RfmKind(Enum):
    """Over scores.RfmKind."""

    CHAMPION = strawberry.enum_value("CHAMPION", description="Buys lately, often and much.")
    LOYAL = strawberry.enum_value("LOYAL", description="Buys often, not quite so lately or so much.")
    PROMISING = strawberry.enum_value("PROMISING", description="Bought lately, on the way to buying often.")
    NEW = strawberry.enum_value("NEW", description="Bought lately for the first time or two.")
    OCCASIONAL = strawberry.enum_value("OCCASIONAL", description="Bought once or twice, some time ago.")
    AT_RISK = strawberry.enum_value("AT_RISK", description="Bought often and much, not lately.")
    LOST = strawberry.enum_value("LOST", description="Bought seldom and long ago.")


@requires(VIEW)
@strawberry.type(
    description="How recently, how often and for how much a customer buys: by fifths of all who ever bought, or by bands of the "
    "shop's own where it has set them."
)
class RfmScore:
    """Over scores.Scores."""

    recency: int = strawberry.field(
        description="How recently: 1 for the fifth whose last purchase is the longest ago, or the last band, to 5."
    )
    frequency: int = strawberry.field(
        description="How often: 1 for the fifth who buy least often, or the lowest band, to 5."
    )
    monetary: int = strawberry.field(
        description="For how much: 1 for the fifth who spend least, or the lowest band, to 5."
    )
    kind: RfmKind = strawberry.field(description="What the three say together.")


@requires(VIEW)
@strawberry.type(description="How many customers are of a kind.")
class RfmShare:
    """Over reads.Share."""

    kind: RfmKind = strawberry.field(description="Of which kind.")
    customer_count: int = strawberry.field(description="How many.")
    total_spent: Money = strawberry.field(description="What they have spent in all.")


@batched(
    name="rfm",
    needs=VIEW,
    returns=RfmScore | None,
    refuses=True,
    description="How recently, how often and for how much the customer buys, beside the others; null of who never bought. Its "
    "figures are of all stores, so the permission must be held in the whole shop.",
    replica=True,
)
async def rfm(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[RfmScore | None]:
    """Two statements for all customers of a level."""
    context.demand(VIEW, shop_wide=True)
    found = await reads.scores_of(context.shop, [customer.id for customer in customers])
    return [_shown(found[one.id]) if one.id in found else None for one in customers]


def _shown(one: scores.Scores) -> RfmScore:
    return RfmScore(recency=one.recency, frequency=one.frequency, monetary=one.monetary, kind=RfmKind(one.kind.value))


@root(
    name="rfmDistribution",
    needs=VIEW,
    returns=list[RfmShare] | None,
    description="How many customers have which kind of recency, frequency and value, the best first; without who never bought. "
    "The permission must be held in the whole shop.",
    replica=True,
)
async def rfm_distribution(context: RequestContext, *, where: Conditions = None) -> Sequence[RfmShare]:
    """How many are of each kind."""
    context.demand(VIEW, shop_wide=True)
    tree: Any = where
    return [
        RfmShare(
            kind=RfmKind(share.kind.value),
            customer_count=share.customers,
            total_spent=context.shop.money(share.spent),  # type: ignore[arg-type]
        )
        for share in await reads.distribution(context.shop, tree)
    ]


@strawberry.input(description="Compares with a list of kinds of recency, frequency and value.")
class RfmKindComparison:
    """One of these."""

    in_: list[RfmKind] = strawberry.field(name="in", description="One of these.")


def kind_conditions(comparison: RfmKindComparison, context: RequestContext) -> Sequence[Condition]:
    """The kinds, and the shop's own bands."""
    return [("in", [kind.name for kind in comparison.in_]), ("bands", own_bands(context.shop))]


async def _stands_for(
    comparisons: Sequence[RfmKindComparison], context: RequestContext, _: Any
) -> Sequence[Where | BadInput]:
    """The conditions by the edges of now."""
    edges = await current_edges(context.shop)
    return [reads.of_kinds(edges, [scores.RfmKind(kind.name) for kind in one.in_]) for one in comparisons]


LEAF = FilterLeaf(
    CustomerWhere,
    reads.LEAF,
    RfmKindComparison,
    Leaf(reads.LEAF, reads.of_kinds_as_kept),
    kind_conditions,
    "The customer's kind of recency, frequency and value, such as `LOYAL`.",
    needs=VIEW,
    shop_wide=True,
    stands_for=_stands_for,
)
EXTENSIONS = (Extension(Customer, [rfm]), Extension(Query, [rfm_distribution]))
