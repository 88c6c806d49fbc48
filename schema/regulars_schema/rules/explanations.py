"""How what a rule gave came about, in the language of the API."""

from decimal import Decimal
from enum import Enum

import strawberry

from regulars_core.rules import explanations
from regulars_core.rules.explanations import SkipReason
from regulars_schema.fields.nodes import backed_by
from regulars_schema.request.permissions import requires
from regulars_schema.rules.rule_types import Rule


@requires(None)
@strawberry.type(description="A figure of a calculation.")
class RuleFigure:
    """Over explanations.RuleFigure."""

    is_type_of = backed_by(explanations.RuleFigure)
    name: str = strawberry.field(
        description="What it is: `BASE`, `RATE`, `MULTIPLIER`, `DROPPED`, `EARNED`, `REFUNDED`, `RESULT`, or what a rule's kind "
        "names."
    )
    value: Decimal = strawberry.field(description="How much.")


@requires(None)
@strawberry.type(description="How a figure came about: which rule, with which figures, in words that can be shown.")
class RuleExplanation:
    """Over explanations.RuleExplanation."""

    is_type_of = backed_by(explanations.RuleExplanation)
    figures: list[RuleFigure] = strawberry.field(
        description="The figures that went in and came out, in the order of the calculation."
    )
    rule: Rule | None = strawberry.field(description="The rule as it was then; null where no rule of the shop decided.")
    text: str = strawberry.field(
        description="The arithmetic as a sentence, such as `10 points × 20.00 ÷ 30.00 = 6, of which 3 were taken back before: 3`."
    )


@strawberry.enum(description="Why a rule gave nothing for a purchase.")
class RuleSkipReason(Enum):
    """Over explanations.SkipReason."""

    AUDIENCE = strawberry.enum_value(
        SkipReason.AUDIENCE.value, description="The customer was not among those whom it is for."
    )
    NOT_IN_FORCE = strawberry.enum_value(SkipReason.NOT_IN_FORCE.value, description="It was not in force then.")
    NO_MATCH = strawberry.enum_value(
        SkipReason.NO_MATCH.value, description="Nothing in the purchase is what it is about."
    )
    NO_CUSTOMER = strawberry.enum_value(SkipReason.NO_CUSTOMER.value, description="The purchase has no customer.")
    ROUNDED_OFF = strawberry.enum_value(SkipReason.ROUNDED_OFF.value, description="It came to less than one whole.")
    UNAVAILABLE = strawberry.enum_value(
        SkipReason.UNAVAILABLE.value, description="The plugin that brings it is off, or has failed."
    )
    UNDONE = strawberry.enum_value(SkipReason.UNDONE.value, description="The purchase was voided or wholly given back.")


@requires(None)
@strawberry.type(description="What one rule gave for one purchase, or why it gave nothing.")
class RuleOutcome:
    """Over explanations.RuleOutcome."""

    is_type_of = backed_by(explanations.RuleOutcome)
    explanation: RuleExplanation = strawberry.field(description="How it came about.")
    given: Decimal = strawberry.field(description="How much it gave; zero where it gave nothing.")
    name: str = strawberry.field(description="What people call the rule.")
    reason: RuleSkipReason | None = strawberry.field(description="Why it gave nothing; null where it gave something.")
