"""How what a rule gave came about, and why one gave nothing: for people, found by the plugin that owns the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from regulars_core.rules.stored import ShownRule


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """A figure of a calculation: `BASE`, `RATE`, `MULTIPLIER`, `DROPPED`, `EARNED`, `REFUNDED`, `RESULT`, or what a kind names;
    amounts of money in the currency's units."""

    name: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """Which rule, as it was then, with which figures in the order of the calculation, and the arithmetic as a sentence. There is
    no rule where none of the shop's decided."""

    figures: Sequence[RuleFigure]
    text: str
    rule: ShownRule | None = None


class SkipReason(StrEnum):
    """Why a rule gave nothing for a purchase."""

    AUDIENCE = "AUDIENCE"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    NO_MATCH = "NO_MATCH"
    NO_CUSTOMER = "NO_CUSTOMER"
    ROUNDED_OFF = "ROUNDED_OFF"
    UNAVAILABLE = "UNAVAILABLE"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule, by the name that people call it, gave for one purchase; `reason` is None where it gave something."""

    name: str
    given: Decimal
    explanation: RuleExplanation
    reason: SkipReason | None = None
