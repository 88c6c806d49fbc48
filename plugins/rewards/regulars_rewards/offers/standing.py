"""What stands in the way of a promotion whatever is in the basket, as far as it is known of the promotion alone. Pure."""

from collections.abc import Iterator

from regulars_core.plugin import Instant, printed
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.promotion import Promotion


def standing_obstacles(promotion: Promotion, at: Instant, store_id: str | None) -> Iterator[Obstacle]:
    """Whether all that it needs is there, and whether it is in force at an instant, in a store; in any where that is None."""
    if not promotion.is_whole:
        kinds = f": {', '.join(promotion.failed)}" if promotion.failed else ""
        yield Obstacle(Reason.UNAVAILABLE, f"What it needs is switched off{kinds}.")
    if at < promotion.starts_at:
        yield Obstacle(Reason.NOT_STARTED, f"It starts at {printed(promotion.starts_at)}.", at=promotion.starts_at)
    if at >= promotion.ends_at:
        yield Obstacle(Reason.EXPIRED, f"It ended at {printed(promotion.ends_at)}.", at=promotion.ends_at)
    stores = promotion.data.store_ids
    if stores is not None and store_id is not None and store_id not in stores:
        yield Obstacle(Reason.STORE, "It does not apply in this store.")
