"""What is kept of progress, as it is looked up and written."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from operator import attrgetter
from typing import Any, NamedTuple

from regulars_core.plugin import MIN_COPY_ROWS, Database, Dialect, Instant, Lookup, insert, inserting, new_id
from regulars_rewards.progress.law import Standing


@dataclass(frozen=True, slots=True)
class Earning:
    """What a source brought a customer in a system, by a version: `earned` units of which `per` are one progress, and how many of
    them are reversed by now. `base` is what was eligible of a purchase, in minor units, and `shares` how much of that each line
    was, as JSON; so is the `explanation`."""

    customer_id: str
    system_id: str
    source: str
    purchase_id: str | None
    version: int
    per: int
    earned: int
    at: Instant
    reversed: int = 0
    base: int | None = None
    shares: str | None = None
    explanation: str | None = None
    id: str = field(default_factory=new_id)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same."""
        return self.customer_id, self.system_id, self.source

    @property
    def units(self) -> Fraction:
        """How much progress it stands for, whole or not."""
        return Fraction(self.earned - self.reversed, self.per)

    @property
    def by_line(self) -> Mapping[str, int]:
        """How much of what was eligible each line was."""
        return json.loads(self.shares) if self.shares else {}

    def with_reversed(self, units: int) -> "Earning":
        """The same with so many units reversed in all."""
        return replace(self, reversed=min(max(units, 0), self.earned))


EARNING = (
    "id", "customer_id", "system_id", "source", "purchase_id", "version", "per", "earned", "reversed", "base", "shares",
    "explanation", "at",
)  # fmt: skip
_EARNING_VALUES = attrgetter(*EARNING)
_PUT_EARNING = (
    "ON CONFLICT (customer_id, system_id, source) DO UPDATE SET version = excluded.version, per = excluded.per,"
    " earned = excluded.earned, reversed = excluded.reversed, explanation = excluded.explanation, at = excluded.at"
)


class Entry(NamedTuple):
    """By how much the progress of a customer in a system changed, and what it was then."""

    id: str
    customer_id: str
    system_id: str
    cause: str
    delta: int
    progress_after: int
    at: Instant
    recorded_at: Instant
    actor: str | None
    source: str | None = None
    purchase_id: str | None = None
    refund_id: str | None = None
    merge_id: str | None = None
    given_id: str | None = None
    coupon_id: str | None = None
    explanation: str | None = None


class Given(NamedTuple):
    """A reward that was given and not taken back; `settings` is what its kind was told, as JSON."""

    id: str
    customer_id: str
    system_id: str
    version: int
    kind: str
    settings: str
    cost: int
    source: str | None
    coupon_id: str | None
    given_at: Instant


class Progress(NamedTuple):
    """How far a customer is in a system."""

    customer_id: str
    system_id: str
    standing: Standing
    issued: int


def lookup_progress(dialect: Dialect, customer_ids: Collection[Any]) -> Lookup:
    """How far customers are, in all systems; read by `progress_from`."""
    columns = "customer_id, system_id, units, progress, issued"
    return f"SELECT {columns} FROM rewards_progress WHERE {dialect.among('customer_id', 1)}", [sorted(customer_ids)]


def progress_from(rows: Sequence[Any]) -> Sequence[Progress]:
    """How far customers are."""
    return [Progress(row[0], row[1], Standing(Fraction(row[2]), row[3]), row[4]) for row in rows]


_EARNINGS = f"SELECT {', '.join(EARNING)} FROM rewards_earning"


def lookup_earnings_of(dialect: Dialect, purchase_ids: Collection[str]) -> Lookup:
    """What purchases brought anybody; read by `earnings_from`."""
    return f"{_EARNINGS} WHERE {dialect.among('purchase_id', 1)} ORDER BY id", [sorted(purchase_ids)]


def lookup_earnings_by(dialect: Dialect, customer_ids: Collection[Any], sources: Collection[str]) -> Lookup:
    """What these sources brought these customers; read by `earnings_from`."""
    theirs, by = dialect.among("customer_id", 1), dialect.among("source", 2, "text")
    return f"{_EARNINGS} WHERE {theirs} AND {by}", [sorted(customer_ids), sorted(sources)]


def earnings_from(rows: Sequence[Any]) -> Mapping[tuple[str, str, str], Earning]:
    """Earnings by customer, system and source."""
    found = (Earning(**dict(zip(EARNING, tuple(row)[: len(EARNING)], strict=True))) for row in rows)
    return {one.key: one for one in found}


async def live_rewards(database: Database, pairs: Collection[tuple[str, str]]) -> Sequence[Given]:
    """The rewards that were given to customers in systems and not taken back: (customer, system) of each pair."""
    columns = ", ".join(Given._fields)
    among = database.dialect.among
    rows = await database.rows(
        f"SELECT {columns} FROM rewards_given WHERE {among('customer_id', 1)} AND {among('system_id', 2)}"
        " AND taken_back_at IS NULL ORDER BY id",
        sorted({one for one, _ in pairs}),
        sorted({one for _, one in pairs}),
    )
    found = [Given(*row) for row in rows]
    return [one for one in found if (one.customer_id, one.system_id) in pairs]


async def given_by_merges(database: Database, merge_ids: Sequence[str]) -> Mapping[str, Sequence[Given]]:
    """The rewards that were given because of merges and not taken back, by merge; those because of which none was are missing."""
    columns = ", ".join(f"g.{name}" for name in Given._fields)
    rows = await database.read(
        f"SELECT e.merge_id, {columns} FROM rewards_entry e JOIN rewards_given g ON g.id = e.given_id"
        f" WHERE {database.dialect.among('e.merge_id', 1)} AND e.merge_id IS NOT NULL AND e.cause = 'ISSUE'"
        " AND g.taken_back_at IS NULL ORDER BY g.id",
        list(merge_ids),
    )
    found: dict[str, list[Given]] = {}
    for merge_id, *values in rows:
        found.setdefault(merge_id, []).append(Given(*values))
    return found


_PROGRESS = ("id", "customer_id", "system_id", "units", "progress", "issued")
_PUT_PROGRESS = (
    "ON CONFLICT (customer_id, system_id) DO UPDATE SET units = excluded.units, progress = excluded.progress,"
    " issued = excluded.issued"
)
_FAILED = ("id", "customer_id", "system_id", "source", "purchase_id", "failed_at")
_KEEP_FAILED = "ON CONFLICT (customer_id, system_id, source) DO NOTHING"


class Failure(NamedTuple):
    """A trigger that has failed at a source of a customer."""

    customer_id: str
    system_id: str
    source: str
    purchase_id: str | None


@dataclass
class Writes:
    """What is to be written of progress in one transaction."""

    progress: Sequence[Progress] = ()
    earnings: Sequence[Earning] = ()
    entries: Sequence[Entry] = ()
    given: Sequence[Given] = ()
    taken_back: Sequence[tuple[str, Instant, str]] = ()
    failures: Sequence[tuple[Failure, Instant]] = ()

    async def defer(self, database: Database) -> None:
        """Write all of it: of a customer or two together with whatever else the transaction writes, of many in a few
        statements."""
        inserts: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]]]] = [
            ("rewards_entry", Entry._fields, self.entries),
            ("rewards_given", Given._fields, self.given),
        ]
        progress = [
            (new_id(), one.customer_id, one.system_id, str(one.standing.units), one.standing.progress, one.issued)
            for one in self.progress
        ]
        failed = [(new_id(), *failure, at) for failure, at in self.failures]
        puts: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]], str]] = [
            ("rewards_progress", _PROGRESS, progress, _PUT_PROGRESS),
            ("rewards_earning", EARNING, [_EARNING_VALUES(one) for one in self.earnings], _PUT_EARNING),
            ("rewards_failed", _FAILED, failed, _KEEP_FAILED),
        ]
        if max(len(self.entries), len(self.earnings), len(progress)) < MIN_COPY_ROWS:
            writes = [inserting(table, columns, rows) for table, columns, rows in inserts if rows]
            for table, columns, rows, conflict in puts:
                if rows:
                    sql, values = inserting(table, columns, rows)
                    writes.append((f"{sql} {conflict}", values))
            await database.defer(writes)
        else:
            for table, columns, rows in inserts:
                await insert(database, table, columns, rows)
            for table, columns, rows, conflict in puts:
                if rows:
                    sql, _ = inserting(table, columns, rows[:1])
                    await database.run_many(f"{sql} {conflict}", rows)
        await self._take_back(database)

    async def _take_back(self, database: Database) -> None:
        by_why: dict[tuple[Instant, str], list[str]] = {}
        for id_, at, why in self.taken_back:
            by_why.setdefault((at, why), []).append(id_)
        among = database.dialect.among("id", 1)
        sql = f"UPDATE rewards_given SET taken_back_at = $2, why = $3 WHERE {among}"
        await database.defer([(sql, [sorted(ids), *how]) for how, ids in sorted(by_why.items())])
