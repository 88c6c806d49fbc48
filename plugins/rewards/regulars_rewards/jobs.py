"""What comes round again by itself."""

from collections.abc import Sequence

from regulars_core.plugin import Job, Shop
from regulars_rewards.occasions.tier_changes import make_up
from regulars_rewards.occasions.walk import look_at_days
from regulars_rewards.progress.due import give_due
from regulars_rewards.progress.failures import try_again
from regulars_rewards.uses.sweeping import sweep


async def _sweep(shop: Shop) -> None:
    await sweep(shop)


async def _occasions(shop: Shop) -> None:
    await make_up(shop)
    await look_at_days(shop)


async def _due(shop: Shop) -> None:
    await try_again(shop)
    await give_due(shop)


JOBS: Sequence[Job] = (
    Job("free-reservations", "Frees coupons whose reservations have run out.", 60, _sweep),
    Job(
        "rewards-occasions",
        "Gives what birthdays and other days bring in reward systems, and tiers that nobody has told.",
        300,
        _occasions,
        4 * 3_600,
    ),
    Job(
        "rewards-due",
        "Gives what reward systems could not give before, and tries triggers again that failed.",
        60,
        _due,
    ),
)
