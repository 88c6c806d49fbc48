"""Keeping conditions as segments."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.queries.rows import load_one
from regulars_core.segments import service
from regulars_core.segments.reads import SegmentRow, segments_by_ids
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.declarations import batched, mutation
from regulars_schema.fields.nodes import in_order
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError
from regulars_schema.request.permissions import guarded
from regulars_schema.segments.types import Segment
from regulars_schema.types.ids import key_of

MANAGE = "segments.manage"


@strawberry.input(description="A new segment.")
class SegmentCreateInput(IdempotentInput):
    """Input of segmentCreate."""

    name: str = strawberry.field(description="What people call it; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")
    where: CustomerWhere = strawberry.field(
        description="The conditions, at least one. Whoever stores them must be allowed to read what they compare."
    )


@strawberry.type(description="What segmentCreate answers.")
class SegmentCreatePayload(Payload):
    """Payload of segmentCreate."""

    segment: Segment | None = guarded("customers.view", default=None, description="The new segment.")


@mutation(
    name="segmentCreate",
    needs=MANAGE,
    description="Keeps a filter under a name. Codes: `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `EMPTY_FILTER`, "
    "`NESTED_SEGMENT`.",
)
async def segment_create(
    context: RequestContext,
    *,
    input: Annotated[SegmentCreateInput, strawberry.argument(description="The segment to keep.")],
) -> SegmentCreatePayload:
    """Keep a filter."""
    given: Any = input.where
    segment_id = await service.create_segment(
        context.shop, input.name, value_or_none(input.description), given.written()
    )
    return SegmentCreatePayload(segment=await _segment(context, segment_id))


@strawberry.input(description="Changes of a segment; what is absent stays, null clears.")
class SegmentUpdateInput(IdempotentInput):
    """Input of segmentUpdate."""

    id: strawberry.ID = strawberry.field(description="The segment.")
    expected_version: strawberry.Maybe[int | None] = strawberry.field(
        description="The `version` that was looked at; if the segment has been changed since, nothing is done and the answer "
        "is `VERSION_CONFLICT`. Absent: whatever it is."
    )
    name: strawberry.Maybe[str | None] = strawberry.field(description="A new name; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")
    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="The new conditions, in place of the old ones."
    )


@strawberry.type(description="What segmentUpdate answers.")
class SegmentUpdatePayload(Payload):
    """Payload of segmentUpdate."""

    segment: Segment | None = guarded("customers.view", default=None, description="The segment as it is now.")


@mutation(
    name="segmentUpdate",
    needs=MANAGE,
    description="Changes a segment. Codes: `NOT_FOUND`, `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `EMPTY_FILTER`, "
    "`NESTED_SEGMENT`, `SEGMENT_IN_USE`, `VERSION_CONFLICT` (SegmentConflict).",
)
async def segment_update(
    context: RequestContext,
    *,
    input: Annotated[SegmentUpdateInput, strawberry.argument(description="What to change.")],
) -> SegmentUpdatePayload:
    """Change a segment."""
    segment_id, changes = key_of(input.id, "segment", "id"), service.SegmentChanges()
    if input.name is not None:
        changes["name"] = input.name.value
    if input.description is not None:
        changes["description"] = input.description.value
    if input.where is not None:
        given: Any = input.where.value
        changes["tree"] = None if given is None else given.written()
    await service.change_segment(context.shop, segment_id, changes, value_or_none(input.expected_version))
    return SegmentUpdatePayload(segment=await _segment(context, segment_id))


@strawberry.input(description="A segment to remove.")
class SegmentDeleteInput(IdempotentInput):
    """Input of segmentDelete."""

    id: strawberry.ID = strawberry.field(description="The segment.")


@strawberry.type(description="What segmentDelete answers.")
class SegmentDeletePayload(Payload):
    """Payload of segmentDelete."""

    deleted_segment_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the segment that is gone."
    )


@mutation(
    name="segmentDelete",
    needs=MANAGE,
    description="Removes a segment. Codes: `NOT_FOUND`, `SEGMENT_IN_USE`.",
)
async def segment_delete(
    context: RequestContext,
    *,
    input: Annotated[SegmentDeleteInput, strawberry.argument(description="What to remove.")],
) -> SegmentDeletePayload:
    """Remove a segment."""
    await service.delete_segment(context.shop, key_of(input.id, "segment", "id"))
    return SegmentDeletePayload(deleted_segment_id=input.id)


@strawberry.type(description="The segment was changed after it was looked at: look again, and decide again.")
class SegmentConflict(UserError):
    """Over regulars_core.segments.service.SegmentConflict."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, service.SegmentConflict)


@batched(name="segment", needs="customers.view", returns=Segment | None, description="The segment as it is now.")
async def segment_of(
    problems: Sequence[service.SegmentConflict], context: RequestContext
) -> Sequence[SegmentRow | None]:
    """The segments as they are now."""
    keys = [problem.segment_id for problem in problems]
    return in_order(keys, await segments_by_ids(context.database, keys))


async def _segment(context: RequestContext, segment_id: str) -> Any:
    return await load_one(segments_by_ids, context.database, segment_id)


MUTATIONS = Extension(Mutation, [segment_create, segment_update, segment_delete])
CONFLICT = Extension(SegmentConflict, [segment_of])
