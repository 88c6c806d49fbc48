"""How far customers are in reward systems, and by which entries they have come there, in the language of the API."""

from collections.abc import Sequence
from typing import Any, Unpack

import strawberry

from regulars_core.plugin import (
    CustomerRow,
    Instant,
    Page,
    PurchaseRow,
    RuleExplanation,
    customers_by_ids,
    purchases_by_ids,
    shown_rule,
)
from regulars_rewards.coupons.reads import CouponRow, coupons_by_ids
from regulars_rewards.graphql.coupons import Coupon
from regulars_rewards.graphql.systems import RewardSystem
from regulars_rewards.permissions import COUPONS_VIEW, CUSTOMERS_VIEW, OFFERS_VIEW, PURCHASES_VIEW
from regulars_rewards.progress import reads
from regulars_rewards.progress.book import OCCASION, PURCHASE
from regulars_rewards.progress.reads import EntryRow, ShownProgress
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.reads import SystemRow, systems_by_ids
from regulars_rewards.systems.system import SystemVersion
from regulars_rewards.triggers.histories import HistoryTrigger
from regulars_rewards.triggers.kinds import RewardTriggerKind
from regulars_rewards.triggers.occasions import OccasionTrigger
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Connection,
    Customer,
    Extension,
    Node,
    NodeKind,
    PageArguments,
    Purchase,
    RequestContext,
    backed_by,
    batched,
    identified,
    in_every_store,
    in_order,
    requires,
    visible_purchases,
    window,
)

ENTRY = "rewardentry"
"""What ids of entries begin with."""
MAX_SYSTEMS = 20
"""What a list of systems costs; there are rarely more."""
_SYSTEM = "The reward system."


async def systems_of(found: Sequence[Any], context: RequestContext) -> Sequence[SystemRow | None]:
    """The system of each progress, entry or outcome."""
    keys = [one.system_id for one in found]
    return in_order(keys, await systems_by_ids(context.database, list(dict.fromkeys(keys))))


async def customers_of(found: Sequence[EntryRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whose progress each changed: of what was before a merge, the record that was merged."""
    keys = [one.customer_id for one in found]
    return in_order(keys, await customers_by_ids(context.database, keys))


async def coupons_of(found: Sequence[EntryRow], context: RequestContext) -> Sequence[CouponRow | None]:
    """The coupons that were given or taken back."""
    keys = [one.coupon_id for one in found]
    return in_order(keys, await coupons_by_ids(context.database, [key for key in keys if key]))


async def purchases_of(found: Sequence[EntryRow], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchases, where the caller may see them."""
    keys = [one.purchase_id for one in found]
    visible = visible_purchases(context)
    return in_order(keys, await purchases_by_ids(context.database, [key for key in keys if key], visible))


async def explanations_of(found: Sequence[EntryRow], context: RequestContext) -> Sequence[RuleExplanation | None]:
    """How entries came about. Who may not see the purchases of all stores is told of those that are of a purchase that they see,
    or of none: what a span or a last purchase says adds up purchases of all stores."""
    if not any(one.kept for one in found):
        return [None] * len(found)
    by_id, visible = (await read_systems(context.shop)).by_id, visible_purchases(context)
    seen = None
    if visible is not None:
        ids = [one.purchase_id for one in found if one.purchase_id]
        seen = await purchases_by_ids(context.database, ids, visible)
    explained = []
    for one in found:
        version = by_id[one.system_id].at(one.at) if one.system_id in by_id else None
        is_hidden = seen is not None and (
            one.purchase_id not in seen if one.source == one.purchase_id else _adds_up_purchases(version)
        )
        explanation = None if is_hidden else one.explanation
        is_by_rule = version is not None and one.cause in {PURCHASE, OCCASION}
        rule = (
            shown_rule(context.shop, RewardTriggerKind.use, version.data.trigger.stored)
            if explanation and version and is_by_rule
            else None
        )
        explained.append(explanation.shown(rule) if explanation else None)
    return explained


_LARGEST = 2**31 - 1
_AT_MOST = f"{_LARGEST} stands for as much or more"


def _adds_up_purchases(version: SystemVersion | None) -> bool:
    """Whether what a version brought may tell of other purchases than the one that an entry names."""
    kind = version.kind if version else None
    return (
        kind is None
        or isinstance(kind, HistoryTrigger)
        or (isinstance(kind, OccasionTrigger) and "purchases" in kind.of)
    )


def _told(progress: int) -> int:
    """Progress as an Int can say it: the largest stands for as much or more. More than a target takes collects in the mode
    `NEXOPOS`, and as long as a reward cannot be given."""
    return max(min(progress, _LARGEST), -_LARGEST)


@requires(OFFERS_VIEW)
@strawberry.type(
    description=f"A change of a customer's progress; never changed. Needs `{OFFERS_VIEW}`.",
)
class RewardEntry(Node):
    """Over reads.EntryRow."""

    is_type_of = backed_by(EntryRow)
    actor: str | None = strawberry.field(description="Who did it: the name of the key; null where time did.")
    at: Instant = strawberry.field(description="When it counts.")
    cause: str = strawberry.field(
        description="What brought it about: `PURCHASE`, `REFUND`, `VOID`, `OCCASION`, `GRANT`, `ISSUE`, `REVOKE` or `MERGE`."
    )
    coupon: Coupon | None = batched(  # type: ignore[assignment]
        coupons_of,
        name="coupon",
        needs=COUPONS_VIEW,
        returns=Coupon | None,
        description="The coupon that was given or taken back.",
    )
    customer: Customer | None = batched(  # type: ignore[assignment]
        customers_of,
        name="customer",
        needs=CUSTOMERS_VIEW,
        returns=Customer | None,
        description="Whose progress it is.",
    )
    id: strawberry.ID = identified(ENTRY)
    progress_after: int = strawberry.field(
        resolver=lambda root: _told(root.progress_after), description=f"The progress after it; {_AT_MOST}."
    )
    progress_delta: int = strawberry.field(
        resolver=lambda root: _told(root.delta),
        description=f"By how much the progress changed; below zero where it was spent on a reward or taken back; {_AT_MOST}.",
    )
    reason: str | None = strawberry.field(description="Why somebody did it by hand; gone after the customer's erasure.")
    system: RewardSystem = batched(  # type: ignore[assignment]
        systems_of, name="system", returns=RewardSystem, description=_SYSTEM
    )


async def pages_of_entries(
    found: Sequence[ShownProgress], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[EntryRow]]:
    """A page of the entries of each."""
    asked = window(reads.LATEST_FIRST, **arguments)
    return await reads.pages_of_entries(context.database, [one.id for one in found], asked)


@requires(OFFERS_VIEW)
@strawberry.type(description=f"How far a customer is in a reward system. Needs `{OFFERS_VIEW}`.")
class RewardProgress:
    """Over reads.ShownProgress."""

    is_type_of = backed_by(ShownProgress)
    entries: Connection[RewardEntry] = batched(  # type: ignore[assignment]
        pages_of_entries,
        name="entries",
        returns=Connection[RewardEntry],
        description="What brought the progress and what it gave, the one recorded last first.",
    )
    issued_count: int = strawberry.field(
        resolver=lambda root: root.issued,
        description="How many rewards it has given to the customer, those that were taken back not counted.",
    )
    missing: int = strawberry.field(
        resolver=lambda root: _told(root.missing), description=f"How much is missing to the next reward; {_AT_MOST}."
    )
    progress: int = strawberry.field(
        resolver=lambda root: _told(root.progress),
        description="How much there is; below zero where a purchase was given back whose reward was used already: the next "
        f"progress settles it; {_AT_MOST}.",
    )
    system: RewardSystem = batched(  # type: ignore[assignment]
        systems_of, name="system", returns=RewardSystem, description=_SYSTEM
    )
    target: int = strawberry.field(description="How much gives one reward.")


@batched(
    name="rewards",
    needs=OFFERS_VIEW,
    returns=list[RewardProgress] | None,
    most=MAX_SYSTEMS,
    description="How far the customer is in each reward system that counts for them, the closest to its target first.",
)
async def rewards(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Sequence[ShownProgress]]:
    """How far each customer is."""
    found = await reads.progress_of(context.shop, [one.id for one in customers])
    return [found[one.id] for one in customers]


@batched(
    name="rewardSystem",
    needs=OFFERS_VIEW,
    returns=RewardSystem | None,
    description="The reward system that gave it.",
)
async def system_of_coupon(found: Sequence[CouponRow], context: RequestContext) -> Sequence[SystemRow | None]:
    """The system that gave each coupon."""
    by_coupon = await reads.systems_of_coupons(context.database, [one.id for one in found])
    keys = [by_coupon.get(one.id) for one in found]
    wanted = list(dict.fromkeys(key for key in keys if key))
    return in_order(keys, await systems_by_ids(context.database, wanted) if wanted else {})


PURCHASE_OF = batched(
    purchases_of,
    name="purchase",
    needs=PURCHASES_VIEW,
    returns=Purchase | None,
    description="The purchase that brought it about.",
)
EXPLANATION = batched(
    explanations_of,
    name="explanation",
    needs=PURCHASES_VIEW,
    returns=schema.RuleExplanation | None,
    description="How it came about; null where its purchase is in a store whose purchases the caller may not see.",
)
EXTENSIONS = (
    Extension(Customer, [rewards]),
    Extension(Coupon, [system_of_coupon]),
    Extension(RewardEntry, [PURCHASE_OF, EXPLANATION]),
)
NODE = NodeKind(ENTRY, in_every_store(reads.entries_by_ids), OFFERS_VIEW)
