"""Which process runs a job: a row for each job, which whoever runs it holds until a moment that it puts off again and again.

A holder that is killed puts off nothing, so its lease ends by itself; and so it does at the end of the longest time that the
job may take, whatever has become of what the holder waits for. All instants are of the processes' own clocks: a
holder loses its lease too early only to a clock that is ahead by more than two thirds of the lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tortoise import fields
from tortoise.models import Model

from regulars_core.database import Database
from regulars_core.database.fields import IdField, InstantField, TextKeyField
from regulars_core.primitives.clock import Instant, now

LEASE_MS = 60_000
"""How long a lease lasts if it is not renewed."""
FIRST_RETRY_MS = 30_000
"""How long a job that has failed waits before it is tried again; each further failure doubles it, up to the job's period."""
_COLUMNS = "job, holder, held_until, due_at, started_at, finished_at, failures, error_id"


class JobLease(Model):
    """A job: who runs it until when, when it ran last, and when it is due. `started_at` and `finished_at` are of the last
    run that was begun and of the last that came to its end, well or badly; `error_id` stands in the log, beside what went
    wrong, and is null where nothing did."""

    job = TextKeyField(80, primary_key=True)
    holder = IdField(null=True)
    held_until = InstantField(null=True)
    due_at = InstantField()
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    failures = fields.IntField(default=0)
    error_id = fields.CharField(16, null=True)

    class Meta:
        table = "job_lease"


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job; `failures` counts those since it last went well."""

    job: str
    holder: str | None
    held_until: Instant | None
    due_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    failures: int
    error_id: str | None

    @property
    def running(self) -> bool:
        """Whether somebody holds its lease."""
        return self.holder is not None and self.held_until is not None and self.held_until > now()


async def states(database: Database) -> Mapping[str, JobState]:
    """Every job that was ever looked at, by name."""
    return {row[0]: JobState(*row) for row in await database.rows(f"SELECT {_COLUMNS} FROM job_lease")}


async def state_of(database: Database, job: str) -> JobState:
    """What is known of a job. One that nobody knew is due now."""
    find = f"SELECT {_COLUMNS} FROM job_lease WHERE job = $1"
    if (row := await database.row(find, job)) is not None:
        return JobState(*row)

    async def begin() -> None:
        await database.run(
            "INSERT INTO job_lease (job, due_at, failures) VALUES ($1, $2, 0) ON CONFLICT (job) DO NOTHING", job, now()
        )

    await database.transaction(begin)
    return await state_of(database, job)


async def take(database: Database, job: str, holder: str, *, lease_ms: int = LEASE_MS, early: bool = False) -> bool:
    """Whether the lease of a job that is due, or of one that is not if `early`, is the holder's now."""
    present = now()

    async def work() -> int:
        return await database.run(
            "UPDATE job_lease SET holder = $2, held_until = $3, started_at = $4"
            " WHERE job = $1 AND due_at <= $5 AND (holder IS NULL OR held_until <= $4)",
            job,
            holder,
            present + lease_ms,
            present,
            _FOREVER if early else present,
        )

    return await database.transaction(work) == 1


async def renew(database: Database, job: str, holder: str, *, lease_ms: int = LEASE_MS) -> bool:
    """Put off the end of a lease; False if it is somebody else's by now."""
    until = now() + lease_ms

    async def work() -> int:
        return await database.run(
            "UPDATE job_lease SET held_until = $3 WHERE job = $1 AND holder = $2", job, holder, until
        )

    return await database.transaction(work) == 1


async def give_back(database: Database, job: str, holder: str) -> None:
    """End a lease before the job came to its end, which is due as before: the next one to look runs it."""

    async def work() -> None:
        await database.run(
            "UPDATE job_lease SET holder = NULL, held_until = NULL WHERE job = $1 AND holder = $2", job, holder
        )

    await database.transaction(work)


async def finish(
    database: Database, state: JobState, holder: str, *, period_ms: int, error_id: str | None = None
) -> None:
    """End the lease of a job that came to its end, or failed with an error of this id, and say when it is due again.

    `period_ms` is from start to start; a job that takes longer is due at once.
    """
    present = now()
    failures = 0 if error_id is None else state.failures + 1
    pause = period_ms if error_id is None else min(period_ms, FIRST_RETRY_MS * 2 ** min(failures - 1, 20))

    async def work() -> None:
        await database.run(
            "UPDATE job_lease SET holder = NULL, held_until = NULL, finished_at = $3, failures = $4, error_id = $5,"
            " due_at = CASE WHEN started_at + $6 > $3 THEN started_at + $6 ELSE $3 END"
            " WHERE job = $1 AND holder = $2",
            state.job,
            holder,
            present,
            failures,
            error_id,
            pause,
        )

    await database.transaction(work)


_FOREVER = 2**63 - 1
