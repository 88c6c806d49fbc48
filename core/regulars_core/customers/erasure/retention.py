"""Who was kept long enough: nothing was heard of them for as long as the shop says, and they neither hold nor owe anything."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.erasure.claims import Claim, claims_of, unmerged_unheard_since
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.erasure.reads import CANCELLED, SCHEDULED
from regulars_core.customers.erasure.requests import RETENTION
from regulars_core.customers.reads import GONE
from regulars_core.database import Database
from regulars_core.primitives.clock import DAY_MS, Instant, now
from regulars_core.queries.where import Values
from regulars_core.shop.dates import months_ago
from regulars_core.shop.shop import Shop

BY = ("job", "request-erasures")
"""Who asks for these, for the audit and the list: no key, but the job."""
WITHDRAWN = "job-withdrawn"
"""Stands in place of the job's key where what it asked for was cancelled by a job: nobody has decided that they are kept."""
MOST_COUNTED = 20_000
"""So many silent customers are looked at to say how many are due."""
MOST_PASSED = 10 * MOST_COUNTED
"""So many are passed over at most for that, of whom those who are erased are not looked at."""
LEFT_ALONE_MS = 365 * DAY_MS
"""For how long nobody is asked for again whose erasure somebody has cancelled."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Since when something must have been heard of a customer, and what keeps one anyway; and since when merges may have been
    undone of which a plugin has not heard that knows of claims."""

    since: Instant
    claims: Sequence[Claim]
    unmerged_since: Instant | None = None


async def policy_of(shop: Shop, holders: Holders | None = None) -> Policy | None:
    """The policy of a shop; None where customers are kept for ever. Raises PluginError for a plugin that cannot be asked, and
    CatchingUp for one that does not have everything yet."""
    months = shop.settings.retention_inactive_months
    if months is None:
        return None
    holders = holders or await Holders.of(shop)
    claims = claims_of(shop, holders)
    return Policy(months_ago(shop.settings, months), claims, await unmerged_unheard_since(shop, holders))


_CUSTOMERS = "customer_stats s JOIN customer c ON c.id = s.customer_id"


def _is_silent(policy: Policy, values: Values) -> str:
    """The condition that nothing was heard of a customer `c` with the statistics `s`, nor of a record that was merged into them,
    since the policy's instant, and that nothing keeps them."""
    since = values.bind(policy.since)
    written = [
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.customer_id = {{owner}}.id AND (x.{column} >= {since} OR x.{other} >= {since}))"
        for table, column, other in (
            ("customer_note", "created_at", "updated_at"),
            ("consent", "at", "recorded_at"),
            ("customer_verification", "at", "at"),
        )
    ]
    merged = " OR ".join([f"a.updated_at >= {since}", *(one.format(owner="a") for one in written)])
    of_merged = "EXISTS (SELECT 1 FROM customer c WHERE c.merged_into_id = s.customer_id AND ({}))"
    heard = [
        # whatever has become of it: statistics know those alone that count
        f"EXISTS (SELECT 1 FROM purchase x WHERE x.customer_id = c.id AND x.purchased_at >= {since})",
        *(one.format(owner="c") for one in written),
        f"EXISTS (SELECT 1 FROM customer a WHERE a.merged_into_id = c.id AND ({merged}))",
        *(claim.condition for claim in policy.claims),
        # a plugin that is off has not heard of a merge: what is held is with the merged record still
        *(of_merged.format(claim.condition) for claim in policy.claims),
    ]
    if policy.unmerged_since is not None:  # nobody knows what they hold: the plugin will when it is on again
        undone = f"m.undone_at >= {values.bind(policy.unmerged_since)}"
        absorbed = "customer_merge_absorbed b JOIN customer_merge m ON m.id = b.merge_id"
        heard.append(f"EXISTS (SELECT 1 FROM {absorbed} WHERE b.customer_id = c.id AND {undone})")
    silent = [f"s.active_at < {since}", f"c.updated_at < {since}", f"c.status NOT IN {GONE}"]
    # Each by itself, so that PostgreSQL can look for all customers at once.
    return " AND ".join([*silent, *(f"NOT ({one})" for one in heard)])


def _is_not_asked_for(values: Values) -> str:
    """The condition that no erasure of a customer `c` is scheduled, and none of them or of a record that was merged into them was
    asked for lately by this policy and cancelled by somebody."""
    lately = values.bind(now() - LEFT_ALONE_MS)
    decided = f"e.ground = '{RETENTION}' AND e.key_id <> '{WITHDRAWN}'"
    cancelled = f"e.state = '{CANCELLED}' AND {decided} AND e.cancelled_at > {lately}"
    return (
        f"NOT EXISTS (SELECT 1 FROM erasure e WHERE e.customer_id = c.id AND (e.state = '{SCHEDULED}' OR ({cancelled})))"
        " AND NOT EXISTS (SELECT 1 FROM customer a JOIN erasure e ON e.customer_id = a.id"
        f" WHERE a.merged_into_id = c.id AND {cancelled})"
    )


@dataclass(frozen=True, slots=True)
class DueCount:
    """How many customers are due among those who were looked at, and whether these were all who are silent."""

    count: int
    is_complete: bool


async def due_count(shop: Shop) -> DueCount:
    """How many customers the next run asks for, among the MOST_COUNTED who did not buy for the longest time and are not erased:
    what that costs does not grow with the shop. Raises as `policy_of`."""
    policy = await policy_of(shop)
    if policy is None:
        return DueCount(0, is_complete=True)
    values = Values(shop.database.dialect)
    condition = f"{_is_silent(policy, values)} AND {_is_not_asked_for(values)}"
    since = values.bind(policy.since)
    order = "ORDER BY active_at, customer_id LIMIT"
    first = f"SELECT * FROM customer_stats WHERE active_at < {since} AND merged_into_id IS NULL {order}"
    status = "(SELECT c.status FROM customer c WHERE c.id = x.customer_id)"
    silent = f"SELECT * FROM ({first} {MOST_PASSED}) x WHERE {status} <> '{ERASED}' {order}"
    # One by one: PostgreSQL would look at all customers there are, to find those of so many.
    apart = " OFFSET 0" if shop.database.engine == "postgres" else ""
    is_due = f"EXISTS (SELECT 1 FROM customer c WHERE c.id = s.customer_id AND {condition}{apart})"
    row = await shop.database.row(
        f"SELECT (SELECT count(*) FROM ({silent} {MOST_COUNTED}) s WHERE {is_due}),"
        f" (SELECT count(*) FROM ({silent} {MOST_COUNTED + 1}) silent),"
        f" (SELECT count(*) FROM ({first} {MOST_PASSED + 1}) passed)",
        *values.all,
    )
    if row is None:
        return DueCount(0, is_complete=True)
    return DueCount(int(row[0]), int(row[1]) <= MOST_COUNTED and int(row[2]) <= MOST_PASSED)


async def due_among(database: Database, policy: Policy, customer_ids: Sequence[str]) -> Sequence[str]:
    """Those of these customers for whom an erasure is to be asked, in the order of their ids."""
    values = Values(database.dialect)
    among = values.among("c.id", sorted(customer_ids), "uuid")
    condition = f"{among} AND {_is_silent(policy, values)} AND {_is_not_asked_for(values)}"
    rows = await database.rows(f"SELECT c.id FROM {_CUSTOMERS} WHERE {condition} ORDER BY c.id", *values.all)
    return [row[0] for row in rows]


async def is_silent(database: Database, policy: Policy, customer_id: str) -> bool:
    """Whether a customer is to be erased still, whose erasure was asked for."""
    values = Values(database.dialect, customer_id)
    sql = f"SELECT 1 FROM {_CUSTOMERS} WHERE c.id = $1 AND {_is_silent(policy, values)}"
    return await database.row(sql, *values.all) is not None


async def slices(database: Database, policy: Policy, size: int) -> AsyncIterator[Sequence[str]]:
    """The ids of customers who have not bought since the policy's instant, those for the longest time first, so many at a time:
    found by an index, however many there are."""
    first = "SELECT active_at, customer_id FROM customer_stats WHERE active_at < $1{} ORDER BY active_at, customer_id LIMIT $2"
    rows = await database.rows(first.format(""), policy.since, size)
    while rows:
        yield [row[1] for row in rows]
        after = first.format(" AND (active_at, customer_id) > ($3, $4)")
        rows = await database.rows(after, policy.since, size, *rows[-1]) if len(rows) == size else []
