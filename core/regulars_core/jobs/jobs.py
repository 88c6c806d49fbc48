"""Work that comes round again by itself. Each job is driven by what is there, so running it twice does no harm."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

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


def jobs_of(plugins: Plugins) -> Sequence[Job]:
    """Core's jobs and those of plugins. Raises PluginError where two have the same name."""
    return plugins.gathered("regulars_jobs", "job")
