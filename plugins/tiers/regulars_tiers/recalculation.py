"""Keeping the spells of customers as their histories say, and telling who was moved.

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
from regulars_tiers.histories import assigned, facts_of, horizon, lookup_assignments, shortened
from regulars_tiers.policy_versions import LOOKUP, made_of
from regulars_tiers.rules.criteria import Lifetime
from regulars_tiers.rules.policy import Versions
from regulars_tiers.rules.timeline import Qualification, Spell, merged, risen, spell_at, timeline


@dataclass(frozen=True, slots=True)
class Recalculate:
    """From when on a customer's spells may be others than before, and the purchase that is why."""

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
class _Kept:
    """What is kept of a customer: the tier last shown, when time changes it, by which policy, and the spells."""

    tier: str
    next_at: Instant
    policy: int
    spells: Sequence[Spell]


async def keep(shop: Shop, touched: Mapping[str, Recalculate], cause: str, *, held: bool = False) -> Sequence[Change]:
    """Bring the spells of these customers up to date, inside the caller's transaction, and tell plugins who was moved.

    `held` says that the transaction holds the rows of their statistics already. The number of statements does not depend on
    how many customers there are.
    """
    if not touched:
        return []
    ids, database = sorted(touched), shop.database
    if not held:
        await lock(database, "customer_stats", ids, key="customer_id")
    sql = (
        "SELECT customer_id, total_spent, purchase_count FROM customer_stats"
        f" WHERE {database.dialect.among('customer_id', 1)} ORDER BY customer_id"
    )
    stats, policies, spells, decisions = await database.read_together(
        [(sql, [ids]), LOOKUP, _lookup_spells(database.dialect, ids), lookup_assignments(database.dialect, ids)]
    )
    known, kept, assignments = made_of(shop, policies), _kept(spells), assigned(ids, decisions)
    present, zone = now(), shop.settings.zone
    since = {row[0]: _since(touched[row[0]], kept.get(row[0]), known) for row in stats}
    # Added purchases never lower anybody (docs/decisions/0014): a window of them is enough, and no grace before it.
    only_rise = cause == "PURCHASE" and known.monotone
    rising = {one for one, at in since.items() if only_rise and at != NEVER and not assignments[one]}
    reach = {one: known.longest if one in rising else known.reach for one in since}
    facts = await facts_of(shop, {one: horizon(reach[one], at, shop) for one, at in since.items()})
    writing = _Writing(known, present)
    for customer_id, spent, count in stats:
        history = shortened(facts[customer_id], Lifetime(spent, count), assignments[customer_id])
        elder, at = kept.get(customer_id), since[customer_id]
        if elder and customer_id in rising:
            found = risen(elder.spells, Qualification(known, history, zone, at))
        else:
            found = timeline(known, history, zone)
            if elder and at != NEVER:
                found = merged([*_before(elder.spells, at), *_after(found, at)])
        if elder or spent or count or facts[customer_id] or assignments[customer_id]:
            writing.customer(customer_id, elder, found, cause, touched[customer_id].purchase_id)
    await writing.write(database)
    if writing.changes and shop.plugins.listens("tiers_changed"):
        await shop.plugins.announce("tiers_changed", shop=shop, changes=writing.changes)
    return writing.changes


def _since(touched: Recalculate, kept: _Kept | None, known: Versions) -> Instant:
    return touched.since if kept and kept.policy == known.latest else NEVER


def _lookup_spells(dialect: Dialect, ids: Sequence[str]) -> Lookup:
    return (
        "SELECT t.customer_id, t.tier, t.next_at, t.policy, s.begins, s.ends, s.tier AS had, s.position FROM tier_standing t"
        f" JOIN tier_spell s ON s.customer_id = t.customer_id WHERE {dialect.among('t.customer_id', 1)}"
        " ORDER BY t.customer_id, s.begins",
        [ids],
    )


def _kept(rows: Sequence[Any]) -> Mapping[str, _Kept]:
    found: dict[str, tuple[tuple[str, Instant, int], list[Spell]]] = {}
    for row in rows:
        found.setdefault(row[0], ((row[1], row[2], row[3]), []))[1].append(Spell(*row[4:]))
    return {one: _Kept(*head, spells) for one, (head, spells) in found.items()}


def _before(spells: Iterable[Spell], at: Instant) -> list[Spell]:
    return [Spell(s.begins, min(s.ends, at), s.tier, s.position) for s in spells if s.begins < at]


def _after(spells: Iterable[Spell], at: Instant) -> list[Spell]:
    return [Spell(max(s.begins, at), s.ends, s.tier, s.position) for s in spells if s.ends > at]


class _Writing:
    """Gathers what is to be written for many customers."""

    def __init__(self, known: Versions, present: Instant) -> None:
        self._known, self._present = known, present
        self._customers = 0
        self.changes: list[Change] = []
        self._gone: list[tuple[str, Instant]] = []
        self._new: list[tuple[Any, ...]] = []
        self._standings: list[tuple[Any, ...]] = []

    def customer(
        self, customer_id: str, elder: _Kept | None, found: Sequence[Spell], cause: str, purchase_id: str | None
    ) -> None:
        """Note what is different of one customer."""
        old = set(elder.spells) if elder else set()
        new = set(found)
        self._customers += 1
        self._gone += [(customer_id, spell.begins) for spell in old - new]
        self._new += [(customer_id, s.begins, s.ends, s.tier, s.position) for s in found if s not in old]
        shown, position = self._last_shown(customer_id, elder)
        current = spell_at(found, self._present)
        if current.tier != shown:
            self.changes.append(
                Change(
                    customer_id, shown, current.tier, position, current.position, self._present, cause, purchase_id
                )
            )  # fmt: skip
        standing = (current.tier, current.ends, self._known.latest)
        if elder is None or standing != (elder.tier, elder.next_at, elder.policy):
            self._standings.append((customer_id, *standing))

    def _last_shown(self, customer_id: str, elder: _Kept | None) -> tuple[str, int]:
        """The tier shown until now; what time has changed since the last look is noted with its own instants."""
        if elder is None:
            return self._known.at(self._present).policy.lowest.code, 0
        shown = next((s for s in elder.spells if s.ends == elder.next_at), elder.spells[0])
        tier, position = elder.tier, shown.position
        for spell in elder.spells:
            if elder.next_at <= spell.begins <= self._present:
                if spell.tier != tier:
                    self.changes.append(
                        Change(customer_id, tier, spell.tier, position, spell.position, spell.begins, "TIME")
                    )
                tier, position = spell.tier, spell.position
        return tier, position

    async def write(self, database: Database) -> None:
        """Write it: of one customer together with whatever else the transaction writes, of many in four statements."""
        changes = [(new_id(), c.customer_id, c.at, c.before, c.after, c.cause, c.purchase_id) for c in self.changes]
        if self._customers == 1 and len(self._new) < MIN_COPY_ROWS:
            begins = {row[1] for row in self._new}
            spells = inserting("tier_spell", _SPELL, self._new) if self._new else None
            await database.defer(
                [
                    *((_FORGET, row) for row in self._gone if row[1] not in begins),
                    *([(f"{spells[0]} {_AGAIN}", spells[1])] if spells else []),
                    *((_STANDING, row) for row in self._standings),
                    *([inserting("tier_change", _CHANGE, changes)] if changes else []),
                ]
            )
            return
        if self._gone:
            await database.run_many(_FORGET, self._gone)
        await insert(database, "tier_spell", _SPELL, self._new)
        if self._standings:
            await database.run_many(_STANDING, self._standings)
        await insert(database, "tier_change", _CHANGE, changes)


_FORGET = "DELETE FROM tier_spell WHERE customer_id = $1 AND begins = $2"
_SPELL = ("customer_id", "begins", "ends", "tier", "position")
_AGAIN = (
    "ON CONFLICT (customer_id, begins) DO UPDATE SET ends = excluded.ends, tier = excluded.tier,"
    " position = excluded.position"
)
_STANDING = (
    "INSERT INTO tier_standing (customer_id, tier, next_at, policy) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (customer_id) DO UPDATE SET tier = excluded.tier, next_at = excluded.next_at, policy = excluded.policy"
)
_CHANGE = ("id", "customer_id", "at", "before", "after", "cause", "purchase_id")
