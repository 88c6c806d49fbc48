"""Reading progress: how far customers are in the systems that count for them, and by which entries they have come there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import (
    CustomerMoment,
    Database,
    Instant,
    Order,
    Page,
    Readable,
    Shop,
    SortKey,
    Window,
    by_ids,
    now,
    pages_of,
    read_audiences,
)
from regulars_rewards.progress.explanations import Explanation
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.system import RewardSystem


@dataclass(frozen=True, slots=True)
class ShownProgress:
    """How far a customer is in a system; `id` is None where nothing was ever collected."""

    customer_id: str
    system: RewardSystem
    progress: int = 0
    issued: int = 0
    id: str | None = None

    @property
    def system_id(self) -> str:
        """The system."""
        return self.system.id

    @property
    def target(self) -> int:
        """How much gives one reward."""
        return self.system.current.data.target

    @property
    def missing(self) -> int:
        """How much is missing to the next reward."""
        return max(self.target - self.progress, 0)


async def progress_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, Sequence[ShownProgress]]:
    """How far each customer is in the systems that count for them now, and in those in which they have something, the closest to
    its target first; shadows are left out. In as many statements for many as for one."""
    customers, present = list(dict.fromkeys(customer_ids)), now()
    systems = [one for one in (await read_systems(shop)).systems if not one.is_shadow]
    if not systems or not customers:
        return {one: [] for one in customers}
    among = shop.database.dialect.among("customer_id", 1)
    rows = await shop.database.read(
        f"SELECT customer_id, system_id, id, progress, issued FROM rewards_progress WHERE {among}", customers
    )
    found = {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}
    counting = {one.id: one.current.data.audience for one in systems if one.collecting_at(present)}
    answers = await read_audiences(shop, counting, [(one, present) for one in customers])

    def shown(customer_id: str, system: RewardSystem) -> ShownProgress | None:
        id_, progress, issued = found.get((customer_id, system.id), (None, 0, 0))
        counts = system.id in counting and answers[system.id, CustomerMoment(customer_id, present)]
        return ShownProgress(customer_id, system, progress, issued, id_) if counts or progress or issued else None

    told = {one: [each for system in systems if (each := shown(one, system))] for one in customers}
    return {one: sorted(own, key=lambda each: (each.missing, each.system.name)) for one, own in told.items()}


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as it is shown. `source` is what brought it, as of an earning; a shadow's entries are not shown."""

    id: str
    customer_id: str
    system_id: str
    cause: str
    delta: int
    progress_after: int
    at: Instant
    recorded_at: Instant
    actor: str | None
    source: str | None
    purchase_id: str | None
    coupon_id: str | None
    kept: str | None
    reason: str | None
    is_shadow: object

    @property
    def explanation(self) -> Explanation | None:
        """How it came about."""
        return Explanation.of(self.kept)


_WITH_ALIASES = (
    "SELECT o.id, o.system_id, o.customer_id AS record_id FROM rewards_progress o JOIN customer c ON c.id = o.customer_id"
    " WHERE c.merged_into_id IS NULL UNION ALL SELECT o.id, o.system_id, c.id AS record_id FROM rewards_progress o"
    " JOIN customer c ON c.merged_into_id = o.customer_id"
)
"""Progress with the records on which its entries stand: the customer's, and those of who was merged into the customer. A record
that was merged has none of its own meanwhile."""
ENTRIES = Readable(
    "rewards_entry e",
    "e.id",
    [
        "e.id", "e.customer_id", "e.system_id", "e.cause", "e.delta", "e.progress_after", "e.at", "e.recorded_at", "e.actor",
        "e.source", "e.purchase_id", "e.coupon_id", "e.explanation", "r.reason", "s.is_shadow",
    ],
    EntryRow,
    {
        "g": f"JOIN ({_WITH_ALIASES}) g ON g.record_id = e.customer_id AND g.system_id = e.system_id",
        "p": "LEFT JOIN purchase p ON p.id = e.purchase_id",
        "s": "JOIN rewards_system s ON s.id = e.system_id",
        "r": "LEFT JOIN rewards_grant_reason r ON r.entry_id = e.id",
    },
)  # fmt: skip
LATEST_FIRST = Order(SortKey("RECORDED", "e.id", "e.id", str), descending=True)
"""The one recorded last first."""
_NOWHERE = "0" * 32
"""Stands for the progress of who has none, to which no entries belong."""


async def pages_of_entries(
    database: Database, progress_ids: Sequence[str | None], window: Window
) -> Sequence[Page[EntryRow]]:
    """A page of the entries of each of these, which are ids of ShownProgress, by LATEST_FIRST."""
    return await pages_of(database, ENTRIES, "g.id", [one or _NOWHERE for one in progress_ids], window)


async def entries_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, EntryRow]:
    """Entries by id, those of shadows left out."""
    return {id_: row for id_, row in (await by_ids(database, ENTRIES, ids)).items() if not row.is_shadow}


async def systems_of_coupons(database: Database, coupon_ids: Sequence[str]) -> Mapping[str, str]:
    """The system that gave each of these coupons, by coupon; those that no system gave are missing."""
    among = database.dialect.among("coupon_id", 1)
    rows = await database.read(f"SELECT coupon_id, system_id FROM rewards_given WHERE {among}", list(coupon_ids))
    return {row[0]: row[1] for row in rows}
