"""Work that comes round again by itself. Each job is driven by what is there, so running it twice does no harm."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from regulars_core.idempotency import KEPT_DAYS
from regulars_core.idempotency import forget_old as forget_old_keys
from regulars_core.journal.replaying import catch_up, forget_old
from regulars_core.plugins import CORE, PluginError, Plugins
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
    await forget_old_keys(shop.database)


async def keep_journal(shop: Shop) -> None:
    """Tell plugins what processes without them have done, and forget what everybody has been told."""
    for plugin in shop.plugins.names:
        await catch_up(shop, plugin)
    await forget_old(shop)


JOBS: Sequence[Job] = (
    Job("keep-journal", "Tells plugins what they missed, and forgets what all were told.", 600, keep_journal),
    Job("refresh-planner", "Refreshes the figures by which the database chooses its indexes.", 86_400, refresh_planner),
    Job("forget-idempotency-keys", f"Removes idempotency keys older than {KEPT_DAYS} days.", 86_400, forget_keys),
)


def all_jobs(plugins: Plugins) -> Sequence[Job]:
    """Core's jobs and those of plugins. Raises PluginError where two have the same name."""
    owners = {job.name: CORE for job in JOBS}
    found = [*JOBS]
    for plugin, jobs in plugins.declared("regulars_jobs").items():
        for job in jobs:
            if elder := owners.get(job.name):
                raise PluginError(f"The job '{job.name}' is defined by '{elder}' and by '{plugin}'")
            owners[job.name] = plugin
            found.append(job)
    return found
