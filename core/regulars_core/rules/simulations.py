"""What rules would have given over the shop's own past purchases. Nothing is written.

totals = SimulationTotals(exponent)                  what each customer would have got, and gets now
totals.add(customer_id, at, given, now, steps)       of each purchase
totals.simulation(…)                                 summed up: winners, losers, by tier, with samples
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import Money
from regulars_core.rules.explanations import RuleExplanation

MAX_STEPS = 20
"""How many steps of what somebody would have got are explained at most, the latest first."""
MAX_SIMULATED_CUSTOMERS = 1_000
"""Of whom purchases are looked at within a request."""
MAX_SIMULATED_PURCHASES = 20_000
"""How many are looked at in all within a request."""
Explain = Callable[[], RuleExplanation]
"""Tells how something came about: made for those who are shown, not for all who are counted."""
TierPlaces = Mapping[str, tuple[int, str]]
"""The tier of each customer: its position among the others, and its code."""

GIVEN_BACK = "What was voided or wholly given back is left out; what was given back in part counts whole."
"""The note on purchases that came back."""
BY_TIER = "By tier, customers are in the tier that they have at the end of that time, by what is known now."


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


@dataclass
class _Total:
    given: int = 0
    now: int = 0
    purchases: int = 0
    steps: list[tuple[Instant, Explain]] = field(default_factory=list)

    def explanations(self) -> list[RuleExplanation]:
        """The latest first."""
        return [explain() for _, explain in sorted(self.steps, key=lambda step: -step[0])[:MAX_STEPS]]


class SimulationTotals:
    """What each customer would have got, and what they get by the rules in force: whole numbers, of which 10 to the `exponent`
    are one unit. What nobody who is known gets is summed up beside them."""

    GIVEN_BACK = GIVEN_BACK

    def __init__(self, exponent: int = 0) -> None:
        self._exponent = exponent
        self._customers: dict[str, _Total] = {}
        self._strangers = _Total()
        self.purchases = 0

    def add(
        self,
        customer_id: str | None,
        at: Instant,
        given: int,
        now: int,
        steps: Sequence[Explain] = (),
        purchases: int = 1,
    ) -> None:
        """What a purchase, or so many, at an instant bring whoever has made them, None for a stranger, and how."""
        total = self._strangers if customer_id is None else self._customers.setdefault(customer_id, _Total())
        total.given += given
        total.now += now
        if customer_id is not None:
            total.steps += [(at, step) for step in steps]
        total.purchases += purchases
        self.purchases += purchases

    @property
    def buyers(self) -> int:
        """How many customers have bought."""
        return _buyers(self._customers.values())

    def note_of_sample(self, buyers: int) -> str:
        """That only a part of the customers was looked at, of so many who may have bought then."""
        how = "a sample by the ends of their ids, the same each time"
        return f"Purchases of {self.buyers} of about {buyers} customers were looked at: {how}."

    @property
    def customer_ids(self) -> list[str]:
        """The customers whose purchases were counted."""
        return list(self._customers)

    @property
    def given(self) -> int:
        """What would have been given in all."""
        return self._strangers.given + sum(one.given for one in self._customers.values())

    @property
    def given_now(self) -> int:
        """What the rules in force give in all."""
        return self._strangers.now + sum(one.now for one in self._customers.values())

    def simulation(
        self,
        span: tuple[Instant, Instant],
        unit: str,
        costs: tuple[Money | None, Money | None],
        tiers: TierPlaces,
        sample: int,
        notes: Sequence[str],
    ) -> RuleSimulation:
        """All of it for purchases in a span of time, with so many customers explained. `costs` are those of what would have been
        given, and of what is given now."""
        own = self._customers.values()
        return RuleSimulation(
            *span,
            unit,
            self.purchases,
            self.buyers,
            sum(one.given > one.now for one in own),
            sum(one.given < one.now for one in own),
            self._units(self.given),
            self._units(self.given_now),
            *costs,
            self._shares(tiers),
            self._sample(sample),
            [*notes, BY_TIER] if tiers else notes,
        )

    def _units(self, amount: int) -> Decimal:
        return Decimal(amount).scaleb(-self._exponent)

    def _shares(self, tiers: TierPlaces) -> Sequence[RuleSimulationShare]:
        """The totals by tier, the highest first; those that nobody has are left out."""
        by_tier: dict[tuple[int, str], list[_Total]] = {}
        for id_, tier in tiers.items():
            by_tier.setdefault(tier, []).append(self._customers[id_])
        return [
            RuleSimulationShare(
                code, _buyers(own), self._units(sum(one.given for one in own)), self._units(sum(one.now for one in own))
            )
            for (_, code), own in sorted(by_tier.items(), reverse=True)
        ]

    def _sample(self, most: int) -> Sequence[RuleSimulationSample]:
        """Those with the largest differences, explained."""
        others = [(id_, one) for id_, one in self._customers.items() if one.given != one.now]
        others.sort(key=lambda pair: (-abs(pair[1].given - pair[1].now), pair[0]))
        return [
            RuleSimulationSample(id_, self._units(one.given), self._units(one.now), one.explanations())
            for id_, one in others[:most]
        ]


def _buyers(totals: Iterable[_Total]) -> int:
    return sum(one.purchases > 0 for one in totals)
