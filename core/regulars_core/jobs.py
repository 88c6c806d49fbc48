"""Work that comes round again by itself. Each job is driven by what is there, so running it twice does no harm."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from regulars_core.customers import recent_text
from regulars_core.idempotency import KEPT_DAYS
from regulars_core.idempotency import forget_old as forget_old_keys
from regulars_core.journal.replaying import catch_up, forget_old
from regulars_core.plugins import CORE, PluginError, Plugins
from regulars_core.shop import Shop


@dataclass(frozen=True)
class Job:
    """A piece of periodic work. `every_seconds` is from start to start.

    It may be cancelled at any of its awaits, and run again; so it keeps its transactions short.
    """

    name: str
    description: str
    every_seconds: int
    run: Callable[[Shop], Awaitable[None]]


_TABLES = {
    "postgres": "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename",
    "sqlite": "SELECT '\"' || name || '\"' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
    " ESCAPE '\\' ORDER BY name",
}
_ANALYZE_SECONDS = 1_800


async def refresh_planner(shop: Shop) -> None:
    """Let the database count its rows anew, so that it goes on choosing the right indexes: each table by itself, so that
    nobody waits for the lock of more than one."""
    database = shop.database

    async def count(table: str) -> None:
        await database.allow(_ANALYZE_SECONDS)
        await database.run(f"ANALYZE {table}")

    for row in await database.rows(_TABLES[database.engine]):
        await database.transaction(lambda table=row[0]: count(table))  # type: ignore[misc]


async def forget_keys(shop: Shop) -> None:
    """Remove idempotency keys that nobody will send again."""
    await forget_old_keys(shop.database)


async def renew_recent_text(shop: Shop) -> None:
    """Copy the texts of who has been seen meanwhile to where a quick search reads first."""
    await recent_text.renew(shop.database)


async def keep_journal(shop: Shop) -> None:
    """Tell plugins what processes without them have done, and forget what everybody has been told."""
    for plugin in shop.plugins.names:
        await catch_up(shop, plugin)
    await forget_old(shop)


JOBS: Sequence[Job] = (
    Job(
        "renew-recent-text", "Lets quick searches find those seen last by an index of their own.", 60, renew_recent_text
    ),
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
