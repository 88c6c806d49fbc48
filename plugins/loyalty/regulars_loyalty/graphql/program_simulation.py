"""Trying a program before it holds."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Instant, RuleSimulation
from regulars_loyalty.graphql.program_inputs import PointsProgramInput, program_of
from regulars_loyalty.permissions import POINTS_MANAGE, PURCHASES_VIEW
from regulars_loyalty.points.simulation import simulate
from regulars_schema import plugin as schema
from regulars_schema.plugin import Extension, Query, RequestContext, asked_simulation, refused_as_bad_input, root


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
    since, until, sample = asked_simulation(input)
    with refused_as_bad_input():
        data = await program_of(input.program, context.shop)
    return await simulate(context.shop, data, since, until, sample)


EXTENSIONS = (Extension(Query, [points_program_simulate]),)
