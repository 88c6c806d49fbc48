"""Whether customers are among those whom promotions are for, and which condition does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whether a customer belongs to an audience. `missing` are the leaves of the conditions that do not hold, each once, in the
    order of the audience. Where a leaf's plugin is off, or fails, it `is_unavailable`: then it is for nobody."""

    missing: Sequence[str] = ()
    is_unavailable: bool = False

    @property
    def holds(self) -> bool:
        """Whether the customer belongs to it."""
        return not self.missing and not self.is_unavailable
