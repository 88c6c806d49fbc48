"""Recalculation: the periods of customers become what their histories say, and plugins are told who was moved.

Whoever changes something of a customer holds the row of the customer's statistics first, as core does before it tells of
purchases, in the order of ids; only then are policy and purchases read. So of two that change one customer, the later one
sees what the earlier did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import (
    MIN_COPY_ROWS,
    NEVER,
    Database,
    Dialect,
    Instant,
    Lookup,
    Shop,
    insert,
    inserting,
    lock,
    new_id,
    now,
)
from regulars_tiers.histories import assignments_from, facts_of, horizon, lookup_assignments, shortened
from regulars_tiers.policy_versions import LOOKUP, versions_from
from regulars_tiers.rules.criteria import Lifetime
from regulars_tiers.rules.policy import Versions
from regulars_tiers.rules.timeline import Period, Qualification, lifted, merged, period_at, timeline


@dataclass(frozen=True, slots=True)
class Recalculate:
    """From when on a customer's periods may be others than before, and the purchase that is why."""

    since: Instant = NEVER
    purchase_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A customer's tier as it is shown was another before. Positions: 0 is the lowest tier. `cause` is PURCHASE, REFUND,
    VOID, ASSIGNMENT, POLICY, REASSESSMENT or TIME; `at` is when it came about."""

    customer_id: str
    before: str
    after: str
    before_position: int
    after_position: int
    at: Instant
    cause: str
    purchase_id: str | None = None

    @property
    def upgrade(self) -> bool:
        """Whether it is a change for the better."""
        return self.after_position > self.before_position


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of a customer: the tier last shown, when time changes it, by which policy, and the periods."""

    tier: str
    next_at: Instant
    policy: int
    periods: Sequence[Period]


async def recalculate(
    shop: Shop, customers: Mapping[str, Recalculate], cause: str, *, locked: bool = False
) -> Sequence[Change]:
    """Bring the periods of these customers up to date, inside the caller's transaction, and tell plugins who was moved.

    `locked` says that the transaction holds the rows of their statistics already. The number of statements does not depend
    on how many customers there are.
    """
    if not customers:
        return []
    ids, database = sorted(customers), shop.database
    if not locked:
        await lock(database, "customer_stats", ids, key="customer_id")
    sql = (
        "SELECT customer_id, total_spent, purchase_count FROM customer_stats"
        f" WHERE {database.dialect.among('customer_id', 1)} ORDER BY customer_id"
    )
    stats, policies, standings, decisions = await database.read_together(
        [(sql, [ids]), LOOKUP, _lookup_stored(database.dialect, ids), lookup_assignments(database.dialect, ids)]
    )
    versions, stored, assignments = versions_from(shop, policies), _stored(standings), assignments_from(ids, decisions)
    present, zone = now(), shop.settings.zone
    since = {row[0]: _since(customers[row[0]], stored.get(row[0]), versions) for row in stats}
    # Added purchases never lower anybody (docs/decisions/0014): a window of them is enough, and no grace before it.
    only_lifts = cause == "PURCHASE" and versions.monotone
    liftable = {one for one, at in since.items() if only_lifts and at != NEVER and not assignments[one]}
    reach_days = {one: versions.max_window_days if one in liftable else versions.reach_days for one in since}
    facts = await facts_of(shop, {one: horizon(reach_days[one], at, shop) for one, at in since.items()})
    writer = _Writer(versions, present)
    for customer_id, spent, count in stats:
        history = shortened(facts[customer_id], Lifetime(spent, count), assignments[customer_id])
        existing, at = stored.get(customer_id), since[customer_id]
        if existing and customer_id in liftable:
            periods = lifted(existing.periods, Qualification(versions, history, zone, at))
        else:
            periods = timeline(versions, history, zone)
            if existing and at != NEVER:
                periods = merged([*_before(existing.periods, at), *_after(periods, at)])
        if existing or spent or count or facts[customer_id] or assignments[customer_id]:
            writer.add(customer_id, existing, periods, cause, customers[customer_id].purchase_id)
    await writer.write(database)
    if writer.changes and shop.plugins.listens("tiers_changed"):
        await shop.plugins.announce("tiers_changed", shop=shop, changes=writer.changes)
    return writer.changes


def _since(customer: Recalculate, stored: _Stored | None, versions: Versions) -> Instant:
    return customer.since if stored and stored.policy == versions.latest else NEVER


def _lookup_stored(dialect: Dialect, ids: Sequence[str]) -> Lookup:
    return (
        "SELECT t.customer_id, t.tier, t.next_at, t.policy, s.begins, s.ends, s.tier AS had, s.position FROM tier_standing t"
        f" JOIN tier_spell s ON s.customer_id = t.customer_id WHERE {dialect.among('t.customer_id', 1)}"
        " ORDER BY t.customer_id, s.begins",
        [ids],
    )


def _stored(rows: Sequence[Any]) -> Mapping[str, _Stored]:
    """What is stored of each customer, from a row for each period, in their order."""
    by_customer: dict[str, tuple[tuple[str, Instant, int], list[Period]]] = {}
    for row in rows:
        by_customer.setdefault(row[0], ((row[1], row[2], row[3]), []))[1].append(Period(*row[4:]))
    return {one: _Stored(*standing, periods) for one, (standing, periods) in by_customer.items()}


def _before(periods: Iterable[Period], at: Instant) -> list[Period]:
    return [Period(one.begins, min(one.ends, at), one.tier, one.position) for one in periods if one.begins < at]


def _after(periods: Iterable[Period], at: Instant) -> list[Period]:
    return [Period(max(one.begins, at), one.ends, one.tier, one.position) for one in periods if one.ends > at]


class _Writer:
    """Gathers what is to be written for many customers."""

    def __init__(self, versions: Versions, present: Instant) -> None:
        self._versions, self._present = versions, present
        self._customers = 0
        self.changes: list[Change] = []
        self._gone: list[tuple[str, Instant]] = []
        self._new: list[tuple[Any, ...]] = []
        self._standings: list[tuple[Any, ...]] = []

    def add(
        self, customer_id: str, existing: _Stored | None, periods: Sequence[Period], cause: str, purchase_id: str | None
    ) -> None:
        """Note what is different of one customer."""
        old = set(existing.periods) if existing else set()
        new = set(periods)
        self._customers += 1
        self._gone += [(customer_id, one.begins) for one in old - new]
        self._new += [(customer_id, p.begins, p.ends, p.tier, p.position) for p in periods if p not in old]
        shown, position = self._last_shown(customer_id, existing)
        current = period_at(periods, self._present)
        if current.tier != shown:
            self.changes.append(
                Change(
                    customer_id, shown, current.tier, position, current.position, self._present, cause, purchase_id
                )
            )  # fmt: skip
        standing = (current.tier, current.ends, self._versions.latest)
        if existing is None or standing != (existing.tier, existing.next_at, existing.policy):
            self._standings.append((customer_id, *standing))

    def _last_shown(self, customer_id: str, existing: _Stored | None) -> tuple[str, int]:
        """The tier shown until now; what time has changed since the last look is noted with its own instants."""
        if existing is None:
            return self._versions.at(self._present).policy.lowest.code, 0
        shown = next((one for one in existing.periods if one.ends == existing.next_at), existing.periods[0])
        tier, position = existing.tier, shown.position
        for period in existing.periods:
            if existing.next_at <= period.begins <= self._present:
                if period.tier != tier:
                    self.changes.append(
                        Change(customer_id, tier, period.tier, position, period.position, period.begins, "TIME")
                    )
                tier, position = period.tier, period.position
        return tier, position

    async def write(self, database: Database) -> None:
        """Write it: of one customer together with whatever else the transaction writes, of many in four statements."""
        changes = [(new_id(), c.customer_id, c.at, c.before, c.after, c.cause, c.purchase_id) for c in self.changes]
        if self._customers == 1 and len(self._new) < MIN_COPY_ROWS:
            begins = {row[1] for row in self._new}
            periods = inserting("tier_spell", _PERIOD, self._new) if self._new else None
            await database.defer(
                [
                    *((_DELETE_PERIOD, row) for row in self._gone if row[1] not in begins),
                    *([(f"{periods[0]} {_OR_UPDATE_PERIOD}", periods[1])] if periods else []),
                    *((_PUT_STANDING, row) for row in self._standings),
                    *([inserting("tier_change", _CHANGE, changes)] if changes else []),
                ]
            )
            return
        if self._gone:
            await database.run_many(_DELETE_PERIOD, self._gone)
        await insert(database, "tier_spell", _PERIOD, self._new)
        if self._standings:
            await database.run_many(_PUT_STANDING, self._standings)
        await insert(database, "tier_change", _CHANGE, changes)


_DELETE_PERIOD = "DELETE FROM tier_spell WHERE customer_id = $1 AND begins = $2"
_PERIOD = ("customer_id", "begins", "ends", "tier", "position")
_OR_UPDATE_PERIOD = (
    "ON CONFLICT (customer_id, begins) DO UPDATE SET ends = excluded.ends, tier = excluded.tier,"
    " position = excluded.position"
)
_PUT_STANDING = (
    "INSERT INTO tier_standing (customer_id, tier, next_at, policy) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (customer_id) DO UPDATE SET tier = excluded.tier, next_at = excluded.next_at, policy = excluded.policy"
)
_CHANGE = ("id", "customer_id", "at", "before", "after", "cause", "purchase_id")
