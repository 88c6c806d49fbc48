"""Where other plugins may join in with tiers. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can
be on without tiers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regulars_core.plugin import hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop
    from regulars_tiers.recalculation import Change
    from regulars_tiers.rules.criteria import CriterionKind


@hookspec
def tiers_criteria() -> "Sequence[CriterionKind]":  # type: ignore[empty-body]
    """Kinds of criteria that policies may use. Try the laws on them with `regulars_tiers.testing`.

    For example:

        @hookimpl(optionalhook=True)
        def tiers_criteria() -> Sequence[CriterionKind]:
            return [CriterionKind("WEEKEND_ORDERS", NoSettings, weekend_orders, Unit.COUNT, "Weekend orders", monotone=True)]
    """


@hookspec
async def tiers_changed(shop: "Shop", changes: "Sequence[Change]") -> None:
    """Tiers of customers changed as they are shown: by a purchase, a refund, an assignment, a policy, or by time.

    For example:

        @hookimpl(optionalhook=True)
        async def tiers_changed(shop: Shop, changes: Sequence[Change]) -> None:
            await celebrate(shop, [change for change in changes if change.upgrade])
    """
