"""Where other plugins may join in with analytics. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can be
on without it. What purchases can be divided by is brought by the schema: `BreakdownKind`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from regulars_core.plugin import Instant, Values, hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop


class Rank(Protocol):
    """A tier, as figures name it."""

    @property
    def code(self) -> str:
        """What programs call it."""

    @property
    def name(self) -> str:
        """What people call it."""


class Ladder(Protocol):
    """Tiers of customers: one for everybody at any instant, by what is known now."""

    async def ranks(self, shop: "Shop", moments: Sequence[Instant]) -> "Sequence[Sequence[Rank]]":
        """The tiers that there are at each of these instants, the highest first."""

    def rank_at(self, at: Instant, values: Values) -> str:
        """The SQL expression for the code of the tier of a `customer c` at an instant; null, or what is no tier of then, is the
        lowest."""

    def moves(self, first: Instant, before: Instant, values: Values) -> str:
        """The SELECT of changes that came about from one instant on and before another: `customer_id`, the `tier` that was left,
        and `up`, 1 for a higher one and 0 for a lower one."""


class RanPromotion(Protocol):
    """A promotion, as figures tell of it."""

    @property
    def id(self) -> str:
        """The key of its id, whose kind is `promotion`."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def kind(self) -> str:
        """What kind of discount it is."""

    @property
    def starts_at(self) -> Instant:
        """When it began."""

    @property
    def audience(self) -> Mapping[str, Any] | None:
        """For whom it is, as it is stored; None for everybody."""


class Promotions(Protocol):
    """Promotions, and the purchases that were made with them."""

    async def ran(self, shop: "Shop", first: Instant | None, before: Instant, most: int) -> "Sequence[RanPromotion]":
        """The promotions that were in force at some time from one instant on and before another, the latest to begin first."""

    def uses(self) -> str:
        """The SELECT of what was used and stands: `promotion_id`, `purchase_id`, and the `amount` that was taken off."""


@hookspec
def analytics_tiers() -> Ladder:  # type: ignore[empty-body]
    """The tiers whose performance is told, and by which responses to promotions are; there is one ladder at most.

    For example:

        @hookimpl(optionalhook=True)
        def analytics_tiers() -> Stars:
            return Stars()  # with the methods of `regulars_analytics.hookspecs.Ladder`
    """


@hookspec
def analytics_promotions() -> Promotions:  # type: ignore[empty-body]
    """The promotions to which it is told who responded.

    For example:

        @hookimpl(optionalhook=True)
        def analytics_promotions() -> Leaflets:
            return Leaflets()  # with the methods of `regulars_analytics.hookspecs.Promotions`
    """
