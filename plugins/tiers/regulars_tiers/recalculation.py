"""Recalculation: the periods of customers become what their histories say, and plugins are told who was moved.

Whoever changes something of a customer holds the customer first; only then are policy and purchases read. So of two that
change one customer, the later one sees what the earlier did. A purchase by itself holds nobody: what it decides by is named and
looked up with everything else, and if somebody was quicker it is told again. Of what has just been recorded and is not among the
rows that were looked up, the facts are made here.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.plugin import (
    MIN_COPY_ROWS,
    NEVER,
    Database,
    Dialect,
    Instant,
    Lifetime,
    Lookup,
    PurchaseFact,
    RuleKinds,
    Shop,
    completed,
    hold,
    insert,
    inserting,
    lookup_lifetimes,
    lookup_purchase_facts,
    moment,
    now,
    purchase_facts,
    purchase_facts_from,
    rule_kinds,
    told_later,
)
from regulars_tiers.histories import assignments_from, horizon, lookup_assignments, shortened, with_new
from regulars_tiers.moments import Change
from regulars_tiers.policy_versions import ANEW, lookup_versions, remembered_versions, versions_from
from regulars_tiers.rules.criteria import CriterionKind, Unavailable
from regulars_tiers.rules.policy import Versions
from regulars_tiers.rules.timeline import (
    CriterionFailed,
    History,
    Period,
    Qualification,
    kept,
    lifted,
    merged,
    period_at,
    timeline,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recalculate:
    """From when on a customer's periods may be others than before, the purchase that is why, and when that came about: now,
    unless it is said."""

    since: Instant = NEVER
    purchase_id: str | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of a customer: the tier last shown, when time changes it, by which policy, which metric failed, and the
    periods."""

    tier: str
    next_at: Instant
    policy: int
    failed: str | None
    periods: Sequence[Period]


def lookups_for(shop: Shop, customers: Mapping[str, Recalculate]) -> Sequence[Lookup]:
    """What `recalculate` will have to know of these customers after purchases, for the first half of an event: the same
    look-ups that it asks by itself, and the purchases that matter as far as the policies are known in this process."""
    ids, remembered = sorted(customers), remembered_versions(shop)
    if not ids:
        return []
    asked = _lookups(shop, ids, ANEW if remembered is None else remembered.latest)
    if remembered is not None and remembered.is_monotone:
        since = {one: horizon(remembered.max_window_days, customers[one].since, shop) for one in ids}
        asked.append(lookup_purchase_facts(shop, since))
    return asked


async def recalculate(
    shop: Shop,
    customers: Mapping[str, Recalculate],
    cause: str,
    *,
    locked: bool = False,
    found: Sequence[Sequence[Any]] = (),
    new: Mapping[str, Sequence[PurchaseFact]] | None = None,
) -> Sequence[Change]:
    """Bring the periods of these customers up to date, inside the caller's transaction, and tell plugins who was moved.

    `locked` says that nobody else moves these customers meanwhile. `found` are the rows of `lookups_for`, from before the
    purchases that are `new` were written; without them everything is read here. The number of statements does not depend on how
    many customers there are.
    """
    if not locked:
        customers = await _held(shop, customers)
    if not customers:
        return []
    ids, database = sorted(customers), shop.database
    lifts = cause == "PURCHASE" and not any(fact.net < 0 for own in (new or {}).values() for fact in own)
    known = _Known(shop, customers, found or await database.read_together(_lookups(shop, ids)), lifts=lifts)
    if found and (len(found) == _WITHOUT_FACTS or not known.lifts_all or known.asked_by != known.versions.latest):
        # What was named is not enough: the policy was not known yet or is another one, or the whole past of somebody is needed.
        known, new = _Known(shop, customers, await database.read_together(_lookups(shop, ids)), lifts=lifts), None
        found = ()
    if found:
        facts = purchase_facts_from(shop, ids, found[_WITHOUT_FACTS])
    else:
        since = {one: horizon(known.reach_days(one), at, shop) for one, at in known.since.items()}
        facts = await purchase_facts(shop, since)
    if reads := known.versions.reads:
        facts, new = await completed(shop, facts, reads), await completed(shop, new or {}, reads)
    assignments, zone = known.assignments, shop.settings.zone
    writer, failures, present = _Writer(known.versions), dict[str, CriterionFailed](), now()
    for customer_id, spent, count, _ in known.stats:
        history = shortened(facts[customer_id], Lifetime(spent, count), assignments[customer_id])
        history = with_new(history, (new or {}).get(customer_id, ()))
        existing, asked = known.stored.get(customer_id), customers[customer_id]
        at = present if asked.at is None else asked.at
        try:
            periods = await _reckoned(known, customer_id, history, zone)
        except CriterionFailed as failed:
            failures[customer_id] = failed
            stored = existing.periods if existing else ()
            periods = kept(stored, known.versions, assignments[customer_id], at)
        if existing or spent or count or history.facts or assignments[customer_id]:
            failed_metric = failures[customer_id].metric if customer_id in failures else None
            writer.add(customer_id, existing, periods, cause, asked.purchase_id, failed_metric, at)
    if failures:
        _log(rule_kinds(shop), failures)
    await writer.write(database)
    if shop.plugins.listens("tiers_changed"):
        for at, changes in sorted(writer.changes_by_moment.items()):
            with moment(at):
                await shop.plugins.announce("tiers_changed", {"shop": shop, "changes": changes})
    return writer.changes


async def _held(shop: Shop, customers: Mapping[str, Recalculate]) -> Mapping[str, Recalculate]:
    """Those of these customers, held, who were not merged into others: what was known of such a one stays as it was, for the day
    on which the merge is undone. Who is told later is told of them as they were before."""
    merged = await hold(shop.database, customers)
    if not merged or told_later():
        return customers
    return {one: wanted for one, wanted in customers.items() if one not in merged}


_LONG = 10_000
"""Purchases over which it takes so long to reckon that others are to be answered meanwhile."""


async def _reckoned(known: "_Known", customer_id: str, history: History, zone: ZoneInfo) -> Sequence[Period]:
    if len(history.facts) < _LONG:
        return _periods(known, customer_id, history, zone)
    return await asyncio.to_thread(_periods, known, customer_id, history, zone)


def _periods(known: "_Known", customer_id: str, history: History, zone: ZoneInfo) -> Sequence[Period]:
    """What the history of a customer says. Raises CriterionFailed."""
    existing, at = known.stored.get(customer_id), known.since[customer_id]
    if existing and customer_id in known.liftable:
        return lifted(existing.periods, Qualification(known.versions, history, zone, at))
    periods = timeline(known.versions, history, zone)
    if existing and at != NEVER:
        return merged([*_before(existing.periods, at), *_after(periods, at)])
    return periods


def _log(kinds: RuleKinds, failures: Mapping[str, CriterionFailed]) -> None:
    """A line for each metric, whatever number of customers it is for. What a plugin raised may quote them, and is not told."""
    by_metric: dict[str, list[str]] = {}
    for customer_id, failed in failures.items():
        by_metric.setdefault(failed.metric, []).append(customer_id)
    for metric, ids in by_metric.items():
        error = failures[ids[0]].error
        raised = f"{type(error).__name__} in the plugin '{kinds.owners.get((CriterionKind.use, metric), '')}'"
        log.warning(
            "tier criterion %s could not be measured for %d customers, such as customer_%s, whose tiers stay as they are: %s",
            metric,
            len(ids),
            ids[0],
            error if isinstance(error, Unavailable) else raised,
        )


_WITHOUT_FACTS = 4
"""Look-ups without that of purchases."""


def _lookups(shop: Shop, ids: Sequence[str], asked_by: int = ANEW) -> list[Lookup]:
    """`asked_by` comes back with the policies: the number of the one by which it was named what else is looked up."""
    dialect = shop.database.dialect
    return [
        lookup_lifetimes(shop, ids),
        lookup_versions(asked_by),
        lookup_stored(dialect, ids),
        lookup_assignments(dialect, ids),
    ]


class _Known:
    """What is known of customers before their purchases are looked at."""

    def __init__(
        self, shop: Shop, customers: Mapping[str, Recalculate], found: Sequence[Sequence[Any]], *, lifts: bool
    ) -> None:
        self.stats, policies, standings, decisions = found[:_WITHOUT_FACTS]
        self.asked_by = policies[0][-1] if policies else 0  # versions are never removed
        self.versions, self.stored = versions_from(shop, policies), _stored(standings)
        self.assignments = assignments_from(sorted(customers), decisions)
        self.since = {row[0]: _since(customers[row[0]], self.stored.get(row[0]), self.versions) for row in self.stats}
        # Added purchases never lower anybody (docs/decisions/0014): a window of them is enough, and no grace before it.
        only_lifts = lifts and self.versions.is_monotone
        self.liftable = {
            one for one, at in self.since.items() if only_lifts and at != NEVER and not self.assignments[one]
        }

    @property
    def lifts_all(self) -> bool:
        """Whether a window of purchases is enough for everybody."""
        return self.liftable == self.since.keys()

    def reach_days(self, customer_id: str) -> int | None:
        """For how many days before the change purchases of a customer matter one by one; None for ever."""
        return self.versions.max_window_days if customer_id in self.liftable else self.versions.reach_days


def _since(customer: Recalculate, stored: _Stored | None, versions: Versions) -> Instant:
    return customer.since if stored and stored.policy == versions.latest else NEVER


def lookup_stored(dialect: Dialect, ids: Sequence[str]) -> Lookup:
    """The standings of customers, a row for each of their periods, in the order of time: of one the key, five columns of the
    standing, and begin, end, tier and position of the period."""
    condition, keys = dialect.keyed("t.customer_id", 1, ids)
    return (
        "SELECT t.customer_id, t.tier, t.next_at, t.policy, t.failed, s.begins, s.ends, s.tier AS had, s.position"
        f" FROM tier_standing t JOIN tier_spell s ON s.customer_id = t.customer_id WHERE {condition}"
        " ORDER BY t.customer_id, s.begins",
        [keys],
    )


def _stored(rows: Sequence[Any]) -> Mapping[str, _Stored]:
    """What is stored of each customer, from a row for each period, in their order."""
    by_customer: dict[str, tuple[tuple[str, Instant, int, str | None], list[Period]]] = {}
    for row in rows:
        by_customer.setdefault(row[0], ((row[1], row[2], row[3], row[4]), []))[1].append(Period(*row[5:]))
    return {one: _Stored(*standing, periods) for one, (standing, periods) in by_customer.items()}


def _before(periods: Iterable[Period], at: Instant) -> list[Period]:
    return [Period(one.begins, min(one.ends, at), one.tier, one.position) for one in periods if one.begins < at]


def _after(periods: Iterable[Period], at: Instant) -> list[Period]:
    return [Period(max(one.begins, at), one.ends, one.tier, one.position) for one in periods if one.ends > at]


class _Writer:
    """Gathers what is to be written for many customers."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._customers = 0
        self.changes_by_moment: dict[Instant, list[Change]] = {}
        self._gone: list[tuple[str, Instant]] = []
        self._new: list[tuple[Any, ...]] = []
        self._standings: list[tuple[Any, ...]] = []

    @property
    def changes(self) -> Sequence[Change]:
        """All changes, in the order in which they came about."""
        return [change for _, changes in sorted(self.changes_by_moment.items()) for change in changes]

    def add(
        self,
        customer_id: str,
        existing: _Stored | None,
        periods: Sequence[Period],
        cause: str,
        purchase_id: str | None,
        failed: str | None,
        at: Instant,
    ) -> None:
        """Note what is different of one customer since this moment. Who `failed` to be measured by a metric is marked, to be made
        anew when that can be done."""
        old = set(existing.periods) if existing else set()
        new = set(periods)
        self._customers += 1
        self._gone += [(customer_id, one.begins) for one in old - new]
        self._new += [(customer_id, p.begins, p.ends, p.tier, p.position) for p in periods if p not in old]
        changes, shown, position = self._last_shown(customer_id, existing, at)
        current = period_at(periods, at)
        if current.tier != shown:
            changes.append(Change(customer_id, shown, current.tier, position, current.position, at, cause, purchase_id))
        if changes:
            self.changes_by_moment.setdefault(at, []).extend(changes)
        standing = (current.tier, current.ends, ANEW if failed else self._versions.latest, failed)
        if existing is None or standing != (existing.tier, existing.next_at, existing.policy, existing.failed):
            self._standings.append((customer_id, *standing, existing.policy if existing else ANEW))

    def _last_shown(self, customer_id: str, existing: _Stored | None, at: Instant) -> tuple[list[Change], str, int]:
        """The tier shown until this moment; what time has changed since the last look is noted with its own instants."""
        if existing is None:
            return [], self._versions.at(at).policy.lowest.code, 0
        shown = next((one for one in existing.periods if one.ends == existing.next_at), existing.periods[0])
        tier, position = existing.tier, shown.position
        changes = []
        for period in existing.periods:
            if existing.next_at <= period.begins <= at:
                if period.tier != tier:
                    changes.append(
                        Change(customer_id, tier, period.tier, position, period.position, period.begins, "TIME")
                    )
                tier, position = period.tier, period.position
        return changes, tier, position

    async def write(self, database: Database) -> None:
        """Write it: of one customer together with whatever else the transaction writes, of many in a few statements."""
        changes = [(c.id, c.customer_id, c.at, c.before, c.after, c.cause, c.purchase_id) for c in self.changes]
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
# Whoever marks all standings holds nobody: what was marked since it was looked up, by policy $6, stays so.
_PUT_STANDING = (
    "INSERT INTO tier_standing (customer_id, tier, next_at, policy, failed) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (customer_id) DO UPDATE SET tier = excluded.tier, next_at = excluded.next_at, failed = excluded.failed,"
    f" policy = CASE WHEN tier_standing.policy = {ANEW} AND CAST($6 AS BIGINT) <> {ANEW} THEN {ANEW} ELSE excluded.policy END"
)
_CHANGE = ("id", "customer_id", "at", "before", "after", "cause", "purchase_id")
