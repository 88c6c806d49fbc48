"""Purchases of some time, in some stores."""

from dataclasses import dataclass

from regulars_core.primitives.clock import Instant
from regulars_core.purchases.figures.sums import NOT_VOIDED
from regulars_core.queries.where import Values


@dataclass(frozen=True, slots=True)
class Span:
    """Purchases from a `first` instant on, or from the beginning, and `before` another one, or whenever; in these stores, or in
    the whole shop."""

    first: Instant | None
    before: Instant | None
    stores: frozenset[str] | None

    def bounds(self, values: Values, column: str = "p.purchased_at") -> list[str]:
        """The conditions on an instant."""
        return [
            f"{column} {sign} {values.bind(at)}"
            for sign, at in ((">=", self.first), ("<", self.before))
            if at is not None
        ]

    def places(self, values: Values) -> list[str]:
        """The condition on the store of a purchase `p`."""
        return [] if self.stores is None else [values.among("p.store_id", sorted(self.stores), "uuid")]

    def conditions(self, values: Values) -> str:
        """The purchases `p` that were not voided."""
        return " AND ".join([NOT_VOIDED, *self.places(values), *self.bounds(values)])
