"""The program of points: which is in force, which versions there are, a new one, and one that is withdrawn."""

from typing import Annotated, Unpack

import strawberry

from regulars_core.plugin import Instant, Page, now
from regulars_loyalty.graphql.program_inputs import PointsProgramInput, program_of
from regulars_loyalty.graphql.program_types import PointsProgram
from regulars_loyalty.permissions import POINTS_MANAGE, POINTS_VIEW
from regulars_loyalty.points import program_changes, program_reads
from regulars_loyalty.points.program_reads import LAST_BEGUN_FIRST, ProgramRow
from regulars_schema.plugin import (
    Connection,
    Extension,
    IdempotentInput,
    Mutation,
    NodeKind,
    PageArguments,
    Payload,
    Query,
    RequestContext,
    guarded,
    in_every_store,
    key_of,
    mutation,
    required_key,
    root,
    value_or_none,
    window,
)

AtInstant = Annotated[Instant | None, strawberry.argument(description="At this instant; the present if absent.")]


@root(
    name="pointsProgram",
    needs=POINTS_VIEW,
    returns=PointsProgram | None,
    description="The rules by which points are earned and spent, as in force at an instant; null where there were none.",
)
async def points_program(context: RequestContext, *, at: AtInstant = None) -> ProgramRow | None:
    """The version in force."""
    return await program_reads.program_at(context.database, now() if at is None else at)


@root(
    name="pointsPrograms",
    needs=POINTS_VIEW,
    returns=Connection[PointsProgram] | None,
    description="All versions of the program, the one that begins last first.",
)
async def points_programs(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[ProgramRow]:
    """A page of all versions."""
    return await program_reads.page_of_programs(context.database, window(LAST_BEGUN_FIRST, **arguments))


@strawberry.input(description="A program to put in force.")
class PointsProgramUpdateInput(IdempotentInput):
    """Input of pointsProgramUpdate."""

    idempotency_key: str = required_key("points or money are at stake")  # type: ignore[assignment]
    program: PointsProgramInput = strawberry.field(description="The program.")
    starts_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="From when on, not in the past; now if absent."
    )


@strawberry.type(description="What pointsProgramUpdate answers.")
class PointsProgramUpdatePayload(Payload):
    """Payload of pointsProgramUpdate."""

    points_program: PointsProgram | None = guarded(POINTS_VIEW, default=None, description="The new version.")


@mutation(
    name="pointsProgramUpdate",
    needs=POINTS_MANAGE,
    description="Puts a version of the program in force from an instant on; what was earned before stays as it was earned, and "
    "one that was to begin at the same instant and has not begun gives way. Codes: `PROGRAM_UNCHANGED`, `INVALID_RULE`, "
    "`UNKNOWN_KIND`, `RULE_BREAKS_LAW`, `CODE_TAKEN`, `INVALID_AUDIENCE`, `INVALID_AMOUNT`, `INVALID_DURATION`, `OUT_OF_RANGE`, "
    "`INVALID_DATE`, `INVALID_TEXT`, `CURRENCY_MISMATCH`, `TOO_MANY`, `TOO_LONG`, `REQUIRED`.",
)
async def points_program_update(
    context: RequestContext,
    *,
    input: Annotated[PointsProgramUpdateInput, strawberry.argument(description="What shall hold.")],
) -> PointsProgramUpdatePayload:
    """Make a version."""
    data = await program_of(input.program, context.shop)
    begins, author = value_or_none(input.starts_at), context.actor.name
    number = await program_changes.change_program(context.shop, data, begins, author)
    [row] = (await program_reads.programs_by_ids(context.database, [f"{number:032x}"])).values()
    return PointsProgramUpdatePayload(points_program=row)  # type: ignore[arg-type]


@strawberry.input(description="A version of the program to withdraw.")
class PointsProgramWithdrawInput(IdempotentInput):
    """Input of pointsProgramWithdraw."""

    id: strawberry.ID = strawberry.field(description="The version, which has not begun.")
    idempotency_key: str = required_key("points or money are at stake")  # type: ignore[assignment]


@strawberry.type(description="What pointsProgramWithdraw answers.")
class PointsProgramWithdrawPayload(Payload):
    """Payload of pointsProgramWithdraw."""

    deleted_points_program_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the version that is gone."
    )


@mutation(
    name="pointsProgramWithdraw",
    needs=POINTS_MANAGE,
    description="Withdraws a version of the program that has not begun; the one before it then goes on. Codes: `NOT_FOUND`, "
    "`PROGRAM_STARTED`.",
)
async def points_program_withdraw(
    context: RequestContext,
    *,
    input: Annotated[PointsProgramWithdrawInput, strawberry.argument(description="Which version.")],
) -> PointsProgramWithdrawPayload:
    """Take a version back."""
    await program_changes.withdraw_program(context.shop, key_of(input.id, "pointsprogram", "id"))
    return PointsProgramWithdrawPayload(deleted_points_program_id=input.id)


EXTENSIONS = (
    Extension(Query, [points_program, points_programs]),
    Extension(Mutation, [points_program_update, points_program_withdraw]),
)
NODE = NodeKind("pointsprogram", in_every_store(program_reads.programs_by_ids), POINTS_VIEW)
