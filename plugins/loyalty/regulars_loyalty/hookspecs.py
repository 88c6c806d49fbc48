"""Where other plugins may join in with loyalty. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can be on
without loyalty."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regulars_core.plugin import hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop
    from regulars_loyalty.chain.expiring import ExpiringLot


@hookspec
async def loyalty_expiring(shop: "Shop", lots: "Sequence[ExpiringLot]") -> None:
    """Credit or points of customers expire in 30, 7 or 1 days: told once each by a job, for messages. What is only written down
    here is told once; what is sent may be sent twice if the process ends between sending and committing.

    For example:

        @hookimpl(optionalhook=True)
        async def loyalty_expiring(shop: Shop, lots: Sequence[ExpiringLot]) -> None:
            await remind(shop, [lot for lot in lots if lot.days == 7])
    """
