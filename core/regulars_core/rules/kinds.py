"""A kind of rule: a name, what it is for, a typed settings class, and a pure function from facts to a result.

A rule is a kind with settings, stored as data. What its use asks of a kind beyond that, and the laws that it must keep, are in
a class of that use: tiers' criteria are one.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from regulars_core.rules.facts import PurchaseFact

Reads = Literal["lines", "customer"]
"""What a kind may look at beyond purchases themselves: reading it takes time, so it is read where a rule in force says so."""


class NoSettings(BaseModel):
    """The settings of a kind that has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class RuleKind(ABC):
    """One kind of rule; a use derives a class of its own from it.

    `name` is in capitals, as `PER_AMOUNT`. `description` says in a few words what rules of this kind do or measure. `reads` is
    what its facts must hold beyond purchases: `lines`, `customer`.
    """

    use: ClassVar[str] = ""
    """What it is for, such as `TIER_CRITERION`; every class of a use has one."""

    name: str
    settings: type[BaseModel]
    description: str
    reads: Collection[Reads] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", frozenset(self.reads))  # whatever was given: kinds are keys

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A rule of this kind in words, such as `1 point per 10.00`; None for its description with what it is told. Pure."""
        return None

    @abstractmethod
    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Every law of the use as a sentence, with whether the kind keeps it on these facts, which are in the order of time.
        A law that cannot be tried on these facts is passed over."""

    @abstractmethod
    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Any:
        """What the kind decides on these facts; what is called to find out whether it fails."""
