"""Merging customers, in the language of the API."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.bulk.reads import BulkJobRow
from regulars_core.customers.merge import facts
from regulars_core.customers.merge.bulk import merge_or_request, unmerge_or_request
from regulars_core.customers.merge.forecasts import MAX_ABSORBED, Wanted, forecast
from regulars_core.customers.merge.obstacles import obstacles_of
from regulars_core.customers.merge.plan import Override
from regulars_core.customers.merge.reads import MergeRow, merges_by_ids, merges_of
from regulars_core.customers.reads import CustomerRow, aliases_of, customers_by_ids
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.customers.merge_fields import MERGE, MergeField, fields_of, values_of
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.nodes import backed_by, in_order
from regulars_schema.inputs.idempotent import RequiredKeyInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError, told
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.shop.bulk_jobs import BulkJob, ReferenceCount
from regulars_schema.types.ids import global_id, key_of


@requires(MERGE)
@strawberry.type(description="Something that changes with a merge.")
class MergeEffect:
    """Over regulars_core.customers.merge.facts.MergeEffect."""

    is_type_of = backed_by(facts.MergeEffect)
    kind: str = strawberry.field(description="What it is, for programs, such as `TIER` or `CREDIT`.")
    message: str = strawberry.field(description="What changes, for people: one sentence in English.")


_AT_STAKE = "the ledger may be at stake"


def _merge_id(root: Any) -> strawberry.ID | None:
    return None if root.id is None else strawberry.ID(global_id("merge", root.id))


@requires(MERGE)
@strawberry.type(
    description="What merging customers does: the same object before and after. Plugins add what they have to tell."
)
class CustomersMerge:
    """Over regulars_core.customers.merge.reads.MergeRow."""

    is_type_of = backed_by(MergeRow)
    fingerprint: str = strawberry.field(
        description="Tells this state of all of them: hand it over with the merge, which is refused if anything has changed "
        "since."
    )
    merged_at: Instant | None = strawberry.field(description="When it was done; null in a preview.")
    merged_by: str | None = strawberry.field(
        description="Who did it: the name of the key that was used; null in a preview."
    )
    merge_id: strawberry.ID | None = strawberry.field(
        resolver=_merge_id,
        description="What it goes by when it is undone; null in a preview.",
        metadata={"kind": "merge"},
    )
    undoable_until: Instant | None = strawberry.field(
        description="Until when it can be undone; null in a preview and of one that was undone."
    )
    undone_at: Instant | None = strawberry.field(description="When it was undone; null if it was not.")


@batched(
    name="effects",
    returns=list[MergeEffect],
    description="What else changes, in sentences, such as a tier or a balance, as far as the caller may see that; plugins tell "
    "it here. Empty once the merge was undone, or one of the customers erased.",
)
async def effects_of(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[list[facts.MergeEffect]]:
    """The effects of each merge that the caller may see."""
    may = context.actor.may
    return [[one for one in merge.effects if one.needs is None or may(one.needs)] for merge in merges]


@batched(
    name="moved",
    returns=list[ReferenceCount],
    description="How many of what goes over to the survivor, of each kind that the caller may see in the whole shop.",
)
async def moved_by(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[list[ReferenceCount]]:
    """What each merge moves, as far as the caller may see all of it."""
    actor = context.actor
    return [
        [
            ReferenceCount(count=one.count, kind=kind)
            for kind, one in merge.moved.items()
            if one.needs is None or actor.stores(one.needs) is None
        ]
        for merge in merges
    ]


@batched(
    name="obstacles",
    replica=False,
    returns=list[UserError],
    description="Why it cannot be done now, or not undone any more; empty where it can. Plugins add theirs.",
)
async def obstacles(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[list[UserError]]:
    """What stands against each merge, or against undoing it."""
    return [told(own) for own in await obstacles_of(context.shop, merges)]


@batched(name="survivor", needs="customers.view", returns=Customer | None, description="The customer who stays.")
async def survivor_of(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Who stays."""
    keys = [one.survivor_id for one in merges]
    return in_order(keys, await customers_by_ids(context.database, keys))


@batched(
    name="absorbed",
    needs="customers.view",
    returns=list[Customer] | None,
    most=MAX_ABSORBED,
    description="The customers who become aliases of the survivor.",
)
async def absorbed_of(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[list[CustomerRow]]:
    """Who becomes an alias; those who are not there are left out."""
    found = await customers_by_ids(context.database, [id_ for one in merges for id_ in one.absorbed_ids])
    return [[found[id_] for id_ in one.absorbed_ids if id_ in found] for one in merges]


@batched(
    name="aliases",
    returns=list[Customer],
    most=MAX_ABSORBED,
    description="The records that were merged into this one, also by way of others; their ids and codes lead here for ever.",
)
async def aliases(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[list[CustomerRow]]:
    """The records that lead to each customer."""
    keys = [customer.id for customer in customers]
    return in_order(keys, await aliases_of(context.database, keys))


@batched(
    name="mergedInto",
    returns=Customer | None,
    description="The record that this one was merged into, the last of them if that was merged too; null of one that was not.",
)
async def merged_into(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whom each record leads to."""
    keys = [customer.merged_into_id for customer in customers]
    found = await customers_by_ids(context.database, [key for key in keys if key])
    return in_order(keys, found)


@batched(
    name="merges",
    needs=MERGE,
    returns=list[CustomersMerge] | None,
    most=MAX_ABSORBED,
    description="What was merged into this customer, the latest first.",
)
async def merges(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Sequence[MergeRow]]:
    """The merges of each customer."""
    keys = [customer.id for customer in customers]
    return in_order(keys, await merges_of(context.shop, keys))


@strawberry.input(description="A field whose value is kept from a certain customer.")
class MergeOverrideInput:
    """One choice."""

    customer_id: strawberry.ID = strawberry.field(description="Whose value is kept.")
    field: str = strawberry.field(description="The field, as `CustomerUpdateInput` names it.")


@strawberry.input(description="Customers to make one.")
class CustomersMergePreviewInput:
    """Input of customersMergePreview."""

    absorbed_ids: list[strawberry.ID] = strawberry.field(
        description=f"Who becomes an alias, 1 to {MAX_ABSORBED} customers."
    )
    overrides: strawberry.Maybe[list[MergeOverrideInput] | None] = strawberry.field(
        description="Fields whose value is kept from somebody else than usual: the survivor's, or where that is empty the "
        "latest of the others."
    )
    survivor_id: strawberry.ID = strawberry.field(description="Who stays.")


def _wanted(input: Any, *path: str) -> Wanted:
    """Who is to become one. Raises BadInput."""
    overrides = [
        Override(one.field, key_of(one.customer_id, "customer", *path, "overrides", str(n), "customerId"))
        for n, one in enumerate(value_or_none(input.overrides) or ())
    ]
    absorbed = [key_of(id_, "customer", *path, "absorbedIds", str(n)) for n, id_ in enumerate(input.absorbed_ids)]
    return Wanted(key_of(input.survivor_id, "customer", *path, "survivorId"), absorbed, overrides)


@root(
    name="customersMergePreview",
    needs=MERGE,
    returns=CustomersMerge | None,
    description="What merging these customers would do, as `customersMerge` answers it. Writes nothing.",
)
async def customers_merge_preview(
    context: RequestContext,
    *,
    input: Annotated[CustomersMergePreviewInput, strawberry.argument(description="Who is to become one.")],
) -> MergeRow:
    """What a merge would do."""
    return (await forecast(context.shop, _wanted(input, "input"))).row


@strawberry.input(description="Customers to make one.")
class CustomersMergeInput(RequiredKeyInput):
    """Input of customersMerge."""

    idempotency_key: str = required_key(_AT_STAKE)

    absorbed_ids: list[strawberry.ID] = strawberry.field(
        description=f"Who becomes an alias, 1 to {MAX_ABSORBED} customers."
    )
    fingerprint: strawberry.Maybe[str | None] = strawberry.field(
        description="The preview's fingerprint; if anything has changed since, nothing is done. Absent: whatever it is."
    )
    overrides: strawberry.Maybe[list[MergeOverrideInput] | None] = strawberry.field(
        description="Fields whose value is kept from somebody else than usual."
    )
    survivor_id: strawberry.ID = strawberry.field(description="Who stays.")


@strawberry.type(description="What customersMerge answers.")
class CustomersMergePayload(Payload):
    """Payload of customersMerge."""

    customers_merge: CustomersMerge | None = guarded(
        MERGE, default=None, description="What was done, as the preview told it; null where a job does it."
    )
    bulk_job: BulkJob | None = strawberry.field(
        default=None,
        description="The work that makes them one, all at once, where they have bought too often for an answer; `merges` of the "
        "survivor shows it when it is done. Null where it was done at once.",
    )


@mutation(
    name="customersMerge",
    needs=MERGE,
    description="Makes customers one: what they bought, have and said goes over to the survivor, the others become aliases whose "
    "ids and codes lead there for ever; by a job, all at once, where they have bought very often. Can be undone for 30 days. "
    "Codes: `NOT_FOUND`, `SAME_CUSTOMER`, `ALREADY_MERGED`, "
    "`CUSTOMER_ERASED`, `ERASURE_PENDING`, `MERGE_CHANGED`, `UNKNOWN_FIELD`, `TOO_MANY`, `REQUIRED`, and obstacles of plugins "
    "such as `OPEN_HOLD` and `OPEN_RESERVATION`.",
)
async def customers_merge(
    context: RequestContext,
    *,
    input: Annotated[CustomersMergeInput, strawberry.argument(description="Who becomes whom.")],
) -> CustomersMergePayload:
    """Make customers one."""
    wanted, fingerprint = _wanted(input), value_or_none(input.fingerprint)
    done: Any = await merge_or_request(context.shop, wanted, context.actor, fingerprint)
    if isinstance(done, BulkJobRow):
        job: Any = done
        return CustomersMergePayload(bulk_job=job)
    row: Any = (await merges_by_ids(context.shop, [done]))[done]
    return CustomersMergePayload(customers_merge=row)


@strawberry.input(description="A merge to undo.")
class CustomersUnmergeInput(RequiredKeyInput):
    """Input of customersUnmerge."""

    idempotency_key: str = required_key(_AT_STAKE)

    merge_id: strawberry.ID = strawberry.field(description="The merge.")


@strawberry.type(description="What customersUnmerge answers.")
class CustomersUnmergePayload(Payload):
    """Payload of customersUnmerge."""

    customers: list[Customer] | None = guarded(
        "customers.view",
        default=None,
        most=MAX_ABSORBED + 1,
        description="The customers as they are now, the survivor first; null where a job does it.",
    )
    bulk_job: BulkJob | None = strawberry.field(
        default=None,
        description="The work that undoes it, all at once, where they have bought too often for an answer; null where it was "
        "done at once.",
    )


@mutation(
    name="customersUnmerge",
    needs=MERGE,
    description="Undoes a merge: each gets back what was theirs; what came since stays with the survivor. By a job, all at once, "
    "where they have bought very often. Codes: `NOT_FOUND`, "
    "`ALREADY_UNDONE`, `UNDO_EXPIRED`, `CUSTOMER_ERASED`, `ERASURE_PENDING`, `ALREADY_MERGED` where the survivor was merged "
    "since, and obstacles of plugins such as `LOT_CONSUMED`, `OPEN_HOLD`, `OPEN_RESERVATION` and `REWARD_USED`.",
)
async def customers_unmerge(
    context: RequestContext,
    *,
    input: Annotated[CustomersUnmergeInput, strawberry.argument(description="What to undo.")],
) -> CustomersUnmergePayload:
    """Undo a merge."""
    ids: Any = await unmerge_or_request(context.shop, key_of(input.merge_id, "merge", "mergeId"), context.actor)
    if isinstance(ids, BulkJobRow):
        job: Any = ids
        return CustomersUnmergePayload(bulk_job=job)
    found: Any = in_order(ids, await customers_by_ids(context.database, ids))
    return CustomersUnmergePayload(customers=found)


async def _load(context: RequestContext, keys: Sequence[str]) -> Any:
    return await merges_by_ids(context.shop, keys)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(Query, [customers_merge_preview]),
            Extension(Mutation, [customers_merge, customers_unmerge]),
            Extension(Customer, [aliases, merged_into, merges]),
            Extension(CustomersMerge, [survivor_of, absorbed_of, fields_of, effects_of, moved_by, obstacles]),
            Extension(MergeField, [values_of]),
        ],
        nodes=[NodeKind("merge", _load, MERGE, is_node=False)],
    )
