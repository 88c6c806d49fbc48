"""Where other plugins may join in with loyalty. Mark their implementations `@hookimpl(optionalhook=True)`, so that they can be on
without loyalty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars_core.plugin import Instant, hookspec

if TYPE_CHECKING:
    from regulars_core.plugin import Shop


@dataclass(frozen=True, slots=True)
class ExpiringLot:
    """What is left of a lot and expires within so many `days`: points, or minor units of the currency that is the `unit`."""

    lot_id: str
    customer_id: str
    unit: str
    remaining: int
    expires_at: Instant
    days: int


@hookspec
async def loyalty_expiring(shop: "Shop", lots: "Sequence[ExpiringLot]") -> None:
    """Credit or points of customers expire in 30, 7 or 1 days: told once each by a job, for messages. What is only written down
    here is told once; what is sent may be sent twice if the process ends between sending and committing.

    For example:

        @hookimpl(optionalhook=True)
        async def loyalty_expiring(shop: Shop, lots: Sequence[ExpiringLot]) -> None:
            await remind(shop, [lot for lot in lots if lot.days == 7])
    """
