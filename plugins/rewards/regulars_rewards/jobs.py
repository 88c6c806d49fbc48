"""What comes round again by itself."""

from collections.abc import Sequence

from regulars_core.plugin import Job, Shop
from regulars_rewards.uses.sweeping import sweep


async def _sweep(shop: Shop) -> None:
    await sweep(shop)


JOBS: Sequence[Job] = (Job("free-reservations", "Frees coupons whose reservations have run out.", 60, _sweep),)
