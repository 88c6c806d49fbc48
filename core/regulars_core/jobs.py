"""Work that comes round again by itself. Each job is driven by what is there, so running it twice does no harm."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from regulars_core.idempotency import KEPT_DAYS, forget_old
from regulars_core.shop import Shop


@dataclass(frozen=True)
class Job:
    """A piece of periodic work."""

    name: str
    description: str
    every_seconds: int
    run: Callable[[Shop], Awaitable[None]]


async def refresh_planner(shop: Shop) -> None:
    """Let the database count its rows anew, so that it goes on choosing the right indexes."""

    async def work() -> None:
        await shop.database.run("ANALYZE")

    await shop.database.transaction(work)


async def forget_keys(shop: Shop) -> None:
    """Remove idempotency keys that nobody will send again."""
    await forget_old(shop.database)


JOBS: Sequence[Job] = (
    Job("refresh-planner", "Refreshes the figures by which the database chooses its indexes.", 86_400, refresh_planner),
    Job("forget-idempotency-keys", f"Removes idempotency keys older than {KEPT_DAYS} days.", 86_400, forget_keys),
)
