"""Where other plugins may join in with tiers. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can
be on without tiers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regulars_core.plugin import hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop
    from regulars_tiers.moments import Change


@hookspec
async def tiers_changed(shop: "Shop", changes: "Sequence[Change]") -> None:
    """Tiers of customers changed as they are shown: by a purchase, a refund, an assignment, a policy, or by time.

    For example:

        @hookimpl(optionalhook=True)
        async def tiers_changed(shop: Shop, changes: Sequence[Change]) -> None:
            await celebrate(shop, [change for change in changes if change.upgrade])
    """
