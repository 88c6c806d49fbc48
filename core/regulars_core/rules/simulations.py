"""What rules would have given over the shop's own past purchases. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import Money
from regulars_core.rules.explanations import RuleExplanation

MAX_STEPS = 20
"""How many steps of what somebody would have got are explained at most, the latest first."""


@dataclass(frozen=True, slots=True)
class RuleSimulationShare:
    """What the customers of one tier who bought in that time would have got, and what they get by the rules in force."""

    tier: str
    customer_count: int
    given: Decimal
    given_now: Decimal


@dataclass(frozen=True, slots=True)
class RuleSimulationSample:
    """A customer who would have got something else, and how that came about."""

    customer_id: str
    given: Decimal
    given_now: Decimal
    explanations: Sequence[RuleExplanation]


@dataclass(frozen=True, slots=True)
class RuleSimulation:
    """What rules would have given for purchases from an instant on and before another one, beside what those in force give.

    Amounts are in `unit`: `PTS`, `COUPONS`, or the currency of a credit or a discount; costs are money, None where what is given
    has no price, or where no rules are in force. `notes` are sentences without which the figures are misread.
    """

    since: Instant
    until: Instant
    unit: str
    purchase_count: int
    customer_count: int
    winner_count: int
    loser_count: int
    given: Decimal
    given_now: Decimal
    cost: Money | None = None
    cost_now: Money | None = None
    per_tier: Sequence[RuleSimulationShare] = ()
    sample: Sequence[RuleSimulationSample] = ()
    notes: Sequence[str] = ()
