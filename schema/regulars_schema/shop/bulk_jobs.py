"""Work that takes longer than an answer, in the language of the API."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.bulk.reads import LATEST_FIRST, BulkJobRow, bulk_jobs_by_ids, page_of_bulk_jobs
from regulars_core.bulk.service import cancel_bulk_job, sees
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.fields.declarations import mutation, root
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import identified, key_of


@strawberry.enum(description="How far a job has come.")
class BulkJobStage(Enum):
    """As it is stored."""

    CANCELLED = strawberry.enum_value("CANCELLED", description="It was cancelled; what was done by then stays.")
    DONE = strawberry.enum_value("DONE", description="It is done.")
    FAILED = strawberry.enum_value("FAILED", description="It could not be done.")
    QUEUED = strawberry.enum_value("QUEUED", description="It waits.")
    RUNNING = strawberry.enum_value("RUNNING", description="It is being done.")


@requires(None)
@strawberry.type(description="How many things of a kind there are.")
class ReferenceCount:
    """An entry of BulkJobRow.counts."""

    kind: str = strawberry.field(description="What they are, such as `purchases`, `notes` or `coupons`.")
    count: int = strawberry.field(description="How many.")


def _counts(root: Any) -> list[ReferenceCount]:
    return [ReferenceCount(kind=kind, count=number) for kind, number in sorted(root.counts.items())]


@requires(None)
@strawberry.type(
    description="Work that takes longer than a request, such as a change of very many. Ask for it again by `node` until it is "
    "finished."
)
class BulkJob(Node):
    """Over regulars_core.bulk.reads.BulkJobRow."""

    is_type_of = backed_by(BulkJobRow)
    id: strawberry.ID = identified("job")
    task: str = strawberry.field(
        description="What it does: `GROUP_DELETE`, `ATTRIBUTE_DELETE`, `CUSTOMERS_MERGE`, `CUSTOMERS_UNMERGE`, or a plugin's, "
        "such as `TIERS_REASSESS`."
    )
    stage: BulkJobStage = strawberry.field(
        resolver=lambda root: BulkJobStage(root.stage), description="How far it has come."
    )
    progress: int | None = strawberry.field(description="How far it is, in percent; null where nobody can tell yet.")
    counts: list[ReferenceCount] = strawberry.field(
        resolver=_counts, description="How many rows or objects, by what became of them, such as `changed`."
    )
    problem: str | None = strawberry.field(description="Why it failed: one sentence in English; null unless it did.")
    requested_by: str = strawberry.field(
        resolver=lambda root: root.key_name, description="Who asked: the name of the key that was used."
    )
    requested_at: Instant = strawberry.field(description="When it was asked for.")
    finished_at: Instant | None = strawberry.field(description="When it ended; null until then.")


@root(
    name="bulkJobs",
    returns=Connection[BulkJob] | None,
    description="Jobs, the latest first: the caller's own, and everybody's for who holds `audit.view`.",
)
async def bulk_jobs(
    context: RequestContext,
    *,
    tasks: Annotated[
        list[str] | None, strawberry.argument(description="Only jobs that do this; all if absent.")
    ] = None,
    **asked: Unpack[PageArguments],
) -> Page[BulkJobRow]:
    """A page of the jobs of which the caller may know."""
    own = None if context.actor.covers("audit.view", None) else context.actor.key_id
    return await page_of_bulk_jobs(context.database, window(LATEST_FIRST, **asked), key_id=own, tasks=tasks)


@strawberry.input(description="A job to stop.")
class BulkJobCancelInput(IdempotentInput):
    """Input of bulkJobCancel."""

    id: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="What bulkJobCancel answers.")
class BulkJobCancelPayload(Payload):
    """Payload of bulkJobCancel."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The job as it is now.")


@mutation(
    name="bulkJobCancel",
    description="Stops a job that is not finished; what it has done stays. Codes: `NOT_FOUND`, `JOB_FINISHED`. Needs to be who "
    "asked for the job, or `audit.view`.",
)
async def bulk_job_cancel(
    context: RequestContext,
    *,
    input: Annotated[BulkJobCancelInput, strawberry.argument(description="What to stop.")],
) -> BulkJobCancelPayload:
    """Stop a job."""
    job: Any = await cancel_bulk_job(context.shop, key_of(input.id, "job", "id"), context.actor)
    return BulkJobCancelPayload(bulk_job=job)


async def _known_to_the_caller(context: RequestContext, keys: Sequence[str]) -> Mapping[str, BulkJobRow]:
    found = await bulk_jobs_by_ids(context.database, keys)
    return {key: job for key, job in found.items() if sees(context.actor, job)}


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Query, [bulk_jobs]), Extension(Mutation, [bulk_job_cancel])],
        nodes=[NodeKind("job", _known_to_the_caller)],
    )
