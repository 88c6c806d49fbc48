"""Trying a program before it holds."""

from typing import Annotated

import strawberry

from regulars_core.plugin import BadInput, Instant, Refused, RuleSimulation
from regulars_loyalty.graphql.program_inputs import PointsProgramInput, program_of
from regulars_loyalty.permissions import POINTS_MANAGE, PURCHASES_VIEW
from regulars_loyalty.points.simulation import simulate
from regulars_loyalty.purchases.recording import sales_since
from regulars_schema import plugin as schema
from regulars_schema.plugin import Extension, Query, RequestContext, root, value_or_none


@strawberry.input(description="A program to try on the shop's own past purchases.")
class PointsProgramSimulateInput:
    """Input of pointsProgramSimulate."""

    since: strawberry.Maybe[Instant | None] = strawberry.field(
        name="from", description="The first instant to look at; a year before `until` if absent."
    )
    program: PointsProgramInput = strawberry.field(description="The program to try.")
    sample: strawberry.Maybe[int | None] = strawberry.field(
        description="How many customers to explain, 0 to 100; 20 if absent."
    )
    until: strawberry.Maybe[Instant | None] = strawberry.field(description="The instant to stop before; now if absent.")


@root(
    name="pointsProgramSimulate",
    needs=POINTS_MANAGE,
    returns=schema.RuleSimulation | None,
    description="What a program would have given over the shop's own past purchases, found by the code that would apply it. "
    "Writes nothing. Its figures add up purchases of all stores: also needs `purchases.view` in the whole shop.",
)
async def points_program_simulate(
    context: RequestContext,
    *,
    input: Annotated[PointsProgramSimulateInput, strawberry.argument(description="What to try.")],
) -> RuleSimulation:
    """What a program would have given."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    sample, since, until = value_or_none(input.sample), value_or_none(input.since), value_or_none(input.until)
    if sample is not None and not 0 <= sample <= 100:
        raise BadInput("A sample has 0 to 100 customers.", ("input", "sample"))
    if since is not None and until is not None and since >= until:
        raise BadInput("The time ends before it begins.", ("input", "until"))
    try:
        data = await program_of(input.program, context.shop)
    except Refused as refused:
        first = refused.problems[0]
        raise BadInput(first.message, ("input", *first.path), first.code) from None
    return await simulate(context.shop, data, since, until, 20 if sample is None else sample, sales_since)


EXTENSIONS = (Extension(Query, [points_program_simulate]),)
