"""Reading what is stored: the tiers of customers at an instant, who has which, what was shown, and the policies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.plugin import (
    GONE,
    NEVER,
    NOW,
    Condition,
    Database,
    Division,
    Instant,
    Leaf,
    Lookup,
    Once,
    Order,
    Page,
    Part,
    Readable,
    Shop,
    SortKey,
    Values,
    Window,
    by_ids,
    now,
    pages_of,
    told_later,
)
from regulars_tiers.histories import histories_of, stored_periods
from regulars_tiers.moments import before, lookup_tiers, terms_of, tiers_from
from regulars_tiers.policy_versions import owners_from, remembered_versions, versions_of
from regulars_tiers.rules.explanation import Explainer, Kept, Standing
from regulars_tiers.rules.policy import SEED, PolicyData, Tier, Versions
from regulars_tiers.rules.timeline import CriterionFailed

DURING = "sp.begins <= {at} AND sp.ends > {at}"
"""A condition: a period `sp` is that of an instant."""
LOWEST_AT = (
    "coalesce((SELECT tp.lowest FROM tier_policy tp WHERE tp.effective_at <= {at}"
    " ORDER BY tp.effective_at DESC, tp.number DESC LIMIT 1), {lowest})"
)
"""The code of the lowest tier by the policy of an instant; that of the seed is given as `lowest`."""
LOWEST = SEED.tiers[-1].code
"""The code of the lowest tier of the seed."""


def _leaf(conditions: Sequence[Condition], values: Values) -> str:
    """One of these tiers at an instant, the present if it is None. Who has no periods has the lowest tier of the policy
    then in force."""
    terms = dict(conditions)
    at = values.bind(moment(terms["at"]))
    during = f"SELECT sp.customer_id FROM tier_spell sp WHERE {DURING.format(at=at)}"
    lowest = LOWEST_AT.format(at=at, lowest=values.bind(LOWEST))
    return (
        f"c.id IN ({during} AND {values.among('sp.tier', terms['in'])}) OR ({values.among(lowest, terms['in'])}"
        " AND NOT EXISTS (SELECT 1 FROM tier_spell sp WHERE sp.customer_id = c.id))"
    )


def moment(at: Any) -> Instant:
    """The instant, or the present where none is given."""
    return Instant(at) if isinstance(at, int) else now()


LEAF = Leaf("tier", _leaf)
SORT_KEY = SortKey(
    "TIER",
    f"coalesce((SELECT sp.position FROM tier_spell sp WHERE sp.customer_id = c.id AND {DURING.format(at=NOW)}), 0)",
    "c.id",
    int,
)


async def tiers_of(shop: Shop, moments: Iterable[tuple[str, Instant]]) -> Mapping[tuple[str, Instant], Tier]:
    """The tier of each (customer, instant), by one statement beside that for the policy."""
    return (await _known_tiers(shop, list(moments)))[1]


async def _known_tiers(
    shop: Shop, moments: Sequence[tuple[str, Instant]]
) -> tuple[Versions, Mapping[tuple[str, Instant], Tier]]:
    versions = await versions_of(shop)
    if not moments:
        return versions, {}
    sql, values = lookup_tiers(shop, moments)
    return versions, tiers_from(versions, moments, await shop.database.rows(sql, *values))


def lookup_shown_tiers(shop: Shop, customer_ids: Iterable[str]) -> Lookup:
    """What `shown_tiers_from` finds the tiers in that customers are shown; for the first half of an event, of before it."""
    keys = shop.database.dialect.keys(1)
    values: list[Any] = [sorted(set(customer_ids))]
    earlier = "NULL"  # while things happen nothing has been shown later, and the text of the look-up is always the same
    if told_later():
        earlier = (
            "(SELECT h.before FROM tier_change h WHERE h.customer_id = k.key AND h.at > $2 ORDER BY h.at, h.id LIMIT 1)"
        )
        values.append(now())
    return (
        f"SELECT k.key, {earlier}, t.tier, t.next_at, sp.begins, sp.tier AS follows FROM {keys}"
        " LEFT JOIN tier_standing t ON t.customer_id = k.key"
        " LEFT JOIN tier_spell sp ON sp.customer_id = k.key AND sp.ends >= t.next_at ORDER BY k.key, sp.begins",
        values,
    )


async def shown_tiers_from(shop: Shop, rows: Sequence[Any]) -> Mapping[str, str]:
    """The code of the tier that each customer is shown now or, where a plugin is told later of an event, was shown then: what
    has become known since does not count, even if tiers themselves were never off."""
    present, shown = now(), dict[str, str]()
    lowest = (remembered_versions(shop) or await versions_of(shop)).at(present).policy.lowest.code
    for customer_id, earlier, tier, next_at, begins, then in rows:
        if earlier is not None:
            shown[customer_id] = earlier
        elif next_at is None or present < next_at:
            shown[customer_id] = tier or lowest
        elif begins <= present:  # what time has changed since the last look
            shown[customer_id] = then
    return shown


async def shown_tiers(shop: Shop, customer_ids: Iterable[str]) -> Mapping[str, str]:
    """The code of the tier that each customer is shown, as `shown_tiers_from` says it."""
    sql, values = lookup_shown_tiers(shop, customer_ids)
    return await shown_tiers_from(shop, await shop.database.read(sql, *values))


async def tiers_for_purchases(
    shop: Shop, purchases: Iterable[tuple[str, Instant]]
) -> Mapping[tuple[str, Instant], Tier]:
    """The tier whose terms hold for each purchase that is recorded, given as (customer, instant)."""
    bought = list(purchases)
    versions, tiers = await _known_tiers(shop, [*bought, *before(bought)])
    return {(one, at): terms_of(versions, tiers, one, at) for one, at in bought}


async def standings_of(shop: Shop, customer_ids: Sequence[str], at: Any) -> Mapping[str, Standing]:
    """All about the tiers of customers at an instant, recomputed from what is known now: three statements, and one more where
    somebody cannot be measured, whose standing is told from what is stored."""
    present, versions = moment(at), await versions_of(shop)
    ids, zone = list(dict.fromkeys(customer_ids)), shop.settings.zone
    histories = await histories_of(shop, ids, versions.reads)
    standings, failed = dict[str, Standing](), dict[str, str]()
    for one, history in histories.items():
        try:
            standings[one] = Explainer(versions, one, history, zone).standing(present)
        except CriterionFailed as error:
            failed[one] = error.metric
    stored = await stored_periods(shop.database, list(failed)) if failed else {}
    for one, metric in failed.items():
        kept = Kept(versions, one, stored.get(one, ()), histories[one].assignments, metric)
        standings[one] = kept.standing(present)
    return standings


@dataclass(frozen=True, slots=True)
class Share:
    """How many customers have a tier, and what they have spent in all until now."""

    tier: Tier
    customer_count: int
    spent: int


async def distribution(shop: Shop, at: Any) -> Sequence[Share]:
    """Who was registered at an instant, by tier, the highest first; without who was merged into another one or erased since."""
    present, versions = moment(at), await versions_of(shop)
    policy = versions.at(present).policy
    rows = await shop.database.rows(
        "SELECT sp.tier, count(*), CAST(coalesce(sum(s.total_spent), 0) AS BIGINT) FROM customer c"
        " JOIN customer_stats s ON s.customer_id = c.id"
        f" LEFT JOIN tier_spell sp ON sp.customer_id = c.id AND {DURING.format(at='$1')}"
        f" WHERE c.created_at <= $1 AND c.status NOT IN {GONE} GROUP BY sp.tier",
        present,
    )
    sums = {tier.code: [0, 0] for tier in policy.tiers}
    for code, count, spent in rows:
        total = sums[code if code in sums else policy.lowest.code]
        total[0], total[1] = total[0] + count, total[1] + spent
    return [Share(tier, *sums[tier.code]) for tier in reversed(policy.tiers)]


@dataclass(slots=True)
class ChangeRow:
    """A change of a tier as it was shown."""

    id: str
    customer_id: str
    at: Instant
    before: str
    after: str
    cause: str
    purchase_id: str | None


CHANGES = Readable("tier_change h", "h.id", [f"h.{name}" for name in ChangeRow.__slots__], ChangeRow)
LATEST_FIRST = Order(SortKey("AT", "h.at", "h.id", int), descending=True)


async def changes_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ChangeRow]:
    """Changes by id."""
    return await by_ids(database, CHANGES, ids)


async def changes_of(database: Database, customer_ids: Sequence[str], window: Window) -> Sequence[Page[ChangeRow]]:
    """A page of each customer's changes."""
    return await pages_of(database, CHANGES, "h.customer_id", customer_ids, window)


@dataclass(slots=True)
class PolicyRow:
    """A version of the policy as it was written down, and from when to when it is in force. The seed has the number 0, and
    was there from the beginning."""

    number: int
    effective_at: Instant | None
    ends_at: Instant | None
    created_at: Instant | None
    data: PolicyData
    plugins: Mapping[str, str]
    """Which plugin brought each metric when the version was accepted, as far as that was kept."""

    @property
    def id(self) -> str:
        """The number in the form of a key."""
        return f"{self.number:032x}"

    @property
    def grace_days(self) -> int:
        """For how many days a tier is kept."""
        return self.data.grace_days

    @property
    def downgrade(self) -> str:
        """A policy.Downgrade."""
        return self.data.downgrade.value

    @property
    def upgrade_applies_to_trigger(self) -> bool:
        """Whether the purchase that lifts a customer is made on the new terms."""
        return self.data.upgrade_applies_to_trigger


@dataclass(frozen=True, slots=True)
class _StoredVersion:
    """A version of the policy before its rules are read."""

    number: int
    begins: Instant
    ends: Instant | None
    created_at: Instant | None
    body: str
    plugins: str | None

    @property
    def position(self) -> tuple[int, str]:
        """Where it stands in LATEST_VERSION_FIRST."""
        return self.begins, f"{self.number:032x}"

    def row(self) -> PolicyRow:
        data = PolicyData.model_validate_json(self.body) if self.number else SEED
        begins, owners = self.begins if self.number else None, owners_from(self.plugins)
        return PolicyRow(self.number, begins, self.ends, self.created_at, data, owners)


LATEST_VERSION_FIRST = Order(SortKey("EFFECTIVE_AT", "effective_at", "number", int), descending=True)


async def _stored_versions(database: Database) -> Sequence[_StoredVersion]:
    """All versions, in the order in which they are in force; a shop has few of them, and the seed is in no table."""
    own = await database.rows("SELECT number, effective_at, created_at, body, plugins FROM tier_policy ORDER BY 2, 1")
    rows = [(0, NEVER, None, "", None), *own]
    ends = [*(row[1] for row in rows[1:]), None]
    return [_StoredVersion(row[0], row[1], end, *row[2:]) for row, end in zip(rows, ends, strict=True)]


async def policies_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, PolicyRow]:
    """Versions of the policy by id."""
    return {one.position[1]: one.row() for one in await _stored_versions(database) if one.position[1] in ids}


async def policy_at(database: Database, at: Any) -> PolicyRow:
    """The version that is in force at an instant."""
    present = moment(at)
    return [one for one in await _stored_versions(database) if one.begins <= present][-1].row()


async def page_of_policies(database: Database, window: Window) -> Page[PolicyRow]:
    """A page of all versions, by LATEST_VERSION_FIRST."""
    versions = await _stored_versions(database)
    inside = [
        one
        for one in (versions if window.backward else reversed(versions))
        if (window.after is None or one.position < window.after)
        and (window.before is None or one.position > window.before)
    ]

    async def count() -> Mapping[str, int]:
        return {"": len(versions)}

    return Page.cut(window, [(one.row(), one.position) for one in inside[: window.size + 1]], Once(count))


class Ladder:
    """What the hook `analytics_tiers` answers: tiers as figures are told by them, by what is known now."""

    async def ranks(self, shop: Shop, moments: Sequence[Instant]) -> Sequence[Sequence[Tier]]:
        """The tiers of the policy in force at each of these instants, the highest first."""
        versions = await versions_of(shop)
        return [list(reversed(versions.at(at).policy.tiers)) for at in moments]

    def rank_at(self, at: Instant, values: Values) -> str:
        """The code of the tier of a `customer c`; null of who has never had any but the lowest."""
        during = DURING.format(at=values.bind(at))
        return f"(SELECT sp.tier FROM tier_spell sp WHERE sp.customer_id = c.id AND {during})"

    def moves(self, first: Instant, before: Instant, values: Values) -> str:
        """The SELECT of who left which tier, and whether for a higher one."""
        return (
            "SELECT a.customer_id, a.tier, CASE WHEN b.position > a.position THEN 1 ELSE 0 END AS up FROM tier_spell b"
            " JOIN tier_spell a ON a.customer_id = b.customer_id AND a.ends = b.begins WHERE a.position <> b.position"
            f" AND b.begins >= {values.bind(first)} AND b.begins < {values.bind(before)}"
        )


def _code(values: Values, _: ZoneInfo) -> str:
    """The code of the tier of a `customer c` now; null where there is no customer."""
    at = values.bind(now())
    lowest = LOWEST_AT.format(at=at, lowest=values.bind(LOWEST))
    spell = f"SELECT sp.tier FROM tier_spell sp WHERE sp.customer_id = c.id AND {DURING.format(at=at)}"
    return f"CASE WHEN c.id IS NOT NULL THEN coalesce(({spell}), {lowest}) END"


async def _names(shop: Shop, codes: Sequence[Any]) -> Mapping[Any, str]:
    versions = await versions_of(shop)
    return {tier.code: tier.name for version in versions.all for tier in version.policy.tiers if tier.code in codes}


BY_TIER = Division(Part.CUSTOMER, _code, labels=_names)
"""By customers' tier now."""
