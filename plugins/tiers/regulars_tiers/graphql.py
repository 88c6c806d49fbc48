"""What the plugin adds to the schema."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.clock import Instant
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.errors import BadInput, Problem, Refused
from regulars_core.paging import Page
from regulars_core.purchases.reads import PurchaseRow, purchases_by_ids
from regulars_schema.batching import Batch, batched, mutation, root
from regulars_schema.composition import (
    Contribution,
    Extension,
    FilterLeaf,
    InputField,
    Mutation,
    NodeKind,
    Query,
    SortField,
)
from regulars_schema.customer_inputs import CustomerCreateInput, told
from regulars_schema.customer_types import Customer, CustomerOrderField, CustomerWhere
from regulars_schema.errors import Payload
from regulars_schema.ids import key_of
from regulars_schema.nodes import in_every_store, in_order
from regulars_schema.pagination import After, Before, Connection, First, Last, window
from regulars_schema.permissions import guarded
from regulars_schema.purchase_types import Purchase
from regulars_schema.scope import visible
from regulars_tiers import assigning, policies, reads, reassessing
from regulars_tiers.graphql_inputs import (
    TierAssignInput,
    TierClearInput,
    TierComparison,
    TierPolicySimulateInput,
    TierPolicyUpdateInput,
    TiersReassessInput,
    policy_of,
    tier_conditions,
)
from regulars_tiers.graphql_types import (
    Tier,
    TierChange,
    TierExplanation,
    TierMoved,
    TierPolicy,
    TierShare,
    TierSimulation,
    TierStanding,
    share_of,
    shown,
    simulation_of,
)
from regulars_tiers.permissions import ASSIGN, MANAGE, VIEW
from regulars_tiers.policy import Tier as TierRow
from regulars_tiers.simulating import simulate

At = Annotated[
    Instant | None, strawberry.argument(description="At this instant, by what is known now; the present if absent.")
]
MOST_EXPLAINED = 100
BOUGHT = "purchases.view"
_FIGURES = f"Its figures add up purchases of all stores: also needs `{BOUGHT}` in the whole shop."


async def tier(customers: Sequence[CustomerRow], batch: Batch, *, at: At = None) -> Sequence[TierRow]:
    """Two statements for all customers of a level."""
    moment = reads.moment(at)
    found = await reads.tiers_of(batch.shop, [(customer.id, moment) for customer in customers])
    return [found[customer.id, moment] for customer in customers]


async def tier_standing(customers: Sequence[CustomerRow], batch: Batch, *, at: At = None) -> Sequence[TierStanding]:
    """Three statements for all customers of a level."""
    batch.demand(BOUGHT, everywhere=True)
    found = await reads.standings_of(batch.shop, [customer.id for customer in customers], at)
    return [shown(found[customer.id], batch.shop) for customer in customers]


async def tier_history(
    customers: Sequence[CustomerRow],
    batch: Batch,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Sequence[Page[reads.ChangeRow]]:
    """A page of each customer's changes."""
    wanted = window(reads.LATEST_FIRST, first, after, last, before)
    return await reads.changes_of(batch.database, [customer.id for customer in customers], wanted)


async def purchase_tier(purchases: Sequence[PurchaseRow], batch: Batch) -> Sequence[TierRow | None]:
    """The tier on whose terms each purchase is made."""
    moments = [(one.customer_id, one.purchased_at) for one in purchases if one.customer_id]
    found = await reads.tiers_for_purchases(batch.shop, moments)
    return [found[one.customer_id, one.purchased_at] if one.customer_id else None for one in purchases]


async def explaining_purchases(explanations: Sequence[TierExplanation], batch: Batch) -> Sequence[list[PurchaseRow]]:
    """The latest purchases that counted."""
    wanted = [list(one.purchase_ids[-MOST_EXPLAINED:]) for one in explanations]
    found = await purchases_by_ids(batch.database, [id_ for ids in wanted for id_ in ids], visible(batch))
    return [[found[id_] for id_ in reversed(ids) if id_ in found] for ids in wanted]


async def changed_by(changes: Sequence[reads.ChangeRow], batch: Batch) -> Sequence[PurchaseRow | None]:
    """The purchases that brought changes about."""
    ids = [change.purchase_id for change in changes]
    return in_order(ids, await purchases_by_ids(batch.database, [id_ for id_ in ids if id_], visible(batch)))


async def moved_customer(moved: Sequence[TierMoved], batch: Batch) -> Sequence[CustomerRow | None]:
    """Who is moved."""
    ids = [one.customer_id for one in moved]
    return in_order(ids, await customers_by_ids(batch.database, ids))


async def tier_policy(batch: Batch, *, at: At = None) -> reads.PolicyRow:
    """The version in force."""
    return await reads.policy_at(batch.shop, at)


async def tiers_waiting(policies_: Sequence[reads.PolicyRow], batch: Batch) -> Sequence[int]:
    """How many standings wait, whatever the version that is looked at."""
    count = await reassessing.waiting(batch.shop)
    return [count for _ in policies_]


async def tier_distribution(batch: Batch, *, at: At = None) -> Sequence[TierShare]:
    """How many have which tier."""
    batch.demand(BOUGHT, everywhere=True)
    return [share_of(share, batch.shop) for share in await reads.distribution(batch.shop, at)]


async def tier_policy_simulate(
    batch: Batch,
    *,
    input: Annotated[TierPolicySimulateInput, strawberry.argument(description="What to try.")],
) -> TierSimulation:
    """What a policy would change."""
    batch.demand(BOUGHT, everywhere=True)
    sample = told(input.sample)
    if sample is not None and not 0 <= sample <= 100:
        raise BadInput("A sample has 0 to 100 customers.", ("input", "sample"))
    try:
        policy = policy_of(input.policy, batch.shop)
    except Refused as refused:
        first = refused.problems[0]
        raise BadInput(first.message, ("input", *first.path)) from None
    found = await simulate(
        batch.shop,
        policy,
        effective_at=told(input.effective_at),
        at=told(input.at),
        sample=20 if sample is None else sample,
    )
    return simulation_of(found, batch.shop)


@strawberry.type(description="What tierPolicyUpdate answers.")
class TierPolicyUpdatePayload(Payload):
    """Payload of tierPolicyUpdate."""

    tier_policy: TierPolicy | None = guarded(VIEW, default=None, description="The new version.")


async def tier_policy_update(
    batch: Batch, *, input: Annotated[TierPolicyUpdateInput, strawberry.argument(description="What shall hold.")]
) -> TierPolicyUpdatePayload:
    """Make a version."""
    policy = policy_of(input.policy, batch.shop)
    number = await policies.change_policy(batch.shop, policy, told(input.effective_at), batch.actor.name)
    [row] = (await reads.policies_by_ids(batch.database, [f"{number:032x}"])).values()
    return TierPolicyUpdatePayload(tier_policy=row)  # type: ignore[arg-type]


@strawberry.type(description="What tierAssign answers.")
class TierAssignPayload(Payload):
    """Payload of tierAssign."""

    customer: Customer | None = guarded("customers.view", default=None, description="The customer as it is now.")


async def tier_assign(
    batch: Batch, *, input: Annotated[TierAssignInput, strawberry.argument(description="Which tier, to whom, why.")]
) -> TierAssignPayload:
    """Give a customer a tier."""
    key = key_of(input.customer_id, "customer", "customerId")
    mode: Any = told(input.mode) or "FLOOR"
    await assigning.assign(batch.shop, key, input.tier, mode, input.reason, told(input.until), batch.actor.name)
    return TierAssignPayload(customer=await _customer(batch, key))


@strawberry.type(description="What tierClear answers.")
class TierClearPayload(Payload):
    """Payload of tierClear."""

    customer: Customer | None = guarded("customers.view", default=None, description="The customer as it is now.")


async def tier_clear(
    batch: Batch, *, input: Annotated[TierClearInput, strawberry.argument(description="Whom, and why.")]
) -> TierClearPayload:
    """Give a customer back to the rules."""
    key = key_of(input.customer_id, "customer", "customerId")
    await assigning.clear(batch.shop, key, told(input.reason), batch.actor.name)
    return TierClearPayload(customer=await _customer(batch, key))


@strawberry.type(description="What tiersReassess answers.")
class TiersReassessPayload(Payload):
    """Payload of tiersReassess."""

    reassessed_count: int = strawberry.field(default=0, description="How many customers were assessed at once.")
    moved_count: int = strawberry.field(default=0, description="How many of them are shown in another tier now.")
    queued_count: int = strawberry.field(default=0, description="How many are left to the job.")


async def tiers_reassess(
    batch: Batch, *, input: Annotated[TiersReassessInput, strawberry.argument(description="Whose.")]
) -> TiersReassessPayload:
    """Make standings anew."""
    id_, where, everybody = told(input.customer_id), told(input.where), told(input.all)
    if [id_ is not None, where is not None, bool(everybody)].count(True) != 1:
        raise Refused(Problem("REQUIRED", "Give exactly one of customerId, where and all.", ("customerId",)))
    batch.demand("customers.view")
    if id_ is None:
        return TiersReassessPayload(queued_count=await reassessing.mark(batch.shop, where))
    key = key_of(id_, "customer", "customerId")
    if await _customer(batch, key) is None:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    return TiersReassessPayload(reassessed_count=1, moved_count=await reassessing.reassess(batch.shop, [key]))


async def _customer(batch: Batch, key: str) -> Any:
    return (await customers_by_ids(batch.database, [key])).get(key)


_POLICY_CODES = "`INVALID_POLICY`, `CODE_TAKEN`, `UNKNOWN_METRIC`, `INVALID_AMOUNT`"
_QUERIES = Extension(
    Query,
    [
        root(
            tier_policy,
            name="tierPolicy",
            needs=VIEW,
            returns=TierPolicy | None,
            description="The rules by which customers get their tiers, as in force at an instant.",
        ),
        root(
            tier_distribution,
            name="tierDistribution",
            needs=VIEW,
            returns=list[TierShare] | None,
            description=f"How many customers have which tier, the highest first. {_FIGURES}",
        ),
        root(
            tier_policy_simulate,
            name="tierPolicySimulate",
            needs=MANAGE,
            returns=TierSimulation | None,
            description="What a policy would change, tried on the shop's own history by the code that would apply it. "
            f"Writes nothing. {_FIGURES}",
        ),
    ],
)
_CUSTOMERS = Extension(
    Customer,
    [
        batched(
            tier,
            name="tier",
            needs=VIEW,
            returns=Tier | None,
            description="The customer's tier, exact at any instant.",
        ),
        batched(
            tier_standing,
            name="tierStanding",
            needs=VIEW,
            returns=TierStanding | None,
            description="All about the tier: where it comes from, what it takes to keep it or rise, and which purchases "
            f"gave it; recomputed from what is known now. {_FIGURES}",
        ),
        batched(
            tier_history,
            name="tierHistory",
            needs=VIEW,
            returns=Connection[TierChange] | None,
            description="Changes of the tier as they were shown at the time, the latest first.",
        ),
    ],
)
_LINKS = [
    Extension(
        Purchase,
        [
            batched(
                purchase_tier,
                name="tier",
                needs=VIEW,
                returns=Tier | None,
                description="The tier on whose terms the purchase is made: the customer's before it, or after it where "
                "the policy says so; null without a customer.",
            )
        ],
    ),
    Extension(
        TierExplanation,
        [
            batched(
                explaining_purchases,
                name="purchases",
                needs="purchases.view",
                returns=list[Purchase] | None,
                most=MOST_EXPLAINED,
                description=f"The purchases that counted, the latest first; at most {MOST_EXPLAINED}.",
            )
        ],
    ),
    Extension(
        TierChange,
        [
            batched(
                changed_by,
                name="purchase",
                needs="purchases.view",
                returns=Purchase | None,
                description="The purchase that brought it about, if one did.",
            )
        ],
    ),
    Extension(
        TierMoved,
        [
            batched(
                moved_customer,
                name="customer",
                needs="customers.view",
                returns=Customer | None,
                description="Who is moved.",
            )
        ],
    ),
    Extension(
        TierPolicy,
        [
            batched(
                tiers_waiting,
                name="waitingCount",
                returns=int,
                description="How many standings the job has yet to make by the latest version.",
            )
        ],
    ),
]
_MUTATIONS = Extension(
    Mutation,
    [
        mutation(
            tier_policy_update,
            name="tierPolicyUpdate",
            needs=MANAGE,
            description="Puts a policy in force from an instant on. Standings are made by it within a minute or two. "
            f"Codes: `POLICY_UNCHANGED`, {_POLICY_CODES}.",
        ),
        mutation(
            tier_assign,
            name="tierAssign",
            needs=ASSIGN,
            description="Gives a customer a tier at once; ends the assignment before. Codes: `NOT_FOUND`, "
            "`UNKNOWN_TIER`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `INVALID_DATE`.",
        ),
        mutation(
            tier_clear,
            name="tierClear",
            needs=ASSIGN,
            description="Gives a customer back to the rules. Codes: `NOT_FOUND`, `TOO_LONG`, `INVALID_TEXT`.",
        ),
        mutation(
            tiers_reassess,
            name="tiersReassess",
            needs=MANAGE,
            description="Makes standings anew, which changes nothing unless somebody wrote past the API. Codes: "
            "`REQUIRED`, `NOT_FOUND`.",
        ),
    ],
)


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "tiers",
        extensions=[_QUERIES, _CUSTOMERS, *_LINKS, _MUTATIONS],
        leaves=[
            FilterLeaf(
                CustomerWhere,
                "tier",
                TierComparison,
                reads.LEAF,
                tier_conditions,
                "The tier, also at a past instant.",
                needs=VIEW,
            )
        ],
        sorts=[SortField(CustomerOrderField, reads.SORT_KEY, "By tier, the lowest first.", needs=VIEW)],
        inputs=[
            InputField(
                CustomerCreateInput,
                "tier",
                str,
                "The code of the tier to begin with: at least this one, until the grace has passed.",
                needs=ASSIGN,
            )
        ],
        nodes=[
            NodeKind("tierpolicy", in_every_store(reads.policies_by_ids), VIEW),
            NodeKind("tierchange", in_every_store(reads.changes_by_ids), VIEW),
        ],
    )
