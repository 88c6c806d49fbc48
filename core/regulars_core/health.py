"""Whether a shop that is open works: what the API's `Shop.status` and `regulars doctor` look at."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from regulars_core.database import Database, migrations
from regulars_core.database.replica import bytes_of, position_of
from regulars_core.events.behind import progress
from regulars_core.jobs.jobs import jobs_of
from regulars_core.jobs.leases import states
from regulars_core.keys.reads import list_keys
from regulars_core.primitives.clock import Instant, now, printed
from regulars_core.rotation import PLAIN, keys_in_use
from regulars_core.shop.permissions import ADMINISTRATOR
from regulars_core.shop.shop import Shop, WrongCurrency, refuse_other_currency

_LATE_MS = 15 * 60_000
_MAX_FAILURES = 3
_OLDEST_POSTGRES = 150_000
_FAR_BEHIND_BYTES = 16 * 2**20
"""A piece of the log, as PostgreSQL cuts it."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was looked at: whether it is fine, and what was found, in a sentence that says what mends it if it is not.
    What is not fine and still `works` need not be mended for the shop to go on."""

    name: str
    ok: bool
    message: str
    works: bool = False


class Look(Protocol):
    """What looks at something of a shop, in a few small statements."""

    def __call__(self, shop: Shop, /) -> Awaitable[Sequence[Check]]:
        """What was found."""


async def checks(shop: Shop) -> Sequence[Check]:
    """All that can be told of an open shop in a few small statements, whatever its size. Of a database of another version nothing
    more is looked at. Writes nothing."""
    found = [await _engine(shop.database), await _migrations(shop.database)]
    if not found[-1].ok:
        return found
    for look in _LOOKS:
        found += await look(shop)
    for plugin, looks in shop.plugins.declared("regulars_checks").items():
        if plugin not in shop.behind:
            found += [one for look in looks for one in await look(shop)]
    return found


async def _engine(database: Database) -> Check:
    if database.engine == "sqlite":
        row = await database.row("SELECT sqlite_version()")
        return Check("database", True, f"SQLite {row[0] if row else ''}")
    row = await database.row("SHOW server_version_num")
    number = int(row[0]) if row else 0
    return Check("database", number >= _OLDEST_POSTGRES, f"PostgreSQL {number // 10_000}; 15 or newer is needed")


async def _migrations(database: Database) -> Check:
    if unknown := await migrations.unknown(database):
        names = ", ".join(unknown)
        return Check("migrations", False, f"made by a newer version ({names}); install that version")
    if pending := await migrations.pending(database):
        return Check("migrations", False, f"not applied: {', '.join(pending)}; run `regulars migrate`")
    return Check("migrations", True, "all applied")


async def _sessions(shop: Shop) -> Sequence[Check]:
    """Whether what stands before PostgreSQL is what the settings say, and sessions are set as they should be."""
    database = shop.database
    if database.engine == "sqlite":
        return []
    from regulars_core.database.sessions import is_pooled, settings_amiss

    pooled = await is_pooled(database)
    if pooled != (database.pooler == "transaction"):
        told = (
            "stands before PostgreSQL; where it pools by transaction, set REGULARS_DATABASE_POOLER=transaction"
            if pooled
            else "is not there, so each statement is planned anew for nothing; leave REGULARS_DATABASE_POOLER out"
        )
        return [Check("pooler", False, told, works=True)]
    if not pooled:
        return []
    if amiss := await settings_amiss(database):
        told = f"sessions are not set as they should be; run {'; '.join(amiss)}; and RECONNECT in PgBouncer"
        return [Check("pooler", False, told, works=True)]
    return [Check("pooler", True, "pools by transaction, and the role has its settings")]


async def _replica(shop: Shop) -> Sequence[Check]:
    """Whether there is a replica where one should be, and how far it is behind."""
    replica = shop.database.replica
    if replica is None:
        return []
    written, replayed = bytes_of(await position_of(shop.database)), await replica.replayed()
    if replayed is None:
        mend = "start it, or mend REGULARS_REPLICA_URL; until then the primary answers everything"
        return [Check("replica", False, f"cannot be reached, or is no replica; {mend}", works=True)]
    behind = max(written - replayed, 0)
    if behind > _FAR_BEHIND_BYTES:
        told = f"{behind // 2**20} MiB behind; until it has caught up the primary answers most"
        return [Check("replica", False, told, works=True)]
    return [Check("replica", True, f"{behind} bytes behind")]


async def _currency(shop: Shop) -> Sequence[Check]:
    try:
        await refuse_other_currency(shop)
    except WrongCurrency as error:
        return [Check("currency", False, str(error))]
    return []


async def _plugins(shop: Shop) -> Sequence[Check]:
    """Which plugins are being told what they missed: nothing that has to be mended."""
    return [
        Check(
            f"plugin {one.plugin}",
            True,
            f"catching up, {one.told} of {one.missed} events told, {one.percent} %",
        )
        for one in await progress(shop.database)
    ]


async def _jobs(shop: Shop) -> Sequence[Check]:
    """Jobs that nobody runs, or that fail again and again. What was never run is of a shop that was never served."""
    known, present = await states(shop.database), now()
    jobs = {job.name: job for job in jobs_of(shop.plugins) if job.name in known and job.plugin not in shop.behind}
    failing = [name for name in jobs if known[name].failures >= _MAX_FAILURES]
    if failing:
        told = ", ".join(f"{name} ({known[name].failures} times, error {known[name].error_id})" for name in failing)
        return [Check("jobs", False, f"failing: {told}; the log says why beside the error's id")]
    late = [name for name in jobs if not known[name].running and known[name].due_at < present - _LATE_MS]
    if late and len(late) == len(jobs):
        since = printed(min(known[name].due_at for name in late))
        mend = "run `regulars serve` with REGULARS_JOBS=true, or `regulars jobs run`"
        return [Check("jobs", False, f"none was run since {since}; {mend}")]
    if late:
        return [Check("jobs", False, f"not run when they were due: {', '.join(late)}; `regulars jobs list` says more")]
    return [Check("jobs", True, "run when they are due" if jobs else "none was run yet")]


async def _keys(shop: Shop) -> Sequence[Check]:
    present = now()
    live = [key for key in await list_keys(shop.database) if key.is_live(present)]
    mend = "regulars key create --name … --role administrator"
    if not live:
        return [Check("keys", False, f"none is live, so nobody can ask anything; run `{mend}`")]
    administrators = [key for key in live if (ADMINISTRATOR, None) in key.bindings]
    if not administrators:
        return [Check("keys", False, f"{len(live)} live, but none administers the whole shop; run `{mend}`")]
    ends = [key.expires_at for key in administrators]
    if None not in ends:
        last = printed(Instant(max(end for end in ends if end is not None)))
        told = f"{len(live)} live, but none will administer the whole shop after {last}; run `{mend}`"
        return [Check("keys", False, told, works=True)]
    return [Check("keys", True, f"{len(live)} live")]


async def _encryption(shop: Shop) -> Sequence[Check]:
    """Whether what is sensitive is sealed, all of it by the first key, and every key that it takes is there."""
    used, seals = await keys_in_use(shop.database), shop.seals
    lost = sorted({key for keys in used.values() for key in keys} - {PLAIN, *seals.key_ids})
    if lost:
        told = f"values are sealed by keys that are not there: {', '.join(lost)}; add them to REGULARS_ENCRYPTION_KEYS"
        return [Check("encryption", False, told)]
    left = {table for table, keys in used.items() if set(keys) != {seals.current or PLAIN}}
    if seals.current is None:
        if not used:
            return [Check("encryption", True, "nothing sensitive is kept")]
        told = "sensitive values are kept as typed; set REGULARS_ENCRYPTION_KEYS and run `regulars encryption rotate`"
        return [Check("encryption", False, told, works=True)]
    if left:
        told = (
            f"not all is sealed by the key {seals.current}: {', '.join(sorted(left))}; run `regulars encryption rotate`"
        )
        return [Check("encryption", False, told, works=True)]
    return [Check("encryption", True, f"all is sealed by the key {seals.current}")]


_LOOKS: Sequence[Look] = (_sessions, _replica, _currency, _plugins, _jobs, _encryption, _keys)
