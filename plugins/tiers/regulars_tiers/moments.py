"""The tiers of customers at instants, of many by one look-up, which can be named in the first half of an event; and how what was
shown of them has changed.

The tier before a purchase is that of a millisecond earlier. So it is the same whether the purchase is recorded by then or not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugin import (
    AudienceFacts,
    AudienceLeaf,
    CustomerMoment,
    Holds,
    Instant,
    Lookup,
    Shop,
    new_id,
    now,
    told_later,
)
from regulars_tiers.policy_versions import lookup_versions, versions_from, versions_of
from regulars_tiers.rules.policy import Tier, Versions

Moments = Iterable[tuple[str, Instant]]
Tiers = Mapping[tuple[str, Instant], Tier]


def lookup_tiers(shop: Shop, moments: Moments) -> Lookup:
    """What `tiers_from` finds the tier of each (customer, instant) in.

    It is that of the stored periods. Where a plugin is told later of an event, and tiers were not off, these know what came later
    already: then it is the tier that was shown.
    """
    dialect, distinct = shop.database.dialect, list(dict.fromkeys(moments))
    keys, values = dialect.moments(distinct, 1)
    tier = "sp.tier"
    if told_later():
        present = f"CAST(${len(values) + 1} AS BIGINT)"
        change = "FROM tier_change h WHERE h.customer_id = k.key AND h.at >"
        shown = f"SELECT h.before {change} {dialect.least('k.at', present)} ORDER BY h.at, h.id LIMIT 1"
        tier = f"coalesce(CASE WHEN EXISTS (SELECT 1 {change} {present}) THEN ({shown}) END, sp.tier)"
        values.append(now())
    return (
        f"SELECT k.key, k.at, {tier} AS tier FROM {keys}"
        " LEFT JOIN tier_spell sp ON sp.customer_id = k.key AND sp.begins <= k.at AND sp.ends > k.at",
        values,
    )


def tiers_from(versions: Versions, moments: Moments, rows: Sequence[Any]) -> Tiers:
    """The tier of each (customer, instant) by the policy that was in force then; who has no periods has the lowest."""
    codes = {(one, at): tier for one, at, tier in rows}
    tiers = {}
    for one in dict.fromkeys(moments):
        policy = versions.at(one[1]).policy
        tiers[one] = policy.by_code.get(codes.get(one) or "", policy.lowest)
    return tiers


def before(moments: Moments) -> list[tuple[str, Instant]]:
    """The moments just before these."""
    return [(one, Instant(at - 1)) for one, at in moments]


def applies_to_trigger(versions: Versions, at: Instant) -> bool:
    """Whether a purchase at an instant is made on the terms of the tier that it brings."""
    return versions.at(at).policy.upgrade_applies_to_trigger


def terms_of(versions: Versions, tiers: Tiers, customer_id: str, at: Instant) -> Tier:
    """The tier whose terms hold for a purchase: the one before it, or after it where the policy says that an upgrade applies to
    the purchase that brings it. `tiers` are those of both moments."""
    return tiers[customer_id, at if applies_to_trigger(versions, at) else Instant(at - 1)]


def _tiers_before(shop: Shop, who: Sequence[CustomerMoment]) -> Lookup:
    return lookup_tiers(shop, before(who))


def _versions(_: Shop, __: Sequence[CustomerMoment]) -> Lookup:
    return lookup_versions()


def _codes_before(
    shop: Shop, who: Sequence[CustomerMoment], rows: Sequence[Sequence[Any]]
) -> Mapping[CustomerMoment, str]:
    versions = versions_from(shop, rows[1])
    codes = {(one, at): tier for one, at, tier in rows[0]}
    return {
        one: codes.get(eve) or versions.at(eve[1]).policy.lowest.code for one, eve in zip(who, before(who), strict=True)
    }


def _compares(_: Shop, comparison: Any) -> Holds:
    wanted = frozenset(comparison["in"])
    return lambda code, _: code in wanted


AUDIENCE = AudienceLeaf("tier", AudienceFacts([_tiers_before, _versions], _codes_before), _compares, refuses=("at",))
"""The tier before each purchase."""


@dataclass(frozen=True, slots=True)
class Change:
    """A customer's tier as it is shown was another before. Positions: 0 is the lowest tier. `cause` is PURCHASE, REFUND,
    VOID, REASSIGNMENT, MERGE, UNMERGE, ASSIGNMENT, POLICY, REASSESSMENT or TIME; `at` is when it came about. `id` is that
    by which it is kept."""

    customer_id: str
    before: str
    after: str
    before_position: int
    after_position: int
    at: Instant
    cause: str
    purchase_id: str | None = None
    id: str = field(default_factory=new_id)

    @property
    def upgrade(self) -> bool:
        """Whether it is a change for the better."""
        return self.after_position > self.before_position


async def shown_changes(shop: Shop, customer_ids: Iterable[str]) -> Mapping[str, Sequence[Change]]:
    """All changes of the tier of each customer, in the order in which they came about, as `tiers_changed` has told them; the
    positions are those by the policy of then."""
    ids = sorted(set(customer_ids))
    found: dict[str, list[Change]] = {id_: [] for id_ in ids}
    versions = await versions_of(shop)
    rows = await shop.database.rows(
        "SELECT customer_id, before, after, at, cause, purchase_id, id FROM tier_change"
        f" WHERE {shop.database.dialect.among('customer_id', 1)} ORDER BY at, id",
        ids,
    )
    for customer_id, before, after, at, cause, purchase_id, id_ in rows:
        low, high = (_position(versions, code, at) for code in (before, after))
        found[customer_id].append(Change(customer_id, before, after, low, high, at, cause, purchase_id, id_))
    return found


async def changed_after(shop: Shop, id_: str, most: int) -> Sequence[tuple[str, str]]:
    """The next changes of anybody's tier behind one, in the order of their ids, which is about that in which they were made: the
    id and the customer of each."""
    rows = await shop.database.rows(
        "SELECT id, customer_id FROM tier_change WHERE id > $1 ORDER BY id LIMIT $2", id_, most
    )
    return [(row[0], row[1]) for row in rows]


def _position(versions: Versions, code: str, at: Instant) -> int:
    """The position of a tier by the policy of an instant; by the latest before that one which has it, if that has not."""
    tier = versions.at(at).policy.by_code.get(code)
    if tier is None:
        elder = [one.policy.by_code[code] for one in versions.all if one.begins <= at and code in one.policy.by_code]
        tier = elder[-1] if elder else None
    return tier.position if tier else 0
