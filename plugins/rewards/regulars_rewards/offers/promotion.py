"""A promotion: as it is kept, and as it can be applied. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from regulars_core.plugin import Instant, RuleData, ShownRule, UsableRule
from regulars_rewards.offers.scope import names_of

MAX_CONDITIONS = 10
MAX_SCOPE = 500
MAX_PRIORITY = 1_000


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScopeMode(StrEnum):
    """What the articles of a scope are for."""

    ANY_PRESENT = "ANY_PRESENT"
    APPLY_ONLY_TO = "APPLY_ONLY_TO"


class ScopeData(_Data):
    """Articles with one of these skus, brands or categories; brands and categories without regard to case."""

    mode: ScopeMode = ScopeMode.APPLY_ONLY_TO
    skus: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class PromotionData(_Data):
    """What a promotion is, beside what it is found and ordered by. Amounts are minor units, stores are keys; without an audience
    it is for everybody, without a scope about everything, without stores everywhere, and a limit of None is none."""

    discount: RuleData
    conditions: tuple[RuleData, ...] = ()
    scope: ScopeData | None = None
    audience: Mapping[str, Any] | None = None
    store_ids: tuple[str, ...] | None = None
    best_of_group: str | None = None
    budget: int | None = None
    total_limit: int | None = None
    per_customer_limit: int | None = None
    excludes_reduced: bool = False
    is_exclusive: bool = False
    is_reusable: bool = True
    is_stackable: bool = True


@dataclass(frozen=True)
class Promotion:
    """A promotion as it can be applied. It is in force from `starts_at` until before `ends_at`, which is LATEST for never, and
    applies in the order of `priority`, the highest first, then of `id`, which is that of age.

    `version` counts its changes. A rule is None where its plugin is off, or no longer takes what it is told: then the promotion
    is for nobody. `failed` are the names of those kinds.
    """

    id: str
    version: int
    name: str
    priority: int
    needs_coupon: bool
    starts_at: Instant
    ends_at: Instant
    data: PromotionData
    discount: UsableRule | None
    conditions: Sequence[UsableRule | None] = ()
    failed: Sequence[str] = ()

    @cached_property
    def order(self) -> tuple[int, str]:
        """What promotions and coupons are ordered by."""
        return (-self.priority, self.id)

    @cached_property
    def names(self) -> frozenset[str] | None:
        """What its scope names, as lines are found by it; None without a scope."""
        scope = self.data.scope
        return None if scope is None else names_of(scope.skus, scope.brands, scope.categories)

    @property
    def needs_customer(self) -> bool:
        """Whether it is for known customers alone: by its audience, or its limit for each of them."""
        return self.data.audience is not None or self.data.per_customer_limit is not None

    @property
    def is_limited(self) -> bool:
        """Whether it has a limit or a budget in all."""
        return self.data.total_limit is not None or self.data.budget is not None

    @cached_property
    def is_whole(self) -> bool:
        """Whether everything that it needs is there."""
        return self.discount is not None and None not in self.conditions and not self.failed

    def shown(self, currency: str) -> ShownRule | None:
        """Its discount as people see it, in the shop's currency."""
        if self.discount is None:
            return None
        if currency not in self._shown:
            stored = self.discount.stored(currency)
            self._shown[currency] = ShownRule(self.discount.words(currency), True, stored.kind, stored.settings)
        return self._shown[currency]

    @cached_property
    def _shown(self) -> dict[str, ShownRule]:
        return {}
