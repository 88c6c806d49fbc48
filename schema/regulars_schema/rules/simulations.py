"""What rules would have given over the shop's own past, in the language of the API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

import strawberry

from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import BadInput, Refused
from regulars_core.rules import simulations
from regulars_core.rules.simulations import MAX_STEPS
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import backed_by, in_order
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.rules.explanations import RuleExplanation
from regulars_schema.types.money import Money

MAX_SAMPLE, DEFAULT_SAMPLE = 100, 20
"""How many customers are explained at most, and if nothing is said."""


class AskedSimulation(NamedTuple):
    """How a rule is to be tried: from an instant on, before another one, None where that is left to who tries it, and how many
    customers to explain."""

    since: Instant | None
    until: Instant | None
    sample: int


def asked_simulation(input: Any) -> AskedSimulation:
    """What the `since`, `until` and `sample` of an input say. Raises BadInput."""
    sample, since, until = value_or_none(input.sample), value_or_none(input.since), value_or_none(input.until)
    if sample is not None and not 0 <= sample <= MAX_SAMPLE:
        raise BadInput(f"A sample has 0 to {MAX_SAMPLE} customers.", ("input", "sample"), "OUT_OF_RANGE")
    if since is not None and since >= (now() if until is None else until):
        raise BadInput("The time ends before it begins.", ("input", "until" if until else "from"), "INVALID_DATE")
    return AskedSimulation(since, until, DEFAULT_SAMPLE if sample is None else sample)


@contextmanager
def refused_as_bad_input() -> Iterator[None]:
    """What is refused inside is bad input of a query, told by the first of its problems."""
    try:
        yield
    except Refused as refused:
        first = refused.problems[0]
        raise BadInput(first.message, ("input", *first.path), first.code) from None


async def _customers(
    samples: Sequence[simulations.RuleSimulationSample], context: RequestContext
) -> Sequence[CustomerRow | None]:
    ids = [one.customer_id for one in samples]
    return in_order(ids, await customers_by_ids(context.database, ids))


def _latest_steps(root: Any) -> list[RuleExplanation]:
    return list(root.explanations[:MAX_STEPS])


@requires(None)
@strawberry.type(description="What the customers of one tier would have got.")
class RuleSimulationShare:
    """Over simulations.RuleSimulationShare."""

    is_type_of = backed_by(simulations.RuleSimulationShare)
    customer_count: int = strawberry.field(description="Its customers who bought in that time.")
    given: Decimal = strawberry.field(description="How much they would have got.")
    given_now: Decimal = strawberry.field(description="How much they get by the rules in force.")
    tier: str = strawberry.field(description="The code of the tier.")


@requires(None)
@strawberry.type(description="A customer who would have got something else.")
class RuleSimulationSample:
    """Over simulations.RuleSimulationSample."""

    is_type_of = backed_by(simulations.RuleSimulationSample)
    # In the class, and no extension of it: core alone has no such type to extend.
    customer: Customer | None = batched(  # type: ignore[assignment]
        _customers, name="customer", needs="customers.view", returns=Customer | None, description="Who it is."
    )
    explanations: list[RuleExplanation] | None = guarded(
        "purchases.view",
        resolver=_latest_steps,
        most=MAX_STEPS,
        description=f"How what would have been given came about, at most {MAX_STEPS} steps, the latest first.",
    )
    given: Decimal = strawberry.field(description="How much it would have been.")
    given_now: Decimal = strawberry.field(description="How much it is by the rules in force.")


@requires(None)
@strawberry.type(
    description="What rules would have given over the shop's own past purchases, found by the code that would apply them. "
    "Nothing was written."
)
class RuleSimulation:
    """Over simulations.RuleSimulation."""

    is_type_of = backed_by(simulations.RuleSimulation)
    cost: Money | None = strawberry.field(
        description="What it would have cost, in money; null where what is given has no price."
    )
    cost_now: Money | None = strawberry.field(
        description="What the rules that are in force cost over the same purchases; null where they have no price or there are "
        "none."
    )
    customer_count: int = strawberry.field(description="Customers who bought in that time.")
    since: Instant = strawberry.field(name="from", description="The first instant that was looked at.")
    given: Decimal = strawberry.field(description="How much would have been given, in `unit`.")
    given_now: Decimal = strawberry.field(
        description="How much the rules that are in force give over the same purchases, in `unit`."
    )
    loser_count: int = strawberry.field(description="Customers who would have got less than now.")
    notes: list[str] = strawberry.field(
        description="What must be known to read the figures, in sentences: conditions that were looked at as of now, or that "
        "only a part of the customers was."
    )
    per_tier: list[RuleSimulationShare] = strawberry.field(
        description="The same by tier, the highest first; empty where the tiers plugin is off."
    )
    purchase_count: int = strawberry.field(description="Purchases that were looked at.")
    sample: list[RuleSimulationSample] = strawberry.field(
        description="Some of those who would have got something else, explained, the largest differences first."
    )
    unit: str = strawberry.field(
        description="What is counted: `PTS`, `COUPONS`, or the currency of a credit or a discount."
    )
    until: Instant = strawberry.field(description="The instant before which purchases were looked at.")
    winner_count: int = strawberry.field(description="Customers who would have got more than now.")
