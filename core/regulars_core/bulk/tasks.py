"""What a bulk job can do: its tasks, core's own and those of plugins."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugins.host import Plugins
from regulars_core.shop.shop import Shop

Input = Mapping[str, Any]
"""What a job was asked for with: plain JSON, ids rather than what they stand for."""


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """What a task is to do next: the job's input, where it goes on (None at first), at most how much at once, and the API key of
    who asked (id, name)."""

    input: Input
    place: str | None
    most: int
    key: tuple[str, str]


@dataclass(frozen=True, slots=True)
class BulkStep:
    """What a task has done: where it goes on, of how many that was, and what became of them by a word for it. `place` is None
    where nothing is left."""

    place: str | None
    done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


async def _nothing(_: Shop, __: Input) -> None: ...


async def _unknown(_: Shop, __: Input) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class WholeJob:
    """A job that is done as a whole: its id, its input, and the API key of who asked (id, name)."""

    id: str
    input: Input
    key: tuple[str, str]


Step = Callable[[Shop, BulkBatch], Awaitable[BulkStep]]
Whole = Callable[[Shop, WholeJob], Awaitable[Mapping[str, int]]]


@dataclass(frozen=True)
class BulkTask:
    """A kind of work that takes longer than an answer.

    `step` does some of it, in a transaction with the note of how far it is; where one takes long, the next does less. It may be
    interrupted between any two, and goes on in another process, so it goes by the database alone. What it raises as Refused ends
    the job, with the first problem as the reason. `total` says how much there is to do in all, None where that cannot be said;
    it may take its time. `ended` is called in the transaction in which the job ends without being done, cancelled or failed: what
    was done stays.

    What cannot be cut into steps, such as a file that is imported, has no `step` and is done `whole` instead: in transactions of
    its own, with notes of how far it is, and once more from its beginning where it was interrupted. It answers what has become of
    all of it. One that `is_import` has its turn among imports, and keeps nobody else waiting.
    """

    name: str
    description: str
    step: Step | None
    total: Callable[[Shop, Input], Awaitable[int | None]] = _unknown
    ended: Callable[[Shop, Input], Awaitable[None]] = _nothing
    most: int = 1_000
    whole: Whole | None = None
    is_import: bool = False

    def __post_init__(self) -> None:
        if (self.step is None) == (self.whole is None):
            raise ValueError(f"The bulk task '{self.name}' is done in steps or as a whole.")


def bulk_tasks(plugins: Plugins, *, without: frozenset[str] = frozenset()) -> Mapping[str, BulkTask]:
    """Core's tasks and those of plugins, but for these plugins, by name. Raises PluginError where two have the same name."""
    owners = {task.name: owner for owner, tasks in plugins.declared("regulars_bulk_tasks").items() for task in tasks}
    gathered = plugins.gathered("regulars_bulk_tasks", "bulk task")
    return {task.name: task for task in gathered if owners[task.name] not in without}
