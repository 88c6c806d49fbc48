"""Work that comes round again by itself. Each job is driven by what is there, so running it twice does no harm."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from regulars_core.plugins.host import Plugins
from regulars_core.shop.shop import Shop


@dataclass(frozen=True)
class Job:
    """A piece of periodic work. `every_seconds` is from start to start, `longest_seconds` what it may take: then it is stopped,
    and left to whichever process looks next.

    It may be cancelled at any of its awaits, and run again; so it keeps its transactions short.
    """

    name: str
    description: str
    every_seconds: int
    run: Callable[[Shop], Awaitable[None]]
    longest_seconds: float = 3_600
    plugin: str | None = None
    """Whose it is; whoever lists it need not say so."""


def jobs_of(plugins: Plugins) -> Sequence[Job]:
    """Core's jobs and those of plugins. Raises PluginError where two have the same name."""
    owners = {job.name: owner for owner, jobs in plugins.declared("regulars_jobs").items() for job in jobs}
    return [replace(job, plugin=owners[job.name]) for job in plugins.gathered("regulars_jobs", "job")]
